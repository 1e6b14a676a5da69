"""A real embedder that encodes nothing twice: archives of the same documents are made over and over in tests."""

from __future__ import annotations

from collections.abc import Sequence

from retrieval.embedding import Embedder, Encoded, EncodedQuestion, Reading
from retrieval.model import Span


class Remembering:
    """Another embedder's encodings, kept."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self._held: dict[Reading, Encoded] = {}
        self._questions: dict[str, EncodedQuestion] = {}
        self.name, self.fingerprint = inner.name, inner.fingerprint
        self.dimension, self.width, self.max_tokens = inner.dimension, inner.width, inner.max_tokens

    def token_spans(self, text: str) -> list[Span]:
        return self._inner.token_spans(text)

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        new = [one for one in dict.fromkeys(readings) if one not in self._held]
        if new:
            self._held.update(zip(new, self._inner.encode(new), strict=True))
        return [self._held[one] for one in readings]

    def encode_question(self, text: str) -> EncodedQuestion:
        if text not in self._questions:
            self._questions[text] = self._inner.encode_question(text)
        return self._questions[text]
