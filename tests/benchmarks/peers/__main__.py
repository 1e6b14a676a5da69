"""Run the benchmark: see the package."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks.peers.figures import Measured, figures, medians
from tests.benchmarks.peers.measuring import Run, Task
from tests.benchmarks.peers.reporting import conditions, report
from tests.benchmarks.peers.running import Failed, measured_apart, missing, rotated, task_of
from tests.benchmarks.peers.systems import BY_NAME, SYSTEMS, System
from tests.benchmarks.squad import SQUAD, paragraphs

_QUESTIONS = 1_000


def main() -> int:
    given = _arguments().parse_args()
    chosen = [BY_NAME[name] for name in given.only]
    lacking = missing(chosen)
    if lacking:
        print(lacking, file=sys.stderr)
        return 2
    if not SQUAD.exists():
        print(f"{SQUAD} is missing: set STET_TEST_DATA to the folder that holds squad/", file=sys.stderr)
        return 2
    task = task_of(paragraphs(), given.paragraphs, given.questions)
    runs, failed = run(chosen, task, given.repeat, given.threads)
    measured = [_measured(system, runs[system.name]) for system in chosen if runs[system.name]]
    if measured:
        report(measured, runs, conditions(chosen, task, given.repeat, given.threads), given.out)
    return 1 if failed else 0


def run(chosen: Sequence[System], task: Task, repeats: int, threads: int) -> tuple[dict[str, list[Run]], bool]:
    """The runs of each system, and whether any failed: what it said is told at once, and the others go on."""
    runs: dict[str, list[Run]] = {system.name: [] for system in chosen}
    failed = False
    for turn in range(repeats):
        for system in rotated(chosen, turn):
            print(f"run {turn + 1} of {repeats}: {system.label}", file=sys.stderr, flush=True)
            try:
                runs[system.name].append(measured_apart(system, task, threads))
            except Failed as error:
                print(error, file=sys.stderr, flush=True)
                failed = True
    return runs, failed


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.peers", description="Stet beside its peers.")
    parser.add_argument("--paragraphs", type=_count, default=0, metavar="N", help="evenly spaced; 0 (default): all")
    parser.add_argument(
        "--questions", type=_count, default=_QUESTIONS, metavar="N", help=f"likewise; {_QUESTIONS:,}; 0: all"
    )
    parser.add_argument("--repeat", type=_at_least_one, default=1, metavar="N", help="runs; medians are reported")
    parser.add_argument(
        "--threads", type=_at_least_one, default=_cores(), metavar="N", help="of every peer's libraries"
    )
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="for peers.md, peers.json and peers.png")
    parser.add_argument(
        "--only", type=_names, default=[one.name for one in SYSTEMS], metavar="NAME,…", help=", ".join(BY_NAME)
    )
    return parser


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0 up")
    return int(text)


def _at_least_one(text: str) -> int:
    if not _count(text):
        raise argparse.ArgumentTypeError("give 1 or more")
    return int(text)


def _names(text: str) -> list[str]:
    names = list(dict.fromkeys(text.split(",")))
    unknown = [name for name in names if name not in BY_NAME]
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    return names


def _cores() -> int:
    return len(os.sched_getaffinity(0))


def _measured(system: System, runs: Sequence[Run]) -> Measured:
    return Measured(
        name=system.name,
        label=system.label,
        figures=medians([figures(run) for run in runs]),
        ranks=runs[0].ranks,
    )


if __name__ == "__main__":
    sys.exit(main())
