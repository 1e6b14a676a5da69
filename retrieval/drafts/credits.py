"""The line under a quotation that says whose words they are: "— Nell Arden, harbour master"."""

from __future__ import annotations

import re

from retrieval.model import Span

LONGEST_CREDIT = 200
"""Characters, the dash included."""

_DASH = re.compile(r"\s*(?:[—–―~]|-{1,3}(?=\s))[ \u00a0]*")
_MOST_WORDS, _MOST_NAME_WORDS = 12, 6
_MARKS = '“”"«»„'
_NAME = re.compile(rf"[^,;:|/()\[\]\n@\d{_MARKS}]+?(?=\s[-–—]\s|[,;:|/()\[\]\n@\d{_MARKS}]|\.?\s?\Z)")
_PARTICLES = frozenset("of de da del der den di du van von la le el al bin ibn y e the for".split())


def is_credit(text: str, start: int, end: int) -> bool:
    """Whether `[start, end)` is a dash and a few words after it, with no quotation among them."""
    dash = _DASH.match(text, start, end) if end - start <= LONGEST_CREDIT else None
    if dash is None:
        return False
    words = text[dash.end() : end]
    return 0 < len(words.split()) <= _MOST_WORDS and not any(mark in words for mark in _MARKS)


def name_of(text: str, start: int, end: int) -> Span | None:
    """The name that a credit begins with, as far as its words are written as names are; None where they are not."""
    dash = _DASH.match(text, start, end)
    start = dash.end() if dash else start
    found = _NAME.match(text, start, min(end, start + LONGEST_CREDIT))
    if found is None:
        return None
    words = found[0].split()
    named = all(word[0].isupper() or word in _PARTICLES for word in words) and len(words) <= _MOST_NAME_WORDS
    if not words or not named or not any(word[0].isupper() for word in words):
        return None
    first = text.index(words[0], start)
    return first, first + len(found[0].strip())
