"""What people click and choose in the loopback Slack, in messages and in views."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from slack_bolt import Ack, App
from slack_sdk import WebClient

from tests.slack_app import Json, actions, button, mrkdwn, plain
from tests.slack_choosing import Choice
from tests.slack_server import LoopbackSlack

ONE: Json = {"text": plain("One"), "value": "1"}
TWO: Json = {"text": plain("Two"), "value": "2"}


@pytest.fixture
def slack() -> Iterator[LoopbackSlack]:
    with LoopbackSlack(ack_timeout=1.0, retry_delays=(0.0, 0.05, 0.1)) as server:
        yield server


@pytest.fixture
def client(slack: LoopbackSlack) -> WebClient:
    return WebClient(token=slack.bot_token, base_url=slack.api_url)


def thumbs() -> Json:
    element = {
        "type": "feedback_buttons",
        "action_id": "rated",
        "positive_button": {"text": plain("Right"), "value": "good:7"},
        "negative_button": {"text": plain("Wrong"), "value": "bad:7"},
    }
    return {"type": "context_actions", "block_id": "feedback", "elements": [element]}


@pytest.mark.parametrize(("positive", "value"), [(True, "good:7"), (False, "bad:7")])
def test_feedback_tells_which_thumb_was_pressed(
    slack: LoopbackSlack, client: WebClient, positive: bool, value: str
) -> None:
    seen: list[Json] = []
    app = App(client=client)

    @app.action("rated")
    def rated(ack: Ack, body: Json) -> None:
        ack()
        seen.append(body)

    meta: Json = {"event_type": "stet_answer", "event_payload": {"answer": "a1"}}
    with slack.connected(app):
        asked = slack.mention("when?", "U1", "C1")
        client.chat_postMessage(channel="C1", text="x", blocks=[thumbs()], thread_ts=asked.ts, metadata=meta)
        [posted] = slack.posts
        slack.press_feedback(posted, positive, "U2").wait_acked()
        slack.wait_until(lambda: seen)
    [body] = seen
    [action] = body["actions"]
    assert body["type"] == "block_actions"
    assert action.pop("action_ts")
    assert action == {"type": "feedback_buttons", "action_id": "rated", "block_id": "feedback", "value": value}
    assert (body["user"]["id"], body["channel"]["id"]) == ("U2", "C1")
    assert (body["container"]["message_ts"], body["container"]["thread_ts"]) == (posted.ts, asked.ts)
    assert (body["message"]["text"], body["message"]["metadata"]) == ("x", meta)


def test_a_message_without_thumbs_takes_no_feedback(slack: LoopbackSlack, client: WebClient) -> None:
    client.chat_postMessage(channel="C1", text="x", blocks=actions(button()))
    with pytest.raises(LookupError, match="feedback_buttons"):
        slack.press_feedback(slack.posts[0], True, "U1")


CHOICES: list[tuple[Json, Choice, Json]] = [
    ({"type": "static_select", "options": [ONE, TWO]}, "2", {"selected_option": TWO}),
    ({"type": "static_select", "options": [ONE, TWO], "initial_option": ONE}, None, {"selected_option": ONE}),
    ({"type": "static_select", "options": [ONE, TWO]}, None, {"selected_option": None}),
    ({"type": "overflow", "options": [ONE, TWO]}, "1", {"selected_option": ONE}),
    ({"type": "radio_buttons", "options": [ONE, TWO]}, "1", {"selected_option": ONE}),
    ({"type": "checkboxes", "options": [ONE, TWO]}, ["1", "2"], {"selected_options": [ONE, TWO]}),
    ({"type": "checkboxes", "options": [ONE, TWO]}, [], {"selected_options": []}),
    ({"type": "multi_static_select", "options": [ONE, TWO]}, "2", {"selected_options": [TWO]}),
    ({"type": "conversations_select"}, "C2", {"selected_conversation": "C2"}),
    ({"type": "conversations_select", "initial_conversation": "C1"}, None, {"selected_conversation": "C1"}),
    ({"type": "multi_conversations_select"}, ["C1", "C2"], {"selected_conversations": ["C1", "C2"]}),
    ({"type": "multi_users_select"}, None, {"selected_users": []}),
    ({"type": "channels_select"}, "C2", {"selected_channel": "C2"}),
    ({"type": "users_select"}, "U2", {"selected_user": "U2"}),
    ({"type": "datepicker"}, "2031-02-03", {"selected_date": "2031-02-03"}),
    ({"type": "timepicker"}, "17:07", {"selected_time": "17:07"}),
]


@pytest.mark.parametrize(("element", "choice", "told"), CHOICES)
@pytest.mark.parametrize("kind", ["modal", "home"])
def test_a_choice_in_a_view(
    slack: LoopbackSlack, client: WebClient, kind: str, element: Json, choice: Choice, told: Json
) -> None:
    blocks: list[Json] = [{"type": "actions", "block_id": "b", "elements": [element | {"action_id": "pick"}]}]
    if kind == "home":
        view_id = client.views_publish(user_id="U1", view={"type": "home", "blocks": blocks})["view"]["id"]
    else:
        trigger = slack.slash("", "U1", "C1").trigger_id
        view: Json = {"type": "modal", "title": plain("Pick"), "blocks": blocks}
        view_id = client.views_open(trigger_id=trigger, view=view)["view"]["id"]
    payload = slack.view_action(view_id, "pick", "U1", choice).payload
    [action] = payload["actions"]
    assert action.pop("action_ts")
    assert action == {"type": element["type"], "action_id": "pick", "block_id": "b"} | told
    state = {"b": {"pick": {"type": element["type"]} | told}}
    assert payload["view"]["state"]["values"] == ({} if element["type"] == "overflow" else state)


def test_what_was_chosen_stays_chosen_while_its_element_stands(slack: LoopbackSlack, client: WebClient) -> None:
    select = {"type": "static_select", "action_id": "pick", "options": [ONE, TWO]}
    blocks: list[Json] = [{"type": "actions", "block_id": "b", "elements": [select, button()]}]
    view: Json = {"type": "modal", "title": plain("Pick"), "blocks": blocks}
    view_id = client.views_open(trigger_id=slack.slash("", "U1", "C1").trigger_id, view=view)["view"]["id"]
    slack.view_action(view_id, "pick", "U1", "2")

    def state() -> Any:
        return slack.view_action(view_id, "a0", "U1").payload["view"]["state"]["values"]

    assert state() == {"b": {"pick": {"type": "static_select", "selected_option": TWO}}}
    client.views_update(view_id=view_id, view=view)
    assert state() == {"b": {"pick": {"type": "static_select", "selected_option": TWO}}}
    client.views_update(view_id=view_id, view=view | {"blocks": [blocks[0] | {"block_id": "c"}]})
    assert state() == {"c": {"pick": {"type": "static_select", "selected_option": None}}}
    with pytest.raises(LookupError, match="'3'"):
        slack.view_action(view_id, "pick", "U1", "3")


def test_a_choice_in_a_message(slack: LoopbackSlack, client: WebClient) -> None:
    accessory = {"type": "conversations_select", "action_id": "where"}
    section = {"type": "section", "block_id": "s", "text": mrkdwn("Where?"), "accessory": accessory}
    client.chat_postMessage(channel="C1", text="x", blocks=[section, *actions(button(value="42"))])
    [posted] = slack.posts
    chosen = slack.block_action("where", "C2", "U1", posted).payload
    assert (chosen["actions"][0]["type"], chosen["actions"][0]["selected_conversation"]) == (
        "conversations_select",
        "C2",
    )
    told = {"s": {"where": {"type": "conversations_select", "selected_conversation": "C2"}}}
    assert chosen["state"] == {"values": told}
    pressed = slack.block_action("a0", None, "U1", posted).payload
    assert pressed["actions"][0]["value"] == "42"
    assert pressed["message"]["ts"] == posted.ts
