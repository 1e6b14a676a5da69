"""Where the shared data lies: STET_TEST_DATA, or `../shared/data` beside the checkout."""

import os
from pathlib import Path

DATA = Path(os.environ.get("STET_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
SEED = DATA / "seed" / "rotherham-live-2014-08-26.txt"
GOLD = DATA / "gold" / "seed-questions.jsonl"
SAMPLE = Path(__file__).parents[1] / "bot" / "sample" / "river-wend-flood-2031-02-03.txt"
