"""A run of `stet eval` as JSON: what `--json` prints, `--save` keeps and `--against` reads again."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, cast

from bot.objects import Object
from bot.own import version
from retrieval.errors import UsageError
from retrieval.evaluate import Evaluated
from retrieval.figures import DEPTH, Comparison, Figures, Result, by_kind, figures, reliability
from retrieval.gold import MOST_QUESTIONS, Gold, text_of
from retrieval.model import Outcome
from retrieval.sources.fields import Refused, Row, an_object, brief, moment, parsed

_FORMAT = 1
_CONFIDENTIAL = "it holds the questions and their answers' places: keep it as you keep the gold"
_AGAIN = "name a file that `stet eval --save` wrote"
_LONGEST = 10_000
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """What came of gold questions, and what was asked: which Stet, model, snapshot and file, and when."""

    stet: str
    model: str
    snapshot: str
    at: datetime
    file: str
    sha256: str
    results: tuple[Result, ...]
    warnings: tuple[str, ...]


def run_of(gold: Gold, found: Evaluated, now: datetime) -> Run:
    """The run that just ended."""
    return Run(
        stet=version(),
        model=found.model,
        snapshot=found.snapshot,
        at=now,
        file=gold.name,
        sha256=gold.sha256,
        results=found.results,
        warnings=found.warnings,
    )


# ------------------------------------------------------------------------------------------------ to JSON


def to_object(run: Run) -> Object:
    """The run, its figures worked out."""
    answerable = sum(one.answerable for one in run.results)
    return {
        "format": _FORMAT,
        "confidential": _CONFIDENTIAL,
        "stet": run.stet,
        "model": run.model,
        "snapshot": run.snapshot,
        "at": run.at.isoformat(timespec="seconds"),
        "gold": {
            "file": run.file,
            "sha256": run.sha256,
            "questions": len(run.results),
            "answerable": answerable,
            "unanswerable": len(run.results) - answerable,
        },
        "figures": figures_object(figures(run.results)),
        "by_kind": {kind: figures_object(one) for kind, one in by_kind(run.results).items()},
        "reliability": [
            {
                "low": one.low,
                "high": one.high,
                "n": one.right.n,
                "confidence": _rounded(one.confidence),
                "right": _rounded(one.right.value),
            }
            for one in reliability(run.results)
        ],
        "results": [asdict(one) for one in run.results],
        "warnings": list(run.warnings),
    }


def to_json(run: Run) -> bytes:
    """The run as a file."""
    return json.dumps(to_object(run), ensure_ascii=False, indent=1).encode()


def figures_object(found: Figures) -> Object:
    """Each figure with its `n`; a share with its hits and its 95 % interval, too."""
    return {
        name: {
            "value": _rounded(one.value),
            "n": one.n,
            **({} if one.hits is None else {"hits": one.hits}),
            **({} if one.interval is None else {"interval": [_rounded(end) for end in one.interval]}),
        }
        for name, one in found.named().items()
    }


def comparison_object(earlier: Run, found: Comparison) -> Object:
    """What differs from an earlier run, over the questions that both hold."""
    return {
        "against": {
            "stet": earlier.stet,
            "model": earlier.model,
            "snapshot": earlier.snapshot,
            "at": earlier.at.isoformat(timespec="seconds"),
            "gold": {"file": earlier.file, "sha256": earlier.sha256},
        },
        "questions": found.common,
        "before": figures_object(found.before),
        "after": figures_object(found.after),
        "newly_right": _questions(found.newly_right),
        "newly_wrong": _questions(found.newly_wrong),
        "newly_answered": _questions(found.newly_answered),
        "newly_silent": _questions(found.newly_silent),
        "mcnemar_p": _rounded(found.p_value),
    }


def _questions(results: Sequence[Result]) -> list[str]:
    return [one.question for one in results]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


# ------------------------------------------------------------------------------------------------ from JSON


def read_run(given: str, size_limit: int) -> Run:
    """A run that was saved, in a file of at most `size_limit` bytes. Raises UsageError, SourceMissing,
    SourceRefused."""
    text, name, _ = text_of(given, size_limit, "a run, as `stet eval --save` writes it")
    return run_from(text, name)


def run_from(text: str, name: str) -> Run:
    """As `read_run`, of a file's characters; its figures are worked out anew from its results."""
    body = parsed(text)
    if not isinstance(body, dict) or "results" not in body:
        raise UsageError(f"{name} is no run of `stet eval`", _AGAIN)
    if body.get("format") != _FORMAT:
        raise UsageError(f"{name} has the format {brief(body.get('format'))}, this Stet knows {_FORMAT}", _AGAIN)
    try:
        return _run(body)
    except Refused as reason:
        raise UsageError(f"{name}: {reason}", _AGAIN) from None


def _run(body: Row) -> Run:
    gold = an_object(body.get("gold"))
    rows = _checked(body, "results", _is_rows)
    return Run(
        stet=_checked(body, "stet", _is_text),
        model=_checked(body, "model", _is_text),
        snapshot=_checked(body, "snapshot", _is_text),
        at=moment(_checked(body, "at", _is_text), "at"),
        file=_checked(gold, "file", _is_text),
        sha256=_checked(gold, "sha256", _is_text),
        results=tuple(_result(row, number) for number, row in enumerate(rows, start=1)),
        warnings=(),
    )


def _result(row: object, number: int) -> Result:
    try:
        held = an_object(row)
        read = {key: _checked(held, key, is_right) for key, is_right in _RESULT.items()}
    except Refused as reason:
        raise Refused(f"result {number}: {reason}") from None
    return Result(**{**read, "outcome": Outcome(read["outcome"])})


def _checked(row: Row, key: str, is_right: Callable[[object], bool]) -> Any:
    value = row.get(key)
    if not is_right(value):
        raise Refused(f"{key!r} is {'missing' if key not in row else brief(value)}, which no run holds")
    return value


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and 0 < len(value) <= MOST_QUESTIONS


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST and not _SURROGATE.search(value)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_LARGEST = 1e12
"""JSON's whole numbers have no bound, a float's have."""


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LARGEST


def _is_rank(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= DEPTH


def _or_null(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or is_right(value)


_RESULT: dict[str, Callable[[object], bool]] = {
    "question": _is_text,
    "blog": _or_null(_is_text),
    "kind": _is_text,
    "answerable": _is_flag,
    "outcome": lambda value: value in list(Outcome),
    "confidence": lambda value: _is_number(value) and cast("float", value) <= 1,
    "rank": _or_null(_is_rank),
    "right": _is_flag,
    "shown": _or_null(_is_flag),
    "highlighted": _or_null(_is_flag),
    "first": _or_null(_is_text),
    "elapsed_ms": _is_number,
}
"""What each field of a result may be."""
