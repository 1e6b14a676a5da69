"""How the answers do on gold questions: `python -m tests.benchmarks.gold [SOURCE GOLD]`.

By default the customer's document and its questions, from STET_TEST_DATA or ../shared/data. A gold question is
`{"question", "times": ["17:49"], "answers": ["…"]}`; `times` in the blog's zone, empty where nothing answers.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, SentenceTransformerEmbedder
from retrieval.model import Outcome, SourceOptions
from tests.data_folder import GOLD, SEED


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("source", nargs="?", default=str(SEED))
    parser.add_argument("gold", nargs="?", type=Path, default=GOLD)
    given = parser.parse_args()
    questions = [json.loads(line) for line in given.gold.read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        embedder = SentenceTransformerEmbedder.load(BUNDLED, Path(folder) / "model.json")
        archive = Archive.open(Path(folder) / "home", BUNDLED, lambda: embedder)
        archive.add([given.source], SourceOptions(), datetime.now(UTC), lambda *_: None)
        archive.ask(questions[0]["question"])  # the first question of a process pays for what later ones find ready
        asked = [(gold, archive.ask(gold["question"])) for gold in questions]
        archive.close()
    first = {True: 0, False: 0}
    answered = shown = silent = false = 0
    for gold, answer in asked:
        best = (*answer.passages, *answer.nearest)[:1]
        said = answer.outcome is Outcome.ANSWERED
        if not gold["times"]:
            silent += not said
            false += said
            continue
        right = any(f"{one.passage.version.entry.posted_at:%H:%M}" in gold["times"] for one in best)
        first[right] += 1
        answered += said and right
        shown += said and any(words in best[0].passage.text for words in gold["answers"])
        if not (said and right):
            print(f"  missed: {gold['question']} ({answer.outcome.value}, confidence {answer.confidence:.3f})")
    answerable = first[True] + first[False]
    times = [answer.elapsed_ms for _, answer in asked]
    print(f"right entry first        {first[True]} of {answerable}")
    print(f"  and answered           {answered} of {answerable}")
    print(f"  and the answer shown   {shown} of {answerable}")
    print(f"silent where it should   {silent} of {silent + false}")
    print(f"elapsed_ms               median {statistics.median(times):.1f}, longest {max(times):.1f}")


if __name__ == "__main__":
    main()
