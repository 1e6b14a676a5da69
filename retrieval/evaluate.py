"""Gold questions, asked of an archive as anyone asks them, and what came of each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.figures import DEPTH, Result
from retrieval.folding import tokens
from retrieval.gold import Gold, GoldQuestion, GoldTime, borne, refused_lines
from retrieval.model import Answer, Filter, Outcome, Shown, Status

if TYPE_CHECKING:
    from retrieval.indexing import Progress


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluated:
    """What came of each question, in the file's order; `warnings` name what in the gold no entry can meet."""

    results: tuple[Result, ...]
    snapshot: str
    model: str
    warnings: tuple[str, ...]


def evaluate(archive: Archive, gold: Gold, progress: Progress) -> Evaluated:
    """Ask every question. Nothing is written. Raises UsageError where a question names a blog that there is not,
    SnapshotError, NothingIndexed, ModelError."""
    _check_blogs(archive, gold)
    warnings = [*gold.notes, *_unmet(archive, gold.questions)]
    first = gold.questions[0]  # asked twice: the first question of a process pays for what later ones find ready
    archive.ask(first.question, blog=first.blog)
    results: list[Result] = []
    snapshots: dict[str, None] = {}
    for number, one in enumerate(gold.questions, start=1):
        answer = archive.ask(one.question, blog=one.blog)
        snapshots[answer.index.snapshot] = None
        results.append(judge(one, answer))
        progress(number, len(gold.questions))
    if len(snapshots) > 1:
        warnings.append("the index was changed meanwhile: the first questions were asked of an earlier one")
    return Evaluated(
        results=tuple(results), snapshot=list(snapshots)[-1], model=archive.model_name, warnings=tuple(warnings)
    )


def judge(gold: GoldQuestion, answer: Answer) -> Result:
    """Hold an answer against what the gold accepts. What is nearest counts as ranked, never as shown."""
    listed = (*answer.passages, *answer.nearest)
    ranking = answer.ranking or tuple(one.passage.version for one in listed)
    first = listed[0] if listed else None
    right = first is not None and any(gold.accepts(passage.version.entry) for passage in (first.passage, *first.also))
    answered = answer.outcome is Outcome.ANSWERED
    return Result(
        question=gold.question,
        blog=gold.blog,
        kind=gold.kind,
        answerable=gold.answerable,
        outcome=answer.outcome,
        confidence=answer.confidence,
        rank=next((n for n, one in enumerate(ranking[:DEPTH], start=1) if gold.accepts(one.entry)), None),
        right=right,
        shown=(answered and first is not None and holds(first.passage.text, gold.answers)) if gold.answers else None,
        highlighted=_highlighted(first, gold.answers) if first is not None and right else None,
        first=first.passage.version.entry.whole_id if first is not None else None,
        elapsed_ms=answer.elapsed_ms,
    )


def _highlighted(first: Shown, answers: Sequence[str]) -> bool | None:
    """None where no answer is named, or nothing is highlighted: an entry that was asked for by its time."""
    if not answers or not first.highlights:
        return None
    text = first.passage.version.text
    return any(holds(text[start:end], answers) for start, end in first.highlights)


def holds(text: str, answers: Iterable[str]) -> bool:
    """Whether a text holds the whole words of one of the answers, whatever their case, white space and form of
    quotation marks and dashes."""
    words = _folded(text)
    return any(_folded(answer) in words for answer in answers)


def _folded(text: str) -> str:
    return f" {' '.join(one.folded or one.form for one in tokens(text))} "


# ------------------------------------------------------------------------------------------------ faults of the gold


def _check_blogs(archive: Archive, gold: Gold) -> None:
    wrong: list[str] = []
    unknown: dict[str | None, bool] = {}
    for one in gold.questions:
        if one.blog not in unknown:
            unknown[one.blog] = not _is_known(archive, one.blog)
        if unknown[one.blog]:
            wrong.append(f"line {one.line}: 'blog' is {one.blog!r}, and there is no such blog")
    if wrong:
        raise refused_lines(gold.name, wrong, "see `stet status` for the blogs and their ids")


def _is_known(archive: Archive, blog: str | None) -> bool:
    try:
        archive.check_blog(blog)
    except UsageError:
        return False
    return True


def _unmet(archive: Archive, questions: Sequence[GoldQuestion]) -> list[str]:
    """The times and ids that no entry has: a question that names no other counts as missed."""
    from retrieval.admission import visible_now

    visible = visible_now(archive.blogs(), None, datetime.now(UTC))
    times: dict[str | None, frozenset[GoldTime]] = {}
    found: list[str] = []
    for one in questions:
        if one.blog not in times:
            meant = visible if one.blog is None else frozenset({one.blog})
            posted = archive.store.times(Filter(blogs=meant))
            times[one.blog] = frozenset(minute for moment in posted for minute in borne(moment))
        missing = [_written(wanted) for wanted in one.times if wanted not in times[one.blog]]
        missing += [whole_id for whole_id in one.entries if not _is_live(archive, whole_id)]
        found += [f"line {one.line}: no entry {name} is indexed" for name in missing]
    return found


def _is_live(archive: Archive, whole_id: str) -> bool:
    versions = archive.store.versions_of(whole_id)
    return bool(versions) and versions[-1].current and versions[-1].entry.status is Status.LIVE


def _written(wanted: GoldTime) -> str:
    return f"of {wanted:%H:%M}" if isinstance(wanted, time) else f"of {wanted.isoformat(timespec='minutes')}"
