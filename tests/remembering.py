"""A real embedder that encodes no text twice: archives of the same documents are made over and over in tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrieval.embedding import Embedder, Vectors
from retrieval.model import Span


class Remembering:
    """Another embedder's vectors, kept."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._held: dict[str, Vectors] = {}
        self.name, self.fingerprint = inner.name, inner.fingerprint
        self.dimension, self.max_tokens = inner.dimension, inner.max_tokens

    def token_spans(self, text: str) -> list[Span]:
        return self._inner.token_spans(text)

    def encode(self, texts: Sequence[str]) -> Vectors:
        new = sorted({text for text in texts if text not in self._held}, key=len)
        if new:
            self._held.update(zip(new, self._inner.encode(new), strict=True))
        return np.stack([self._held[text] for text in texts])

    def encode_question(self, text: str) -> Vectors:
        if text not in self._held:
            self._held[text] = self._inner.encode_question(text)
        return self._held[text]
