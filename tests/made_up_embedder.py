"""An embedder of no meaning for the tests of what is made of encodings: quick, and it counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from retrieval.embedding import TITLE, Encoded, EncodedQuestion, Reading, Vectors
from retrieval.model import Span
from retrieval.projection import unit

_TOKEN = re.compile(r"\w+|[^\w\s]")


class Counting:
    """Words are tokens; a token's vector is made from its digest, wherever it stands, and a passage's is the mean of
    its tokens'. Remembers what it was asked to encode."""

    name, dimension, width, max_tokens = "counting", 8, 4, 20

    def __init__(self, fingerprint: str = "a") -> None:
        self.fingerprint = fingerprint
        self.encoded: list[str] = []
        self.fail_after: int | None = None

    def token_spans(self, text: str) -> list[Span]:
        return [match.span() for match in _TOKEN.finditer(text)]

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        if self.fail_after is not None and len(self.encoded) + len(readings) > self.fail_after:
            raise KeyboardInterrupt
        self.encoded += [one.title + one.text for one in readings]
        return [self._encoded(one) for one in readings]

    def encode_question(self, text: str) -> EncodedQuestion:
        spans = [span for span in self.token_spans(text) if text[span[0]].isalnum()]
        return EncodedQuestion(
            vector=unit(_rows(text).mean(axis=0) if text.strip() else np.ones(8, np.float32)),
            tokens=unit(_rows(*(text[start:end] for start, end in spans))[:, :4]),
            spans=tuple(spans),
        )

    @staticmethod
    def _encoded(one: Reading) -> Encoded:
        texts = [one.text[start:end] for start, end in one.passages]
        rows = [_worded(one.title), *map(_worded, texts)]
        return Encoded(
            vectors=unit(np.stack([_rows(text).mean(axis=0) for text in texts])),
            tokens=unit(np.concatenate(rows)[:, :4]),
            owners=np.repeat(np.arange(TITLE, len(texts)), [len(some) for some in rows]),
        )


def _worded(text: str) -> Vectors:
    return _rows(*re.findall(r"\w+", text))


def _rows(*texts: str) -> Vectors:
    """A row of 8 for each token of the texts, -0.5 to 0.5."""
    tokens = [token for text in texts for token in _TOKEN.findall(text)]
    raw = b"".join(hashlib.sha256(token.encode()).digest()[:8] for token in tokens)
    rows: Vectors = np.frombuffer(raw, np.uint8).reshape(-1, 8).astype(np.float32) / np.float32(255) - np.float32(0.5)
    return rows
