"""A response → Slack: posted for all, or said to the asker alone."""

from __future__ import annotations

import logging
from typing import Any

from slack_bolt import Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import render, wording
from bot.replies import Button, Response, only

_FORM_REFUSED = {"invalid_blocks", "invalid_arguments", "msg_blocks_too_long", "msg_too_long"}
_NO_MEMBER = {"not_in_channel", "channel_not_found"}
_SLACKS_OWN = {"internal_error", "fatal_error", "ratelimited", "request_timeout", "service_unavailable"}

log = logging.getLogger(__name__)


class ReplyNotPosted(Exception):
    """Slack would not take a private reply. It stays within this layer: Bolt logs it."""


def post(client: WebClient, channel: str, thread: str | None, response: Response) -> tuple[Response, str]:
    """Post a reply; where Slack will not have its form, say in plain words that something is wrong.

    Returns the reply that stands in Slack, and its time there."""
    try:
        posted = client.chat_postMessage(
            channel=channel, thread_ts=thread, unfurl_links=False, unfurl_media=False, **_message(response)
        )
    except SlackApiError as error:
        if error.response.get("error") not in _FORM_REFUSED:
            raise
        log.error("a reply was refused by Slack: %s", error.response.get("error"))
        response = only(render.say(wording.TROUBLE))
        posted = client.chat_postMessage(channel=channel, thread_ts=thread, **_message(response))
    return response, str(posted["ts"])


def reply_in_private(respond: Respond, response: Response) -> None:
    """Reply to the asker alone; where Slack will not have the reply, say in plain words that something is wrong.

    Raises ReplyNotPosted where Slack will not have that either."""
    for attempt in (response, only(render.say(wording.TROUBLE))):
        sent = respond(
            response_type="ephemeral",
            replace_original=False,
            unfurl_links=False,
            unfurl_media=False,
            **_message(attempt),
        )
        if sent.status_code == 200:
            return
        log.error("a private reply was refused by Slack: %s %s", sent.status_code, sent.body)
    raise ReplyNotPosted


def why_not_posted(error: Exception) -> Response:
    """What to tell the asker alone where Slack would not have a message in a channel."""
    if not isinstance(error, SlackApiError):
        log.error("Slack cannot be reached: %s", type(error).__name__)
        return only(render.say(wording.TROUBLE))
    reason = error.response.get("error")
    log.warning("a reply was not taken by Slack: %s", reason)
    if reason in _SLACKS_OWN or error.response.status_code != 200:
        return only(render.say(wording.TROUBLE))
    return only(render.say(wording.NOT_A_MEMBER if reason in _NO_MEMBER else wording.CANNOT_POST))


def upload(client: WebClient, channel: str, thread: str | None, *, name: str, title: str, page: str) -> bool:
    """Put a file into a conversation; whether Slack took it."""
    try:
        client.files_upload_v2(channel=channel, thread_ts=thread, filename=name, title=title, content=page.encode())
    except (SlackApiError, SlackClientError, OSError) as error:
        reason = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
        log.error("a report was not taken by Slack: %s", reason)
        return False
    return True


def _message(response: Response) -> dict[str, Any]:
    blocks: list[dict[str, Any]] = []
    for section in response.sections:
        blocks += render.blocks(section.reply)
        if section.button is not None:
            blocks.append({"type": "actions", "elements": [_element(section.button)]})
    return {"text": render.slack_text(response.reply), "blocks": blocks}


def _element(button: Button) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": button.action,
        "text": {"type": "plain_text", "text": button.label},
        "value": button.value,
    }
