"""How Stet grows: archives of 1,000 to 1,000,000 passages are built, asked and changed.

    python -m tests.benchmarks.growth [--passages N ...] [--out FOLDER] [--base FILE] [--work FOLDER]

Prints a table of all sizes with the machine's description; with `--out` it writes it as Markdown (`growth.md`), all
figures (`growth.json`) and curves (`growth.png`) there, after each size. What was in `growth.json` of sizes that are
not measured now stays. `--base` names a file that keeps the real vectors from one run to the next: encoding them
takes minutes. A million passages take about 12 GB below `--work` (by default where temporary files lie).

How the text is made is told in `growth_text`, how the vectors in `growth_vectors`. Nothing is asserted. Data:
`squad2-dev.json.gz` (CC BY-SA 4.0) in the folder named by STET_TEST_DATA, or ../shared/data.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks import growth_report
from tests.benchmarks.growth_figures import Places, Size
from tests.benchmarks.peers.tables import markdown, plain
from tests.benchmarks.squad import SQUAD
from tests.data_folder import DATA

SIZES = (1_000, 10_000, 100_000, 1_000_000)
LEAST = 200
"""Fewer passages have too few questions."""
_ROOT = Path(__file__).parents[2]
_TASKS = ("sources", "build", "ask", "recall", "update")


def measured(run: Path, passages: int) -> Size:
    """One size, its archive made in the folder `run` and removed again. Raises CalledProcessError."""
    places, load = Places(folder=run / str(passages)), os.getloadavg()[0]
    places.folder.mkdir()
    try:
        for task in _TASKS:
            began = time.perf_counter()
            _child(task, str(places.folder), *([str(passages)] if task == "sources" else []))
            print(f"{passages:,}: {task} took {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
        parts = {name: places.read(name) for name in ("written", "built", "answered", "updated", "recalled")}
        return Size.of(parts | {"wanted": passages, "machine": growth_report.machine(), "load": load})
    finally:
        shutil.rmtree(places.folder)


def _child(task: str, *words: str) -> None:
    """A process of its own, so that memory and what is loaded are its own; without Stet's settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("STET_")}
    data = {"STET_TEST_DATA": str(DATA), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-m", f"tests.benchmarks.growth_{task}", *words]
    subprocess.run(command, cwd=_ROOT, env=own | data, check=True, stdout=subprocess.DEVNULL)


def earlier(out: Path | None) -> dict[int, Size]:
    """What the folder holds of an earlier run, by the passages wanted."""
    path = None if out is None else out / "growth.json"
    if path is None or not path.exists():
        return {}
    return {one["wanted"]: Size.of(one) for one in json.loads(path.read_text())}


def report(sizes: Sequence[Size], out: Path | None) -> None:
    """Print all; write it to the folder, if one is given."""
    table, verdicts = growth_report.table(sizes), growth_report.verdicts(sizes)
    told = [*growth_report.HOW, *dict.fromkeys(one.machine for one in sizes)]
    print("\n\n".join([plain(table), "\n".join(verdicts), *told]), flush=True)
    if out is None:
        return
    from tests.benchmarks.growth_plot import draw  # matplotlib is not needed for the table

    out.mkdir(parents=True, exist_ok=True)
    lists = "\n".join(f"- {one}" for one in verdicts)
    (out / "growth.md").write_text("\n\n".join([markdown(table), lists, *told]) + "\n")
    (out / "growth.json").write_text(json.dumps([asdict(one) for one in sizes], indent=1) + "\n")
    draw(
        sizes,
        "Stet by the size of its archive: paragraphs of SQuAD 2.0 dev and variations of them",
        out / "growth.png",
    )


def _count(given: str) -> int:
    try:
        found = int(given.replace(",", "").replace("_", ""))
    except ValueError:
        found = 0
    if found < LEAST:
        raise argparse.ArgumentTypeError(f"{given!r} is no number from {LEAST} up")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--passages", type=_count, nargs="+", default=SIZES, metavar="N", help="sizes to measure")
    parser.add_argument("--out", type=Path, help="a folder for growth.md, growth.json and growth.png")
    parser.add_argument("--base", type=Path, help="an .npz file for the real vectors")
    parser.add_argument("--work", type=Path, help="an existing folder below which the archives are made")
    given = parser.parse_args()
    if not SQUAD.exists():
        parser.error(f"{SQUAD} is missing: set STET_TEST_DATA to the folder that holds squad/")
    found = earlier(given.out)
    with tempfile.TemporaryDirectory(dir=given.work) as folder:
        run = Path(folder)
        own = Places(folder=run / "any")
        if given.base is not None and given.base.exists():
            shutil.copyfile(given.base, own.base)
        _child("vectors", str(own.base), str(own.model))
        if given.base is not None:
            shutil.copyfile(own.base, given.base)
        for passages in given.passages:
            found[passages] = measured(run, passages)
            report([found[size] for size in sorted(found)], given.out)


if __name__ == "__main__":
    main()
