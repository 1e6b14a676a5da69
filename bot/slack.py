"""Bolt: take a delivery, acknowledge it, call the handler, post the reply. Socket Mode."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.error import URLError

from slack_bolt import Ack, App, BoltResponse, Respond
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot import handlers, render, watching, wiring, wording
from bot.handlers import Request, Response
from bot.ledger import LEDGER_FILE, Ledger, Taking
from bot.manifest import COMMAND
from config.settings import Settings
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, SnapshotError, StetError, StoreBusy, UsageError

ASK_PRIVATELY = "ask_privately"
_WORKERS = 8
_API_SECONDS = 20
_LOOK_SECONDS = 1.0
"""How often a bot that nobody asks looks for a newer index, so that it holds no file of an older one open: what was
taken down must leave the disk."""
_STILL_QUESTIONS = {None, "file_share", "thread_broadcast"}
_FORM_REFUSED = {"invalid_blocks", "invalid_arguments", "msg_blocks_too_long", "msg_too_long"}

log = logging.getLogger(__name__)


class ReplyNotPosted(Exception):
    """Slack would not take a private reply. It stays within this module: Bolt logs it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """A question as it came in, and where its reply will stand."""

    text: str
    user: str | None
    channel: str
    direct: bool
    private: bool


class Bot:
    """An archive, a ledger and a Bolt app that answers from the one and keeps the other."""

    def __init__(self, archive: Archive, ledger: Ledger, client: WebClient) -> None:
        self._archive = archive
        self._ledger = ledger
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="answer")
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._uncommitted: set[str] = set()
        self.app = App(client=client, listener_executor=self._executor, token_verification_enabled=False)
        self.app.use(self._take)
        self.app.event("app_mention")(self._on_message)
        self.app.event("message")(self._on_message)
        self.app.command(COMMAND)(self._on_command)
        self.app.action(ASK_PRIVATELY)(self._on_ask_privately)

    def stop(self) -> None:
        """Take nothing more, and finish the answers that are under way."""
        self._stopping.set()
        self._executor.shutdown(wait=True)

    # ------------------------------------------------------------ deliveries

    def _take(
        self,
        body: dict[str, Any],
        context: Any,
        next: Callable[[], BoltResponse],  # noqa: A002 (Bolt's name)
    ) -> BoltResponse:
        """Commit what is to be answered before it is acknowledged; what was taken before is only acknowledged.

        A bot that is being stopped takes nothing: without an acknowledgement Slack delivers it again."""
        if self._stopping.is_set():
            return BoltResponse(status=503)
        key = _key(body, context.get("bot_user_id"))
        if key is None:
            return next()
        taking = self._commit(key)
        if taking is Taking.OURS:
            context["delivery"] = key
            return next()
        return BoltResponse(status=200 if taking is Taking.DONE else 503)

    def _commit(self, key: str) -> Taking:
        """Take a delivery; where the ledger cannot be written, remember it until we end, so that it is answered."""
        try:
            return self._ledger.take(key, datetime.now(UTC))
        except StetError as error:
            log.error("the ledger cannot be written: %s", error)
            with self._lock:
                known = key in self._uncommitted
                self._uncommitted.add(key)
            return Taking.DONE if known else Taking.OURS

    def _on_message(self, event: dict[str, Any], context: Any, client: WebClient) -> None:
        key = context.get("delivery")
        if key is None:
            return
        direct = event.get("channel_type") == "im"
        asked = _Asked(
            text=event.get("text") or "",
            user=event.get("user"),
            channel=event["channel"],
            direct=direct,
            private=direct,
        )
        thread = event.get("thread_ts") or (None if direct else event["ts"])
        with self._settling(key):
            response, ts = _post(client, asked.channel, thread, self._respond(client, asked))
            self._keep(asked.channel, ts, response)

    def _on_command(
        self, ack: Ack, command: dict[str, Any], context: Any, client: WebClient, respond: Respond
    ) -> None:
        ack()
        channel = command["channel_id"]
        asked = _Asked(
            text=command.get("text") or "",
            user=command.get("user_id"),
            channel=channel,
            direct=channel.startswith("D"),
            private=True,
        )
        with self._settling(context["delivery"]):
            _reply_in_private(respond, self._respond(client, asked))

    def _on_ask_privately(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        context: Any,
        client: WebClient,
        respond: Respond,
    ) -> None:
        """The question of a button, asked anew by whoever pressed it: what they may see, to them alone."""
        ack()
        channel = body["channel"]["id"]
        asked = _Asked(
            text=render.escape(str(action.get("value") or "")),
            user=body["user"].get("id"),
            channel=channel,
            direct=channel.startswith("D"),
            private=True,
        )
        with self._settling(context["delivery"]):
            _reply_in_private(respond, self._respond(client, asked))

    @contextmanager
    def _settling(self, key: str) -> Iterator[None]:
        """Note in the ledger whether a reply went out; where none did, the delivery is answered if it comes again.

        Slack sends an event that was acknowledged again only where the acknowledgement was lost."""
        answered = False
        try:
            yield
            answered = True
        finally:
            try:
                self._ledger.settle(key, answered=answered)
            except StetError as error:
                log.error("the ledger cannot be written: %s", error)

    def _keep(self, channel: str, ts: str, response: Response) -> None:
        try:
            self._ledger.posted(channel, ts, response.shown, datetime.now(UTC))
            if self._archive.store.gone({(one.version.entry.whole_id, one.version.number) for one in response.shown}):
                self._ledger.withdraw(self._archive.store.gone)  # taken down while the answer was under way
                self._ledger.empty_log()
        except StetError as error:
            log.error("receipts of %s in %s are not kept: %s", ts, channel, error)

    def _respond(self, client: WebClient, asked: _Asked) -> Response:
        """The handler's reply; where it fails in a way that nobody foresaw, a reply that says so."""
        try:
            request = Request(
                text=asked.text,
                channel=asked.channel,
                direct=asked.direct,
                private=asked.private,
                trusted=self._trusted(client, asked.user, asked.channel),
            )
            return handlers.respond(self._archive, request)
        except StetError as error:
            log.error("not answered: %s", error)
            return Response(reply=(render.say(wording.INDEX_TROUBLE),))
        except Exception:  # the outermost edge: whoever asked gets a reply
            log.exception("an answer failed")
            return Response(reply=(render.say(wording.TROUBLE),))

    def _trusted(self, client: WebClient, user: str | None, channel: str) -> bool:
        """Whether asker and channel belong to this organisation alone. Asked only where something hangs on it."""
        if user is None or not any(channel in blog.visibility for blog in self._archive.blogs().values()):
            return False
        try:
            person: dict[str, Any] = client.users_info(user=user)["user"] or {}
            room: dict[str, Any] = client.conversations_info(channel=channel)["channel"] or {}
        except (SlackApiError, SlackClientError, OSError) as error:
            log.warning("asker or channel cannot be looked up: %s", getattr(error, "response", error))
            return False
        outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted")
        shared = ("is_ext_shared", "is_pending_ext_shared", "is_shared")
        return not any(person.get(one) for one in outside) and not any(room.get(one) for one in shared)


