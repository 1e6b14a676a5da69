"""A Slack on the loopback interface, for tests that go through the real slack_bolt and slack_sdk.

Bolt builds its `WebClient` anew for each request, so a client put in its place is not used; a server given as
`base_url` is. `LoopbackSlack` is one: the Web API, `response_url`s and Socket Mode on one port of 127.0.0.1,
with its checks (`tests.slack_limits`), its records (`tests.slack_records`) and its faults.

    with LoopbackSlack() as slack:
        app = App(client=WebClient(token=slack.bot_token, base_url=slack.api_url))
        with slack.connected(app):
            slack.mention("When did the council answer?", "U1", "C1").wait_acked()
            [answer] = slack.wait_for_posts(1)
        slack.assert_clean()
"""

import asyncio
import json
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import parse_qsl

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from tests.slack_payloads import Workspace
from tests.slack_people import People
from tests.slack_records import Call, Posted
from tests.slack_socket_mode import DisconnectReason, Sent, SocketMode
from tests.slack_web_api import WebApi

__all__ = ["LoopbackSlack", "Posted", "Sent", "Workspace"]

Json = dict[str, Any]

_JSON_IN_FORMS = {"attachments", "blocks", "files", "metadata", "prompts", "view"}
_PATIENCE = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Fault:
    """What befalls a request: an answer in place of the true one, or a true one that comes late."""

    status: int = 200
    error: str | None = None
    retry_after: int | None = None
    delay: float = 0.0


