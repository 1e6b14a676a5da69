"""The figures drawn: quality against the time of a question, and the time of indexing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter

from tests.benchmarks.peers.figures import Measured
from tests.benchmarks.peers.systems import STET

_OWN, _PEERS = "#b3261e", "#4a5a6a"


def draw(measured: Sequence[Measured], title: str, path: Path) -> None:
    """Write a PNG of two panels. Systems are numbered, as points that lie together leave no room for names; the
    rows of the right panel are the key."""
    figure = Figure(figsize=(13, 5.2), layout="constrained")
    figure.suptitle(title)
    quality, indexing = figure.subplots(1, 2, width_ratios=(1, 1))
    _draw_quality(quality, measured)
    _draw_indexing(indexing, measured)
    figure.savefig(path, dpi=150)


def _draw_quality(axes: Axes, measured: Sequence[Measured]) -> None:
    times = [one.figures.p50 for one in measured]
    shares = [one.figures.r1 for one in measured]
    for number, one in enumerate(measured, start=1):
        place = one.figures.p50, one.figures.r1
        axes.scatter(*place, s=260, color=_colour(one), edgecolor="white", zorder=number + 1)
        axes.annotate(str(number), place, color="white", weight="bold", ha="center", va="center", zorder=number + 1)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlim(min(times) / 2, max(times) * 2)
    axes.set_ylim(min(shares) - 0.05, max(shares) + 0.03)
    axes.set_xlabel("median time of a question, milliseconds (logarithmic)")
    axes.set_ylabel("share of questions whose entry is ranked first (R@1)")
    axes.grid(alpha=0.3)


def _draw_indexing(axes: Axes, measured: Sequence[Measured]) -> None:
    places = range(len(measured))
    seconds = [one.figures.indexing for one in measured]
    bars = axes.barh(places, seconds, color=[_colour(one) for one in measured])
    axes.bar_label(bars, fmt="%.1f", padding=3)
    axes.set_yticks(places, [_key(number, one) for number, one in enumerate(measured, start=1)])
    axes.invert_yaxis()
    axes.set_xlim(0, max(seconds) * 1.15)
    axes.set_xlabel("indexing, seconds")
    axes.spines[["top", "right"]].set_visible(False)


def _key(number: int, one: Measured) -> str:
    return f"{number}  {one.label}\nR@1 {one.figures.r1:.3f}, {one.figures.p50:.1f} ms"


def _colour(one: Measured) -> str:
    return _OWN if one.name == STET else _PEERS
