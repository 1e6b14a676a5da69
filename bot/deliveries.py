"""Deliveries of Slack's: each is committed to the ledger before it is acknowledged, and answered once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from slack_bolt import BoltResponse

from bot.ledger import Ledger, Taking
from retrieval.errors import StetError

_STILL_QUESTIONS = {None, "file_share", "thread_broadcast"}
_PRESSED = {"block_actions", "message_action"}

log = logging.getLogger(__name__)


class Deliveries:
    """What comes in, by a ledger. Safe to use from several threads."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._uncommitted: set[str] = set()

    def stop(self) -> None:
        """Take nothing more."""
        self._stopping.set()

    def take(
        self,
        body: dict[str, Any],
        context: Any,
        next: Callable[[], BoltResponse],  # noqa: A002 (Bolt's name)
    ) -> BoltResponse:
        """Bolt's middleware: commit what is to be answered before it is acknowledged, and put its key into
        `context["delivery"]`; what was taken before is only acknowledged.

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

    @contextmanager
    def settling(self, key: str) -> Iterator[None]:
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
    if "command" in body or body.get("type") in _PRESSED:
        return f"trigger {body.get('trigger_id')}"
    return None
