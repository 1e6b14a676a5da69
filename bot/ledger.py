"""What was received and what was posted, in a database of its own beside the archive's.

A delivery is committed here before Slack gets its acknowledgement, so that a retry, the message twin of a
mention, or a restart neither answers twice nor forgets. Each answer that is posted leaves its receipts: entry,
version, offsets and digest of every slice that it shows.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert as upsert

from retrieval import database
from retrieval.database import mapped
from retrieval.files import disk
from retrieval.model import Passage
from retrieval.rows import micros

APPLICATION_ID = 0x5354454C  # "STEL"
SCHEMA = 1
_KEPT = timedelta(days=1)
"""Slack's last retry comes after five minutes; a day is kept for outages."""
_LEASE = timedelta(seconds=50)
"""How long another run may be at an answer before it is taken for dead: less than the minute to Slack's second
retry, which is then served."""

WITHDRAWN = "withdrawn"
"""What stands in a receipt in place of the digest once its entry was taken down."""
_LOG_SECONDS = 5
LEDGER_FILE = "ledger.db"

Gone = Callable[[Collection[tuple[str, int]]], Mapping[tuple[str, int], str]]
"""Of versions, by whole id and number: those that were taken down, each with its entry's whole id from now on."""

metadata = MetaData()

_received = Table(
    "received",
    metadata,
    Column("key", String, primary_key=True),
    Column("run", String, nullable=False),  # the running bot that took it
    Column("state", String, nullable=False),  # taken, answered, failed
    Column("at", Integer, nullable=False),
)
_posted = Table(
    "posted",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("channel", String, nullable=False),
    Column("ts", String, nullable=False),
    Column("at", Integer, nullable=False),
)
_receipts = Table(
    "receipts",
    metadata,
    Column("posted", Integer, ForeignKey("posted.key"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("entry", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("sha256", String, nullable=False),
)


class Taking(Enum):
    """What to do with a delivery."""

    OURS = "answer it"
    DONE = "acknowledge it and do nothing: it is answered, or we are at it"
    LATER = "leave it unacknowledged, so that it comes again: another run is at it, or died over it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What proves a slice that was posted: where it stood, and the digest of its characters."""

    entry: str
    version: int
    start: int
    end: int
    sha256: str


def receipt(passage: Passage) -> Receipt:
    """The receipt of a passage."""
    return Receipt(
        entry=passage.version.entry.whole_id,
        version=passage.version.number,
        start=passage.start,
        end=passage.end,
        sha256=passage.sha256,
    )


class Ledger:
    """One SQLite file. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = uuid.uuid4().hex
        self._engine = database.engine_for(path)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open or make the ledger. Raises StoreError, DiskError."""
        with disk(path):
            exists = path.exists()
        if not exists or not database.check(path, APPLICATION_ID, SCHEMA):
            database.create(path, metadata, APPLICATION_ID, SCHEMA)
        return cls(path)

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    def take(self, key: str, now: datetime) -> Taking:
        """Commit a delivery as this run's to answer, if it is nobody's or an earlier taker is past its lease."""
        columns = _received.c
        with mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            connection.execute(delete(_received).where(columns.at < micros(now - _KEPT)))
            row = connection.execute(select(_received).where(columns.key == key)).first()
            if row is not None and row.state != "failed":
                if row.state == "answered" or row.run == self.run:
                    return Taking.DONE
                if row.at > micros(now - _LEASE):
                    return Taking.LATER
            values = {"run": self.run, "state": "taken", "at": micros(now)}
            connection.execute(
                upsert(_received).values(key=key, **values).on_conflict_do_update(index_elements=["key"], set_=values)
            )
            return Taking.OURS

    def settle(self, key: str, *, answered: bool) -> None:
        """The delivery has its reply; or it has none, and whoever gets it next may take it."""
        state = "answered" if answered else "failed"
        with mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            connection.execute(update(_received).where(_received.c.key == key).values(state=state))

    def posted(self, channel: str, ts: str, shown: Sequence[Passage], now: datetime) -> None:
        """Keep the receipts of a message that stands in Slack."""
        with mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            key = connection.execute(
                insert(_posted).values(channel=channel, ts=ts, at=micros(now)).returning(_posted.c.key)
            ).scalar_one()
            rows = [
                {
                    "posted": key,
                    "number": number,
                    "entry": one.entry,
                    "version": one.version,
                    "start": one.start,
                    "end": one.end,
                    "sha256": one.sha256,
                }
                for number, one in enumerate(map(receipt, shown))
            ]
            if rows:
                connection.execute(insert(_receipts), rows)

    def receipts(self, channel: str, ts: str) -> list[Receipt]:
        """The receipts of one message."""
        query = (
            select(_receipts)
            .join(_posted, _posted.c.key == _receipts.c.posted)
            .where(_posted.c.channel == channel, _posted.c.ts == ts)
            .order_by(_receipts.c.number)
        )
        with mapped(self.path), self._engine.begin() as connection:
            return [
                Receipt(entry=row.entry, version=row.version, start=row.start, end=row.end, sha256=row.sha256)
                for row in connection.execute(query)
            ]

    def withdraw(self, gone: Gone) -> int:
        """Withdraw the receipts of what was taken down: they keep neither the entry's id nor the digests of its
        slices, which could be guessed. How many receipts that are; done again, none. Raises StetError."""
        columns = _receipts.c
        count = 0
        with mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            shown = connection.execute(select(columns.entry, columns.version).distinct())
            for (entry, version), kept in gone([(row.entry, row.version) for row in shown]).items():
                count += connection.execute(
                    update(_receipts)
                    .where(columns.entry == entry, columns.version == version)
                    .where(or_(columns.entry != kept, columns.sha256 != WITHDRAWN))
                    .values(entry=kept, sha256=WITHDRAWN)
                ).rowcount
        return count

    def withdrawn(self, kept_id: str, versions: Collection[int] | None) -> int:
        """How many receipts of an entry, or of some versions of it, were withdrawn."""
        columns = _receipts.c
        query = select(func.count()).where(columns.entry == kept_id, columns.sha256 == WITHDRAWN)
        if versions is not None:
            query = query.where(columns.version.in_(versions))
        with mapped(self.path), self._engine.begin() as connection:
            return connection.execute(query).scalar_one()

    def empty_log(self) -> bool:
        """Write the log into the file, so that no digest stands there that was withdrawn; whether that was done."""
        return database.empty_log(self.path, _LOG_SECONDS)


def withdrawn_beside(home: Path, gone: Gone) -> bool:
    """Withdraw from the ledger in an archive's folder what was taken down; whether no byte of it is left there.
    Raises StetError."""
    path = home / LEDGER_FILE
    with disk(path):
        if not path.exists():
            return True
    ledger = Ledger.open(path)
    try:
        ledger.withdraw(gone)
        return ledger.empty_log()
    finally:
        ledger.close()
