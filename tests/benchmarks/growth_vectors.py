"""Vectors of a million passages: real ones of real paragraphs, and those moved for variations.

`Perturbed` encodes as the model does, but reads no variation: a passage gets the vector of the sentence that it is a
variation of, moved by a difference of two other sentences, drawn by the text's digest. Its tokens get the vectors of
the sentence's tokens, those of a swapped word the vectors of the word that stands there now, moved likewise by
differences of tokens. Differences of real vectors keep to the directions in which real ones differ.

How far (`PASSAGES`, `TOKENS`: so many times the difference, evenly drawn) was chosen by `python -m
tests.benchmarks.growth_likeness`: one variation of each paragraph is to lie among the paragraphs of its article as
these lie among each other. The greatest cosine of a sentence to any in another paragraph of the article, and of a
word's first token to one of the same word there (of a variation: to the one that it was), had these quantiles:

    quantiles             10%  25%  50%  75%  90%
    a sentence, real     0.48 0.55 0.61 0.68 0.74
    a sentence, varied   0.50 0.55 0.62 0.69 0.74
    a token, real        0.62 0.71 0.81 0.91 0.95
    a token, varied      0.64 0.71 0.81 0.92 0.96
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retrieval import encoders
from retrieval.embedding import BUNDLED, Embedder, Encoded, EncodedQuestion, Reading, Vectors
from retrieval.model import Span
from retrieval.passages import stretches
from tests.benchmarks.growth_text import digest, word_starts, words_of
from tests.benchmarks.squad import paragraphs

PASSAGES = (0.6, 1.25)
TOKENS = (0.12, 0.92)
_AT_ONCE = 256

Numbers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Base:
    """Paragraphs as the model with that `fingerprint` reads them: their sentences' vectors, shape (sentences,
    dimension), and tokens', shape (tokens, width), all in order; where each sentence's words begin, shape
    (sentences + 1,), and each word's tokens, shape (words + 1,); the words themselves; each sentence's paragraph by
    its place, shape (sentences,); and by the digest of what was read at once the number of its first sentence."""

    fingerprint: str
    vectors: Vectors
    tokens: Vectors
    first_words: Numbers
    first_tokens: Numbers
    words: tuple[str, ...]
    places: Numbers
    readings: dict[int, int]

    def save(self, path: Path) -> None:
        """Write it to an `.npz` file."""
        np.savez(
            path,
            fingerprint=np.array(self.fingerprint),
            vectors=self.vectors,
            tokens=self.tokens,
            first_words=self.first_words,
            first_tokens=self.first_tokens,
            words=np.array(self.words),
            places=self.places,
            digests=np.array(list(self.readings), dtype=np.uint64),
            firsts=np.array(list(self.readings.values()), dtype=np.int64),
        )

    @classmethod
    def load(cls, path: Path) -> Base:
        """Read what was written."""
        with np.load(path, allow_pickle=False) as held:
            return cls(
                fingerprint=str(held["fingerprint"]),
                vectors=held["vectors"],
                tokens=held["tokens"],
                first_words=held["first_words"],
                first_tokens=held["first_tokens"],
                words=tuple(held["words"].tolist()),
                places=held["places"],
                readings=dict(zip(held["digests"].tolist(), held["firsts"].tolist(), strict=True)),
            )


def readings_of(text: str, embedder: Embedder) -> list[Reading]:
    """What the model reads of a text at once, as Stet has it."""
    return [
        Reading(
            title="",
            text=text[one.start : one.end],
            passages=tuple((start - one.start, end - one.start) for start, end in one.passages),
        )
        for one in stretches(text, embedder.token_spans(text), embedder.max_tokens)
    ]


def base_of(texts: Sequence[str], embedder: Embedder) -> Base:
    """Texts, read by the model."""
    of_texts = [readings_of(text, embedder) for text in texts]
    readings = [one for several in of_texts for one in several]
    encoded: list[Encoded] = []
    for start in range(0, len(readings), _AT_ONCE):
        encoded += embedder.encode(readings[start : start + _AT_ONCE])
    first_sentences = np.cumsum([0, *(len(one.passages) for one in readings)]).tolist()
    words = [words_of(one.text[start:end]) for one in readings for start, end in one.passages]
    tokens = [
        count for one, made in zip(readings, encoded, strict=True) for count in _tokens_of_words(one, made, embedder)
    ]
    return Base(
        fingerprint=embedder.fingerprint,
        vectors=np.concatenate([one.vectors for one in encoded]),
        tokens=np.concatenate([one.tokens for one in encoded]),
        first_words=np.cumsum([0, *map(len, words)]),
        first_tokens=np.cumsum([0, *tokens]),
        words=tuple(word for of_sentence in words for word in of_sentence),
        places=np.repeat(np.arange(len(texts)), [sum(len(one.passages) for one in some) for some in of_texts]),
        readings={digest(one.text): first for one, first in zip(readings, first_sentences[:-1], strict=True)},
    )


def _tokens_of_words(reading: Reading, encoded: Encoded, embedder: Embedder) -> list[int]:
    """How many of the tokens that are kept each word of the passages has."""
    starts = np.array([start + at for start, end in reading.passages for at in word_starts(reading.text[start:end])])
    told = [
        span[0]
        for span in embedder.token_spans(reading.text)[: embedder.max_tokens]
        if _telling(reading.text, span) and any(start <= span[0] < end for start, end in reading.passages)
    ]
    if len(told) != len(encoded.tokens):
        raise ValueError(f"{len(told)} tokens say something, {len(encoded.tokens)} were encoded")
    owners = np.searchsorted(starts, told, side="right") - 1
    counts: list[int] = np.bincount(owners, minlength=len(starts)).tolist()
    return counts


def _telling(text: str, span: Span) -> bool:
    return any(map(str.isalnum, text[span[0] : span[1]]))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Varied:
    """The sentences of variations: their digests, ascending, and the number of the sentence that each is made of."""

    digests: NDArray[np.uint64]
    sentences: Numbers

    @classmethod
    def of(cls, digests: Sequence[int], numbers: Sequence[int]) -> Varied:
        """Of sentences in any order; alike ones once."""
        found, first = np.unique(np.array(digests, dtype=np.uint64), return_index=True)
        return cls(digests=found, sentences=np.array(numbers, dtype=np.int64)[first])

    def save(self, path: Path) -> None:
        """Write them to an `.npz` file."""
        np.savez(path, digests=self.digests, sentences=self.sentences)

    @classmethod
    def load(cls, path: Path) -> Varied:
        """Read what was written."""
        with np.load(path, allow_pickle=False) as held:
            return cls(digests=held["digests"], sentences=held["sentences"])

    def find(self, text: str) -> int | None:
        """The number of the sentence that a sentence is made of."""
        wanted = np.uint64(digest(text))
        at = int(np.searchsorted(self.digests, wanted))
        found = at < len(self.digests) and self.digests[at] == wanted
        return int(self.sentences[at]) if found else None


class Perturbed:
    """An Embedder that has real paragraphs from a table, moves those vectors for variations, and has the model read
    what is neither."""

    def __init__(self, inner: Embedder, base: Base, varied: Varied) -> None:
        """Raises ValueError where `base` is another model's."""
        if base.fingerprint != inner.fingerprint:
            raise ValueError("the vectors were made with another model")
        self._inner, self._base, self._varied = inner, base, varied
        self.name, self.fingerprint = inner.name, inner.fingerprint
        self.dimension, self.width, self.max_tokens = inner.dimension, inner.width, inner.max_tokens
        self._places = {word: place for place, word in reversed(list(enumerate(base.words)))}
        self._numbers = [place for place, word in enumerate(base.words) if word[0].isdigit()]
        self._names = [place for place, word in enumerate(base.words) if word[0].isupper()]

    def token_spans(self, text: str) -> list[Span]:
        return self._inner.token_spans(text)

    def encode_question(self, text: str) -> EncodedQuestion:
        return self._inner.encode_question(text)

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        found = [self._known(one) for one in readings]
        unknown = iter(self._inner.encode([one for one, known in zip(readings, found, strict=True) if not known]))
        return [one or next(unknown) for one in found]

    def _known(self, reading: Reading) -> Encoded | None:
        if reading.title:
            return None
        first = self._base.readings.get(digest(reading.text))
        if first is not None:
            return self._real(first, len(reading.passages))
        texts = [reading.text[start:end] for start, end in reading.passages]
        made_of = [number for text in texts if (number := self._varied.find(text)) is not None]
        return self._moved(digest(reading.text), texts, made_of) if len(made_of) == len(texts) else None

    def _real(self, first: int, count: int) -> Encoded:
        base = self._base
        bounds = base.first_tokens[base.first_words[first : first + count + 1]]
        return Encoded(
            vectors=base.vectors[first : first + count],
            tokens=base.tokens[bounds[0] : bounds[-1]],
            owners=np.repeat(np.arange(count), np.diff(bounds)),
        )

    def _moved(self, seed: int, texts: Sequence[str], made_of: Sequence[int]) -> Encoded:
        base, drawn = self._base, np.random.default_rng(seed)
        places, owners = [], []
        for owner, (text, number) in enumerate(zip(texts, made_of, strict=True)):
            first, last = base.first_words[number : number + 2].tolist()
            for word, place in zip(words_of(text), range(first, last), strict=True):
                places.append(place if base.words[place] == word else self._place(word))
                owners.append(owner)
        at = np.array(places, dtype=np.int64)
        starts, counts = base.first_tokens[at], base.first_tokens[at + 1] - base.first_tokens[at]
        rows = np.repeat(starts - np.cumsum(counts) + counts, counts) + np.arange(counts.sum())
        return Encoded(
            vectors=moved(base.vectors, np.array(made_of), PASSAGES, drawn),
            tokens=moved(base.tokens, rows, TOKENS, drawn),
            owners=np.repeat(np.array(owners, dtype=np.int64), counts),
        )

    def _place(self, word: str) -> int:
        """Where a word's vectors are had from: its own first place; for a coined one, some other's of its kind."""
        if word in self._places:
            return self._places[word]
        held = self._numbers if word[0].isdigit() else self._names
        return held[digest(word) % len(held)]


def moved(table: Vectors, rows: Numbers, strengths: tuple[float, float], drawn: np.random.Generator) -> Vectors:
    """Rows of a table of unit vectors, each moved by a difference of two others, at such strengths; unit vectors."""
    one, other = drawn.integers(len(table), size=(2, len(rows)))
    strength = drawn.uniform(*strengths, size=(len(rows), 1)).astype(np.float32)
    made = table[rows] + strength * (table[one] - table[other])
    found: Vectors = made / np.linalg.norm(made, axis=1, keepdims=True)
    return found


def main() -> None:
    """`python -m tests.benchmarks.growth_vectors FILE MODEL`: have the model read SQuAD 2.0 dev's paragraphs into an
    `.npz` file, unless it has read them. Beside MODEL, which remembers its weights, lies what is converted of it."""
    path, model = map(Path, sys.argv[1:])
    embedder = encoders.load(BUNDLED, model)
    if not path.exists() or Base.load(path).fingerprint != embedder.fingerprint:
        base_of([one.text for one in paragraphs()], embedder).save(path)


if __name__ == "__main__":
    main()
