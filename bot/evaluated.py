"""What `stet eval` prints in the terminal: the figures, those of each kind, what was missed, and what changed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from bot.output import safe
from bot.runs import Run
from bot.terminal import counted
from retrieval.clock import label
from retrieval.figures import TOLERATED, Comparison, Figure, Figures, Result, by_kind, figures

NAMES = {
    "r_at_1": "R@1",
    "r_at_3": "R@3",
    "r_at_5": "R@5",
    "mrr": "MRR",
    "answered": "answered",
    "answered_rightly": "answered rightly",
    "answer_shown": "answer shown",
    "answer_in_highlight": "answer in highlight",
    "false_answers": "false answers",
    "answered_at_tolerated": f"answered at {100 * TOLERATED:g} % false answers",
    "auroc": "AUROC",
    "ece": "ECE",
    "brier": "Brier",
    "aurc": "AURC",
    "median_ms": "median ms",
    "p95_ms": "p95 ms",
}
"""The figures' names in print."""

_OF_A_KIND = {
    "r_at_1": "R@1",
    "r_at_3": "R@3",
    "r_at_5": "R@5",
    "mrr": "MRR",
    "answered": "answered",
    "answered_rightly": "rightly",
    "answer_shown": "shown",
    "answer_in_highlight": "highlight",
    "false_answers": "false",
}
_MOST_LISTED = 20
_NOTHING = "-"


def told(run: Run, earlier: Run | None, changed: Comparison | None) -> Iterator[str]:
    """The whole report."""
    yield from _head(run)
    yield ""
    yield from _table(figures(run.results))
    kinds = by_kind(run.results)
    if len(kinds) > 1:
        yield ""
        yield from _kinds(kinds)
    yield from _missed(run.results)
    if earlier is not None and changed is not None:
        yield ""
        yield from _changes(earlier, run, changed)


def _head(run: Run) -> Iterator[str]:
    answerable = sum(one.answerable for one in run.results)
    yield safe(
        f"{run.file}: {counted(len(run.results), 'question', 'questions')}, {answerable} answerable, "
        f"{len(run.results) - answerable} that nothing answers"
    )
    yield safe(_made_by(run))


def _made_by(run: Run) -> str:
    return f"Stet {run.stet}, model {run.model}, snapshot {run.snapshot}, {label(run.at)}"


# ------------------------------------------------------------------------------------------------ figures


def _table(found: Figures) -> Iterator[str]:
    rows = [("", "value", "of", "95 % interval")]
    for name, one in found.named().items():
        held = f"n = {one.n}" if one.hits is None else f"{one.hits} of {one.n}"
        ends = "" if one.interval is None else f"{one.interval[0]:.3f} to {one.interval[1]:.3f}"
        rows.append((NAMES[name], _printed(name, one), held, ends))
    yield from _aligned(rows)


def _kinds(kinds: dict[str, Figures]) -> Iterator[str]:
    rows = [("kind", *_OF_A_KIND.values())]
    for kind, found in itertools.islice(kinds.items(), _MOST_LISTED):
        named = found.named()
        rows.append((safe(kind), *(_share(name, named[name]) for name in _OF_A_KIND)))
    yield from _aligned(rows)
    if len(kinds) > _MOST_LISTED:
        yield f"and {len(kinds) - _MOST_LISTED} more kinds, which --json lists"


def _share(name: str, one: Figure) -> str:
    """Of a kind there are often few questions: their number says more than a share."""
    return _printed(name, one) if one.hits is None else f"{one.hits} of {one.n}" if one.n else _NOTHING


def _printed(name: str, one: Figure) -> str:
    if one.value is None:
        return _NOTHING
    return f"{one.value:.1f}" if name.endswith("_ms") else f"{one.value:.3f}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns: the first one to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        yield "  ".join([first.ljust(widths[0]), *cells]).rstrip()


# ------------------------------------------------------------------------------------------------ questions


def _missed(results: Sequence[Result]) -> Iterator[str]:
    """The questions that did not come out as they should, and how they did."""
    wrong = [(one, why) for one in results if (why := _fault(one))]
    if wrong:
        yield ""
        yield f"{counted(len(wrong), 'question', 'questions')} not answered as the gold has it:"
        yield from _listed([f"{one.question} ({why}, confidence {one.confidence:.3f})" for one, why in wrong])


def _fault(one: Result) -> str | None:
    """What is wrong with a result; None where nothing is."""
    if not one.answerable:
        return "answered, and nothing answers it" if one.answered else None
    if one.rank is None:
        return f"{_ended(one)}, no accepted entry among the first ten"
    if not one.right:
        return f"{_ended(one)}, the accepted entry ranks {one.rank}"
    if not one.answered:
        return f"silent, the accepted entry ranks {one.rank}"
    return "the passage shown lacks the answer" if one.shown is False else None


def _ended(one: Result) -> str:
    return "answered" if one.answered else "silent"


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {safe(line)}" for line in lines[:_MOST_LISTED])
    if len(lines) > _MOST_LISTED:
        yield f"  and {len(lines) - _MOST_LISTED} more, which --json lists"


# ------------------------------------------------------------------------------------------------ comparison


def _changes(earlier: Run, run: Run, changed: Comparison) -> Iterator[str]:
    yield safe(f"against {_made_by(earlier)}")
    if earlier.sha256 != run.sha256:
        yield (
            f"  the gold is not the same file: compared over the "
            f"{counted(changed.common, 'question', 'questions')} that both hold"
        )
    yield ""
    after = changed.after.named()
    rows = [("", "before", "after", "n")]
    for name, one in changed.before.named().items():
        new = after[name]
        counts = str(new.n) if one.n == new.n else f"{one.n}, {new.n}"
        rows.append((NAMES[name], _printed(name, one), _printed(name, new), counts))
    yield from _aligned(rows)
    for what, results in (
        ("newly right at rank 1", changed.newly_right),
        ("newly wrong at rank 1", changed.newly_wrong),
        ("newly answered", changed.newly_answered),
        ("newly silent", changed.newly_silent),
    ):
        if results:
            yield ""
            yield f"{what}: {len(results)}"
            yield from _listed([_marked(one) for one in results])
    yield ""
    if changed.p_value is None:
        yield "R@1 changed for no question"
    else:
        yield f"R@1: so uneven a change comes by chance with p = {changed.p_value:.3f} (McNemar, exact)"


def _marked(one: Result) -> str:
    return one.question if one.answerable else f"{one.question} (nothing answers it)"
