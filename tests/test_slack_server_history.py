"""What stands in the loopback Slack's conversations: metadata, histories, threads, permalinks, edits, deletions."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk import WebClient

from tests.slack_app import Json, error_of
from tests.slack_limits import METADATA_LIMIT, check_metadata
from tests.slack_server import LoopbackSlack

ANSWER: Json = {"event_type": "stet_answer", "event_payload": {"answer": "a1"}}
OTHER: Json = {"event_type": "stet_answer", "event_payload": {"answer": "a2"}}


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def texts(messages: list[Json]) -> list[str]:
    return [message["text"] for message in messages]


def test_metadata_is_kept_until_an_update_changes_it(slack: LoopbackSlack, client: WebClient) -> None:
    ts = client.chat_postMessage(channel="C1", text="one", metadata=ANSWER)["ts"]
    updates: list[Json] = [{}, {"metadata": OTHER}, {"metadata": {}}]
    for more in updates:
        client.chat_update(channel="C1", ts=ts, text="two", **more)
    assert [posted.metadata for posted in slack.posts] == [ANSWER, ANSWER, OTHER, None]
    client.chat_postMessage(channel="C1", text="none")
    assert slack.posts[-1].metadata is None


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ("words", "invalid_metadata_format"),
        ([ANSWER], "invalid_metadata_format"),
        ({"event_type": "stet_answer"}, "invalid_metadata_format"),
        ({"event_type": 7, "event_payload": {}}, "invalid_metadata_format"),
        ({"event_type": "stet.answer", "event_payload": {}}, "invalid_metadata_schema"),
        (ANSWER | {"source": "x"}, "invalid_metadata_schema"),
        ({"event_type": "a", "event_payload": {"x": "y" * METADATA_LIMIT}}, "metadata_too_large"),
    ],
)
def test_metadata_of_another_shape_is_refused(
    slack: LoopbackSlack, client: WebClient, metadata: object, error: str
) -> None:
    ts = client.chat_postMessage(channel="C1", text="one", metadata=ANSWER)["ts"]
    arguments = {"channel": "C1", "text": "x", "metadata": metadata}
    assert error_of(lambda: client.api_call("chat.postMessage", json=arguments))["error"] == error
    assert error_of(lambda: client.api_call("chat.update", json=arguments | {"ts": ts}))["error"] == error
    assert [(v.method, v.error, v.problem.pointer) for v in slack.violations] == [
        ("chat.postMessage", error, "/metadata"),
        ("chat.update", error, "/metadata"),
    ]
    assert [posted.metadata for posted in slack.posts] == [ANSWER]


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9), st.lists, max_leaves=5))
def test_any_payload_within_the_size_is_taken(payload: object) -> None:
    metadata = {"event_type": "stet_1", "event_payload": {"p": payload}}
    assert check_metadata(metadata).error is None


def test_a_thread_begins_with_its_parent(slack: LoopbackSlack, client: WebClient) -> None:
    asked = slack.mention("when?", "U1", "C1")
    answer = client.chat_postMessage(channel="C1", text="at noon", thread_ts=asked.ts, metadata=ANSWER)["ts"]
    client.chat_postEphemeral(channel="C1", user="U1", text="hidden", thread_ts=asked.ts)
    thanks = slack.channel_message("thanks", "U2", "C1", thread_ts=asked.ts)
    slack.channel_message("elsewhere", "U2", "C1")

    thread = client.conversations_replies(channel="C1", ts=asked.ts)
    parent, ours, theirs = thread["messages"]
    assert texts(thread["messages"]) == ["<@U0STET> when?", "at noon", "thanks"]
    assert (parent["user"], parent["thread_ts"], parent["reply_count"]) == ("U1", asked.ts, 2)
    assert (parent["reply_users"], parent["latest_reply"]) == (["U0STET", "U2"], thanks.ts)
    assert (ours["ts"], ours["bot_id"], ours["thread_ts"], ours["parent_user_id"]) == (
        answer,
        "B0STET",
        asked.ts,
        "U1",
    )
    assert (theirs["user"], theirs["ts"], theirs["type"]) == ("U2", thanks.ts, "message")
    assert [message.get("metadata") for message in thread["messages"]] == [None] * 3
    assert thread["has_more"] is False

    whole = client.conversations_replies(channel="C1", ts=asked.ts, include_all_metadata=True)
    assert [message.get("metadata") for message in whole["messages"]] == [None, ANSWER, None]
    alone = client.conversations_replies(channel="C1", ts=thanks.ts)
    assert texts(alone["messages"]) == ["thanks"]
    assert error_of(lambda: client.conversations_replies(channel="C1", ts="1.000001"))["error"] == "thread_not_found"


def test_a_history_is_newest_first_and_of_the_top_level(slack: LoopbackSlack, client: WebClient) -> None:
    first = slack.channel_message("first", "U1", "C1")
    client.chat_postMessage(channel="C1", text="reply", thread_ts=first.ts)
    posted = client.chat_postMessage(channel="C1", text="second", metadata=ANSWER)["ts"]
    slack.message_from_bot("third", "C1")
    slack.direct_message("private", "U1")

    plain = client.conversations_history(channel="C1")
    assert texts(plain["messages"]) == ["third", "second", "first"]
    assert [message.get("reply_count") for message in plain["messages"]] == [None, None, 1]
    assert all("metadata" not in message for message in plain["messages"])
    whole = client.conversations_history(channel="C1", include_all_metadata=True)
    assert [message.get("metadata") for message in whole["messages"]] == [None, ANSWER, None]
    assert texts(client.conversations_history(channel="D1")["messages"]) == ["private"]

    def between(**bounds: object) -> list[str]:
        return texts(client.conversations_history(channel="C1", **bounds)["messages"])  # type: ignore[arg-type]

    assert between(oldest=posted) == ["third"]
    assert between(oldest=posted, inclusive=True) == ["third", "second"]
    assert between(latest=posted) == ["first"]
    assert between(oldest=first.ts, latest=posted, inclusive=True, limit=1) == ["second"]


@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_pages_hold_everything_once(slack: LoopbackSlack, client: WebClient, limit: int) -> None:
    parent = slack.channel_message("0", "U1", "C1")
    for number in range(1, 6):
        slack.channel_message(str(number), "U2", "C1")
        client.chat_postMessage(channel="C1", text=f"r{number}", thread_ts=parent.ts)

    history = [texts(page["messages"]) for page in client.conversations_history(channel="C1", limit=limit)]
    replies = [
        texts(page["messages"]) for page in client.conversations_replies(channel="C1", ts=parent.ts, limit=limit)
    ]
    assert list(chain(*history)) == ["5", "4", "3", "2", "1", "0"]
    assert list(chain(*replies)) == ["0", "r1", "r2", "r3", "r4", "r5"]
    assert {len(page) for page in history[:-1] + replies[:-1]} <= {limit}


def test_what_a_reader_may_not_ask(slack: LoopbackSlack, client: WebClient) -> None:
    slack.channels |= {"C8": {"is_member": False}, "C9": None, "C7": {"is_archived": True}}

    def refusal(**arguments: object) -> object:
        arguments = {"channel": "C1"} | arguments
        return error_of(lambda: client.conversations_history(**arguments))["error"]  # type: ignore[arg-type]

    assert refusal(channel="C8") == "not_in_channel"
    assert refusal(channel="C9") == "channel_not_found"
    assert refusal(cursor="bm90IG9uZQ==") == "invalid_cursor"
    assert refusal(cursor="?") == "invalid_cursor"
    assert refusal(oldest="noon") == "invalid_ts_oldest"
    assert refusal(latest="NaN") == "invalid_ts_latest"
    assert refusal(limit=1001) == "invalid_limit"
    assert client.conversations_history(channel="C7")["messages"] == []


def test_permalinks(slack: LoopbackSlack, client: WebClient) -> None:
    asked = slack.channel_message("when?", "U1", "C1")
    whole = asked.ts.replace(".", "")
    assert client.chat_getPermalink(channel="C1", message_ts=asked.ts)["permalink"] == (
        f"https://newsroom.slack.com/archives/C1/p{whole}"
    )
    ts = client.chat_postMessage(channel="C1", text="noon", thread_ts=asked.ts)["ts"]
    assert client.chat_getPermalink(channel="C1", message_ts=ts)["permalink"] == (
        f"https://newsroom.slack.com/archives/C1/p{ts.replace('.', '')}?thread_ts={asked.ts}&cid=C1"
    )
    client.chat_delete(channel="C1", ts=ts)
    for place in ({"channel": "C1", "message_ts": ts}, {"channel": "C2", "message_ts": asked.ts}):
        assert error_of(lambda p=place: client.chat_getPermalink(**p))["error"] == "message_not_found"  # type: ignore[misc]


def test_an_edit_changes_what_stands(slack: LoopbackSlack, client: WebClient) -> None:
    written = slack.channel_message("one", "U1", "C1")
    slack.edited_message(written, "two")
    edit = slack.edited_message(written, "three & four").payload["event"]
    assert (edit["previous_message"]["text"], edit["message"]["text"]) == ("two", "three &amp; four")
    [message] = client.conversations_history(channel="C1")["messages"]
    assert (message["text"], message["edited"]) == ("three &amp; four", {"user": "U1", "ts": edit["ts"]})


def test_an_edited_mention_is_a_mention_once_more(slack: LoopbackSlack, client: WebClient) -> None:
    asked = slack.mention("whne?", "U1", "C1", also_message=True)
    again = slack.edited_mention(asked, "when?", also_message=True)
    event = again.payload["event"]
    assert (event["type"], event["text"], event["ts"]) == ("app_mention", "<@U0STET> when?", asked.ts)
    assert (event["edited"]["user"], event["edited"]["ts"], event["channel"]) == ("U1", event["event_ts"], "C1")
    assert "channel_type" not in event
    assert again.event_id != asked.event_id
    assert again.twin is not None
    twin = again.twin.payload["event"]
    assert (twin["subtype"], twin["message"]["text"], twin["previous_message"]["text"]) == (
        "message_changed",
        "<@U0STET> when?",
        "<@U0STET> whne?",
    )
    assert slack.edited_mention(asked, "and where?").twin is None
    [message] = client.conversations_history(channel="C1")["messages"]
    assert message["text"] == "<@U0STET> and where?"


def test_what_is_deleted_leaves_no_more_than_a_tombstone(slack: LoopbackSlack, client: WebClient) -> None:
    asked = slack.mention("when?", "U1", "C1")
    other = slack.channel_message("other", "U1", "C1")
    client.chat_postMessage(channel="C1", text="noon", thread_ts=asked.ts)
    event = slack.deleted_message(asked).payload["event"]
    assert (event["subtype"], event["deleted_ts"], event["channel_type"]) == ("message_deleted", asked.ts, "channel")
    assert (event["previous_message"]["text"], event["previous_message"]["type"]) == ("<@U0STET> when?", "message")
    slack.deleted_message(other)
    history = client.conversations_history(channel="C1")["messages"]
    assert [(message["subtype"], message["ts"], message["user"]) for message in history] == [
        ("tombstone", asked.ts, "USLACKBOT")
    ]
    gone = error_of(lambda: client.reactions_add(channel="C1", timestamp=other.ts, name="eyes"))
    assert gone["error"] == "message_not_found"


def test_an_admin_deletes_what_the_bot_posted(slack: LoopbackSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="noon", metadata=ANSWER)
    [posted] = slack.posts
    event = slack.deleted_message(posted).payload["event"]
    assert (event["deleted_ts"], event["previous_message"]["text"]) == (posted.ts, "noon")
    assert event["previous_message"]["bot_id"] == "B0STET"
    assert slack.message("C1", posted.ts) is None
    assert error_of(lambda: client.chat_update(channel="C1", ts=posted.ts, text="x"))["error"] == "message_not_found"
