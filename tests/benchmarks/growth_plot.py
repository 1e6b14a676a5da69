"""The figures of all sizes, drawn by size."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from tests.benchmarks.growth_ask import ASKERS
from tests.benchmarks.growth_figures import Size
from tests.benchmarks.growth_report import WANTED_MEMORY, WANTED_P50, WANTED_P95

_ONE, _SEVERAL, _OTHER, _WANTED = "#b3261e", "#4a5a6a", "#7a8b3a", "#999999"
_MEBIBYTE = 2**20


def draw(sizes: Sequence[Size], title: str, path: Path) -> None:
    """Write a PNG of four panels: the time of a question, of building, what it takes on the disk and in memory."""
    figure = Figure(figsize=(13, 9), layout="constrained")
    figure.suptitle(title)
    asking, building, disk, memory = figure.subplots(2, 2).flat
    found = [one.answered for one in sizes]
    _line(asking, sizes, [one.one.p50 for one in found], "one asker, p50", _ONE)
    _line(asking, sizes, [one.one.p95 for one in found], "one asker, p95", _ONE, "--")
    _line(asking, sizes, [one.several.p50 for one in found], f"{ASKERS} askers, p50", _SEVERAL)
    _line(asking, sizes, [one.several.p95 for one in found], f"{ASKERS} askers, p95", _SEVERAL, "--")
    _wanted(asking, WANTED_P50, "wanted p50")
    _wanted(asking, WANTED_P95, "wanted p95")
    _finish(asking, "a question, milliseconds")
    _line(building, sizes, [one.built.seconds for one in sizes], "building", _ONE)
    _line(building, sizes, [one.built.seconds - one.built.encoding for one in sizes], "… without vectors", _ONE, "--")
    _line(building, sizes, [one.updated.new for one in sizes], "a new entry found", _SEVERAL)
    _line(building, sizes, [one.answered.opening for one in sizes], "opening", _OTHER)
    _finish(building, "seconds")
    _line(disk, sizes, [one.built.index / _MEBIBYTE for one in sizes], "index", _ONE)
    _line(disk, sizes, [one.built.database / _MEBIBYTE for one in sizes], "archive.db", _SEVERAL)
    _finish(disk, "on the disk, MiB")
    _line(memory, sizes, [one.after.most for one in found], "at most", _ONE, "--")
    _line(memory, sizes, [one.after.resident for one in found], "after all questions", _ONE)
    _line(memory, sizes, [one.after.own for one in found], "its own", _SEVERAL)
    _line(memory, sizes, [one.before.resident for one in found], "with the model alone", _OTHER)
    _wanted(memory, WANTED_MEMORY, "wanted")
    _finish(memory, "resident while answering, MiB", log=False)
    memory.set_ylim(0)
    figure.savefig(path, dpi=150)


def _line(
    axes: Axes, sizes: Sequence[Size], values: Sequence[float], label: str, colour: str, style: str = "-"
) -> None:
    axes.plot([one.built.passages for one in sizes], values, style, marker="o", color=colour, label=label)


def _wanted(axes: Axes, value: float, label: str) -> None:
    axes.axhline(value, color=_WANTED, linestyle=":", zorder=0)
    axes.annotate(label, (0.01, value), xycoords=("axes fraction", "data"), color=_WANTED, va="bottom", fontsize=8)


def _finish(axes: Axes, what: str, *, log: bool = True) -> None:
    axes.set_xscale("log")
    if log:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}"))
        axis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("passages (logarithmic)")
    axes.set_ylabel(f"{what} (logarithmic)" if log else what)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
