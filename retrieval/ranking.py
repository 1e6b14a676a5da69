"""How well an entry fits a question: one linear score of a few signs, each 0 to about 1 whatever the archive's size.

The greatest part is late interaction (Khattab and Zaharia, "ColBERT", 2020): two words are as alike as the model
reads them in their places, over windows of two sentences. Beside it stand the vectors' cosine, BM25, and the words
themselves.

Learned by `python -m tests.benchmarks.calibrate` on 23 November 2026 from the odd articles of SQuAD 2.0 dev. On
its even articles (3,019 questions, 1,204 entries): R@1 .900, R@3 .968, R@5 .979, MRR .936.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Signs:
    """Of an entry's best passages: the mean likeness of the question's tokens to those of two neighbouring sentences
    (`window`) and of one (`sentence`), weighted by rarity; the `cosine` of its nearest passage; its BM25 score as a
    share of what a text with all the terms comes near to (`bm25`); the weighted share of the terms that two
    neighbouring sentences hold (`coverage`); the share of the pairs of neighbouring terms that stand side by side
    (`beside`)."""

    window: float
    sentence: float
    cosine: float
    bm25: float
    coverage: float
    beside: float


WEIGHTS = Signs(window=14.40, sentence=9.07, cosine=7.40, bm25=1.73, coverage=2.47, beside=3.17)


def fit(signs: Signs) -> float:
    """How well an entry fits: comparable between questions; `confidence` makes a probability of it."""
    return (
        WEIGHTS.window * signs.window
        + WEIGHTS.sentence * signs.sentence
        + WEIGHTS.cosine * signs.cosine
        + WEIGHTS.bm25 * signs.bm25
        + WEIGHTS.coverage * signs.coverage
        + WEIGHTS.beside * signs.beside
    )
