"""What was received: each delivery is committed here before Slack gets its acknowledgement, so that a retry, the
message twin of a mention, or a restart neither answers twice nor forgets."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, StrEnum
from pathlib import Path

from sqlalchemy import Engine, delete, insert, select, update

from bot.ledger.part import LedgerPart
from bot.ledger.tables import received
from retrieval.rows import micros, moment

_KEPT = timedelta(days=1)
"""Slack's last retry comes after five minutes; a day is kept for outages."""


class State(StrEnum):
    """How far a delivery has come."""

    TAKEN = "taken"  # nothing of a reply was sent
    POSTING = "posting"  # a reply is on its way: Slack may have it, whatever it says
    ANSWERED = "answered"
    FAILED = "failed"  # without a reply; whoever gets it next may take it


_OPEN = (State.TAKEN, State.POSTING)


class Taking(Enum):
    """What to do with a delivery."""

    OURS = "answer it"
    DONE = "acknowledge it and do nothing: it is answered, or we are at it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Unfinished:
    """A delivery that an earlier run took and did not answer. `posting`: its reply may stand in Slack."""

    key: str
    payload: str
    posting: bool
    at: datetime


class Inbox(LedgerPart):
    """Deliveries by key. One bot at a time answers from a ledger: it holds the archive's serving lock."""

    def __init__(self, path: Path, engine: Engine, turn: threading.Lock) -> None:
        super().__init__(path, engine, turn)
        self.run = uuid.uuid4().hex

    def take(self, key: str, payload: str, now: datetime) -> Taking:
        """Commit a delivery, with all that its answer needs, if it is new or was left without a reply."""
        columns = received.c
        with self._writing() as connection:
            state = connection.execute(select(columns.state).where(columns.key == key)).scalar()
            if state is not None and state != State.FAILED:
                return Taking.DONE
            connection.execute(delete(received).where(columns.at < micros(now - _KEPT)))
            connection.execute(delete(received).where(columns.key == key))
            connection.execute(
                insert(received).values(key=key, run=self.run, state=State.TAKEN, at=micros(now), payload=payload)
            )
            return Taking.OURS

    def is_open(self, key: str) -> bool:
        """Whether a delivery was taken and has no reply yet."""
        with self._reading() as connection:
            return connection.execute(select(received.c.state).where(received.c.key == key)).scalar() in _OPEN

    def posting(self, key: str) -> bool:
        """Note that a reply is being sent now; whether one was already, so that Slack may have it."""
        columns = received.c
        with self._writing() as connection:
            before = connection.execute(select(columns.state).where(columns.key == key)).scalar()
            connection.execute(update(received).where(columns.key == key).values(state=State.POSTING))
        return before == State.POSTING

    def settle(self, key: str, *, answered: bool) -> None:
        """The delivery has its reply, and what came with it is forgotten; or it has none, and may be taken again."""
        state = State.ANSWERED if answered else State.FAILED
        with self._writing() as connection:
            connection.execute(update(received).where(received.c.key == key).values(state=state, payload=None))

    def adopt(self) -> Sequence[Unfinished]:
        """Take over what earlier runs left without a reply, the oldest first."""
        columns = received.c
        left = (columns.run != self.run) & columns.state.in_(_OPEN)
        with self._writing() as connection:
            rows = connection.execute(select(received).where(left).order_by(columns.at)).all()
            connection.execute(
                update(received).where(left, columns.payload.is_(None)).values(state=State.FAILED)
            )  # of an earlier Stet, which kept nothing to answer from
            connection.execute(update(received).where(left).values(run=self.run))
        return [
            Unfinished(key=row.key, payload=row.payload, posting=row.state == State.POSTING, at=moment(row.at))
            for row in rows
            if row.payload is not None
        ]

    def forget(self, user: str) -> int:
        """Drop what one person still waits for; how many deliveries that is. What others wait for that names the
        person is kept until it has its reply, which is minutes."""
        asker = f'"user": {json.dumps(user)}, "channel"'  # as `Incoming.to_json` writes its own fields
        with self._writing() as connection:
            return connection.execute(
                update(received)
                .where(received.c.payload.contains(asker, autoescape=True))
                .values(state=State.ANSWERED, payload=None)
            ).rowcount
