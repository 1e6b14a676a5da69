"""A draft's words as its file hands them over, line by line, and which of them are block quotes, code or a credit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from retrieval.errors import SourceRefused
from retrieval.model import Span

LONGEST_DRAFT = 1_000_000
"""Characters. A thick novel has as many."""

_SPACES = re.compile(r"[ \t\n\f\r]+")


class Region(StrEnum):
    """What a stretch of a draft is, by its file."""

    BLOCK = "block"
    """A block quote: a quotation without marks."""
    QUOTED = "quoted"
    """A quotation in a line, whose marks are not in the text (HTML's `q`)."""
    CODE = "code"
    CREDIT = "credit"
    """What a block quote says of its source (HTML's `cite` and `footer`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A draft's text, its paragraphs a line break apart. `soft` are the line breaks within a paragraph; `regions`
    the spans of each kind, in order of their ends, neither empty nor with white space at their ends; `warnings` say
    what the file holds beside."""

    text: str
    soft: frozenset[int] = frozenset()
    regions: Mapping[Region, tuple[Span, ...]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def spans(self, region: Region) -> tuple[Span, ...]:
        return self.regions.get(region, ())


class PageWriter:
    """Takes a draft's words in order. White space is one space, and none stands at either end of a line."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pieces: list[str] = []
        self._length = 0
        self._break: bool | None = None  # before what comes next: a soft one is False
        self._space = False
        self._soft: set[int] = set()
        self._open: list[tuple[Region, int]] = []
        self._regions: dict[Region, list[Span]] = {}
        self._left_out: Counter[str] = Counter()

    def words(self, text: str) -> None:
        """Raises SourceRefused where the draft is longer than `LONGEST_DRAFT`."""
        text = _SPACES.sub(" ", text)
        self._space = self._space or text.startswith(" ")
        words = text.strip(" ")
        if not words:
            return
        if self._length:
            self._separate()
        self._put(words)
        self._break, self._space = None, text.endswith(" ")

    def paragraph(self) -> None:
        """What comes next is of another paragraph."""
        self._break, self._space = True, False

    def line(self) -> None:
        """What comes next stands on another line, after a second one in another paragraph."""
        self._break, self._space = self._break is not None, False

    def begin(self, region: Region) -> None:
        self._open.append((region, self._length))

    def end(self, region: Region) -> None:
        """End the region of that kind that was begun last; one that holds nothing is none."""
        at = max(number for number, (kind, _) in enumerate(self._open) if kind is region)
        _, start = self._open.pop(at)
        if start < self._length:
            self._regions.setdefault(region, []).append((start, self._length))

    def leave_out(self, what: str) -> None:
        """Something that the file holds is not read: the page's warnings say what, and how often."""
        self._left_out[what] += 1

    def page(self) -> Page:
        text = "".join(self._pieces)
        return Page(
            text=text,
            soft=frozenset(self._soft),
            regions={
                region: tuple((start + (text[start].isspace() and start > 0), end) for start, end in spans)
                for region, spans in self._regions.items()
            },
            warnings=tuple(f"left out: {what} ({count})" for what, count in self._left_out.items()),
        )

    def _separate(self) -> None:
        if self._break is not None:
            if not self._break:
                self._soft.add(self._length)
            self._put("\n")
        elif self._space:
            self._put(" ")

    def _put(self, text: str) -> None:
        self._pieces.append(text)
        self._length += len(text)
        refuse_if_longer(self._length, self._name)


def refuse_if_longer(length: int, name: str) -> None:
    """Raises SourceRefused where a draft has more characters than may be read."""
    if length > LONGEST_DRAFT:
        raise SourceRefused(f"{name} holds more than {LONGEST_DRAFT:,} characters", "split it, and check the parts")
