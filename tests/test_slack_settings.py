"""Channels set in App Home, over the loopback Slack, and the window for it. Every text here is made up."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import home_views, wording
from bot.home_views import CHANGE_CHANNEL, SET_CHANNEL
from bot.ledger.channels import ChannelSettings
from retrieval.archive import Archive
from retrieval.model import Blog
from tests.conftest import NOW
from tests.slack_home import Json, Make, add, running, shown, words
from tests.slack_limits import check_view
from tests.slack_records import ShownView
from tests.slack_server import LoopbackSlack

FERRY = "Ferry Ragwort aground"


def element(view: ShownView, block_id: str) -> Json:
    [found] = [one["element"] for one in view.view["blocks"] if one.get("block_id") == block_id]
    assert found["action_id"] == block_id
    return dict(found)


def filled(
    *, channel: str | None = None, ways: tuple[str, ...] = (), blogs: tuple[str, ...] = (), person: str | None = None
) -> Json:
    """The state of the window as Slack sends it."""

    def options(values: tuple[str, ...]) -> list[Json]:
        return [{"text": {"type": "plain_text", "text": one}, "value": one} for one in values]

    values: Json = {
        "ways": {"ways": {"type": "checkboxes", "selected_options": options(ways)}},
        "blogs": {"blogs": {"type": "multi_static_select", "selected_options": options(blogs)}},
        "person": {"person": {"type": "plain_text_input", "value": person}},
    }
    if channel is not None:
        values["channel"] = {"channel": {"type": "conversations_select", "selected_conversation": channel}}
    return values


def opened(slack: LoopbackSlack, archive: Archive, action: str, user: str = "UADMIN", **more: Any) -> ShownView:
    """The window that a button of the admin's Home tab opens for whoever presses it."""
    count = len(slack.views)
    slack.home_opened("UADMIN", "home")
    tab = shown(slack, archive, count + 1)
    slack.view_action(tab.id, action, user, **more)
    return shown(slack, archive, count + 2)


