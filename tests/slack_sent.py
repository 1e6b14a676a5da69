"""One payload on its way to the app: the handle that a helper returns, and the courier that sends it.

An event that is not acknowledged in time is sent again at once, after a minute and after five; commands and
interactions are never sent again. How one attempt is made is the transport's matter: `tests.slack_socket_mode`,
`tests.slack_http`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from tests.slack_records import Delivery, Journal

__all__ = ["Courier", "OnResponse", "Sent"]


OnResponse = Callable[["Sent", Mapping[str, Any] | None], None]
"""Called once for a payload, with what its ack in time says, if it says anything."""


class Sent:
    """The handle of one payload that a helper sent: what it was, and whether it has been acknowledged.

    `twin` is the `message` that goes with a mention. `trouble` is Slack's word for what became of the last
    attempt over HTTP, if it failed.
    """

    def __init__(
        self,
        journal: Journal,
        kind: str,
        payload: Mapping[str, Any],
        *,
        ack_timeout: float,
        channel: str = "",
        ts: str = "",
        twin: Sent | None = None,
        first_attempt: int = 0,
    ) -> None:
        self.kind, self.payload, self.channel, self.ts, self.twin = kind, payload, channel, ts, twin
        self.first_attempt = first_attempt
        self.trouble = ""
        self._journal, self._ack_timeout = journal, ack_timeout
        self._envelopes: list[str] = []
        self._latencies: list[float | None] = []
        self._response: Mapping[str, Any] | None = None
        self._finished = False

    @property
    def event_id(self) -> str | None:
        return self.payload.get("event_id")

    @property
    def trigger_id(self) -> str:
        return str(self.payload["trigger_id"])

    @property
    def response_url(self) -> str:
        return str(self.payload["response_url"])

    @property
    def delivery(self) -> Delivery:
        with self._journal.changed:
            return Delivery(
                kind=self.kind,
                event_id=self.event_id,
                envelope_ids=tuple(self._envelopes),
                latencies=tuple(self._latencies),
                ack_timeout=self._ack_timeout,
                response=self._response,
                finished=self._finished,
            )

    def wait_acked(self, timeout: float = 10.0) -> Delivery:
        """The delivery, once it (and its twin) has been acknowledged in time. Raises TimeoutError."""
        both = [self, *([self.twin] if self.twin else [])]
        self._journal.wait_until(lambda: all(s.delivery.acked_after is not None for s in both), timeout)
        return self.delivery

    def wait_finished(self, timeout: float = 10.0) -> Delivery:
        """The delivery, once it has been acknowledged or given up. Raises TimeoutError."""
        self._journal.wait_until(lambda: self._finished, timeout)
        return self.delivery

    def note_attempt(self, envelope_id: str) -> int:
        with self._journal.changed:
            self._envelopes.append(envelope_id)
            self._latencies.append(None)
            self._journal.touch()
            return len(self._envelopes) - 1

    def note_ack(
        self, attempt: int, latency: float, response: Mapping[str, Any] | None, on_response: OnResponse | None
    ) -> bool:
        """Record an ack; whether it came in time. Whoever waits for it sees what its response has done, too."""
        in_time = latency <= self._ack_timeout
        with self._journal.changed:
            self._latencies[attempt] = latency
            if in_time:
                self._response = response
                if on_response is not None:
                    on_response(self, response)
            self._journal.touch()
        return in_time

    def note_finished(self) -> None:
        with self._journal.changed:
            self._finished = True
            self._journal.touch()


class Courier:
    """Runs deliveries, each a task of the server's loop; every method is called there."""

    def __init__(self, retry_delays: Sequence[float]) -> None:
        self._retry_delays = tuple(retry_delays)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, sents: Sequence[Sent], attempt: Callable[[Sent, int], Awaitable[bool]]) -> None:
        """Begin to deliver, in this order; `attempt` makes one, and says whether it was the last."""
        for sent in sents:
            task = asyncio.get_running_loop().create_task(self._deliver(sent, attempt))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all deliveries."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _deliver(self, sent: Sent, attempt: Callable[[Sent, int], Awaitable[bool]]) -> None:
        delays = (0.0, *self._retry_delays) if sent.kind == "events_api" else (0.0,)
        for number, delay in enumerate(delays, start=sent.first_attempt):
            if delay:
                await asyncio.sleep(delay)
            if await attempt(sent, number):
                break
        sent.note_finished()
