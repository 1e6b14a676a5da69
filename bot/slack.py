"""Running the bot: its tokens, its archive and ledger, its connection to Slack, by Socket Mode or over HTTP."""

from __future__ import annotations

import logging
import signal
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from urllib.error import URLError

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot import watching, wiring
from bot.app import Bot
from bot.ledger import LEDGER_FILE, Ledger
from bot.policy import Policy
from bot.web import Part, Web
from config.settings import Settings
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, SnapshotError, StetError, StoreBusy, UsageError
from retrieval.model import Filter
from retrieval.serving import serving_lock

_API_SECONDS = 20
_LOOK_SECONDS = 1.0
"""How often a bot that nobody asks looks for a newer index, so that it holds no file of an older one open: what was
taken down must leave the disk."""
_EXPIRY_SECONDS = 3_600.0
_LOCK_SECONDS = 30
"""How long a bot waits for the one before it to end."""
_HTTP_PORT = 3_000

log = logging.getLogger(__name__)


class Mode(StrEnum):
    """How Slack reaches the bot."""

    SOCKET = "socket"
    HTTP = "http"


def serve(settings: Settings, mode: Mode = Mode.SOCKET) -> None:
    """Run until SIGTERM or SIGINT. Raises UsageError without tokens, where Slack refuses them, or where the port
    cannot be had; StoreBusy where another bot serves the archive."""
    bot_token = _token(settings, "slack_bot_token", "xoxb-")
    app_token = _token(settings, "slack_app_token", "xapp-") if mode is Mode.SOCKET else ""
    secret = _signing_secret(settings) if mode is Mode.HTTP else None
    client = web_client(settings.slack_api_url, bot_token)
    _call("SLACK_BOT_TOKEN", settings.slack_api_url, client.auth_test)
    if mode is Mode.SOCKET:
        _call("SLACK_APP_TOKEN", settings.slack_api_url, lambda: client.apps_connections_open(app_token=app_token))
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    with ExitStack() as closing:
        archive = wiring.archive(wiring.serving(settings))
        closing.callback(archive.close)
        closing.enter_context(serving_lock(settings.home, _LOCK_SECONDS))
        ledger = Ledger.open(settings.home / LEDGER_FILE)
        closing.callback(ledger.close)
        _prepare(archive, ledger)
        if settings.watch_every is not None:
            closing.callback(watching.start(archive, settings.watch_every).stop)
        policy = wiring.policy(settings)
        bot = Bot(archive, ledger, client, policy=policy, signing_secret=secret)
        _measure(bot, archive)
        bot.start()
        closing.callback(bot.stop)
        connect = partial(_connect, settings, bot, bot_token, app_token, closing)
        is_connected = connect() if mode is Mode.SOCKET else _always
        port = settings.port if settings.port is not None or mode is Mode.SOCKET else _HTTP_PORT
        if port is not None:
            web = _web(settings.host, port, bot, archive, is_connected, takes=mode is Mode.HTTP)
            closing.callback(web.stop)
            log.info("listening on port %s", web.port)
        _run(archive, ledger, policy, stop)
        log.info("stopping")


def _prepare(archive: Archive, ledger: Ledger) -> None:
    """Bring up to date what is behind, and load what the first question would wait for."""
    _withdraw(archive, ledger)
    try:
        archive.ensure_indexed(datetime.now(UTC), lambda *_: None)
    except (NothingIndexed, SnapshotError, StoreBusy) as error:
        log.warning("%s", error)
    archive.embedder  # noqa: B018 (loaded before the first question, not by it)
    archive.reranking  # noqa: B018


def _run(archive: Archive, ledger: Ledger, policy: Policy, stop: threading.Event) -> None:
    """What is done now and then while others answer, until it is time to stop."""
    expired_at = -_EXPIRY_SECONDS
    while not stop.wait(_LOOK_SECONDS):
        with suppress(StetError):  # the next question says what is wrong
            archive.snapshot()
        if time.monotonic() - expired_at > _EXPIRY_SECONDS:
            expired_at = time.monotonic()
            expire(ledger, policy, datetime.now(UTC))


def expire(ledger: Ledger, policy: Policy, now: datetime) -> None:
    """Forget people, and the text of questions, as the settings say."""
    try:
        ledger.expire(users_before=now - policy.keep_users, texts_before=now - (policy.keep_questions or timedelta()))
    except StetError as error:
        log.error("what is old is not forgotten: %s", error)


def _withdraw(archive: Archive, ledger: Ledger) -> None:
    """Withdraw the receipts of what was taken down while, or since, a bot was stopped over them."""
    try:
        if count := ledger.withdraw(archive.store.gone):
            log.info("receipts withdrawn=%d", count)
            ledger.empty_log()
    except StetError as error:
        log.error("receipts of what was taken down are not withdrawn: %s", error)


# ------------------------------------------------------------------------------------------------ connections


def _connect(settings: Settings, bot: Bot, bot_token: str, app_token: str, closing: ExitStack) -> Callable[[], bool]:
    """Connect by Socket Mode; whether the connection stands is what is returned. Raises UsageError."""
    handler = SocketModeHandler(bot.app, app_token, web_client=web_client(settings.slack_api_url, bot_token))
    _call("SLACK_APP_TOKEN", settings.slack_api_url, handler.connect)
    closing.callback(handler.close)
    closing.callback(bot.answering.stop)  # answers that are under way are acknowledged before the socket goes
    log.info("connected")
    return handler.client.is_connected


def _always() -> bool:
    return True


def _web(host: str, port: int, bot: Bot, archive: Archive, is_connected: Callable[[], bool], *, takes: bool) -> Web:
    def waits_for() -> Sequence[Part]:
        waiting: list[Part] = []
        try:
            archive.snapshot()
        except StetError:
            waiting.append("index")
        return [*waiting, *(() if is_connected() else ("slack",))]

    return Web(
        host=host,
        port=port,
        metrics=bot.metrics,
        alive=lambda: bot.alive,
        waits_for=waits_for,
        app=bot.app if takes else None,
    )


def _measure(bot: Bot, archive: Archive) -> None:
    """Let the metrics look at the index."""
    bot.metrics.index_entries(lambda: archive.store.coverage(Filter()).entries)
    bot.metrics.index_age(lambda: (datetime.now(UTC) - archive.snapshot().manifest.built_at).total_seconds())


def web_client(url: str, token: str) -> WebClient:
    """A client that waits where Slack says how long, and otherwise gives up after a time."""
    client = WebClient(token=token, base_url=url, timeout=_API_SECONDS, ssl=ssl.create_default_context())
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


def _signing_secret(settings: Settings) -> str:
    secret = settings.slack_signing_secret
    if secret is None or not secret.get_secret_value().strip():
        raise UsageError(
            "SLACK_SIGNING_SECRET is not set",
            "copy it from the app's settings, Basic Information (see README: Slack)",
        )
    return secret.get_secret_value().strip()


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
