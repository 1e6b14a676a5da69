"""What the rest asks of a model, and what is made of a model's token vectors, whichever library it runs in."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError
from retrieval.model import Span
from retrieval.model_files import BUNDLED
from retrieval.projection import narrowed, unit

Vectors = NDArray[np.float32]

TITLE = -1
"""The owner of a title's tokens."""
_NOBODY = -2
_REMEMBERED = 256
"""Questions whose vectors are held: a question of ten tokens takes 6 kB, one that fills the model's room 100 kB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the model is to read at once: a title, which may be empty, then a text; and the passages in the text."""

    title: str
    text: str
    passages: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A reading, encoded: its passages as unit vectors, shape (passages, dimension); its tokens, those without a
    letter or digit left out, as narrower ones, shape (tokens, width); and for each token the number of its passage,
    `TITLE` for the title's."""

    vectors: Vectors
    tokens: Vectors
    owners: NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True)
class EncodedQuestion:
    """A question as a unit vector, shape (dimension,), and its tokens, as above, with their spans in its text."""

    vector: Vectors
    tokens: Vectors
    spans: tuple[Span, ...]


class Embedder(Protocol):
    """What encodes. `fingerprint` names all that decides a vector: weights, tokenizer, pooling, prompts and
    projection; `max_tokens` is how many of `token_spans` a reading may have: special ones and the prompt are taken
    off; `dimension` and `width` are those of a passage's vector and of a token's."""

    name: str
    fingerprint: str
    dimension: int
    width: int
    max_tokens: int

    def token_spans(self, text: str) -> list[Span]:
        """The model's tokens of a text, as spans in order, special ones left out."""

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """Readings, encoded, in their order."""

    def encode_question(self, text: str) -> EncodedQuestion:
        """A question, encoded."""


class PooledEmbedder(ABC):
    """An Embedder over any library that gives a text's token vectors, special tokens and the prompt included.

    A model whose vector is the mean of its tokens' (`means`) reads each text once; another one reads each passage by
    itself, and the whole for the tokens. `trailing` special tokens end each reading. The last questions are held in
    memory, so that one asked again costs nothing.
    """

    name: str
    fingerprint: str
    dimension: int
    width: int
    max_tokens: int
    question_tokens: int
    projection: Vectors
    means: bool
    trailing: int
    on_processor: bool

    def __init__(self) -> None:
        self._asked = functools.lru_cache(maxsize=_REMEMBERED)(self._question)

    @property
    @abstractmethod
    def how(self) -> str:
        """The library, and what it runs on."""

    @abstractmethod
    def token_spans(self, text: str) -> list[Span]:
        """The model's tokens of a text, as spans in order, special ones left out."""

    @abstractmethod
    def read(self, texts: Sequence[str]) -> list[Vectors]:
        """The token vectors of documents, each of shape (tokens, dimension). Raises ModelError."""

    @abstractmethod
    def pooled(self, texts: Sequence[str]) -> Vectors:
        """The model's own vectors of documents, shape (texts, dimension). Raises ModelError."""

    @abstractmethod
    def read_question(self, text: str) -> tuple[Vectors, Vectors]:
        """A question's token vectors, shape (tokens, dimension), and its own, shape (dimension,). Raises
        ModelError."""

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """Readings, encoded, in their order. Raises ModelError."""
        texts = [one.title + one.text for one in readings]
        found = self.read(texts)
        pooled = None if self.means else self._alone(readings)
        encoded, done = [], 0
        for one, text, rows in zip(readings, texts, found, strict=True):
            spans, tokens = self._aligned(text, rows, self.max_tokens)
            given = None if pooled is None else pooled[done : done + len(one.passages)]
            encoded.append(self._encoded(one, text, spans, tokens, given))
            done += len(one.passages)
        return encoded

    def encode_question(self, text: str) -> EncodedQuestion:
        """A question, encoded; the arrays are shared, so they are read-only. Raises ModelError."""
        return self._asked(text)

    def _question(self, text: str) -> EncodedQuestion:
        rows, vector = self.read_question(text)
        spans, tokens = self._aligned(text, rows, self.question_tokens)
        telling = _telling(text, spans)
        found = EncodedQuestion(
            vector=unit(vector),
            tokens=narrowed(tokens[telling], self.projection),
            spans=tuple(span for span, kept in zip(spans, telling, strict=True) if kept),
        )
        for array in (found.vector, found.tokens):
            array.setflags(write=False)
        return found

    def _alone(self, readings: Sequence[Reading]) -> Vectors:
        """Each passage read by itself, under its title."""
        texts = [one.title + one.text[start:end] for one in readings for start, end in one.passages]
        return unit(self.pooled(texts))

    def _encoded(
        self, one: Reading, text: str, spans: Sequence[Span], tokens: Vectors, given: Vectors | None
    ) -> Encoded:
        """`spans` and `tokens` are those of the whole `text`; `given` the passages' vectors, where there are any."""
        owners = _owners(spans, one.passages, len(one.title))
        if given is None:
            whole = tokens.mean(axis=0) if len(tokens) else np.zeros(self.dimension, np.float32)
            each = [tokens[owners == number] for number in range(len(one.passages))]
            # a passage may be of signs that are no token
            given = unit(np.stack([some.mean(axis=0) if len(some) else whole for some in each]))
        kept = _telling(text, spans) & (owners != _NOBODY)
        return Encoded(vectors=given, tokens=narrowed(tokens[kept], self.projection), owners=owners[kept])

    def _aligned(self, text: str, rows: Vectors, room: int) -> tuple[list[Span], Vectors]:
        """The spans of a text's tokens, `room` of them at most, and their vectors among `rows`, without a prompt's
        and special ones."""
        end = len(rows) - self.trailing
        spans = self.token_spans(text)[:room]
        if len(spans) > end:
            raise ModelError(
                f"the model {self.name!r} reads other tokens than its tokenizer tells of",
                f"set STET_MODEL to another sentence-transformers model, or to {BUNDLED}",
            )
        return spans, rows[end - len(spans) : end]


def _owners(spans: Sequence[Span], passages: Sequence[Span], title: int) -> NDArray[np.int64]:
    """For each token of a reading the number of its passage: `TITLE` before the text begins, `_NOBODY` between."""
    starts = np.array([span[0] - title for span in spans], dtype=np.int64)
    owners = np.searchsorted([start for start, _ in passages], starts, side="right") - 1
    ends = np.array([0, *(end for _, end in passages)], dtype=np.int64)
    owners = np.where((owners >= 0) & (starts < ends[owners + 1]), owners, _NOBODY)
    found: NDArray[np.int64] = np.where(starts < 0, TITLE, owners)
    return found


def _telling(text: str, spans: Sequence[Span]) -> NDArray[np.bool_]:
    """Which tokens have a letter or digit."""
    return np.array([any(map(str.isalnum, text[start:end])) for start, end in spans], dtype=bool)
