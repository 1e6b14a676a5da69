"""How a run is told: tables on the terminal; Markdown, JSON and a plot in a folder."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.peers import tables
from tests.benchmarks.peers.figures import Measured, figures
from tests.benchmarks.peers.measuring import Run, Task
from tests.benchmarks.peers.systems import BEST_PEER, MODEL_PACKAGE, STET, System, versions

_SHARED = ("torch", "transformers", "sentence-transformers", "numpy", MODEL_PACKAGE)


def conditions(systems: Sequence[System], task: Task, repeats: int, threads: int) -> dict[str, Any]:
    """All that the figures depend on."""
    packages = dict.fromkeys([*_SHARED, *(package for system in systems for package in system.packages)])
    return {
        "data": "SQuAD 2.0 dev",
        "paragraphs": len(task.texts),
        "questions": len(task.questions),
        "repeats": repeats,
        "threads": threads,
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "python": platform.python_version(),
        "packages": versions(packages),
    }


def report(
    measured: Sequence[Measured], runs: Mapping[str, Sequence[Run]], told: dict[str, Any], out: Path | None
) -> None:
    """Print the tables; write them, the plot and every run to the folder, if one is given."""
    by_name = {one.name: one for one in measured}
    best = by_name.get(BEST_PEER)
    found = [tables.figures_table(measured)]
    found += [tables.ratios_table(measured, best)] if best and len(measured) > 1 else []
    lines = tables.verdicts(by_name[STET], best) if best and STET in by_name else []
    title = summary(told)
    print("\n\n".join([title, *(tables.plain(one) for one in found), *(["\n".join(lines)] if lines else [])]))
    if out is None:
        return
    from tests.benchmarks.peers.plot import draw

    out.mkdir(parents=True, exist_ok=True)
    versions_told = ", ".join(f"{package} {version}" for package, version in told["packages"].items())
    parts = [title, *(tables.markdown(one) for one in found), *lines, f"Packages: {versions_told}."]
    (out / "peers.md").write_text("\n\n".join(parts) + "\n")
    whole = told | {
        "systems": [asdict(one) | {"runs": [asdict(figures(run)) for run in runs[one.name]]} for one in measured]
    }
    (out / "peers.json").write_text(json.dumps(whole, indent=1) + "\n")
    draw(measured, title, out / "peers.png")


def summary(told: Mapping[str, Any]) -> str:
    """The conditions in one line."""
    several = f"medians of {told['repeats']} runs" if told["repeats"] > 1 else "one run"
    return (
        f"{told['data']}: {told['paragraphs']:,} paragraphs as entries, {told['questions']:,} questions, {several}, "
        f"threads: {told['threads']}"
    )
