"""Running the bot: its tokens, its archive and ledger, its connection to Slack. Socket Mode."""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from urllib.error import URLError

from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from bot import watching, wiring
from bot.answering import Bot
from bot.ledger import LEDGER_FILE, Ledger
from config.settings import Settings
from retrieval.archive import Archive
from retrieval.errors import NothingIndexed, SnapshotError, StetError, StoreBusy, UsageError

_API_SECONDS = 20
_LOOK_SECONDS = 1.0
"""How often a bot that nobody asks looks for a newer index, so that it holds no file of an older one open: what was
taken down must leave the disk."""

log = logging.getLogger(__name__)


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
        archive.reranking  # noqa: B018
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
