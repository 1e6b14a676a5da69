"""What `stet doctor` asks of Slack: whether it takes the tokens, and which scopes the bot has. No token is told."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from bot.examining import Check, failed, fine, warning
from bot.manifest import BOT_SCOPES, THREAD_SCOPES

_API_SECONDS = 10
_COPY = "copy the token from the app's settings again"


def bot_token(url: str, token: str | None, threads: bool) -> Iterator[Check]:
    """Does Slack take the bot's token, and does it give the scopes that are in use? `threads`: those for following
    threads are, too."""
    name = "SLACK_BOT_TOKEN"
    if refused := _shape(name, token, "xoxb-"):
        yield refused
        yield warning("scopes", "not looked at without a bot's token", f"set {name} right")
        return
    answered = _called(name, url, lambda: _client(url, token).auth_test())
    if isinstance(answered, Check):
        yield answered
        yield warning("scopes", "not looked at, since Slack did not take the token", answered.mend or "")
        return
    yield fine(name, f"Slack takes it, as {answered.get('user')} of {answered.get('team')}")
    yield scopes(answered.headers, threads)


def app_token(url: str, token: str | None) -> Check:
    """Does Slack open a connection for the app's token?"""
    name = "SLACK_APP_TOKEN"
    if refused := _shape(name, token, "xapp-"):
        return refused
    answered = _called(name, url, lambda: _client(url, None).apps_connections_open(app_token=(token or "").strip()))
    return answered if isinstance(answered, Check) else fine(name, "Slack opens a connection for it")


def scopes(headers: Mapping[str, str], threads: bool) -> Check:
    """The scopes that Slack says the bot's token has, against those of our manifest."""
    said = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    if said is None:
        return warning("scopes", "Slack does not say which the bot has", "compare `stet manifest` with the app's")
    held = {one.strip() for one in said.split(",") if one.strip()}
    needed = {*BOT_SCOPES, *(THREAD_SCOPES if threads else ())}
    missing, more = sorted(needed - held), sorted(held - needed)
    besides = f"; not needed: {', '.join(more)}" if more else ""
    if missing:
        return failed(
            "scopes",
            f"missing: {', '.join(missing)}{besides}",
            f"put what `stet manifest{' --threads' if threads else ''}` prints into the app's settings, and install "
            "the app again",
        )
    if more:
        return warning("scopes", besides.removeprefix("; "), "take them out of the app's settings")
    return fine("scopes", f"the {len(held)} that are needed, and no other")


def _shape(name: str, token: str | None, begins: str) -> Check | None:
    """What is wrong with a token before Slack is asked; None where nothing is."""
    if token is None or not token.strip():
        return warning(name, "not set, so not looked at", f"set it to the token that begins with {begins}")
    held = token.strip()
    if not held.startswith(begins) or not held.isascii() or not held.isprintable() or " " in held:
        return failed(
            name, f"it is no token that begins with {begins}", "copy the right token from the app's settings"
        )
    return None


def _client(url: str, token: str | None) -> Any:
    from slack_sdk import WebClient

    return WebClient(token=(token or "").strip() or None, base_url=url, timeout=_API_SECONDS)


def _called(name: str, url: str, method: Callable[[], Any]) -> Any:
    """What Slack answers, or the check that failed."""
    from urllib.error import URLError

    from slack_sdk.errors import SlackApiError, SlackClientError

    try:
        with _quiet():
            return method()
    except SlackApiError as error:
        return failed(name, f"Slack refuses it: {error.response.get('error')}", _COPY)
    except (URLError, OSError, SlackClientError) as error:
        why = getattr(error, "reason", None) or type(error).__name__
        return failed(name, f"Slack cannot be reached at {url}: {why}", "check the network and SLACK_API_URL")


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the SDK's own report of an error from standard error, where one line of ours says it."""
    logger = logging.getLogger("slack_sdk")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
