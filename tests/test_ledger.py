"""The ledger: who answers a delivery, what an earlier run left, what proves an answer, and older ledgers."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.ledger import WITHDRAWN, Ledger, Receipt, Taking, withdrawn_beside
from bot.ledger.inbox import Unfinished
from bot.ledger.messages import Kind, Message, Part, Standing, State
from bot.ledger.tables import APPLICATION_ID, SCHEMA
from retrieval.errors import ForeignStore, NewerStore
from retrieval.rows import micros

NOW = datetime(2031, 2, 3, 21, 58, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(path)
    yield opened
    opened.close()


@pytest.fixture
def other(path: Path, ledger: Ledger) -> Iterator[Ledger]:
    """Another run on the same file: the next one."""
    opened = Ledger.open(path)
    yield opened
    opened.close()


def bytes_of(path: Path) -> bytes:
    return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))


# ------------------------------------------------------------------------------------------------ received


def test_a_delivery_is_taken_once(ledger: Ledger, other: Ledger) -> None:
    assert ledger.inbox.take("a", "{}", NOW) is Taking.OURS
    assert ledger.inbox.take("a", "{}", NOW) is Taking.DONE
    ledger.inbox.settle("a", answered=True)
    assert ledger.inbox.take("a", "{}", NOW) is other.inbox.take("a", "{}", NOW) is Taking.DONE
    assert other.inbox.take("b", "{}", NOW) is Taking.OURS


def test_a_delivery_without_a_reply_may_be_taken_at_once(ledger: Ledger, other: Ledger) -> None:
    ledger.inbox.take("a", "{}", NOW)
    ledger.inbox.settle("a", answered=False)
    assert other.inbox.take("a", "{}", NOW) is Taking.OURS
    other.inbox.settle("a", answered=False)
    assert other.inbox.take("a", "{}", NOW) is Taking.OURS


def test_what_is_older_than_a_day_is_forgotten(ledger: Ledger, path: Path) -> None:
    ledger.inbox.take("a", "{}", NOW)
    ledger.inbox.settle("a", answered=True)
    assert ledger.inbox.take("b", "{}", NOW + timedelta(hours=23)) is Taking.OURS
    assert ledger.inbox.take("a", "{}", NOW + timedelta(hours=23)) is Taking.DONE
    assert ledger.inbox.take("c", "{}", NOW + timedelta(hours=25)) is Taking.OURS
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key FROM received ORDER BY key").fetchall() == [("b",), ("c",)]
    assert ledger.inbox.take("a", "{}", NOW + timedelta(hours=25)) is Taking.OURS


def test_the_next_run_takes_over_what_has_no_reply_the_oldest_first(ledger: Ledger, other: Ledger) -> None:
    ledger.inbox.take("late", "what came late", NOW + timedelta(seconds=9))
    ledger.inbox.take("early", "what came early", NOW)
    ledger.inbox.take("answered", "what was answered", NOW)
    ledger.inbox.take("failed", "what failed", NOW)
    assert ledger.inbox.posting("late") is False
    ledger.inbox.settle("answered", answered=True)
    ledger.inbox.settle("failed", answered=False)
    assert list(ledger.inbox.adopt()) == []  # what a run took itself, it is at
    assert list(other.inbox.adopt()) == [
        Unfinished(key="early", payload="what came early", posting=False, at=NOW),
        Unfinished(key="late", payload="what came late", posting=True, at=NOW + timedelta(seconds=9)),
    ]
    assert list(other.inbox.adopt()) == []  # it is at these now
    assert [one.key for one in ledger.inbox.adopt()] == ["early", "late"]  # and died over them, too


def test_what_was_taken_over_is_answered_once(ledger: Ledger, other: Ledger) -> None:
    ledger.inbox.take("a", "what came", NOW)
    [left] = other.inbox.adopt()
    assert other.inbox.take(left.key, "what came", NOW) is Taking.DONE  # however often Slack sends it again
    other.inbox.settle(left.key, answered=True)
    assert list(ledger.inbox.adopt()) == []
    assert ledger.inbox.take("a", "what came", NOW) is Taking.DONE


def test_whether_a_reply_may_stand_is_known_from_the_first_try_on(ledger: Ledger, other: Ledger) -> None:
    ledger.inbox.take("a", "what came", NOW)
    assert ledger.inbox.posting("a") is False
    assert ledger.inbox.posting("a") is True
    [left] = other.inbox.adopt()
    assert left.posting is True
    assert other.inbox.posting("a") is True
    other.inbox.settle("a", answered=False)
    assert other.inbox.take("a", "what came", NOW) is Taking.OURS
    assert other.inbox.posting("a") is False
    assert other.inbox.posting("never taken") is False


@pytest.mark.parametrize("answered", [True, False])
def test_what_came_is_erased_when_it_is_settled(ledger: Ledger, path: Path, answered: bool) -> None:
    ledger.inbox.take("a", '{"text": "Has the reservoir burst?"}', NOW)
    assert b"reservoir" in bytes_of(path)
    ledger.inbox.settle("a", answered=answered)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT key, payload FROM received").fetchall() == [("a", None)]
    assert ledger.empty_log()
    assert b"reservoir" not in bytes_of(path)


def test_a_ledger_of_another_kind_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database at all, but a text that is longer than a hundred bytes " * 3)
    with pytest.raises(ForeignStore):
        Ledger.open(path)


# ------------------------------------------------------------------------------------------------ withdrawn


def one(entry: str, version: int, **more: Any) -> Receipt:
    return Receipt(entry=entry, version=version, start=0, end=5, sha256="d1e5", **more)


def post(ledger: Ledger, ts: str, *slices: tuple[str, int]) -> int:
    """A message whose receipts name these entries and versions."""
    proofs = tuple(one(entry, version) for entry, version in slices)
    return ledger.messages.keep(Message(channel="C1", ts=ts, receipts=proofs), NOW)


def test_what_was_taken_down_is_withdrawn_once(ledger: Ledger) -> None:
    post(ledger, "1.1", ("b/x", 1), ("b/y", 1), ("b/y", 2))
    post(ledger, "1.2", ("b/x", 2))

    def gone(slices: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        known = {("b/x", 1): "b/kept", ("b/x", 2): "b/kept", ("b/y", 1): "b/y"}
        return {one: known[one] for one in slices if one in known}

    assert ledger.withdraw(gone) == 3
    assert [(one.entry, one.version, one.sha256) for one in ledger.messages.receipts("C1", "1.1")] == [
        ("b/kept", 1, WITHDRAWN),
        ("b/y", 1, WITHDRAWN),
        ("b/y", 2, "d1e5"),
    ]
    [second] = ledger.messages.receipts("C1", "1.2")
    assert second == Receipt(entry="b/kept", version=2, start=0, end=5, sha256=WITHDRAWN)
    assert ledger.withdraw(gone) == 0
    assert ledger.messages.withdrawn("b/kept", None) == 2
    assert (ledger.messages.withdrawn("b/y", [1]), ledger.messages.withdrawn("b/y", [2])) == (1, 0)
    # the whole of an entry of which a version was taken down before: not even its id is left
    assert ledger.withdraw(lambda slices: {one: "b/gone" for one in slices if one[0] == "b/y"}) == 2
    assert ledger.messages.withdrawn("b/gone", None) == 2


def test_a_log_that_is_read_is_not_empty(ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ledger._LOG_SECONDS", 0.1)
    post(ledger, "1.1", ("b/x", 1))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM receipts").fetchone()
    assert not withdrawn_beside(path.parent, lambda slices: dict.fromkeys(slices, "b/kept"))
    reader.close()
    assert withdrawn_beside(path.parent, lambda slices: dict.fromkeys(slices, "b/kept"))
    assert b"d1e5" not in bytes_of(path)


def test_without_a_ledger_nothing_is_to_be_withdrawn(path: Path) -> None:
    assert withdrawn_beside(path.parent, lambda slices: dict.fromkeys(slices, "b/kept"))
    assert not path.exists()


# ------------------------------------------------------------------------------------------------ older ledgers

FIRST_SCHEMA = f"""
CREATE TABLE received (
    key VARCHAR NOT NULL, run VARCHAR NOT NULL, state VARCHAR NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key)
);
CREATE TABLE posted (
    key INTEGER NOT NULL, channel VARCHAR NOT NULL, ts VARCHAR NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (key)
);
CREATE TABLE receipts (
    posted INTEGER NOT NULL, number INTEGER NOT NULL, entry VARCHAR NOT NULL, version INTEGER NOT NULL,
    start INTEGER NOT NULL, "end" INTEGER NOT NULL, sha256 VARCHAR NOT NULL,
    PRIMARY KEY (posted, number), FOREIGN KEY(posted) REFERENCES posted ("key")
);
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO alembic_version VALUES ('0001');
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = 1;
"""


def of_the_first_schema(path: Path) -> None:
    """A ledger as the first Stet made it: two messages with their receipts, and three deliveries."""
    at = micros(NOW)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(FIRST_SCHEMA)
        connection.executemany(
            "INSERT INTO received VALUES (?, 'run', ?, ?)",
            [("answered", "answered", at), ("taken", "taken", at), ("failed", "failed", at)],
        )
        connection.executemany("INSERT INTO posted VALUES (?, 'C1', ?, ?)", [(1, "1.1", at), (2, "1.2", at)])
        connection.executemany(
            "INSERT INTO receipts VALUES (?, ?, ?, ?, 0, 5, ?)",
            [(1, 0, "b/x", 1, "d1e5"), (1, 1, "b/y", 2, "d1e5"), (2, 0, "b/kept", 1, WITHDRAWN)],
        )


def tables(path: Path) -> dict[str, Any]:
    """Of each table its columns and its indexes, with their columns, as SQLite tells them."""
    with closing(sqlite3.connect(path)) as connection:

        def told(pragma: str, name: str) -> list[tuple[Any, ...]]:
            return connection.execute(f"PRAGMA {pragma}({name})").fetchall()

        found = {}
        for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            indexes = {row[1]: (row[2:], told("index_info", row[1])) for row in told("index_list", table)}
            found[table] = (told("table_info", table), indexes, told("foreign_key_list", table))
        return found


def numbers(path: Path) -> tuple[int, str]:
    """The schema's number, as SQLite keeps it and as Alembic does."""
    with closing(sqlite3.connect(path)) as connection:
        [(kept,)] = connection.execute("PRAGMA user_version").fetchall()
        [(stamped,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
        return kept, stamped


def test_a_ledger_of_the_first_schema_is_upgraded_and_keeps_its_receipts(path: Path) -> None:
    of_the_first_schema(path)
    ledger = Ledger.open(path)
    assert [(kept.channel, kept.ts, kept.at, list(kept.receipts)) for kept in ledger.messages.every()] == [
        ("C1", "1.1", NOW, [one("b/x", 1), one("b/y", 2)]),
        ("C1", "1.2", NOW, [Receipt(entry="b/kept", version=1, start=0, end=5, sha256=WITHDRAWN)]),
    ]
    first = ledger.messages.at("C1", "1.1")
    assert first is not None
    assert (first.kind, first.state, first.frame, first.seen) == (Kind.OTHER, State.STANDING, None, 0)
    assert {(proof.part, proof.standing, proof.edited) for proof in first.receipts} == {
        (Part.PASSAGE, Standing.STANDS, None)
    }
    assert ledger.messages.due(NOW) == [1, 2]  # each is looked at, as nobody followed its source
    assert ledger.withdraw(lambda slices: {("b/x", 1): "b/gone"}) == 1
    ledger.close()


def test_an_upgraded_ledger_has_the_tables_of_a_new_one(path: Path) -> None:
    of_the_first_schema(path)
    Ledger.open(path).close()
    new = path.with_name("new.db")
    Ledger.open(new).close()
    assert tables(path) == tables(new)
    assert numbers(path) == numbers(new) == (SCHEMA, f"{SCHEMA:04}")
    assert {"received", "posted", "receipts", "asked", "feedback", "channels", "calls", "marks"} <= tables(new).keys()
    before = path.read_bytes()
    Ledger.open(path).close()
    assert path.read_bytes() == before  # and it is upgraded once


def test_what_the_first_stet_left_without_a_reply_waits_for_slack_to_send_it_again(path: Path) -> None:
    of_the_first_schema(path)
    ledger = Ledger.open(path)
    assert list(ledger.inbox.adopt()) == []  # nothing was kept to answer it from
    assert ledger.inbox.take("answered", "{}", NOW) is Taking.DONE
    assert ledger.inbox.take("taken", "{}", NOW) is Taking.OURS
    assert ledger.inbox.take("failed", "{}", NOW) is Taking.OURS
    ledger.close()


def test_a_ledger_of_a_later_stet_is_refused_and_left_as_it_is(path: Path) -> None:
    Ledger.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerStore):
        Ledger.open(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (99,)
