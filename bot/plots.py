"""How calibrated the confidence is, and what silence costs, as two pictures (PNG).

The library that draws comes with the extra `eval`, and is imported only here.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.clock import day_label
from retrieval.errors import UsageError
from retrieval.figures import Result, figures, reliability, risk_coverage
from retrieval.files import disk, write_atomically

if TYPE_CHECKING:
    from datetime import datetime

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAMES = ("reliability.png", "risk-coverage.png")

_INCHES, _DOTS = (6.4, 5.6), 150
_BLUE, _ORANGE, _GREY = "#1f5f99", "#c4581a", "#8a8a8a"
_LARGE, _SMALL = 13, 11
_FEW = 60
"""Up to so many questions, each is a point of the curve."""


def require() -> None:
    """See that there is what draws. Raises UsageError, which names the extra."""
    if find_spec("matplotlib") is None:
        raise UsageError("to draw plots needs matplotlib", "install it: pip install '.[eval]' in a checkout")


def draw(results: Sequence[Result], at: datetime, folder: Path) -> list[Path]:
    """Write both plots of a run into a folder, made where there is none; the files. Raises DiskError, UsageError."""
    require()
    with disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
    asked = f"{len(results)} {'question' if len(results) == 1 else 'questions'}, {day_label(at)}"
    pictures = (_reliability(results, asked), _risk_coverage(results, asked))
    files = [folder / name for name in NAMES]
    for file, picture in zip(files, pictures, strict=True):
        write_atomically(file, _png(picture))
    return files


def _png(picture: Figure) -> bytes:
    data = io.BytesIO()
    picture.savefig(data, format="png", dpi=_DOTS)
    return data.getvalue()


def _picture(title: str) -> Figure:
    from matplotlib.figure import Figure

    picture = Figure(figsize=_INCHES, layout="constrained")
    picture.suptitle(title, fontsize=_LARGE)
    return picture


def _plain(axes: Axes, below: str, beside: str) -> None:
    axes.set_xlabel(below, fontsize=_LARGE)
    axes.set_ylabel(beside, fontsize=_LARGE)
    axes.tick_params(labelsize=_SMALL)
    axes.grid(color="#e4e4e4", linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _legend(picture: Figure) -> None:
    picture.legend(loc="outside lower center", ncols=2, fontsize=_SMALL, frameon=False)


def _reliability(results: Sequence[Result], asked: str) -> Figure:
    """Above, each bin's share of right first passages against its mean confidence, with its 95 % interval: perfectly
    calibrated, the points lie on the diagonal. Below, how many questions each bin holds."""
    found, ece = reliability(results), figures(results).ece.value
    picture = _picture(f"Reliability of the confidence, ECE {ece:.3f}\n{asked}")
    above, below = picture.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    above.plot([0, 1], [0, 1], color=_GREY, linestyle="--", linewidth=1.2, label="perfectly calibrated")
    shares = [one.right.value or 0.0 for one in found]
    ends = [one.right.interval or (0.0, 1.0) for one in found]
    reach = [
        [max(0.0, share - low) for share, (low, _) in zip(shares, ends, strict=True)],
        [max(0.0, high - share) for share, (_, high) in zip(shares, ends, strict=True)],
    ]
    above.errorbar(
        [one.confidence for one in found], shares, yerr=reach, color=_BLUE, marker="o", markersize=8,
        linestyle="none", elinewidth=1.3, capsize=4, label="measured, with its 95 % interval",
    )  # fmt: skip
    bars = below.bar(
        [one.low for one in found], [one.right.n for one in found], width=[one.high - one.low for one in found],
        align="edge", color=_BLUE, edgecolor="white",
    )  # fmt: skip
    below.bar_label(bars, fontsize=_SMALL, padding=2)
    below.margins(y=0.35)
    above.set_xlim(-0.02, 1.02)
    above.set_ylim(-0.03, 1.03)
    _plain(above, "", "share whose first passage is right")
    _plain(below, "confidence", "questions")
    _legend(picture)
    return picture


def _risk_coverage(results: Sequence[Result], asked: str) -> Figure:
    """The share of wrong answers against the share of questions answered, the most confident first; a ring marks the
    answers that were given."""
    curve, aurc = risk_coverage(results), figures(results).aurc.value
    picture = _picture(f"Risk and coverage, AURC {aurc:.3f}\n{asked}")
    axes = picture.subplots()
    axes.plot(
        [one[0] for one in curve], [one[1] for one in curve], color=_BLUE, linewidth=1.8,
        marker="o" if len(curve) <= _FEW else "", markersize=5, label="the most confident first",
    )  # fmt: skip
    given = [one for one in results if one.answered]
    if given:
        wrong = sum(not one.right for one in given)
        axes.plot(
            len(given) / len(results), wrong / len(given), color=_ORANGE, marker="o", markersize=13,
            markerfacecolor="none", markeredgewidth=2.2, linestyle="none", clip_on=False,
            label=f"answers given: {len(given)}, of these wrong {wrong}",
        )  # fmt: skip
    axes.set_xlim(0, 1.02)
    axes.set_ylim(bottom=0)
    axes.margins(y=0.08)
    _plain(axes, "coverage: share of the questions answered", "risk: share of the answers that are wrong")
    _legend(picture)
    return picture
