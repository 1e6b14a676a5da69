"""What was posted, and what proves it: each message with a receipt of every slice that it shows, until the slice is
taken down. A message that stands in Slack is changed when its source is; one for the asker alone vanishes by itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, or_, select, update

from bot.ledger.part import LedgerPart
from bot.ledger.tables import posted, receipts
from retrieval.model import Passage, Span, digest
from retrieval.rows import chunks, micros, moment

WITHDRAWN = "withdrawn"
"""What stands in a receipt in place of the digest once its entry was taken down."""

Gone = Callable[[Collection[tuple[str, int]]], Mapping[tuple[str, int], str]]
"""Of versions, by whole id and number: those that were taken down, each with its entry's whole id from now on."""

Frame = Mapping[str, Any]
"""What an answer's own lines are made of beside its passages: times, order, blog, outcome. JSON; no text."""


class Kind(StrEnum):
    """What a message is, which says how it follows its source."""

    ANSWER = "answer"  # laid out anew from its receipts
    FILE = "file"  # a report: removed once it quotes what may not be shown any more
    OTHER = "other"  # checks and whatever hangs on more than the slices shown: replaced by a notice


class State(StrEnum):
    """How a message stands in Slack."""

    STANDING = "standing"
    ALONE = "alone"  # shown to one person: nobody can change it
    STUCK = "stuck"  # Slack would not let it be changed, however often it was tried
    GONE = "gone"  # it is not in Slack any more


class Part(StrEnum):
    """What a slice is in its message."""

    PASSAGE = "passage"
    LEAD = "lead"
    ALSO = "also"
    CITED = "cited"  # without its words
    PAST = "past"  # words that the message itself calls changed or deleted: no later version concerns them


class Standing(StrEnum):
    """How a slice that was posted stands to its source now."""

    STANDS = "stands"
    EDITED = "edited"  # it reads otherwise now, and the message shows how
    LOST = "lost"  # its entry was edited so that it cannot be located
    DELETED = "deleted"
    HIDDEN = "hidden"  # held back, under embargo, or not to be seen there any more
    WITHDRAWN = "withdrawn"  # taken down


@dataclass(frozen=True, kw_only=True, slots=True)
class Receipt:
    """What proves a slice that was posted: where it stood, and the digest of its characters."""

    entry: str
    version: int
    start: int
    end: int
    sha256: str
    place: int = 0
    part: Part = Part.PASSAGE
    highlights: tuple[Span, ...] = ()
    standing: Standing = Standing.STANDS
    edited: datetime | None = None
    """Since when it reads otherwise than it was first quoted."""

    @property
    def place_in_archive(self) -> tuple[str, int, int, int]:
        """The entry, the version and the span."""
        return self.entry, self.version, self.start, self.end

    def proves(self, text: str) -> bool:
        """Whether the version's text has these very characters there."""
        return 0 <= self.start < self.end <= len(text) and digest(text[self.start : self.end]) == self.sha256


