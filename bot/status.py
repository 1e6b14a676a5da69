"""The status in the Messages tab while an answer is under way, for answers that take a moment. A workspace that lacks
the method is asked once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from slack_sdk import WebClient

from bot import wording
from bot.posting import NotNow, NotTaken, mapped

_AFTER = 0.4
"""Seconds after which an answer takes long enough for a status: most are there before."""

log = logging.getLogger(__name__)


class Statuses:
    """Sets statuses from one thread of its own. Slack clears one when the reply is posted."""

    def __init__(self, client: WebClient) -> None:
        self._client = client
        self._lacking = threading.Event()

    @contextmanager
    def working(self, channel: str, thread: str | None, *, wanted: bool) -> Iterator[None]:
        """While the body runs for a moment, say that an answer is under way; none is left standing afterwards."""
        if not wanted or thread is None or self._lacking.is_set():
            yield
            return
        told = threading.Lock()
        timer = threading.Timer(_AFTER, self._tell, (channel, thread, told))
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            told.acquire()  # one that is on its way comes before the reply, which clears it

    def stop(self) -> None:
        """Set no more."""
        self._lacking.set()

    def _tell(self, channel: str, thread: str, told: threading.Lock) -> None:
        if not told.acquire(blocking=False):
            return
        try:
            mapped(
                lambda: self._client.assistant_threads_setStatus(
                    channel_id=channel, thread_ts=thread, status=wording.WORKING
                )
            )
        except NotTaken as error:
            self._lacking.set()
            log.info("this workspace has no statuses: %s", error.reason)
        except NotNow:
            pass  # the reply itself will be there soon
        finally:
            told.release()
