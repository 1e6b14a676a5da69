"""The command line's JSON objects, field for field as the contract has them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.terminal import last_wording, locator
from retrieval.clock import label
from retrieval.errors import UsageError
from retrieval.model import Answer, IndexState, Passage, Question, Shown, Status, Version
from retrieval.verdicts import Match, QuoteCheck, Speaker

if TYPE_CHECKING:
    from retrieval.drafts.finding import Draft, DraftQuotation
    from retrieval.finding import Found
    from retrieval.reports import ArchiveState, Report
    from retrieval.takedown import TakenDown

Object = dict[str, Any]


def answer(given: Answer) -> Object:
    """`stet ask --json`."""
    return {
        "question": given.question.text,
        "outcome": given.outcome.value,
        "confidence": round(given.confidence, 4),
        "interpreted": interpreted(given.question),
        "passages": [shown(one) for one in given.passages],
        "nearest": [shown(one) for one in given.nearest],
        "index": index(given.index),
        "elapsed_ms": round(given.elapsed_ms, 1),
    }


def interpreted(question: Question) -> Object:
    """What was understood of a question."""
    return {
        "since": _iso(question.since),
        "until": _iso(question.until),
        "as_of": _iso(question.as_of),
        "order": question.order.value,
        "blog": question.blog,
    }


def shown(one: Shown) -> Object:
    """A passage with its citation; all offsets are into the version's text."""
    return {
        "text": one.passage.text,
        "start": one.passage.start,
        "end": one.passage.end,
        "highlights": [list(span) for span in one.highlights],
        "lead": one.lead and {"text": one.lead.text, "start": one.lead.start, "end": one.lead.end},
        "score": round(one.score, 4),
        "also": [citation(other) for other in one.also],
        "citation": citation(one.passage),
    }


def citation(passage: Passage) -> Object:
    """Where a passage stands and when it was published."""
    return cited(passage.version, passage.sha256)


def cited(version: Version, sha256: str) -> Object:
    """Where words of a version stand; `sha256` is theirs."""
    entry = version.entry
    return {
        "blog": entry.blog.id,
        "blog_title": entry.blog.title,
        "entry": entry.whole_id,
        "title": version.title,
        "time": entry.posted_at.isoformat(),
        "label": label(entry.posted_at),
        "url": entry.url or entry.blog.url,
        "author": version.author,
        "version": version.number,
        "edited": _iso(version.edited_at),
        "current": version.current,
        "sha256": sha256,
    }


def check(found: QuoteCheck) -> Object:
    """`stet check --json`; `quote_span` is into the quotation, all other spans into the matched field."""
    return {
        "quote": found.quote,
        "verdict": found.verdict.value,
        "passes": found.passes,
        "speaker": None if found.speaker is None else _speaker(found.speaker),
        "cautions": [
            {"kind": one.kind.value, "match": one.match, "start": one.start, "end": one.end} for one in found.cautions
        ],
        "matches": [_match(one, found.quote) for one in found.matches],
        "nearest": [_match(one, found.quote) for one in found.nearest],
        "elapsed_ms": round(found.elapsed_ms, 1),
        **({"unlisted": found.unlisted} if found.unlisted else {}),
        **({"unheld": found.unheld} if found.unheld else {}),
    }


def draft(
    name: str, read: Draft, results: Sequence[QuoteCheck | UsageError], counts: dict[str, int], elapsed_ms: float
) -> Object:
    """`stet check-draft --json`; all spans beside those of the checks are into the draft's text, as it was read."""
    return {
        "draft": name,
        "passes": 0 < counts["quotations"] == counts["passing"],
        "quotations": [_quotation(one, found) for one, found in zip(read.quotations, results, strict=True)],
        "skipped": [
            {"start": one.start, "end": one.end, "text": read.text[one.start : one.end], "reason": one.reason.value}
            for one in read.skipped
        ],
        "warnings": list(read.warnings),
        "counts": counts,
        "elapsed_ms": round(elapsed_ms, 1),
    }


def _quotation(one: DraftQuotation, result: QuoteCheck | UsageError) -> Object:
    named = one.speaker
    checked = {"check": None, "error": str(result)} if isinstance(result, UsageError) else {"check": check(result)}
    return {
        "start": one.start,
        "end": one.end,
        "kind": one.kind.value,
        "speaker_named": named and {"text": one.speaker_name, "start": named[0], "end": named[1]},
        **checked,
    }


