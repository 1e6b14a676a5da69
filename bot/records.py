"""A response that was posted → what the ledger keeps of it: receipts of what it shows, and what an answer's own lines
are made of. No text of an entry, and none of the question."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bot.ledger.messages import Frame, Kind, Message, Part, Receipt, receipt
from bot.pieces import Line, Quote, Reply
from bot.render import quoted
from bot.replies import Request, Response
from retrieval.clock import microseconds, zone
from retrieval.model import Answer, IndexState, Order, Outcome, Passage, Question, Shown
from retrieval.rows import moment


def message(
    response: Response,
    request: Request,
    *,
    channel: str,
    ts: str,
    thread: str | None,
    delivery: str,
    asker: str | None,
    seen: int,
) -> Message:
    """The message that stands in Slack as `response` has it."""
    if response.given is None or not response.placed:
        kind: Kind = Kind.OTHER
        frame: Frame = {"trusted": request.trusted}
        proofs = tuple(receipt(one, part=part_of(one)) for one in response.shown)
    else:
        kind, frame = Kind.ANSWER, _frame(response.given, request, response.asked)
        proofs = tuple(_receipts(response.placed))
    return Message(
        channel=channel,
        ts=ts,
        thread=thread,
        delivery=delivery,
        asker=asker,
        kind=kind,
        frame=frame,
        seen=seen,
        receipts=proofs,
    )


def part_of(passage: Passage) -> Part:
    """Of a check, what words are: those of an earlier wording, or of a deleted entry, are called so."""
    return Part.PASSAGE if passage.version.current else Part.PAST


def _receipts(placed: Iterable[tuple[Shown, Reply]]) -> Iterator[Receipt]:
    """Those of each passage, its lead and its near-duplicates, as far as the reply shows or cites them."""
    for place, (shown, reply) in enumerate(placed):
        quotes = {one.span for one in quoted(part for part in reply if isinstance(part, Quote))}
        cited = [part.cites for part in reply if isinstance(part, Line) and part.cites is not None]
        part = Part.PASSAGE if shown.passage.span in quotes else Part.CITED
        yield receipt(shown.passage, place=place, part=part, highlights=shown.highlights)
        if shown.lead is not None and shown.lead.span in quotes:
            yield receipt(shown.lead, place=place, part=Part.LEAD)
        yield from (receipt(one, place=place, part=Part.ALSO) for one in shown.also if one in cited)


# ------------------------------------------------------------------------------------------------ frames


def _frame(given: Answer, request: Request, asked: int | None) -> Frame:
    question = given.question
    return {
        "since": _kept(question.since),
        "until": _kept(question.until),
        "as_of": _kept(question.as_of),
        "order": question.order,
        "blog": question.blog,
        "unread": question.unread,
        "outcome": given.outcome,
        "sure": given.sure,
        "unheld": given.unheld,
        "trusted": request.trusted,
        "private": request.private,
        "asked": asked,
    }


def answer(frame: Frame, shown: tuple[Shown, ...], index: IndexState) -> Answer:
    """The answer of a frame, with the passages that are shown of it now."""
    outcome = Outcome(frame["outcome"])
    answered = outcome is Outcome.ANSWERED
    return Answer(
        question=Question(
            text="",
            since=_moment(frame, "since"),
            until=_moment(frame, "until"),
            as_of=_moment(frame, "as_of"),
            order=Order(frame["order"]),
            blog=frame["blog"],
            unread=frame["unread"],
        ),
        outcome=outcome,
        confidence=0.0,
        passages=shown if answered else (),
        nearest=() if answered else shown,
        index=index,
        elapsed_ms=0.0,
        sure=frame["sure"],
        unheld=frame["unheld"],
    )


def _kept(at: datetime | None) -> list[Any] | None:
    """A moment with the name of its zone, by which it is printed."""
    return None if at is None else [microseconds(at), getattr(at.tzinfo, "key", None)]


def _moment(frame: Mapping[str, Any], name: str) -> datetime | None:
    if frame[name] is None:
        return None
    micros, where = frame[name]
    return moment(micros, zone(where) if where else UTC)
