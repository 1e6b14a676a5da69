"""An app to drive the loopback Slack with, and short forms of blocks and views."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from slack_bolt import Ack, App, Respond, Say
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import ClientConnection

Json = dict[str, Any]


def echo(client: WebClient) -> App:
    """An app that says again what it is told, in the ways that Stet has of being told something."""
    app = App(client=client)

    @app.event("app_mention")
    def mentioned(event: Json, say: Say) -> None:
        say(text=event["text"], thread_ts=event["ts"])

    @app.event("message")
    def told(event: Json, say: Say) -> None:
        if event["channel_type"] == "im":
            say(text=event["text"])

    @app.command("/stet")
    def commanded(ack: Ack, command: Json, respond: Respond) -> None:
        ack()
        respond(text=command["text"])

    return app


def told(websocket: ClientConnection) -> Json:
    frame: Json = json.loads(websocket.recv(timeout=5))
    return frame


def error_of(call: Callable[[], object]) -> Json:
    with pytest.raises(SlackApiError) as refused:
        call()
    data: Json = refused.value.response.data
    return data


# -- Socket Mode --------------------------------------------------------------------------------------------


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> Json:
    return {"type": "mrkdwn", "text": text}


def modal(**more: Any) -> Json:
    return {"type": "modal", "callback_id": "checked", "title": plain("Check"), "blocks": []} | more


def button(n: int = 0, **more: Any) -> Json:
    return {"type": "button", "action_id": f"a{n}", "text": plain("Go")} | more


def actions(*elements: Json) -> list[Json]:
    return [{"type": "actions", "elements": list(elements)}]


def icon(n: int) -> Json:
    return {"type": "icon_button", "action_id": f"a{n}", "icon": "trash", "text": plain("Delete")}


def quote(*leaves: Json) -> list[Json]:
    return [{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": list(leaves)}]}]


def feedback(text: str = "Good", value: str = "1") -> list[Json]:
    choice = {"text": plain(text), "value": value}
    element = {"type": "feedback_buttons", "action_id": "f", "positive_button": choice, "negative_button": choice}
    return [{"type": "context_actions", "elements": [element]}]
