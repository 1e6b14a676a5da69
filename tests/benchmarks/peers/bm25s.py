"""bm25s, as its quick start sets it up: its own English stop words, and the Snowball stemmer. It has no model."""

from __future__ import annotations

from collections.abc import Sequence

import bm25s
import Stemmer

from tests.benchmarks.peers.interface import DEPTH


class Bm25s:
    """BM25 alone."""

    def __init__(self) -> None:
        self._stemmer = Stemmer.Stemmer("english")
        self._retriever = bm25s.BM25()

    def index(self, texts: Sequence[str]) -> None:
        tokens = bm25s.tokenize(list(texts), stopwords="en", stemmer=self._stemmer, show_progress=False)
        self._retriever.index(tokens, show_progress=False)
        self._depth = min(DEPTH, len(texts))

    def rank(self, question: str) -> list[int]:
        tokens = bm25s.tokenize(question, stopwords="en", stemmer=self._stemmer, show_progress=False)
        places, _ = self._retriever.retrieve(tokens, k=self._depth, show_progress=False)
        return [int(place) for place in places[0]]
