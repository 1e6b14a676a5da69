"""A channel's pace: Slack takes about one message a second in each."""

from __future__ import annotations

import threading
import time

PACE = 1.0
"""Seconds between two messages in one channel."""
_MOST_KNOWN = 10_000


class Pace:
    """Says when a channel may have its next message. Safe to use from several threads; seconds are monotonic."""

    def __init__(self, seconds: float = PACE) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._free_at: dict[str, float] = {}

    def turn(self, channel: str) -> float:
        """When the channel's next message is due, now or later; the one after it is due a pace later."""
        now = time.monotonic()
        with self._lock:
            due = max(now, self._free_at.get(channel, 0.0))
            if len(self._free_at) > _MOST_KNOWN:
                self._free_at = {known: free for known, free in self._free_at.items() if free > now}
            self._free_at[channel] = due + self._seconds
        return due

    def wait(self, channel: str) -> None:
        """Wait for the channel's turn."""
        time.sleep(max(0.0, self.turn(channel) - time.monotonic()))
