"""Token vectors, made narrower: `WIDTH` numbers a token in place of the model's hundreds.

The projection is learned from the model alone, from the words of its vocabulary encoded one by one, so it fits any
archive and needs no text. On SQuAD 2.0 dev (1,204 paragraphs) reranking by the likeness of tokens found the right
paragraph first in 88.9 % with 96 such dimensions, in 89.2 % with all 384, and in 86.7 % with 128 principal ones of
the paragraphs' own tokens.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]

WIDTH = 96
WORDS = 8_000
"""How many words of the vocabulary it is learned from, at most."""
_EVENED = 0.25
"""How far the principal directions are evened out: each is divided by its strength to this power."""
STEPS = 127
"""What 1 is stored as."""


def chosen_words(vocabulary: list[str]) -> list[str]:
    """The words to learn from: those of letters alone, of at least three, evenly taken in alphabetical order."""
    words = sorted({word for word in vocabulary if word.isalpha() and len(word) > 2})
    step = max(1, -(-len(words) // WORDS))
    return words[::step]


def learned(vectors: Matrix) -> Matrix:
    """The projection, shape (dimension, width), of words' unit vectors, shape (words, dimension)."""
    strengths, directions = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors / max(len(vectors), 1))
    width = min(WIDTH, vectors.shape[1])
    strongest = np.maximum(strengths[::-1][:width], np.finfo(np.float32).eps)
    found = directions[:, ::-1][:, :width] * strongest**-_EVENED
    return np.ascontiguousarray(found, dtype=np.float32)


def unit(rows: Matrix) -> Matrix:
    """Rows of length 1; a row of zeros stays one."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    found: Matrix = (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)
    return found


def narrowed(tokens: Matrix, projection: Matrix) -> Matrix:
    """Unit vectors of tokens, shape (tokens, width)."""
    return unit(unit(tokens) @ projection)


def rounded(tokens: Matrix) -> NDArray[np.int8]:
    """Unit vectors as they are stored: a byte a number."""
    return np.round(tokens * STEPS).astype(np.int8)
