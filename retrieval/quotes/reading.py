"""A version's text and title as a check reads them: tokens, sentences, speech, each made once and only if asked."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from retrieval.model import Span, Version
from retrieval.quotes.rows import Row
from retrieval.sentences import sentences
from retrieval.speech import speech_at
from retrieval.verdicts import Field, Match, Speech

FRAGMENTS = 20
"""Fragments of one quotation of which it is looked at who says them."""
_NO_SPEECH = Speech(direct=None, said_by=None, name=None)


class Reading:
    """One field of one version."""

    def __init__(self, version: Version, field: Field) -> None:
        self.version = version
        self.field = field
        self.text = version.text if field is Field.TEXT else version.title or ""

    @property
    def language(self) -> str:
        return self.version.entry.blog.language

    @cached_property
    def row(self) -> Row:
        return Row(self.text, self.language)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """A title is one sentence."""
        return sentences(self.text, self.language) if self.field is Field.TEXT else ((0, len(self.text)),)

    def sentence(self, start: int, end: int) -> Span:
        """The whole sentence, or sentences, that some characters stand in."""
        first = self.sentences[max(0, bisect_right(self.sentences, start, key=_start) - 1)]
        last = self.sentences[max(0, bisect_right(self.sentences, max(start, end - 1), key=_start) - 1)]
        return min(first[0], start), max(last[1], end)

    def speech(self, start: int, end: int) -> Speech:
        """Who says some characters; of a title that cannot be told."""
        if self.field is Field.TITLE:
            return _NO_SPEECH
        return speech_at(self.text, start, end, self.language)

    def match(self, start: int, end: int, *, fragment: int = 0) -> Match:
        """Characters as a match, its place still to be found."""
        return Match(
            version=self.version,
            field=self.field,
            start=start,
            end=end,
            sentence=self.sentence(start, end),
            speech=self.speech(start, end) if fragment < FRAGMENTS else _NO_SPEECH,
            fragment=fragment,
        )


def readings(version: Version) -> Iterator[Reading]:
    """The text of a version, and its title where it has one."""
    yield Reading(version, Field.TEXT)
    if version.title:
        yield Reading(version, Field.TITLE)


def _start(span: Span) -> int:
    return span[0]
