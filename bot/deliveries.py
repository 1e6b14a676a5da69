"""Deliveries of Slack's: each is committed to the ledger before it is acknowledged, and answered once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from slack_bolt import BoltResponse

from bot import followups, metrics, typed
from bot.incoming import Incoming, Way, read
from bot.ledger import Ledger, Taking
from bot.metrics import Metrics
from bot.requested import check_in
from bot.work import Job, Work
from retrieval.errors import StetError

_OK, _AGAIN = 200, 503
"""What Slack is told: that we have it, or nothing, so that it sends an event again."""

_WAYS: dict[Way, metrics.Way] = {
    Way.MENTION: "mention",
    Way.DIRECT: "direct",
    Way.THREAD: "thread",
    Way.COMMAND: "command",
    Way.SHORTCUT: "shortcut",
    Way.BUTTON: "button",
}

log = logging.getLogger(__name__)


class Deliveries:
    """What comes in, by a ledger. Safe to use from several threads."""

    def __init__(
        self, ledger: Ledger, work_of: Callable[[Incoming], Work], metrics: Metrics, *, times_acks: bool
    ) -> None:
        """`work_of` says which queue takes a delivery; `times_acks`: nobody else does, as the web server does."""
        self._ledger, self._work_of, self._metrics, self._times_acks = ledger, work_of, metrics, times_acks
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
        """Bolt's middleware: commit and queue what wants a reply, and acknowledge it; what was taken before is only
        acknowledged, and what opens a window goes on to its listener.

        A bot that is being stopped takes nothing: without an acknowledgement Slack delivers it again."""
        began = time.monotonic()
        if self._stopping.is_set():
            return BoltResponse(status=_AGAIN)
        incoming = read(body, context.get("bot_user_id"), time.time())
        if incoming is None or not self._is_for_us(incoming):
            return BoltResponse(status=_OK) if _is_plain_event(body) else next()
        taken = self._take(incoming)
        if self._times_acks:
            self._metrics.acknowledged(time.monotonic() - began)
        return BoltResponse(status=_OK if taken else _AGAIN)

    def resume(self) -> int:
        """Queue what earlier runs took and did not answer; how many deliveries that are."""
        left = self._ledger.inbox.adopt()
        for one in left:
            try:
                incoming = Incoming.from_json(one.payload)
            except (ValueError, TypeError, KeyError):
                log.error("a delivery of another Stet cannot be read; it stays without a reply")
                self._ledger.inbox.settle(one.key, answered=False)
                continue
            self._work_of(incoming).again(Job(incoming=incoming, uncertain=one.posting), 0.0)
        return len(left)

    def _take(self, incoming: Incoming) -> bool:
        """Commit and queue a delivery; whether it is to be acknowledged."""
        if self._commit(incoming) is Taking.DONE:
            return True
        self._metrics.delivered("edited" if incoming.origin is not None else _WAYS[incoming.way])
        if self._work_of(incoming).offer(Job(incoming=incoming)) is not None:
            return True
        log.error("a delivery was not taken: too many wait")
        self._settle(incoming.key, answered=False)
        return False

    def _commit(self, incoming: Incoming) -> Taking:
        """Take a delivery; where the ledger cannot be written, remember it until we end, so that it is answered."""
        try:
            return self._ledger.inbox.take(incoming.key, incoming.to_json(), datetime.now(UTC))
        except StetError as error:
            log.error("the ledger cannot be written: %s", error)
            with self._lock:
                known = incoming.key in self._uncommitted
                self._uncommitted.add(incoming.key)
            return Taking.DONE if known else Taking.OURS

    def settled(self, incoming: Incoming, *, answered: bool) -> None:
        """Note in the ledger whether a reply went out; where none did, the delivery is answered if it comes again."""
        self._settle(incoming.key, answered=answered)

    def _settle(self, key: str, *, answered: bool) -> None:
        try:
            self._ledger.inbox.settle(key, answered=answered)
        except StetError as error:
            log.error("the ledger cannot be written: %s", error)

    def _is_for_us(self, incoming: Incoming) -> bool:
        """Whether a message in a thread is, which nobody addressed to us: one of ours, in a channel that is set so,
        that asks for something. People talk in threads, too."""
        if incoming.way is not Way.THREAD:
            return True
        thread = incoming.thread
        if thread is None or not _asks(incoming):
            return False
        try:
            follows = self._ledger.channels.of(incoming.channel).threads
            return follows and self._ledger.messages.is_thread(incoming.channel, thread)
        except StetError as error:
            log.error("the ledger cannot be read: %s", error)
            return False


def _asks(incoming: Incoming) -> bool:
    """Whether it is a follow-up, a question by its mark, or a quotation to be checked."""
    words = typed.unmarked(incoming.text)
    if words.endswith("?") or followups.read(words) is not None:
        return True
    return check_in(typed.page(incoming.text, incoming.blocks)) is not None


def _is_plain_event(body: dict[str, Any]) -> bool:
    """Whether it is a message that is nobody's question: no listener is there for it."""
    event = body.get("event")
    return isinstance(event, dict) and event.get("type") in ("message", "app_mention")
