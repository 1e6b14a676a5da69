"""`python -m tests.benchmarks.reread`: a blog of 5,000 entries, made up, is read, and read again unchanged.

Prints, for whole commands, how long each took, what was embedded and how many versions there are; then how long a new
entry takes from the file to an answer. Nothing is asserted.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bot.watching import start
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, SentenceTransformerEmbedder

_ENTRIES = 5_000
_RUNS = 5
_EVERY = 1.0
_PLACES = "Wendbridge Low-Wend Marsh-Island Quillham Otterford Saltby Thornmouth Greywater Fennick Larkholm".split()
_THINGS = "quay sluice ferry school boathouse footbridge pumping-station market chapel mill".split()
_STATES = "closed open flooded dry guarded empty crowded damaged repaired evacuated".split()


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        home, source = Path(folder, "home"), Path(folder, "flood.ndjson")
        source.write_text("".join(_line(number) for number in range(_ENTRIES)))
        first, seconds = _stet(home, "add", str(source), "--blog", "flood", "--json")
        print(f"add: {seconds:.1f} s, {first['passages_embedded']} passages embedded")
        times = []
        for _ in range(_RUNS):
            again, seconds = _stet(home, "reindex", "--json")
            times.append(seconds)
        [report] = again["sources"]
        print(
            f"reindex, unchanged: median {statistics.median(times):.2f} s, longest {max(times):.2f} s, "
            f"{again['passages_embedded']} passages embedded, {report['unchanged']} entries unchanged"
        )
        status, _ = _stet(home, "status", "--json")
        print(f"versions: {status['blogs'][0]['versions']}")
        waits = _waits(home, source)
        print(
            f"from the file to an answer, read every {_EVERY:g} s: median {statistics.median(waits):.2f} s, "
            f"longest {max(waits):.2f} s"
        )


def _waits(home: Path, source: Path) -> list[float]:
    """Seconds from the writing of a new entry to the first answer that a running bot's archive gives from it."""
    embedder = SentenceTransformerEmbedder.load(BUNDLED, home / "model.json")
    asked, followed = (Archive.open(home, BUNDLED, lambda: embedder) for _ in range(2))
    watching = start(followed, _EVERY)
    asked.ask("What is closed?")
    waits = []
    for number in range(_ENTRIES, _ENTRIES + _RUNS):
        with source.open("a") as file:
            file.write(_line(number))
        began = time.perf_counter()
        while not any(f"report {number}-" in one.passage.text for one in asked.ask(f"report {number}-0").passages):
            time.sleep(0.02)
        waits.append(time.perf_counter() - began)
    watching.stop()
    asked.close()
    followed.close()
    return waits


def _line(number: int) -> str:
    chance = random.Random(number)
    sentences = [
        f"The {chance.choice(_THINGS)} at {chance.choice(_PLACES)} is {chance.choice(_STATES)} "
        f"since {chance.randint(1, 12)} o'clock, report {number}-{part}."
        for part in range(chance.randint(1, 3))
    ]
    moment = datetime(2031, 2, 3, tzinfo=UTC) + timedelta(minutes=number)
    return json.dumps({"id": f"e{number}", "time": moment.isoformat(), "text": " ".join(sentences)}) + "\n"


def _stet(home: Path, *words: str) -> tuple[dict[str, Any], float]:
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "bot", "--home", str(home), *words], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout), time.perf_counter() - began


if __name__ == "__main__":
    main()
