"""`stet channel`'s work: what it sets, what it prints, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot import channeling
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from retrieval.errors import UsageError
from tests.conftest import NOW

BLOGS = {"flood", "storm", "fire, and smoke"}
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def run(ledger: Ledger, channel: str | None = "C24", **said: Any) -> None:
    channeling.run(ledger, BLOGS, channel, by="admin", **said)


def test_what_is_said_is_set_and_the_rest_stays(ledger: Ledger, capsys: Printed) -> None:
    run(ledger, private=True, blogs="storm, flood,storm", person="S0615")
    run(ledger, threads=True)
    assert ledger.channels.every() == [
        ChannelSettings(
            channel="C24", threads=True, private=True, blogs=frozenset({"flood", "storm"}), person="S0615"
        )
    ]
    run(ledger, threads=False, private=False, blogs="all", person="none")
    assert ledger.channels.every() == [ChannelSettings(channel="C24")]
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "C24: mentions only; answers for the asker alone; blogs flood, storm; person S0615",
        "C24: threads without a mention; answers for the asker alone; blogs flood, storm; person S0615",
        "C24: mentions only; answers for all; blogs all; person none",
    ]
    assert err == ("stet: threads are followed where the app may read channels: see `stet manifest --threads`\n")


def test_a_blogs_id_may_hold_a_comma(ledger: Ledger) -> None:
    run(ledger, blogs="fire, and smoke")
    assert ledger.channels.of("C24").blogs == frozenset({"fire, and smoke"})


def test_showing_sets_nothing(ledger: Ledger, capsys: Printed) -> None:
    run(ledger)
    assert ledger.channels.every() == []
    assert capsys.readouterr().out == "C24: mentions only; answers for all; blogs all; person none\n"


def test_reset_goes_back_to_the_defaults(ledger: Ledger, capsys: Printed) -> None:
    run(ledger, private=True)
    run(ledger, "G77", person="U98")
    run(ledger, reset=True)
    assert ledger.channels.every() == [ChannelSettings(channel="G77", person="U98")]
    run(ledger, reset=True)
    assert capsys.readouterr().out.splitlines()[-1].startswith("C24: mentions only")


def test_without_a_channel_all_are_listed(ledger: Ledger, capsys: Printed) -> None:
    run(ledger, None)
    assert capsys.readouterr() == (
        "",
        "stet: no channel is set: Stet answers where it is mentioned, for all there, from all blogs seen there\n",
    )
    ledger.channels.set(ChannelSettings(channel="G77", threads=True, blogs=frozenset({"storm"})), "admin", NOW)
    ledger.channels.set(ChannelSettings(channel="C24", person="U9"), "admin", NOW)
    run(ledger, None)
    assert capsys.readouterr().out.splitlines() == [
        "C24: mentions only; answers for all; blogs all; person U9",
        "G77: threads without a mention; answers for all; blogs storm; person none",
    ]
    run(ledger, None, as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "channels": [
            {"channel": "C24", "threads": False, "private": False, "blogs": None, "person": "U9"},
            {"channel": "G77", "threads": True, "private": False, "blogs": ["storm"], "person": None},
        ]
    }


def test_json_is_one_object(ledger: Ledger, capsys: Printed) -> None:
    run(ledger, blogs="storm,flood", as_json=True)
    assert json.loads(capsys.readouterr().out) == {
        "channel": "C24",
        "threads": False,
        "private": False,
        "blogs": ["flood", "storm"],
        "person": None,
    }


@pytest.mark.parametrize(
    ("channel", "said", "told"),
    [
        ("D24", {}, "'D24' is no channel's id"),
        ("c24", {"threads": True}, "'c24' is no channel's id"),
        ("C24\n", {}, "is no channel's id"),
        ("C" + "4" * 21, {}, "is no channel's id"),
        ("", {}, "'' is no channel's id"),
        (None, {"private": True}, "no channel is named"),
        (None, {"reset": True}, "no channel is named"),
        ("C24", {"reset": True, "private": False}, "--reset goes with no other setting"),
        ("C24", {"blogs": "flood,fire"}, "there is no blog 'fire'; the blogs are: fire, and smoke, flood, storm"),
        ("C24", {"blogs": " , "}, "--blogs is empty"),
        ("C24", {"person": "@ada"}, "--person is '@ada'"),
        ("C24", {"person": "D24"}, "--person is 'D24'"),
        ("C24", {"private": True, "person": "U1 "}, "--person is 'U1 '"),
    ],
)
def test_what_is_refused_changes_nothing(
    ledger: Ledger, capsys: Printed, channel: str | None, said: dict[str, Any], told: str
) -> None:
    with pytest.raises(UsageError) as refused:
        run(ledger, channel, **said)
    assert told in str(refused.value)
    assert ledger.channels.every() == []
    assert capsys.readouterr().out == ""


def test_many_blogs_are_not_all_named(ledger: Ledger) -> None:
    known = [f"b{number:02}" for number in range(30)]
    with pytest.raises(UsageError, match=r"b00, .*, b19 and 10 more, see `stet status`$"):
        channeling.run(ledger, known, "C24", blogs="x", by="admin")
    with pytest.raises(UsageError, match="add a live blog first"):
        channeling.run(ledger, [], "C24", blogs="x", by="admin")
