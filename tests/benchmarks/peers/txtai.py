"""txtai, as its documentation's first examples make an index: `Embeddings(path=…, content=True)`, hybrid or not.

Its defaults: vectors by transformers in batches of 32, up to 512 tokens a text where the model's own card says 256;
a flat FAISS index at this size; hybrid adds BM25 without stemming, its scores normalised, half and half.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from txtai import Embeddings

from tests.benchmarks.peers.interface import DEPTH


class Txtai:
    """Dense, or hybrid."""

    def __init__(self, model: Path, *, hybrid: bool) -> None:
        kind = {"hybrid": True} if hybrid else {}
        self._embeddings = Embeddings(path=str(model), content=True, **kind)

    def index(self, texts: Sequence[str]) -> None:
        self._embeddings.index(texts)

    def rank(self, question: str) -> list[int]:
        return [int(found["id"]) for found in self._embeddings.search(question, DEPTH)]
