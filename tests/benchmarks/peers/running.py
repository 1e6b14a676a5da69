"""Every peer in a process of its own, so that memory and imports are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.peers.measuring import Run, Task
from tests.benchmarks.peers.systems import MODEL_PACKAGE, System, versions
from tests.benchmarks.squad import Paragraph, spaced

_SAID = 2_000
_ROOT = Path(__file__).parents[3]
_LIBRARIES_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "RAYON_NUM_THREADS")
_QUIET = {
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "HAYSTACK_TELEMETRY_ENABLED": "False",
    "LANGSMITH_TRACING": "false",
}
"""No peer asks the network for anything, or tells it."""


class Failed(Exception):
    """A peer's process ended before it had measured: what it said last."""


def missing(systems: Sequence[System]) -> str:
    """What is not installed and how to mend it; empty where nothing is missing."""
    packages = [*(package for system in systems for package in system.packages), MODEL_PACKAGE, "matplotlib"]
    lacking = [package for package, found in versions(dict.fromkeys(packages)).items() if found is None]
    if not lacking:
        return ""
    return f"not installed: {', '.join(lacking)}. In a checkout: pip install -e '.[benchmarks]'; or leave out: --only"


def task_of(held: Sequence[Paragraph], texts: int, questions: int) -> Task:
    """So many paragraphs, evenly spaced, and so many of the questions that they answer; 0: all. Only questions of the
    even articles are asked: from the odd ones Stet's ranking was learned."""
    chosen = spaced(held, texts)
    asked = [
        (question, place) for place, one in enumerate(chosen) if one.article % 2 == 0 for question in one.questions
    ]
    return Task(texts=[one.text for one in chosen], questions=spaced(asked, questions))


def rotated(systems: Sequence[System], turn: int) -> list[System]:
    """Each turn begins with another, so that none always runs on the machine as the same one left it."""
    first = turn % len(systems)
    return [*systems[first:], *systems[:first]]


def measured_apart(system: System, task: Task, threads: int) -> Run:
    """Measure in a process of its own. Raises Failed."""
    with tempfile.TemporaryDirectory() as folder:
        given, made = Path(folder, "task.json"), Path(folder, "run.json")
        given.write_text(json.dumps(asdict(task)))
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.peers.measuring", system.name, str(given), str(made)],
            cwd=_ROOT,
            env=environment(os.environ, threads),
            capture_output=True,
            text=True,
        )
        if done.returncode:
            raise Failed(f"{system.label} could not be measured; it said:\n{done.stderr[-_SAID:]}")
        return Run(**json.loads(made.read_text()))


def environment(own: Mapping[str, str], threads: int) -> dict[str, str]:
    """The same for every peer: so many threads, no network, and none of Stet's settings."""
    kept = {name: value for name, value in own.items() if not name.startswith("STET_") or name == "STET_TEST_DATA"}
    return kept | _QUIET | dict.fromkeys(_LIBRARIES_THREADS, str(threads))
