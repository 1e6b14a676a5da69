"""Which sentence of a passage is highlighted."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.lexical import terms
from retrieval.model import Span, Version
from retrieval.search import covered


def highlight(version: Version, among: Sequence[Span], weights: dict[str, float]) -> Span:
    """The sentence that holds most of the question's rarer terms; the first of equals."""
    language = version.entry.blog.language
    return max(among, key=lambda one: covered(set(terms(version.text[one[0] : one[1]], language)), weights))
