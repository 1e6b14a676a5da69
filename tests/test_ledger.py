"""The ledger: who answers a delivery, and what proves an answer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.ledger import Ledger, Taking
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
