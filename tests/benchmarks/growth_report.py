"""The figures of all sizes in words: a table, what is to be reached, how it was measured, and on what machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tests.benchmarks.growth_ask import ASKERS, NARROWED
from tests.benchmarks.growth_figures import Size, Times
from tests.benchmarks.peers.tables import Table

WANTED_P50, WANTED_P95 = 40.0, 80.0
WANTED_GROWTH = 3.0
WANTED_UPDATE = 1.0
WANTED_MEMORY = 2_048.0
"""What is to be reached among a million passages: milliseconds of one asker's question; times the median question
among ten thousand; seconds until a new entry is found; MiB resident while it answers."""
_FEW = 10_000
_MEBIBYTE = 2**20
_PACKAGES = "faiss-cpu numpy openvino tantivy torch sentence-transformers sqlalchemy".split()

_ROWS: Sequence[tuple[str, Callable[[Size], str]]] = (
    ("load when it began", lambda one: f"{one.load:.1f}"),
    ("passages", lambda one: f"{one.built.passages:,}"),
    ("entries", lambda one: f"{one.written.entries:,}"),
    ("of these made up", lambda one: f"{one.written.varied:,}"),
    ("blogs", lambda one: f"{one.written.blogs:,}"),
    ("different words", lambda one: f"{one.written.words:,}"),
    ("building, s", lambda one: f"{one.built.seconds:.0f}"),
    ("… without making vectors, s", lambda one: f"{one.built.seconds - one.built.encoding:.0f}"),
    ("… processor, s", lambda one: f"{one.built.processor:.0f}"),
    ("… memory at most, MiB", lambda one: f"{one.built.memory:,.0f}"),
    ("archive.db, MiB", lambda one: _mebibytes(one.built.database)),
    ("index, MiB", lambda one: _mebibytes(one.built.index)),
    ("… of it vectors, MiB", lambda one: _mebibytes(one.built.vectors)),
    ("opening, ms", lambda one: f"{one.answered.opening * 1000:.0f}"),
    ("first question, ms", lambda one: f"{one.answered.first:.0f}"),
    ("one asker: p50 / p95 / p99, ms", lambda one: _times(one.answered.one)),
    ("… of it encoding, p50, ms", lambda one: f"{one.answered.encoding:.1f}"),
    ("… processor, mean, ms", lambda one: f"{one.answered.processor:.1f}"),
    (f"{ASKERS} askers: p50 / p95 / p99, ms", lambda one: _times(one.answered.several)),
    ("… questions a second", lambda one: f"{one.answered.rate:.0f}"),
    ("within one blog: p50 / p95 / p99, ms", lambda one: _times(one.answered.of_blog)),
    ("within 1/1000 of the time, ms", lambda one: _times(one.answered.of_time)),
    ("memory with the model alone, MiB", lambda one: f"{one.answered.before.resident:,.0f}"),
    ("… after all questions, MiB", lambda one: f"{one.answered.after.resident:,.0f}"),
    ("… … its own / of files, MiB", lambda one: f"{one.answered.after.own:,.0f} / {one.answered.after.files:,.0f}"),
    ("… at most, MiB", lambda one: f"{one.answered.after.most:,.0f}"),
    ("new entry found: median / longest, s", lambda one: f"{one.updated.new:.2f} / {one.updated.new_longest:.2f}"),
    ("… the first one, s", lambda one: f"{one.updated.new_first:.2f}"),
    (
        "deletion seen: median / longest, s",
        lambda one: f"{one.updated.deleted:.2f} / {one.updated.deleted_longest:.2f}",
    ),
    ("… refreshing, median, s", lambda one: f"{one.updated.refreshing:.2f}"),
    ("… its processor, median, s", lambda one: f"{one.updated.processor:.2f}"),
    ("… longest question meanwhile, ms", lambda one: f"{one.updated.asking_longest:.0f}"),
    ("… memory of refreshing at most, MiB", lambda one: f"{one.updated.memory:,.0f}"),
    ("recall@10 of the vector index", lambda one: f"{one.recalled.recall:.4f}"),
    (
        "… as measured when built",
        lambda one: ", ".join(str(told.get("recall", "exact")) for told in one.recalled.told),
    ),
    ("right entry first", lambda one: f"{one.answered.r1:.3f}"),
    ("right entry in the first 3", lambda one: f"{one.answered.r3:.3f}"),
    ("questions ranked", lambda one: f"{one.answered.ranked} of {one.answered.asked}"),
)

_TEXT = (
    "Passages are sentences of SQuAD 2.0 dev's 1,204 paragraphs, an entry each. What is made up are variations of "
    "these, with names, numbers and half of the longer words swapped. Real paragraphs have the model's own vectors. "
    "No variation was read by the model: its vectors are those of its paragraph, moved at random, so that the "
    "seconds of building hold no encoding but that. All questions are real; the right entry is harder to find among "
    "variations of itself than among other news."
)
_MEASURED = (
    f"{NARROWED} questions are narrowed, to the blog or the time of their entry; one blog is hidden from all. Each "
    "size is built, asked and changed by processes of their own. The files lay in the page cache as the building "
    "left them."
)
HOW = (_TEXT, _MEASURED)


def _mebibytes(size: int) -> str:
    return f"{size / _MEBIBYTE:,.1f}"


def _times(one: Times) -> str:
    return f"{one.p50:.1f} / {one.p95:.1f} / {one.p99:.1f}"


def table(sizes: Sequence[Size]) -> Table:
    """A column for each size."""
    heading = ["", *(f"{one.wanted:,}" for one in sizes)]
    return [heading, *([name, *(told(one) for one in sizes)] for name, told in _ROWS)]


def verdicts(sizes: Sequence[Size]) -> list[str]:
    """What is to be reached, held against the largest size."""
    most = max(sizes, key=lambda one: one.wanted)
    among, found = f"among {most.wanted:,} passages", most.answered
    lines = [
        _at_most(f"one asker, p50 in ms {among}", found.one.p50, WANTED_P50),
        _at_most(f"one asker, p95 in ms {among}", found.one.p95, WANTED_P95),
        _at_most(f"a new entry found, median in s {among}", most.updated.new, WANTED_UPDATE),
        _at_most(f"memory while answering, MiB {among}", found.after.most, WANTED_MEMORY),
    ]
    few = next((one for one in sizes if one.wanted == _FEW), None)
    if few is not None and most.wanted > _FEW:
        for name, times, base in (
            ("p50", found.one.p50, few.answered.one.p50),
            ("p95", found.one.p95, few.answered.one.p95),
        ):
            lines.append(
                _at_most(
                    f"one asker, {name} {among} as a multiple of that among {_FEW:,}", times / base, WANTED_GROWTH
                )
            )
    return lines


def _at_most(what: str, value: float, wanted: float) -> str:
    return f"{what}: {value:,.2f}, wanted {wanted:,.0f} at most: {'reached' if value <= wanted else 'missed'}"


def machine() -> str:
    """What it was measured on."""
    named = (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    memory = next(int(line.split()[1]) for line in _lines("/proc/meminfo") if line.startswith("MemTotal:"))
    packages = ", ".join(f"{name} {found}" for name in _PACKAGES if (found := _version(name)))
    return (
        f"{next(named, platform.machine())}, {len(os.sched_getaffinity(0))} cores, {memory / 2**20:.0f} GiB of "
        f"memory; Python {platform.python_version()}, {packages}"
    )


def _lines(path: str) -> list[str]:
    return Path(path).read_text().splitlines()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
