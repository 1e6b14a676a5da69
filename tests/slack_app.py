"""An app to drive the loopback Slack with, and short forms of blocks and views."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any, cast
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from slack_bolt import Ack, App, Respond, Say
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from websockets.sync.client import ClientConnection

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

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


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Requests are not printed."""


@contextmanager
def listening(app: App | WSGIApplication) -> Iterator[str]:
    """The app, or what stands in its place, behind an HTTP server of its own; its request URL."""
    serving = cast("WSGIApplication", SlackRequestHandler(app)) if isinstance(app, App) else app
    with make_server("127.0.0.1", 0, serving, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/slack/events"
        server.shutdown()
        thread.join()


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
