"""A response → Slack: posted for all, put in the place of an earlier one, or said to the asker alone.

The one place where the SDK's errors are known. A message is sent by a client that repeats nothing by itself: where
Slack's answer is lost, the message may stand there all the same, so it is looked for by its mark before it is sent
again.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from http.client import HTTPException
from typing import Any, TypeVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.webhook import WebhookClient

from bot import buttons, render, wording
from bot.buttons import FEEDBACK
from bot.pieces import say
from bot.replies import Button, Response, Section, only

EVENT_TYPE = "stet_reply"
"""What the metadata of our messages is called."""

_FORM_REFUSED = {
    "invalid_blocks",
    "invalid_arguments",
    "msg_blocks_too_long",
    "msg_too_long",
    "invalid_blocks_format",
}
_NO_MEMBER = {"not_in_channel", "channel_not_found"}
_SLACKS_OWN = {
    "internal_error",
    "fatal_error",
    "ratelimited",
    "rate_limited",
    "request_timeout",
    "service_unavailable",
}
_GONE = {"message_not_found", "file_not_found", "file_deleted"}
_MAY_NOT_LOOK = {"missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "not_allowed_token_type"}
_PAGES, _A_PAGE = 5, 200
_SECONDS = 20

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class NotNow(Exception):
    """Slack does not take it now, or its answer was lost; `seconds`: when it wants to be asked again, where it says
    so. It stays within this layer."""

    def __init__(self, reason: str, seconds: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.seconds = reason, seconds


class NotTaken(Exception):
    """Slack will not take it, however often it is asked; `reason` is its word for why. It stays within this layer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    @property
    def gone(self) -> bool:
        """Whether what was to be changed is not there to be changed any more."""
        return self.reason in _GONE


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """What is noted in a message's metadata: the delivery that it replies to, and which of its replies it is."""

    delivery: str
    part: int = 0

    @property
    def metadata(self) -> dict[str, Any]:
        return {"event_type": EVENT_TYPE, "event_payload": {"delivery": self.delivery, "part": self.part}}


def mapped(call: Callable[[], _T]) -> _T:
    """Call Slack. Raises NotNow, NotTaken."""
    try:
        return call()
    except SlackApiError as error:
        raise _of_answer(error) from error
    except (SlackClientError, HTTPException, OSError) as error:
        raise NotNow(type(error).__name__) from error


def _of_answer(error: SlackApiError) -> NotNow | NotTaken:
    response = error.response
    status = getattr(response, "status_code", 200)
    reason = str(response.get("error") if isinstance(getattr(response, "data", None), Mapping) else "no_answer")
    if status == 429:
        return NotNow("ratelimited", _seconds(getattr(response, "headers", {})))
    if status >= 500 or reason in _SLACKS_OWN or reason == "no_answer":
        return NotNow(reason)
    return NotTaken(reason)


def _seconds(headers: Mapping[str, Any]) -> float | None:
    value = next((one for name, one in headers.items() if name.lower() == "retry-after"), None)
    first = str(value[0] if isinstance(value, list) and value else value)
    return min(float(first), 300.0) if first.isdecimal() else None


# ------------------------------------------------------------------------------------------------ for all


def post(client: WebClient, channel: str, thread: str | None, response: Response, mark: Mark) -> tuple[Response, str]:
    """Post a reply; where Slack will not have its form, without its buttons, or else in plain words that something is
    wrong. Returns the reply that stands in Slack, and its time there. Raises NotNow, NotTaken."""

    def send(form: Response) -> str:
        posted = client.chat_postMessage(
            channel=channel,
            thread_ts=thread,
            unfurl_links=False,
            unfurl_media=False,
            metadata=mark.metadata,
            **message(form, channel),
        )
        return str(posted["ts"])

    return _in_some_form(response, send)


def replace(client: WebClient, channel: str, ts: str, response: Response, mark: Mark | None) -> Response:
    """Put a reply in the place of one that stands in Slack; which one that is, as with `post`. Raises NotNow,
    NotTaken."""

    def send(form: Response) -> None:
        more: dict[str, Any] = {} if mark is None else {"metadata": mark.metadata}
        client.chat_update(channel=channel, ts=ts, **more, **message(form, channel))

    return _in_some_form(response, send)[0]


def find(client: WebClient, channel: str, thread: str | None, since: str | None, mark: Mark) -> str | None:
    """The time of our message with this mark, if it stands in the thread, or in the conversation since that time;
    None where it does not, or where we may not look. Raises NotNow."""
    try:
        for one in _messages(client, channel, thread, since):
            if _marked(one) == mark.metadata:
                return str(one["ts"])
    except NotTaken as error:
        if error.reason not in _MAY_NOT_LOOK:
            log.warning("a reply cannot be looked for: %s", error.reason)
    return None


def _marked(message: Mapping[str, Any]) -> dict[str, Any]:
    metadata = message.get("metadata")
    held = metadata if isinstance(metadata, Mapping) else {}
    return {name: held.get(name) for name in ("event_type", "event_payload")}


