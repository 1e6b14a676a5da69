"""How likely the first passage answers: a logistic regression, applied by plain arithmetic.

Learned by `python -m tests.benchmarks.calibrate` from SQuAD 2.0 dev: archives of several sizes that hold a
question's paragraph, or lack it, or lack its whole article. The features do not depend on the archive's size.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

THRESHOLD = 0.2
"""From here on an answer is given. Chosen on the learning half of the articles, where the share of questions
answered rightly, less the share of false answers (on the subject and elsewhere, half and half), is greatest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Features:
    """Of the first passage: its cosine; the weighted share of the question's terms that it holds (`coverage`)
    and that its whole entry holds (`entry_coverage`); how far its cosine is ahead of the next entry's."""

    cosine: float
    coverage: float
    entry_coverage: float
    lead: float


COEFFICIENTS = Features(cosine=4.12, coverage=4.37, entry_coverage=2.95, lead=9.68)
INTERCEPT = -7.17


def confidence(features: Features) -> float:
    """0 to 1: the probability that the passage answers."""
    score = INTERCEPT + (
        COEFFICIENTS.cosine * features.cosine
        + COEFFICIENTS.coverage * features.coverage
        + COEFFICIENTS.entry_coverage * features.entry_coverage
        + COEFFICIENTS.lead * features.lead
    )
    return 1 / (1 + math.exp(-score))
