"""Where words stand literally: in a text, a title or an author's name, in any version, whatever its status.

Compared in NFC, so that a name is found however its accents were typed; offsets are the stored text's own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from retrieval.model import Span, Status, Version

FIELDS = ("text", "title", "author")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The places of one field of one version that hold the words; spans are into that field. `hidden`: the entry is
    held back or under embargo, so only where it stands may be told."""

    version: Version
    field: str
    spans: tuple[Span, ...]
    hidden: bool


def places(versions: Iterator[Version], words: str, now: datetime) -> Iterator[Found]:
    """Every field of every version that holds the words."""
    wanted = unicodedata.normalize("NFC", words)
    for version in versions:
        for field in FIELDS:
            if spans := tuple(occurrences(getattr(version, field) or "", wanted)):
                entry = version.entry
                hidden = entry.status is Status.HELD or entry.blog.under_embargo(now)
                yield Found(version=version, field=field, spans=spans, hidden=hidden)


def occurrences(text: str, wanted: str) -> Iterator[Span]:
    """Where `wanted`, in NFC, stands in a text, as spans of the text as it is; occurrences do not overlap."""
    folded, back = _in_nfc(text)
    at = folded.find(wanted) if wanted else -1
    while at >= 0:
        end = at + len(wanted)
        yield (back[at], back[end]) if back else (at, end)
        at = folded.find(wanted, end)


def _in_nfc(text: str) -> tuple[str, list[int]]:
    """A text in NFC, and for each of its offsets (and its end) that of the text as it is; none where they agree."""
    if unicodedata.is_normalized("NFC", text):
        return text, []
    pieces: list[str] = []
    back: list[int] = []
    start = 0
    for end in [*_boundaries(text), len(text)]:
        piece = unicodedata.normalize("NFC", text[start:end])
        pieces.append(piece)
        back += [start] * len(piece)
        start = end
    return "".join(pieces), [*back, len(text)]


def _boundaries(text: str) -> Iterator[int]:
    """Where a character stands that composes with nothing before it: there a text may be cut before normalising."""
    for index in range(1, len(text)):
        character = text[index]
        if not unicodedata.combining(character) and unicodedata.normalize("NFC", text[index - 1] + character) == (
            unicodedata.normalize("NFC", text[index - 1]) + unicodedata.normalize("NFC", character)
        ):
            yield index
