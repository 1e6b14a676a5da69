"""The figures in words: for the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from tests.benchmarks.peers.figures import Figures, Measured, ahead

Table = Sequence[Sequence[str]]
"""A heading and rows, all of the same length; the first cell is a name, the others are numbers."""

WANTED_POINTS = 6.0
WANTED_INDEXING = 0.5
WANTED_TIME = 1.0
"""What Stet is to reach beside the best peer in the same run: points of R@1 at least, times its indexing and its
median question at most."""


def figures_table(measured: Sequence[Measured]) -> Table:
    """A row for each system."""
    quality = ["R@1", "R@3", "R@5", "MRR"]
    costs = ["indexing s", "CPU s", "p50 ms", "p95 ms", "CPU ms", "memory MiB", "loading s"]
    return [["", *quality, *costs], *(_row(one) for one in measured)]


def _row(one: Measured) -> list[str]:
    found = one.figures
    quality = (found.r1, found.r3, found.r5, found.mrr)
    times = (found.indexing, found.indexing_cpu, found.p50, found.p95, found.asking_cpu)
    return [
        one.label,
        *(f"{value:.3f}" for value in quality),
        *(f"{value:.1f}" for value in times),
        f"{found.memory:.0f}",
        f"{found.loading:.1f}",
    ]


def ratios_table(measured: Sequence[Measured], against: Measured) -> Table:
    """A row for each system but the one that it is held against: points of R@1 more, and times as much."""
    costs = ["indexing", "its CPU", "p50", "p95", "asking CPU", "memory"]
    heading = [f"beside {against.label}", "points of R@1", *costs]
    return [heading, *(_ratios(one, against) for one in measured if one.name != against.name)]


def _ratios(one: Measured, against: Measured) -> list[str]:
    lead = ahead(one.ranks, against.ranks)
    times = [value / base for value, base in zip(_costs(one.figures), _costs(against.figures), strict=True)]
    return [one.label, f"{lead.points:+.1f} ± {lead.half_width:.1f}", *(f"× {value:.2f}" for value in times)]


def _costs(found: Figures) -> tuple[float, ...]:
    return found.indexing, found.indexing_cpu, found.p50, found.p95, found.asking_cpu, found.memory


def verdicts(one: Measured, against: Measured) -> list[str]:
    """For each thing that is to be reached, by how much it is, or is missed."""
    points = ahead(one.ranks, against.ranks).points
    beside = f"{one.label} beside {against.label}"
    over = points - WANTED_POINTS
    reached = "reached" if over >= 0 else "missed"
    return [
        f"{beside}: {points:+.1f} points of R@1, wanted {WANTED_POINTS:+.0f}: {reached} by {abs(over):.1f}",
        _at_most(f"{beside}: indexing", one.figures.indexing / against.figures.indexing, WANTED_INDEXING),
        _at_most(f"{beside}: median question", one.figures.p50 / against.figures.p50, WANTED_TIME),
    ]


def _at_most(what: str, times: float, wanted: float) -> str:
    reached = "reached" if times <= wanted else "missed"
    return f"{what} × {times:.2f}, wanted × {wanted:.2f} at most: {reached} by {abs(times - wanted):.2f}"


def plain(table: Table) -> str:
    """In columns: names to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in table) for place in range(len(table[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in table
    )


def markdown(table: Table) -> str:
    """As a table of Markdown."""
    heading, *rows = ["| " + " | ".join(row) + " |" for row in table]
    rule = "|---|" + "---:|" * (len(table[0]) - 1)
    return "\n".join([heading, rule, *rows])
