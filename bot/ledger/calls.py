"""Questions that were handed to a person, until they are resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update

from bot.ledger.part import LedgerPart
from bot.ledger.tables import calls
from retrieval.rows import micros, moment


class State(StrEnum):
    """How far a call has come."""

    OPEN = "open"
    TAKEN = "taken"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """A question that a person is asked: where it was asked, where it was posted, who took it. Its text is kept until
    it is resolved."""

    key: int
    at: datetime
    asker: str | None
    channel: str
    thread: str | None
    question: str | None
    place: str
    ts: str
    state: State
    helper: str | None
    changed: datetime


class Calls(LedgerPart):
    """Calls by key."""

    def open(
        self,
        *,
        asker: str,
        channel: str,
        thread: str | None,
        question: str,
        place: str,
        ts: str,
        now: datetime,
    ) -> int:
        """Keep a call that was posted; its key."""
        values = {
            "at": micros(now),
            "asker": asker,
            "channel": channel,
            "thread": thread,
            "question": question,
            "place": place,
            "ts": ts,
            "state": State.OPEN,
            "changed": micros(now),
        }
        with self._writing() as connection:
            key: int = connection.execute(insert(calls).values(**values).returning(calls.c.key)).scalar_one()
            return key

    def of(self, key: int) -> Call | None:
        """A call by its key."""
        with self._reading() as connection:
            row = connection.execute(select(calls).where(calls.c.key == key)).first()
        return None if row is None else _call(row)

    def at(self, place: str, ts: str) -> Call | None:
        """The call that was posted there."""
        with self._reading() as connection:
            row = connection.execute(select(calls).where(calls.c.place == place, calls.c.ts == ts)).first()
        return None if row is None else _call(row)

    def take(self, key: int, helper: str, now: datetime) -> bool:
        """Give an open call to whoever takes it; whether it was still open."""
        values = {"state": State.TAKEN, "helper": helper, "changed": micros(now)}
        with self._writing() as connection:
            return bool(
                connection.execute(
                    update(calls).where(calls.c.key == key, calls.c.state == State.OPEN).values(**values)
                ).rowcount
            )

    def resolve(self, key: int, helper: str, now: datetime) -> bool:
        """Mark a call as resolved and forget its text; whether it was not resolved yet."""
        values = {"state": State.RESOLVED, "helper": helper, "changed": micros(now), "question": None}
        with self._writing() as connection:
            return bool(
                connection.execute(
                    update(calls).where(calls.c.key == key, calls.c.state != State.RESOLVED).values(**values)
                ).rowcount
            )

    def unresolved(self) -> int:
        """How many calls wait for an answer."""
        with self._reading() as connection:
            return len(connection.execute(select(calls.c.key).where(calls.c.state != State.RESOLVED)).all())

    def expire(self, before: datetime) -> None:
        """Forget who asked, and what, in calls of before then."""
        with self._writing() as connection:
            connection.execute(
                update(calls).where(calls.c.at < micros(before)).values(asker=None, helper=None, question=None)
            )

    def forget(self, user: str) -> int:
        """Forget one person; how many rows."""
        with self._writing() as connection:
            asked = connection.execute(
                update(calls).where(calls.c.asker == user).values(asker=None, question=None)
            ).rowcount
            helped = connection.execute(update(calls).where(calls.c.helper == user).values(helper=None)).rowcount
            return asked + helped


def _call(row: Row[Any]) -> Call:
    return Call(
        key=row.key,
        at=moment(row.at),
        asker=row.asker,
        channel=row.channel,
        thread=row.thread,
        question=row.question,
        place=row.place,
        ts=row.ts,
        state=State(row.state),
        helper=row.helper,
        changed=moment(row.changed),
    )