def receipt(
    passage: Passage,
    *,
    place: int = 0,
    part: Part = Part.PASSAGE,
    highlights: Iterable[Span] = (),
    standing: Standing = Standing.STANDS,
    edited: datetime | None = None,
) -> Receipt:
    """The receipt of a passage."""
    return Receipt(
        entry=passage.version.entry.whole_id,
        version=passage.version.number,
        start=passage.start,
        end=passage.end,
        sha256=passage.sha256,
        place=place,
        part=part,
        highlights=tuple(highlights),
        standing=standing,
        edited=edited,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A message to be kept. `ts` is empty where one person alone sees it, and the id of a file where it is one;
    `delivery` is the key of what it replies to; `seen` the number of the archive's last change when it was made."""

    channel: str
    ts: str
    thread: str | None = None
    delivery: str | None = None
    asker: str | None = None
    kind: Kind = Kind.OTHER
    frame: Frame | None = None
    seen: int = 0
    receipts: tuple[Receipt, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept(Message):
    """A message that is kept, by its key."""

    key: int
    at: datetime
    state: State
    tries: int
    problem: str | None


class Messages(LedgerPart):
    """Posted messages and their receipts."""

    # ------------------------------------------------------------ keeping

    def keep(self, message: Message, now: datetime) -> int:
        """Keep a message and its receipts; its key. One that replies to the same delivery in the same place again
        takes the place of the earlier."""
        with self._writing() as connection:
            if message.ts:
                same = (posted.c.channel == message.channel) & (posted.c.ts == message.ts)
                earlier = connection.execute(select(posted.c.key).where(same)).scalar()
                if earlier is not None:
                    connection.execute(update(posted).where(same).values(**_columns(message), at=micros(now)))
                    _replace(connection, earlier, message.receipts)
                    return int(earlier)
            key: int = connection.execute(
                insert(posted).values(**_columns(message), at=micros(now)).returning(posted.c.key)
            ).scalar_one()
            _replace(connection, key, message.receipts)
            return key

    def renew(self, message: Kept, proofs: Sequence[Receipt], seen: int, due: datetime | None) -> bool:
        """The message stands in Slack as these receipts have it, and is to be looked at again when `due`; whether
        that was noted: one that was replaced meanwhile is to be looked at again at once."""
        is_the_same = (posted.c.key == message.key) & (posted.c.at == micros(message.at))
        values = {"seen": seen, "tries": 0, "problem": None, "state": State.STANDING, "due": micros(due) or 0}
        with self._writing() as connection:
            same = connection.execute(update(posted).where(is_the_same).values(**values)).rowcount
            if not same:
                connection.execute(update(posted).where(posted.c.key == message.key).values(due=1))
                return False
            _replace(connection, message.key, proofs)
            return True

    def missed(self, key: int, problem: str, due: datetime | None) -> None:
        """Slack would not let it be changed; it is tried again when `due`, or else stuck."""
        state = State.STUCK if due is None else State.STANDING
        with self._writing() as connection:
            connection.execute(
                update(posted)
                .where(posted.c.key == key)
                .values(tries=posted.c.tries + 1, problem=problem, state=state, due=micros(due) or 0)
            )

    def look_again(self, key: int, due: datetime | None) -> None:
        """It is to be looked at again then (None: not at all)."""
        with self._writing() as connection:
            connection.execute(update(posted).where(posted.c.key == key).values(due=micros(due) or 0))

    def gone(self, key: int) -> None:
        """It is not in Slack any more; its receipts are kept."""
        with self._writing() as connection:
            connection.execute(
                update(posted).where(posted.c.key == key).values(state=State.GONE, due=0, problem=None)
            )

    # ------------------------------------------------------------ looking

    def of(self, key: int) -> Kept | None:
        """A message by its key."""
        return next(iter(self._kept(posted.c.key == key)), None)

    def at(self, channel: str, ts: str) -> Kept | None:
        """The message that stands there."""
        return next(iter(self._kept((posted.c.channel == channel) & (posted.c.ts == ts))), None) if ts else None

    def reply_to(self, delivery: str) -> Kept | None:
        """The message that replies to a delivery, the last of several, where it still stands."""
        found = self._kept((posted.c.delivery == delivery) & (posted.c.ts != "") & (posted.c.state != State.GONE))
        return found[-1] if found else None

    def is_thread(self, channel: str, thread: str) -> bool:
        """Whether we posted in that thread."""
        with self._reading() as connection:
            query = select(posted.c.key).where(posted.c.channel == channel, posted.c.thread == thread).limit(1)
            return connection.execute(query).first() is not None

    def every(self) -> list[Kept]:
        """All messages with receipts, the first one first."""
        return [one for one in self._kept(None) if one.receipts]

    def quoting(self, entry: str) -> list[Kept]:
        """The messages that show, or cite, an entry."""
        return self._kept(posted.c.key.in_(select(receipts.c.posted).where(receipts.c.entry == entry)))

    def quoting_blogs(self, blogs: Collection[str]) -> list[int]:
        """The keys of the standing messages that show entries of some blogs."""
        found: set[int] = set()
        with self._reading() as connection:
            for blog in blogs:
                begins = receipts.c.entry.startswith(f"{blog}/", autoescape=True)
                found.update(connection.execute(_standing().where(begins)).scalars())
        return sorted(found)

    def quoting_any(self, entries: Collection[str]) -> list[int]:
        """The keys of the standing messages that show any of the entries."""
        found: set[int] = set()
        with self._reading() as connection:
            for chunk in chunks(entries):
                found.update(connection.execute(_standing().where(receipts.c.entry.in_(chunk))).scalars())
        return sorted(found)

    def due(self, now: datetime) -> list[int]:
        """The keys of the messages that are to be looked at again by now."""
        with self._reading() as connection:
            query = select(posted.c.key).where(posted.c.due > 0, posted.c.due <= micros(now)).order_by(posted.c.due)
            return list(connection.execute(query).scalars())

    def stuck(self) -> list[Kept]:
        """The messages that Slack would not let us change."""
        return self._kept(posted.c.state == State.STUCK)

    def receipts(self, channel: str, ts: str) -> list[Receipt]:
        """The receipts of one message."""
        found = self.at(channel, ts)
        return [] if found is None else list(found.receipts)

    def _kept(self, wanted: Any) -> list[Kept]:
        query = select(posted).order_by(posted.c.key)
        proofs = select(receipts).join(posted, posted.c.key == receipts.c.posted).order_by(receipts.c.number)
        if wanted is not None:
            query, proofs = query.where(wanted), proofs.where(wanted)
        held: dict[int, list[Receipt]] = {}
        with self._reading() as connection:
            for row in connection.execute(proofs):
                held.setdefault(row.posted, []).append(_receipt(row))
            return [_message(row, held.get(row.key, ())) for row in connection.execute(query)]

    # ------------------------------------------------------------ withdrawing

    def withdraw(self, gone: Gone) -> int:
        """Withdraw the receipts of what was taken down: they keep neither the entry's id nor the digests of its
        slices, which could be guessed. How many receipts that are; done again, none. Raises StetError."""
        columns = receipts.c
        count = 0
        with self._writing() as connection:
            shown = connection.execute(select(columns.entry, columns.version).distinct())
            for (entry, version), kept in gone([(row.entry, row.version) for row in shown]).items():
                count += connection.execute(
                    update(receipts)
                    .where(columns.entry == entry, columns.version == version)
                    .where(or_(columns.entry != kept, columns.sha256 != WITHDRAWN))
                    .values(entry=kept, sha256=WITHDRAWN)
                ).rowcount
        return count

    def withdrawn(self, kept_id: str, versions: Collection[int] | None) -> int:
        """How many receipts of an entry, or of some versions of it, were withdrawn."""
        columns = receipts.c
        query = select(func.count()).where(columns.entry == kept_id, columns.sha256 == WITHDRAWN)
        if versions is not None:
            query = query.where(columns.version.in_(versions))
        with self._reading() as connection:
            return connection.execute(query).scalar_one()

    # ------------------------------------------------------------ people

    def expire_askers(self, before: datetime) -> None:
        """Forget who asked for what was posted before then."""
        with self._writing() as connection:
            connection.execute(
                update(posted).where(posted.c.at < micros(before), posted.c.asker.is_not(None)).values(asker=None)
            )

    def forget(self, user: str) -> int:
        """Forget that somebody asked; how many messages that were."""
        with self._writing() as connection:
            return connection.execute(update(posted).where(posted.c.asker == user).values(asker=None)).rowcount


def _columns(message: Message) -> dict[str, Any]:
    return {
        "channel": message.channel,
        "ts": message.ts,
        "thread": message.thread,
        "delivery": message.delivery,
        "asker": message.asker,
        "kind": message.kind,
        "frame": None if message.frame is None else json.dumps(message.frame),
        "seen": message.seen,
        "state": State.STANDING if message.ts else State.ALONE,
    }


def _replace(connection: Connection, key: int, proofs: Sequence[Receipt]) -> None:
    connection.execute(delete(receipts).where(receipts.c.posted == key))
    rows = [
        {
            "posted": key,
            "number": number,
            "entry": one.entry,
            "version": one.version,
            "start": one.start,
            "end": one.end,
            "sha256": one.sha256,
            "place": one.place,
            "role": one.part,
            "highlights": json.dumps(one.highlights) if one.highlights else None,
            "standing": one.standing,
            "edited": micros(one.edited) or 0,
        }
        for number, one in enumerate(proofs)
    ]
    if rows:
        connection.execute(insert(receipts), rows)


def _standing() -> Any:
    return (
        select(receipts.c.posted)
        .join(posted, posted.c.key == receipts.c.posted)
        .where(posted.c.state.in_([State.STANDING, State.STUCK]))
        .distinct()
    )


def _receipt(row: Row[Any]) -> Receipt:
    spans = json.loads(row.highlights) if row.highlights else ()
    return Receipt(
        entry=row.entry,
        version=row.version,
        start=row.start,
        end=row.end,
        sha256=row.sha256,
        place=row.place,
        part=Part(row.role),
        highlights=tuple((start, end) for start, end in spans),
        standing=Standing(row.standing),
        edited=moment(row.edited) if row.edited else None,
    )


def _message(row: Row[Any], proofs: Sequence[Receipt]) -> Kept:
    return Kept(
        key=row.key,
        channel=row.channel,
        ts=row.ts,
        thread=row.thread,
        delivery=row.delivery,
        asker=row.asker,
        kind=Kind(row.kind),
        frame=None if row.frame is None else json.loads(row.frame),
        seen=row.seen,
        receipts=tuple(proofs),
        at=moment(row.at),
        state=State(row.state),
        tries=row.tries,
        problem=row.problem,
    )