class LoopbackSlack(People):
    """A Slack workspace with one app, ours.

    `users` and `channels` hold what differs from a full member and an ordinary channel, by id; None there
    makes an id unknown. `ack_timeout` is Slack's; its retries come at once, after 1 minute and after 5, which
    `retry_delays` (seconds) shortens. Entering starts the server, leaving stops it; both raise, not hang.
    """

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-loopback",
        app_token: str = "xapp-loopback",
        workspace: Workspace | None = None,
        ack_timeout: float = 3.0,
        retry_delays: Sequence[float] = (0.0, 0.2, 0.5),
        trigger_lifetime: float = 3.0,
        response_url_lifetime: float = 1800.0,
        max_connections: int = 10,
    ) -> None:
        super().__init__()
        self.bot_token, self.app_token = bot_token, app_token
        self.workspace = workspace or Workspace()
        self._ack_timeout = ack_timeout
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self._web = WebApi(
            self,
            self.workspace,
            bot_token=bot_token,
            app_token=app_token,
            base_url=self.url,
            trigger_lifetime=trigger_lifetime,
            response_url_lifetime=response_url_lifetime,
            open_socket=self._socket_url,
        )
        self._sockets = SocketMode(
            self,
            app=self.workspace.app,
            ack_timeout=ack_timeout,
            retry_delays=retry_delays,
            max_connections=max_connections,
            on_response=self._acknowledged,
            transport_of=self._transport_of,
        )
        self.users, self.channels = self._web.users, self._web.channels
        self._faults: dict[str, deque[_Fault]] = {}
        self._failed: Counter[str] = Counter()
        self._ready, self._over = threading.Event(), asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        app = Starlette(
            routes=[
                Route("/api/{method:path}", self._serve_api, methods=["GET", "POST"]),
                Route("/response/{name}", self._serve_response_url, methods=["POST"]),
                Route("/files-pri/{path:path}", self._serve_file, methods=["GET"]),
                Route("/upload/v1/{ticket}", self._take_upload, methods=["POST"]),
                WebSocketRoute("/socket", self._sockets.serve),
            ],
        )
        config = uvicorn.Config(
            app, http="h11", ws="websockets-sansio", lifespan="off", log_config=None, access_log=False,
            timeout_graceful_shutdown=1,
        )  # fmt: skip
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="loopback-slack", daemon=True)

    # -- life --------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._ready.wait(_PATIENCE):
            raise TimeoutError("the loopback Slack did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_loop(self._sockets.close())
        self._in_loop(self._end())
        self._thread.join(_PATIENCE)
        if self._thread.is_alive():
            raise TimeoutError("the loopback Slack did not stop")

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        """Serve until `_end`. Uvicorn's own end takes 0.2 s of naps, which every test would pay for."""
        self._loop = asyncio.get_running_loop()
        serving = self._loop.create_task(self._server.serve(sockets=[self._listener]))
        self._ready.set()  # the listener is bound: whoever connects before the server accepts, waits
        await self._over.wait()
        await asyncio.sleep(0)  # slow answers are written now
        serving.cancel()
        await asyncio.wait([serving])
        for server in getattr(self._server, "servers", ()):
            server.close()
        self._listener.close()
        state = self._server.server_state
        for protocol in tuple(state.connections):
            protocol.transport.close()
        if state.tasks:
            await asyncio.wait(state.tasks, timeout=1.0)

    async def _end(self) -> None:
        self._over.set()

    async def _pause(self, fault: _Fault | None) -> None:
        if fault is not None and fault.delay:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), fault.delay)

    def _in_loop(self, work: Coroutine[Any, Any, None], timeout: float = _PATIENCE) -> None:
        if self._loop is None:
            work.close()
            raise RuntimeError("the loopback Slack has not been started: use it as a context manager")
        asyncio.run_coroutine_threadsafe(work, self._loop).result(timeout)

    # -- connections -------------------------------------------------------------------------------------

    @property
    def connections(self) -> int:
        """Socket Mode connections that are open and not about to be closed."""
        return self._sockets.open

    @property
    def connections_made(self) -> int:
        """Connections that have been greeted with `hello` since the start."""
        return self._sockets.made

    def wait_for_connections(self, n: int = 1, timeout: float = 10.0) -> None:
        """Until at least `n` connections are open. Raises TimeoutError."""
        self.wait_until(lambda: self.connections >= n, timeout)

    @contextmanager
    def connected(self, app: App, *, ping_interval: float = 10.0) -> Iterator[SocketModeHandler]:
        """A real Socket Mode handler for the app, connected on entering and closed on leaving.

        The client's own `close` waits for its threads: three seconds for a `recv` that nothing answers and one
        for an empty queue. Hanging up first and a last, empty message let it end at once. It must not run while
        the client closes the socket by itself: `Connection.disconnect` looks at the socket outside its locks.
        """
        handler = SocketModeHandler(
            app, self.app_token, web_client=WebClient(base_url=self.api_url), ping_interval=ping_interval
        )
        before = self.connections_made
        try:
            handler.client.connect()
            self.wait_until(lambda: self.connections_made > before)
            yield handler
        finally:
            client = handler.client
            client.auto_reconnect_enabled = False
            self.close_connections()
            client.closed = True
            client.message_queue.put(None)
            with suppress(TimeoutError):
                self.wait_until(lambda: not client.is_connected(), 5.0)
            client.close()

    def close_connections(self) -> None:
        """Close every connection with a close frame and without a `disconnect`, as a server that goes away."""
        self._in_loop(self._sockets.close_all())

    def disconnect(self, reason: DisconnectReason = "refresh_requested", *, grace: float = 0.1) -> None:
        """Announce the end of the oldest connection, wait `grace` seconds and close it.

        Slack warns some ten seconds ahead. No more payloads go there. Raises LookupError if none is open.
        """
        self._in_loop(self._sockets.disconnect(reason, grace))

    def drop_connection(self, *, reset: bool = True) -> None:
        """Cut the oldest connection at the TCP level, with a reset or with a plain end of stream."""
        self._in_loop(self._sockets.drop(reset=reset))

    # -- faults ------------------------------------------------------------------------------------------

    def rate_limit(self, method: str, *, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next calls with HTTP 429 and a `Retry-After` in seconds."""
        self._plan(method, times, _Fault(status=429, error="ratelimited", retry_after=retry_after))

    def fail(self, method: str, *, error: str = "internal_error", status: int = 200, times: int = 1) -> None:
        """Answer the next calls with an error of Slack's, or with an HTTP status; nothing is posted."""
        self._plan(method, times, _Fault(status=status, error=error))

    def slow(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Do what the next calls ask and answer late: to a client that gives up, they seem to have failed."""
        self._plan(method, times, _Fault(delay=seconds))

    def _plan(self, method: str, times: int, fault: _Fault) -> None:
        with self.changed:
            self._faults.setdefault(method, deque()).extend([fault] * times)

    # -- serving -----------------------------------------------------------------------------------------

    def _start(self, *sents: Sent) -> None:
        async def start() -> None:
            self._sockets.start(sents)

        self._in_loop(start())

    def _acknowledged(self, sent: Sent, response: Mapping[str, Any]) -> None:
        if sent.kind == "slash_commands":
            self._web.acknowledged_with(response, user=sent.payload["user_id"], channel=sent.channel)

    def _socket_url(self) -> str:
        query = f"ticket={self._sockets.ticket()}&app_id={self.workspace.app}"
        return f"ws{self.url.removeprefix('http')}/socket?{query}"

    def _transport_of(self, client: Any) -> asyncio.Transport | None:
        for protocol in self._server.server_state.connections:
            if getattr(protocol, "client", None) == tuple(client):
                return protocol.transport
        return None

    async def _serve_api(self, request: Request) -> Response:
        """The token is taken from the header or, as Slack does, from a form's arguments."""
        at, args = time.monotonic(), await _arguments(request)
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else args.pop("token", None)
        method = request.path_params["method"]
        fault = self._next_fault(method)
        if fault is not None and fault.error is not None:
            return self._faulty(method, args, at, fault)
        body = self._web.answer(method, token, args)
        self._note(method, args, at, 200, body.get("error"))
        await self._pause(fault)
        return JSONResponse(body)

    async def _serve_response_url(self, request: Request) -> Response:
        at, args = time.monotonic(), await _arguments(request)
        fault = self._next_fault("response_url")
        if fault is not None and fault.error is not None:
            return self._faulty("response_url", args, at, fault)
        status, body = self._web.respond(request.path_params["name"], args)
        error = body["error"] if isinstance(body, dict) else body if status != 200 else None
        self._note("response_url", args, at, status, error)
        await self._pause(fault)
        return JSONResponse(body, status) if isinstance(body, dict) else PlainTextResponse(body, status)

    async def _serve_file(self, request: Request) -> Response:
        """A call of its own in the records: `files-pri`, with the path and whether a token came along."""
        at, path = time.monotonic(), request.path_params["path"]
        authorization = request.headers.get("authorization", "")
        args = {"path": path, "authorized": authorization == f"Bearer {self.bot_token}"}
        fault = self._next_fault("files-pri")
        if fault is not None and fault.error is not None:
            return self._faulty("files-pri", args, at, fault)
        answer = self._web.files.download(path, authorization)
        self._note("files-pri", args, at, answer.status, None)
        await self._pause(fault)
        return Response(answer.body, answer.status, dict(answer.headers))

    async def _take_upload(self, request: Request) -> Response:
        at, content = time.monotonic(), await request.body()
        fault = self._next_fault("upload")
        if fault is not None and fault.error is not None:
            return self._faulty("upload", {}, at, fault)
        answer = self._web.files.receive(request.path_params["ticket"], content)
        self._note("upload", {"length": len(content)}, at, answer.status, None)
        await self._pause(fault)
        return Response(answer.body, answer.status)

    def _faulty(self, method: str, args: Json, at: float, fault: _Fault) -> Response:
        self._note(method, args, at, fault.status, fault.error)
        headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
        return JSONResponse({"ok": False, "error": fault.error}, fault.status, headers)

    def _next_fault(self, method: str) -> _Fault | None:
        with self.changed:
            planned = self._faults.get(method)
            return planned.popleft() if planned else None

    def _note(self, method: str, args: Json, at: float, status: int, error: str | None) -> None:
        request = f"{method} {json.dumps(args, sort_keys=True)}"
        retry = self._failed[request] > 0
        self._failed[request] += (status >= 400) - retry
        self.note_call(Call(method=method, args=args, at=at, retry=retry, status=status, error=error))


async def _arguments(request: Request) -> Json:
    """The arguments of a call: a JSON body, or query and form, where nested values are JSON in a string."""
    body = (await request.body()).decode()
    if request.headers.get("content-type", "").startswith("application/json"):
        args = json.loads(body or "{}")
    else:
        args = {**request.query_params, **dict(parse_qsl(body, keep_blank_values=True))}
    for name in _JSON_IN_FORMS & args.keys():
        if isinstance(args[name], str):
            try:
                args[name] = json.loads(args[name])
            except ValueError:
                continue
    return cast("Json", args)