def _messages(client: WebClient, channel: str, thread: str | None, since: str | None) -> Iterator[Mapping[str, Any]]:
    cursor: str | None = None
    for _ in range(_PAGES):
        read = mapped(partial(_page, client, channel, thread, since, cursor))
        messages: list[Mapping[str, Any]] = read.get("messages") or []
        yield from messages
        cursor = (read.get("response_metadata") or {}).get("next_cursor")
        if not cursor:
            return


def _page(
    client: WebClient, channel: str, thread: str | None, since: str | None, cursor: str | None
) -> Mapping[str, Any]:
    more: dict[str, Any] = {"include_all_metadata": True, "limit": _A_PAGE}
    if cursor:
        more["cursor"] = cursor
    if thread is not None:
        read = client.conversations_replies(channel=channel, ts=thread, **more)
    else:
        read = client.conversations_history(channel=channel, oldest=since or "0", **more)
    return read.data if isinstance(read.data, Mapping) else {}


# ------------------------------------------------------------------------------------------------ for one


def post_alone(client: WebClient, channel: str, user: str, thread: str | None, response: Response) -> Response:
    """Show a reply to one person in a channel; which one that is, as with `post`. Raises NotNow, NotTaken."""

    def send(form: Response) -> None:
        client.chat_postEphemeral(channel=channel, user=user, thread_ts=thread, **message(form, channel))

    return _in_some_form(response, send)[0]


def reply_in_private(client: WebClient, url: str, channel: str, response: Response) -> Response:
    """Reply to the asker alone, to the address that Slack gave for it; which reply that is, as with `post`. Raises
    NotNow, NotTaken."""
    webhook = WebhookClient(url, timeout=_SECONDS, ssl=client.ssl, retry_handlers=[])

    def send(form: Response) -> None:
        sent = webhook.send_dict(
            {
                "response_type": "ephemeral",
                "replace_original": False,
                "unfurl_links": False,
                "unfurl_media": False,
                **message(form, channel),
            }
        )
        if sent.status_code == 429:
            raise NotNow("ratelimited", _seconds(sent.headers))
        if sent.status_code >= 500:
            raise NotNow(f"http_{sent.status_code}")
        if sent.status_code != 200:
            raise NotTaken("invalid_blocks" if sent.status_code == 400 else _word(sent.body))

    return _in_some_form(response, send)[0]


def _word(body: str) -> str:
    """Slack's word for why a reply's address takes none."""
    try:
        held = json.loads(body)
    except ValueError:
        return "no_answer"
    return str(held.get("error", "no_answer"))[:80] if isinstance(held, Mapping) else "no_answer"


def _in_some_form(response: Response, send: Callable[[Response], _T]) -> tuple[Response, _T]:
    plain = Response(sections=tuple(Section(reply=one.reply) for one in response.sections), given=response.given)
    for form in (response, plain):
        try:
            return form, mapped(partial(send, form))
        except NotTaken as error:
            if error.reason not in _FORM_REFUSED:
                raise
            log.error("a reply was refused by Slack: %s", error.reason)
    instead = only(say(wording.TROUBLE))
    return instead, mapped(lambda: send(instead))


def why_not_posted(error: NotTaken) -> Response:
    """What to tell the asker alone where Slack would not have a message in a channel."""
    log.warning("a reply was not taken by Slack: %s", error.reason)
    return only(say(wording.NOT_A_MEMBER if error.reason in _NO_MEMBER else wording.CANNOT_POST))


def upload(client: WebClient, channel: str, thread: str | None, *, name: str, title: str, page: str) -> str | None:
    """Put a file into a conversation; its id, or None where Slack did not take it."""
    try:
        done = mapped(
            lambda: client.files_upload_v2(
                channel=channel, thread_ts=thread, filename=name, title=title, content=page.encode()
            )
        )
    except (NotNow, NotTaken) as error:
        log.error("a report was not taken by Slack: %s", error.reason)
        return None
    files: list[dict[str, Any]] = done.get("files") or []
    return str(files[0].get("id")) if files else None


def remove(client: WebClient, file: str) -> None:
    """Delete a file of ours, wherever it was shared. Raises NotNow, NotTaken."""
    mapped(lambda: client.files_delete(file=file))


# ------------------------------------------------------------------------------------------------ form


def message(response: Response, channel: str) -> dict[str, Any]:
    """The text and the blocks of a message."""
    blocks: list[dict[str, Any]] = []
    for section in response.sections:
        if section.reply:
            blocks += render.blocks(section.reply)
        if section.buttons:
            blocks.append({"type": "actions", "elements": [_element(button) for button in section.buttons]})
    if response.asked is not None:
        blocks.append(_feedback(channel, response.asked))
    return {"text": render.slack_text(response.reply), "blocks": blocks}


def _element(button: Button) -> dict[str, Any]:
    return {
        "type": "button",
        "action_id": button.action,
        "text": {"type": "plain_text", "text": button.label},
        "value": button.value,
    }


def _feedback(channel: str, key: int) -> dict[str, Any]:
    """👍 and 👎, each with its word."""
    choices = {
        name: {"text": {"type": "plain_text", "text": label}, "value": buttons.feedback(channel, key, good=good)}
        for name, label, good in (
            ("positive_button", wording.HELPFUL, True),
            ("negative_button", wording.NOT_HELPFUL, False),
        )
    }
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": FEEDBACK, **choices}],
    }