def _key(body: dict[str, Any], bot_user: str | None) -> str | None:
    """What names a delivery however often it comes; None where there is nothing to answer.

    A mention comes as `app_mention` and, where channels are read, as `message` too: channel and time are theirs
    in common. A plain message in a channel is nobody's question."""
    event = body.get("event")
    if isinstance(event, dict):
        own = event.get("user") == bot_user or event.get("bot_id") or event.get("user") is None
        if own or event.get("subtype") not in _STILL_QUESTIONS or not {"channel", "ts"} <= event.keys():
            return None
        mentioned = event.get("type") == "app_mention" or f"<@{bot_user}>" in (event.get("text") or "")
        asked = mentioned or event.get("channel_type") == "im"
        return f"message {event['channel']} {event['ts']}" if asked else None
    if "command" in body or body.get("type") == "block_actions":
        return f"trigger {body.get('trigger_id')}"
    return None


def _post(client: WebClient, channel: str, thread: str | None, response: Response) -> tuple[Response, str]:
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
        response = Response(reply=(render.say(wording.TROUBLE),))
        posted = client.chat_postMessage(channel=channel, thread_ts=thread, **_message(response))
    return response, str(posted["ts"])


def _reply_in_private(respond: Respond, response: Response) -> None:
    """Reply to the asker alone; where Slack will not have the reply, say in plain words that something is wrong.

    Raises ReplyNotPosted where Slack will not have that either."""
    for attempt in (response, Response(reply=(render.say(wording.TROUBLE),))):
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


