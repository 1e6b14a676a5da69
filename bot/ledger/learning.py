"""What was asked and how it ended, and what people said of it. No question's text is kept unless a setting says for
how long, and who asked is forgotten after a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, String, case, cast, delete, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from bot.ledger.part import LedgerPart
from bot.ledger.tables import asked, feedback, receipts
from retrieval.rows import micros, moment

_NOBODY: dict[str, Any] = {
    "user": None,
    "channel": case((asked.c.channel.startswith("D"), "D"), else_=asked.c.channel),
    "delivery": literal("forgotten ").concat(cast(asked.c.key, String)),
}
"""What stands in place of who asked, and of the direct message and the place in Slack that would tell it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """What somebody said of an answer: `good` or not, and why, as a code."""

    at: datetime
    good: bool
    reason: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """A question that was asked. `user` and `text` are None where they are not kept, or not any more; `entries` are
    those shown, by their whole ids."""

    key: int
    at: datetime
    channel: str
    user: str | None
    way: str
    outcome: str
    confidence: float
    text: str | None
    posted: int | None
    entries: tuple[str, ...] = ()
    said: tuple[Said, ...] = ()


class Learning(LedgerPart):
    """Questions and feedback."""

    def note(
        self,
        delivery: str,
        *,
        channel: str,
        user: str | None,
        way: str,
        outcome: str,
        confidence: float,
        text: str | None,
        now: datetime,
    ) -> int:
        """Note the question of a delivery, or how it ended this time; its key."""
        values = {
            "at": micros(now),
            "channel": channel,
            "user": user,
            "way": way,
            "outcome": outcome,
            "confidence": confidence,
            "text": text,
        }
        with self._writing() as connection:
            key: int = connection.execute(
                upsert(asked)
                .values(delivery=delivery, **values)
                .on_conflict_do_update(index_elements=["delivery"], set_=values)
                .returning(asked.c.key)
            ).scalar_one()
            return key

    def answered_by(self, key: int, posted: int) -> None:
        """The message that the question got."""
        with self._writing() as connection:
            connection.execute(update(asked).where(asked.c.key == key).values(posted=posted))

    def of(self, key: int) -> Asking | None:
        """A question by its key."""
        with self._reading() as connection:
            row = connection.execute(select(asked).where(asked.c.key == key)).first()
            return None if row is None else _asking(row, (), ())

    def say(self, key: int, user: str, *, good: bool, reason: str | None, now: datetime) -> None:
        """Keep what somebody says of an answer; what they said of it before is replaced."""
        same = (feedback.c.asked == key) & (feedback.c.user == user)
        values = {"asked": key, "user": user, "good": good, "reason": reason, "at": micros(now)}
        with self._writing() as connection:
            connection.execute(delete(feedback).where(same))
            connection.execute(insert(feedback).values(**values))

    def since(self, then: datetime | None) -> list[Asking]:
        """The questions asked from then on, the first one first, each with what was said of it."""
        condition = asked.c.at >= micros(then) if then is not None else asked.c.at >= 0
        said: dict[int, list[Said]] = {}
        shown: dict[int, dict[str, None]] = {}
        with self._reading() as connection:
            about = select(feedback).join(asked, asked.c.key == feedback.c.asked).where(condition)
            for row in connection.execute(about.order_by(feedback.c.at)):
                said.setdefault(row.asked, []).append(Said(at=moment(row.at), good=row.good, reason=row.reason))
            quoted = (
                select(asked.c.key, receipts.c.entry)
                .join(receipts, receipts.c.posted == asked.c.posted)
                .where(condition, receipts.c.role == "passage")
                .order_by(receipts.c.number)
            )
            for row in connection.execute(quoted):
                shown.setdefault(row.key, {})[row.entry] = None
            return [
                _asking(row, shown.get(row.key, ()), said.get(row.key, ()))
                for row in connection.execute(select(asked).where(condition).order_by(asked.c.at))
            ]

    def expire(self, *, users_before: datetime, texts_before: datetime) -> None:
        """Forget who asked before the one moment, and the text of what was asked before the other."""
        with self._writing() as connection:
            connection.execute(
                update(asked).where(asked.c.at < micros(users_before), asked.c.user.is_not(None)).values(**_NOBODY)
            )
            connection.execute(
                update(feedback)
                .where(feedback.c.at < micros(users_before), feedback.c.user.is_not(None))
                .values(user=None)
            )
            connection.execute(
                update(asked).where(asked.c.at < micros(texts_before), asked.c.text.is_not(None)).values(text=None)
            )

    def forget(self, user: str) -> int:
        """Forget one person: who asked, what they asked, and that they said something of it; how many rows."""
        with self._writing() as connection:
            questions = connection.execute(
                update(asked).where(asked.c.user == user).values(**_NOBODY, text=None)
            ).rowcount
            sayings = connection.execute(update(feedback).where(feedback.c.user == user).values(user=None)).rowcount
            return questions + sayings


def _asking(row: Row[Any], entries: Iterable[str], said: Iterable[Said]) -> Asking:
    return Asking(
        key=row.key,
        at=moment(row.at),
        channel=row.channel,
        user=row.user,
        way=row.way,
        outcome=row.outcome,
        confidence=row.confidence,
        text=row.text,
        posted=row.posted,
        entries=tuple(entries),
        said=tuple(said),
    )