def test_an_admin_sets_a_channel(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    add(archive, tmp_path, "airport", "Runway")
    add(archive, tmp_path, "later", "e", embargo_until=NOW.replace(year=2200))
    with running(slack, archive, tmp_path) as ledger:
        window = opened(slack, archive, SET_CHANNEL)
        offered = [(one["text"]["text"], one["value"]) for one in element(window, "blogs")["options"]]
        given = filled(channel="G24", ways=("threads", "private"), blogs=("airport",), person=" U77 ")
        slack.view_submission(window.id, given, "UADMIN")
        again = shown(slack, archive, 3)
        found = ledger.channels.every()
    assert (window.method, window.user) == ("views.open", "UADMIN")
    assert offered == [("The airport blog", "airport"), ("The harbour blog", "harbour")]
    assert found == [
        ChannelSettings(channel="G24", threads=True, private=True, blogs=frozenset({"airport"}), person="U77")
    ]
    assert (again.method, again.user) == ("views.publish", "UADMIN")
    assert "<G24>" in words(again)


def test_the_window_begins_with_what_is_set_and_keeps_what_it_does_not_list(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path
) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    add(archive, tmp_path, "airport", "Runway")
    add(archive, tmp_path, "later", "e", embargo_until=NOW.replace(year=2200))
    before = ChannelSettings(channel="C24", threads=True, blogs=frozenset({"harbour", "later"}), person="U77")
    with running(slack, archive, tmp_path) as ledger:
        ledger.channels.set(before, "UADMIN", NOW)
        window = opened(slack, archive, CHANGE_CHANNEL)
        slack.view_submission(window.id, filled(ways=("private",)), "UADMIN")
        shown(slack, archive, 3)
        found = ledger.channels.of("C24")
    assert words(window).split("\n") == ["<C24>", wording.KEPT_BLOGS.format(count=1)]
    assert [one["value"] for one in element(window, "ways")["initial_options"]] == ["threads"]
    assert [one["value"] for one in element(window, "blogs")["initial_options"]] == ["harbour"]
    assert element(window, "person")["initial_value"] == "U77"
    assert found == ChannelSettings(channel="C24", private=True, blogs=frozenset({"later"}))


@pytest.mark.parametrize(
    ("given", "block", "told"),
    [
        (filled(), "channel", wording.NOT_A_CHANNEL),
        (filled(channel="D24"), "channel", wording.NOT_A_CHANNEL),
        (filled(channel="C24"), "channel", wording.ALREADY_SET),
        (filled(channel="C25", person="@ada"), "person", wording.NOT_A_PERSON),
        (filled(channel="C25", blogs=("nowhere",)), "blogs", wording.BLOG_UNKNOWN),
        ({}, "channel", wording.NOT_A_CHANNEL),
    ],
)
def test_what_cannot_be_set_is_said_where_it_was_chosen(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path, given: Json, block: str, told: str
) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    with running(slack, archive, tmp_path) as ledger:
        ledger.channels.set(ChannelSettings(channel="C24", private=True), "UADMIN", NOW)
        window = opened(slack, archive, SET_CHANNEL)
        done = slack.view_submission(window.id, given, "UADMIN").wait_finished()
        found = ledger.channels.every()
    assert done.response == {"response_action": "errors", "errors": {block: told}}
    assert found == [ChannelSettings(channel="C24", private=True)]


def test_whoever_is_no_admin_opens_and_sets_nothing(slack: LoopbackSlack, make_archive: Make, tmp_path: Path) -> None:
    archive = make_archive()
    add(archive, tmp_path, "harbour", FERRY)
    with running(slack, archive, tmp_path) as ledger:
        refused = opened(slack, archive, SET_CHANNEL, user="U1")
        window = opened(slack, archive, SET_CHANNEL)
        mine = json.dumps({"u": "U1", "c": "C24"})
        slack.view_submission(window.id, filled(channel="C24"), "U1", private_metadata=mine)
        told = shown(slack, archive, 5)
        found = ledger.channels.every()
    assert words(refused) == words(told) == wording.NOT_AN_ADMIN
    assert (refused.user, "submit" in refused.view) == ("U1", False)
    assert found == []


@pytest.mark.parametrize(
    ("user", "metadata"),
    [
        ("UOTHER", None),
        ("UADMIN", "{}"),
        ("UADMIN", "no JSON"),
        ("UADMIN", '{"u":"UADMIN","c":"D24"}'),
        ("UADMIN", "[" * 2_000),
    ],
)
def test_a_window_is_submitted_by_whoever_opened_it(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path, user: str, metadata: str | None
) -> None:
    archive = make_archive()
    with running(slack, archive, tmp_path) as ledger:
        window = opened(slack, archive, SET_CHANNEL)
        slack.view_submission(window.id, filled(channel="C24"), user, private_metadata=metadata)
        told = shown(slack, archive, 3)
        found = ledger.channels.every()
    assert words(told) == wording.NOT_YOUR_SETTINGS
    assert found == []


def test_settings_that_cannot_be_saved_are_not_called_saved(
    slack: LoopbackSlack, make_archive: Make, tmp_path: Path
) -> None:
    archive = make_archive()
    with running(slack, archive, tmp_path) as ledger:
        window = opened(slack, archive, SET_CHANNEL)
        tables = sqlite3.connect(ledger.path)
        tables.execute("DROP TABLE channels")
        tables.close()
        slack.view_submission(window.id, filled(channel="C24"), "UADMIN")
        told = shown(slack, archive, 3)
    assert words(told) == wording.NOT_SAVED


# ------------------------------------------------------------------------------------------------ the views alone


def blog(id_: str, title: str) -> Blog:
    return Blog(
        id=id_,
        title=title,
        url=None,
        timezone=None,
        language="en",
        visibility=(),
        sensitive=False,
        embargo_until=None,
    )


def test_blogs_that_no_option_can_hold_are_counted() -> None:
    many = [blog(f"b{number:03}", f"Blog {number:03}") for number in range(120)]
    odd = [blog("x" * 151, "Short"), blog("long", "y" * 76), blog("wide", "\N{FERRY}" * 38), blog("blank", " ")]
    blogs = {one.id: one for one in (*many, *odd)}
    given = ChannelSettings(channel="C24", blogs=frozenset({"b119", "long"}))
    view = home_views.settings("UADMIN", given, blogs)
    assert check_view(view).problems == ()
    [select] = [one["element"] for one in view["blocks"] if one.get("block_id") == "blogs"]
    values = [one["value"] for one in select["options"]]
    assert values == ["b119", *(f"b{number:03}" for number in range(99))]
    text = words(ShownView(id="V1", method="views.open", user="UADMIN", view=view))
    assert wording.UNLISTED_BLOGS.format(count=23) in text
    assert wording.KEPT_BLOGS.format(count=1) in text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["state", "values", "blocks", "block_id", "element", "options", "ways", "blogs", "value"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(_JSON.filter(lambda one: isinstance(one, dict)), _JSON)
def test_whatever_comes_back_is_read_or_taken_for_nothing(view: Json, metadata: object) -> None:
    found = home_views.chosen(view)
    assert found.channel is None
    assert home_views.opened(metadata) is None
    assert home_views.opened(json.dumps(metadata)) is None


@given(st.from_regex(r"[CG][A-Z0-9]{2,20}", fullmatch=True), st.text(max_size=30))
def test_a_windows_metadata_comes_back_as_it_was(channel: str, user: str) -> None:
    view = home_views.settings(user, ChannelSettings(channel=channel), {})
    assert home_views.opened(view["private_metadata"]) == home_views.Opened(user=user, channel=channel)
