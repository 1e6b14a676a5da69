"""The WebSocket side of the loopback Slack: Socket Mode as a server speaks it.

Slack sends `hello`, then envelopes, and waits three seconds for `{"envelope_id": …}`. An event that is not
acknowledged is sent again, in an envelope of its own but with the same `event_id`; commands and interactions
are never sent again. A client may hold several connections, and any one of them gets a payload. Before Slack
closes one it says `disconnect` and why.
"""

import asyncio
import itertools
import json
import socket
import struct
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.slack_records import Journal
from tests.slack_sent import Courier, OnResponse, Sent

__all__ = ["DisconnectReason", "SocketMode"]

DisconnectReason = Literal["warning", "refresh_requested", "too_many_websockets", "link_disabled"]

_RESET_ON_CLOSE: Final = struct.pack("ii", 1, 0)


class _Connection:
    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.draining = False

    async def send(self, frame: Mapping[str, Any]) -> bool:
        """Whether the frame went out; a socket that is gone already is no error here."""
        try:
            await self.websocket.send_text(json.dumps(frame))
        except (WebSocketDisconnect, RuntimeError, OSError):
            return False
        return True


class SocketMode:
    """Holds the connections and delivers envelopes; every coroutine runs in the server's loop."""

    def __init__(
        self,
        journal: Journal,
        *,
        app: str,
        ack_timeout: float,
        retry_delays: Sequence[float],
        max_connections: int,
        on_response: OnResponse,
        transport_of: Callable[[Any], asyncio.Transport | None],
    ) -> None:
        self._journal, self._app = journal, app
        self._ack_timeout, self._courier = ack_timeout, Courier(retry_delays)
        self._max_connections = max_connections
        self._on_response, self._transport_of = on_response, transport_of
        self._connections: list[_Connection] = []
        self._arrived = asyncio.Event()
        self._turn = itertools.count()
        self._tickets: set[str] = set()
        self._waiting: dict[str, tuple[Sent, int, float, asyncio.Future[None]]] = {}
        self.made = 0

    @property
    def open(self) -> int:
        """Connections that payloads may go to."""
        return sum(not connection.draining for connection in list(self._connections))

    def ticket(self) -> str:
        """A name for one connection; Slack's URLs can be used once."""
        name = uuid.uuid4().hex
        self._tickets.add(name)
        return name

    async def serve(self, websocket: WebSocket) -> None:
        """One connection, from its handshake to its end. Without a fresh ticket it is refused (HTTP 403)."""
        ticket = websocket.query_params.get("ticket", "")
        if ticket not in self._tickets:
            await websocket.close()
            return
        self._tickets.discard(ticket)
        await websocket.accept()
        connection = _Connection(websocket)
        if len(self._connections) >= self._max_connections:
            await connection.send(self._disconnect_frame("too_many_websockets"))
            await websocket.close()
            return
        await connection.send(self._hello(len(self._connections) + 1))
        self._connections.append(connection)
        self._arrived.set()
        with self._journal.changed:
            self.made += 1
            self._journal.touch()
        try:
            while True:
                self._receive(await websocket.receive_text())
        except WebSocketDisconnect:
            pass
        finally:
            self._connections.remove(connection)
            self._journal.touch()

    def start(self, sents: Sequence[Sent]) -> None:
        """Begin to deliver, in this order; called in the loop."""
        self._courier.start(sents, self._attempt)

    async def disconnect(self, reason: DisconnectReason, grace: float) -> None:
        """Announce the end of the oldest open connection, give it no more payloads, and close it."""
        connection = self._oldest()
        connection.draining = True
        await connection.send(self._disconnect_frame(reason))
        await asyncio.sleep(grace)
        with suppress(RuntimeError, WebSocketDisconnect):
            await connection.websocket.close(1000)

    async def drop(self, *, reset: bool) -> None:
        """Cut the oldest open connection without a word: a TCP reset, or the end of the stream."""
        connection = self._oldest()
        connection.draining = True
        transport = self._transport_of(connection.websocket.scope["client"])
        if transport is None:
            raise LookupError("the connection is gone already")
        if reset:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        transport.abort()

    async def close(self) -> None:
        """End all deliveries and close all connections."""
        await self._courier.close()
        await self.close_all()

    async def close_all(self) -> None:
        """Close all connections."""
        for connection in tuple(self._connections):
            with suppress(RuntimeError, WebSocketDisconnect):
                connection.draining = True
                await connection.websocket.close(1001)

    async def _attempt(self, sent: Sent, number: int) -> bool:
        """Send one envelope; whether its ack came in time. With no connection open, that counts as none."""
        loop = asyncio.get_running_loop()
        envelope_id = str(uuid.uuid4())
        attempt = sent.note_attempt(envelope_id)
        answered: asyncio.Future[None] = loop.create_future()
        deadline = loop.time() + self._ack_timeout
        while (connection := await self._next_connection(deadline)) is not None:
            self._waiting[envelope_id] = sent, attempt, time.monotonic(), answered
            if await connection.send(self._envelope(sent, envelope_id, number)):
                break
            connection.draining = True
        else:
            return False
        with suppress(TimeoutError):
            await asyncio.wait_for(answered, self._ack_timeout)
        return answered.done() and not answered.cancelled()

    async def _next_connection(self, deadline: float) -> _Connection | None:
        """The connections take turns, so that a test with several sees each of them used."""
        while True:
            usable = [connection for connection in self._connections if not connection.draining]
            if usable:
                return usable[next(self._turn) % len(usable)]
            left = deadline - asyncio.get_running_loop().time()
            if left <= 0:
                return None
            self._arrived.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrived.wait(), left)

    def _receive(self, frame: str) -> None:
        """An ack, early or late; a late one is recorded and changes nothing else."""
        answer = json.loads(frame)
        waiting = self._waiting.pop(answer.get("envelope_id"), None)
        if waiting is None:
            return
        sent, attempt, started, answered = waiting
        response = answer.get("payload") or None
        if answered.done():
            sent.note_ack(attempt, time.monotonic() - started, response, None)
        elif sent.note_ack(attempt, time.monotonic() - started, response, self._on_response):
            answered.set_result(None)

    def _oldest(self) -> _Connection:
        for connection in self._connections:
            if not connection.draining:
                return connection
        raise LookupError("no connection is open")

    def _envelope(self, sent: Sent, envelope_id: str, number: int) -> dict[str, Any]:
        """Slack numbers even the first delivery of an event: retry 0, for no reason."""
        events = sent.kind == "events_api"
        envelope = {
            "envelope_id": envelope_id,
            "type": sent.kind,
            "payload": sent.payload,
            "accepts_response_payload": not events,
        }
        retry = {"retry_attempt": number, "retry_reason": "timeout" if number else ""}
        return envelope | (retry if events else {})

    def _hello(self, connections: int) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": connections,
            "debug_info": {"host": "loopback", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app},
        }

    def _disconnect_frame(self, reason: DisconnectReason) -> dict[str, Any]:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "loopback"}}