def _message(response: Response) -> dict[str, Any]:
    blocks = render.blocks(response.reply)
    if response.offer is not None:
        blocks.append(
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": ASK_PRIVATELY,
                        "text": {"type": "plain_text", "text": wording.SHOW_ME},
                        "value": response.offer,
                    }
                ],
            }
        )
    return {"text": render.slack_text(response.reply), "blocks": blocks}


# ------------------------------------------------------------------------------------------------ running


def serve(settings: Settings) -> None:
    """Run until SIGTERM or SIGINT. Raises UsageError without tokens, or where Slack refuses them."""
    bot_token, app_token = _token(settings, "slack_bot_token", "xoxb-"), _token(settings, "slack_app_token", "xapp-")
    client = web_client(settings.slack_api_url, bot_token)
    _call("SLACK_BOT_TOKEN", settings.slack_api_url, client.auth_test)
    _call("SLACK_APP_TOKEN", settings.slack_api_url, lambda: client.apps_connections_open(app_token=app_token))
    with ExitStack() as closing:
        archive = wiring.archive(settings)
        closing.callback(archive.close)
        ledger = Ledger.open(settings.home / LEDGER_FILE)
        closing.callback(ledger.close)
        _withdraw(archive, ledger)
        try:
            archive.ensure_indexed(datetime.now(UTC), lambda *_: None)
        except (NothingIndexed, SnapshotError, StoreBusy) as error:
            log.warning("%s", error)
        archive.embedder  # noqa: B018 (loaded before the first question, not by it)
        if settings.watch_every is not None:
            closing.callback(watching.start(archive, settings.watch_every).stop)
        bot = Bot(archive, ledger, client)
        handler = SocketModeHandler(bot.app, app_token, web_client=web_client(settings.slack_api_url, bot_token))
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        _call("SLACK_APP_TOKEN", settings.slack_api_url, handler.connect)
        log.info("connected")
        while not stop.wait(_LOOK_SECONDS):
            with suppress(StetError):  # the next question says what is wrong
                archive.snapshot()
        log.info("stopping")
        bot.stop()
        handler.close()  # type: ignore[no-untyped-call]


def _withdraw(archive: Archive, ledger: Ledger) -> None:
    """Withdraw the receipts of what was taken down while, or since, a bot was stopped over them."""
    try:
        if count := ledger.withdraw(archive.store.gone):
            log.info("receipts withdrawn=%d", count)
            ledger.empty_log()
    except StetError as error:
        log.error("receipts of what was taken down are not withdrawn: %s", error)


def web_client(url: str, token: str) -> WebClient:
    """A client that waits where Slack says how long, and otherwise gives up after a time."""
    client = WebClient(token=token, base_url=url, timeout=_API_SECONDS)
    client.retry_handlers.append(RateLimitErrorRetryHandler(max_retry_count=3))
    return client


def _token(settings: Settings, name: str, begins: str) -> str:
    secret = getattr(settings, name)
    variable = name.upper()
    if secret is None:
        raise UsageError(
            f"{variable} is not set", f"set it to the token that begins with {begins} (see README: Slack)"
        )
    token: str = secret.get_secret_value().strip()
    if not token.startswith(begins):
        raise UsageError(f"{variable} does not begin with {begins}", "copy the right token from the app's settings")
    return token


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the SDK's own report of an error from standard error, where one line of ours says it."""
    loggers = [logging.getLogger(name) for name in ("slack_sdk", "slack_bolt")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _call(variable: str, url: str, method: Callable[[], object]) -> None:
    """Make a first call with a token. Raises UsageError where Slack refuses it or cannot be reached."""
    try:
        with _quiet():
            method()
    except SlackApiError as error:
        raise UsageError(
            f"Slack refuses {variable}: {error.response.get('error')}", "copy the token from the app's settings again"
        ) from error
    except (URLError, OSError, SlackClientError) as error:
        raise UsageError(
            f"Slack cannot be reached at {url}: {error}", "check the network and SLACK_API_URL"
        ) from error