def _speaker(speaker: Speaker) -> Object:
    start, end = speaker.evidence or (None, None)
    return {"verdict": speaker.verdict.value, "start": start, "end": end}


def _match(one: Match, quote: str) -> Object:
    said_by = one.speech.said_by
    return {
        "place": one.place,
        "fragment": one.fragment,
        "field": one.field.value,
        "text": one.text,
        "start": one.start,
        "end": one.end,
        "sentence": list(one.sentence),
        "citation": cited(one.version, one.sha256),
        "direct_speech": one.speech.direct,
        "said_by": said_by and {"text": one.source[slice(*said_by)], "start": said_by[0], "end": said_by[1]},
        "edits": [
            {
                "op": edit.op.value,
                "kind": edit.kind.value,
                "quote": quote[slice(*edit.quote_span)],
                "source": one.source[slice(*edit.source_span)],
                "quote_span": list(edit.quote_span),
                "source_span": list(edit.source_span),
            }
            for edit in one.edits
        ],
    }


def index(state: IndexState) -> Object:
    """What the index covers."""
    return {
        "blogs": state.blogs,
        "entries": state.entries,
        "passages": state.passages,
        "first": _iso(state.first),
        "last": _iso(state.last),
        "updated": _iso(state.updated),
        "snapshot": state.snapshot,
    }


def entry(versions: list[Version]) -> Object:
    """`stet show --json`: an entry and its versions, the first one first; the title is that of its last wording."""
    newest = last_wording(versions)
    return {
        "entry": newest.entry.whole_id,
        "blog": newest.entry.blog.id,
        "time": newest.entry.posted_at.isoformat(),
        "title": newest.title,
        "url": newest.entry.url or newest.entry.blog.url,
        "status": Status(newest.entry.status).value,
        "versions": [
            {
                "number": one.number,
                "title": one.title,
                "text": one.text,
                "sha256": one.sha256,
                "edited": _iso(one.edited_at),
                "seen": _iso(one.seen_at),
            }
            for one in versions
        ],
    }


def state(found: ArchiveState) -> Object:
    """`stet status --json`."""
    return {
        "blogs": [
            {
                "id": one.blog.id,
                "title": one.blog.title,
                "format": one.source.format,
                "source": locator(one.source.locator),
                "url": one.blog.url,
                "timezone": one.blog.timezone,
                "language": one.blog.language,
                "visibility": ",".join(one.blog.visibility) or "public",
                "entries": one.entries,
                "versions": one.versions,
                "first": _iso(one.first),
                "last": _iso(one.last),
                "updated": _iso(one.updated),
            }
            for one in found.blogs
        ],
        "entries": found.entries,
        "passages": found.manifest.passages if found.manifest else 0,
        "snapshot": found.manifest.id if found.manifest else None,
        "model": found.manifest.model.name if found.manifest else None,
        "bytes": found.bytes,
        **({"erasing": list(found.erasing)} if found.erasing else {}),
    }


def found(one: Found) -> Object:
    """`stet find --json`: one field of one version that holds the words; its spans are into that field."""
    version = one.version
    return {
        "entry": version.entry.whole_id,
        "version": version.number,
        "field": one.field,
        "spans": [list(span) for span in one.spans],
        "time": version.entry.posted_at.isoformat(),
        "label": label(version.entry.posted_at),
        "status": version.entry.status.value,
        "current": version.current,
    }


def taken_down(
    whole_id: str,
    version: int | None,
    down: TakenDown,
    by: str,
    reason: str,
    at: datetime,
    receipts: int,
    erased: bool,
) -> Object:
    """`stet takedown --json`."""
    return {
        "entry": whole_id,
        "version": version,
        "kept_as": down.whole_id,
        "versions": len(down.versions),
        "reason": reason,
        "by": by,
        "at": at.isoformat(),
        "receipts": receipts,
        "erased": erased,
    }


def report(done: Report) -> Object:
    """`stet add --json` and `stet reindex --json`."""
    return {
        "sources": [
            {
                "source": one.source,
                "blog": one.blog,
                "format": one.format,
                "entries": one.entries,
                "added": one.added,
                "edited": one.edited,
                "deleted": one.deleted,
                "unchanged": one.unchanged,
                "refused": [{"entry": refusal.entry, "reason": refusal.reason} for refusal in one.refused],
            }
            for one in done.sources
        ],
        "skipped": list(done.skipped),
        "passages_embedded": done.indexed.embedded if done.indexed else 0,
        "passages_reused": done.indexed.reused if done.indexed else 0,
        "seconds": round(done.seconds, 3),
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
