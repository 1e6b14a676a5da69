"""The ledger: who answers a delivery, and what proves an answer."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from bot.ledger import (
    WITHDRAWN,
    Ledger,
    Receipt,
    Taking,
    _posted,
    _receipts,
    withdrawn_beside,
)
from retrieval.errors import ForeignStore

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
    """Another run on the same file: a second bot, or the next one."""
    opened = Ledger.open(path)
    yield opened
    opened.close()


def test_a_delivery_is_taken_once(ledger: Ledger, other: Ledger) -> None:
    assert ledger.take("a", NOW) is Taking.OURS
    assert ledger.take("a", NOW) is Taking.DONE
    ledger.settle("a", answered=True)
    assert ledger.take("a", NOW) is other.take("a", NOW) is Taking.DONE
    assert other.take("b", NOW) is Taking.OURS


def test_another_runs_delivery_is_left_until_its_lease_is_over(ledger: Ledger, other: Ledger) -> None:
    assert ledger.take("a", NOW) is Taking.OURS
    assert other.take("a", NOW + timedelta(seconds=49)) is Taking.LATER
    assert other.take("a", NOW + timedelta(minutes=1)) is Taking.OURS
    assert ledger.take("a", NOW + timedelta(minutes=1)) is Taking.LATER


def test_a_delivery_without_a_reply_may_be_taken_at_once(ledger: Ledger, other: Ledger) -> None:
    ledger.take("a", NOW)
    ledger.settle("a", answered=False)
    assert other.take("a", NOW) is Taking.OURS
    other.settle("a", answered=False)
    assert other.take("a", NOW) is Taking.OURS


def test_what_is_older_than_a_day_is_forgotten(ledger: Ledger) -> None:
    ledger.take("a", NOW)
    ledger.settle("a", answered=True)
    assert ledger.take("b", NOW + timedelta(hours=23)) is Taking.OURS
    assert ledger.take("a", NOW + timedelta(hours=23)) is Taking.DONE
    assert ledger.take("a", NOW + timedelta(hours=25)) is Taking.OURS


def test_a_ledger_of_another_kind_is_refused(tmp_path: Path) -> None:
    wrong = tmp_path / "ledger.db"
    wrong.write_bytes(b"not a database at all, but a text that is longer than a hundred bytes " * 3)
    with pytest.raises(ForeignStore):
        Ledger.open(wrong)


# ------------------------------------------------------------------------------------------------ withdrawn


def post(ledger: Ledger, ts: str, *slices: tuple[str, int]) -> None:
    """A message whose receipts name these entries and versions."""
    with ledger._engine.execution_options(write=True).begin() as connection:
        query = insert(_posted).values(channel="C1", ts=ts, at=0).returning(_posted.c.key)
        key = connection.execute(query).scalar_one()
        connection.execute(
            insert(_receipts),
            [
                {
                    "posted": key,
                    "number": n,
                    "entry": entry,
                    "version": version,
                    "start": 0,
                    "end": 5,
                    "sha256": "d1e5",
                }
                for n, (entry, version) in enumerate(slices)
            ],
        )


def test_what_was_taken_down_is_withdrawn_once(ledger: Ledger) -> None:
    post(ledger, "1.1", ("b/x", 1), ("b/y", 1), ("b/y", 2))
    post(ledger, "1.2", ("b/x", 2))

    def gone(slices: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
        known = {("b/x", 1): "b/kept", ("b/x", 2): "b/kept", ("b/y", 1): "b/y"}
        return {one: known[one] for one in slices if one in known}

    assert ledger.withdraw(gone) == 3
    assert [(one.entry, one.version, one.sha256) for one in ledger.receipts("C1", "1.1")] == [
        ("b/kept", 1, WITHDRAWN),
        ("b/y", 1, WITHDRAWN),
        ("b/y", 2, "d1e5"),
    ]
    assert ledger.receipts("C1", "1.2") == [Receipt(entry="b/kept", version=2, start=0, end=5, sha256=WITHDRAWN)]
    assert ledger.withdraw(gone) == 0
    assert ledger.withdrawn("b/kept", None) == 2
    assert (ledger.withdrawn("b/y", [1]), ledger.withdrawn("b/y", [2])) == (1, 0)
    # the whole of an entry of which a version was taken down before: not even its id is left
    assert ledger.withdraw(lambda slices: {one: "b/gone" for one in slices if one[0] == "b/y"}) == 2
    assert ledger.withdrawn("b/gone", None) == 2


def test_a_log_that_is_read_is_not_empty(ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.ledger._LOG_SECONDS", 0.1)
    post(ledger, "1.1", ("b/x", 1))
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM receipts").fetchone()
    assert not withdrawn_beside(path.parent, lambda slices: dict.fromkeys(slices, "b/kept"))
    reader.close()
    assert withdrawn_beside(path.parent, lambda slices: dict.fromkeys(slices, "b/kept"))
    assert b"d1e5" not in b"".join(one.read_bytes() for one in path.parent.glob("ledger.db*"))


def test_without_a_ledger_nothing_is_to_be_withdrawn(tmp_path: Path) -> None:
    assert withdrawn_beside(tmp_path, lambda slices: dict.fromkeys(slices, "b/kept"))
    assert not (tmp_path / "ledger.db").exists()
