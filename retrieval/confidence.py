"""How likely the first passage answers: how well its entry fits the question, made a probability by plain arithmetic;
and from where on that is enough.

Learned by `python -m tests.benchmarks.calibrate` on 23 November 2026 from the odd articles of SQuAD 2.0 dev:
archives of 11 to 1,204 entries that hold a question's paragraph, or lack its whole article. The more entries there
are, the better the best of those fits that do not answer: so the number of those searched counts against it, by
its logarithm. And an entry that fits no better than the next one is the right one by half: so its lead counts for
it.

On the even articles, at 11, 100, 400 and 1,204 entries: AUROC .997, .993, .991, .979; ECE .021, .024, .026, .014;
answered at 5 % false answers .991, .960, .966, .909.
"""

from __future__ import annotations

import math
from enum import StrEnum

SLOPE = 0.5079
INTERCEPT = -10.0313
CROWD = 0.4541
LEAD = 0.9536
LONGEST_LEAD = 3.0
"""A longer lead tells no more."""


class Prefer(StrEnum):
    """What to do in doubt."""

    ANSWERS = "answers"
    BALANCED = "balanced"
    SILENCE = "silence"


THRESHOLDS = {Prefer.ANSWERS: 0.19, Prefer.BALANCED: 0.43, Prefer.SILENCE: 0.84}
"""From here on an answer is given: at most 10, 5 and 1 % of the questions were whose article was not there."""
SURE = 0.981
"""From here on passages are called more than the closest ones: four fifths of the questions whose paragraph is there
and does not answer had less. By whatever sign, such a question is hardly told from one that is answered."""


def confidence(fit: float, entries: int, lead: float = 0.0) -> float:
    """0 to 1: the probability that a passage of an entry that fits so well, among so many searched, answers; `lead`:
    how much better it fits than the next one that says something else."""
    odds = SLOPE * fit + INTERCEPT - CROWD * math.log(max(entries, 1)) + LEAD * min(lead, LONGEST_LEAD)
    return 1 / (1 + math.exp(-max(odds, -700.0)))
