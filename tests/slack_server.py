"""A Slack on the loopback interface, for tests that go through the real slack_bolt and slack_sdk.

Bolt builds its `WebClient` anew for each request, so a client put in its place is not used; a server given as
`base_url` is. `LoopbackSlack` is one: the Web API, `response_url`s and Socket Mode on one port of 127.0.0.1, or
deliveries to a request URL (`tests.slack_http`), with its checks (`tests.slack_limits`), its records
(`tests.slack_records`), what people do in it (`tests.slack_people`, `tests.slack_clicks`) and its faults
(`tests.slack_faults`).

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
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import parse_qsl

import uvicorn
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from tests.slack_clicks import Clicks
from tests.slack_faults import Faults
from tests.slack_http import RequestUrl, Signature
from tests.slack_payloads import Workspace
from tests.slack_records import Call, Posted
from tests.slack_sent import Sent
from tests.slack_socket_mode import DisconnectReason, SocketMode
from tests.slack_web_api import WebApi

__all__ = ["LoopbackSlack", "Posted", "Sent", "Workspace"]

Json = dict[str, Any]
Kind = Literal["events_api", "slash_commands", "interactive"]
Answered = tuple[Response, str | None]
"""An answer, and Slack's word for a refusal."""

_JSON_IN_FORMS = {"attachments", "blocks", "files", "metadata", "prompts", "view"}
_PATIENCE = 10.0


class LoopbackSlack(Clicks, Faults):
    """A Slack workspace with one app, ours.

    `users` and `channels` hold what differs from a full member and an ordinary channel, by id; None there
    makes an id unknown. `usergroups` holds the members of each group. `scopes` is what the bot's token may do,
    None all; it may be changed at any time. `ack_timeout` is Slack's; its retries come at once, after 1 minute and
    after 5, which `retry_delays` (seconds) shortens. Entering starts the server, leaving stops it; both raise,
    not hang.
    """

    def __init__(
        self,
        *,
        bot_token: str = "xoxb-loopback",
        app_token: str = "xapp-loopback",
        workspace: Workspace | None = None,
        scopes: frozenset[str] | None = None,
        ack_timeout: float = 3.0,
        retry_delays: Sequence[float] = (0.0, 0.2, 0.5),
        trigger_lifetime: float = 3.0,
        response_url_lifetime: float = 1800.0,
        max_connections: int = 10,
    ) -> None:
        super().__init__()
        self.bot_token, self.app_token = bot_token, app_token
        self.workspace = workspace or Workspace()
        self._ack_timeout, self._retry_delays = ack_timeout, tuple(retry_delays)
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.api_url = f"{self.url}/api/"
        self._web = WebApi(
            self,
            self.workspace,
            bot_token=bot_token,
            app_token=app_token,
            base_url=self.url,
            scopes=scopes,
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
        self._request_url: RequestUrl | None = None
        self.users, self.channels, self.usergroups = self._web.users, self._web.channels, self._web.usergroups
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

    # -- the app's side ----------------------------------------------------------------------------------

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the bot's token may do; None: all."""
        return self._web.scopes

    @scopes.setter
    def scopes(self, scopes: frozenset[str] | None) -> None:
        self._web.scopes = scopes

    @contextmanager
    def http(self, url: str, signing_secret: str) -> Iterator[None]:
        """Deliver by HTTP to that request URL, in place of Socket Mode, from entering to leaving."""
        before = self._request_url
        self._request_url = RequestUrl(
            url,
            signing_secret,
            ack_timeout=self._ack_timeout,
            retry_delays=self._retry_delays,
            on_response=self._acknowledged,
        )
        try:
            yield
        finally:
            ended, self._request_url = self._request_url, before
            self._in_loop(ended.close())

    def http_post(self, kind: Kind, payload: Mapping[str, Any], *, signature: Signature = "good") -> int:
        """Post once to the request URL, signed as told; the status of the answer. Nothing is recorded.

        `stale` is signed well, but six minutes ago; `none` has neither signature nor time.
        """
        if self._request_url is None:
            raise RuntimeError("the loopback Slack has no request URL: use it within `http`")
        return self._request_url.post(kind, payload, signature)

    # -- serving -----------------------------------------------------------------------------------------

    def _start(self, *sents: Sent) -> None:
        way = self._request_url or self._sockets

        async def start() -> None:
            way.start(sents)

        self._in_loop(start())

    def _acknowledged(self, sent: Sent, response: Mapping[str, Any] | None) -> None:
        if sent.kind == "slash_commands" and response:
            self._web.acknowledged_with(response, user=sent.payload["user_id"], channel=sent.channel)
        elif sent.payload.get("type") == "view_submission":
            self._web.views.answered(sent.payload["view"]["id"], response)

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
        args, method = await _arguments(request), request.path_params["method"]
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = bearer.strip() if scheme.lower() == "bearer" else args.pop("token", None)

        def answer() -> Answered:
            body = self._web.answer(method, token, args)
            return JSONResponse(body), body.get("error")

        response = await self._answer(request, method, args, answer)
        response.headers["x-oauth-scopes"] = self._web.granted
        return response

    async def _serve_response_url(self, request: Request) -> Response:
        args = await _arguments(request)

        def answer() -> Answered:
            status, body = self._web.respond(request.path_params["name"], args)
            if isinstance(body, dict):
                return JSONResponse(body, status), body["error"]
            return PlainTextResponse(body, status), body if status != 200 else None

        return await self._answer(request, "response_url", args, answer)

    async def _serve_file(self, request: Request) -> Response:
        """A call of its own in the records: `files-pri`, with the path and whether a token came along."""
        path, authorization = request.path_params["path"], request.headers.get("authorization", "")
        args = {"path": path, "authorized": authorization == f"Bearer {self.bot_token}"}

        def answer() -> Answered:
            held = self._web.files.download(path, authorization if self._web.may_download() else "")
            return Response(held.body, held.status, dict(held.headers)), None

        return await self._answer(request, "files-pri", args, answer)

    async def _take_upload(self, request: Request) -> Response:
        content = await request.body()

        def answer() -> Answered:
            taken = self._web.files.receive(request.path_params["ticket"], content)
            return Response(taken.body, taken.status), None

        return await self._answer(request, "upload", {"length": len(content)}, answer)

    async def _answer(self, request: Request, method: str, args: Json, answer: Callable[[], Answered]) -> Response:
        """The answer to a call, unless something befalls it."""
        at, fault = time.monotonic(), self.next_fault(method, args)
        response, error = answer() if fault.obeyed else (Response(), None)
        if fault.cut:
            self._note(method, args, at, 0, None)
            await self._hang_up(request)
            return response
        if fault.error is not None:
            headers = {"Retry-After": str(fault.retry_after)} if fault.retry_after is not None else None
            response, error = JSONResponse({"ok": False, "error": fault.error}, fault.status, headers), fault.error
        self._note(method, args, at, response.status_code, error)
        if fault.delay:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), fault.delay)
        return response

    async def _hang_up(self, request: Request) -> None:
        """Close the connection of a request, and wait until the server has seen that it is closed."""
        transport = self._transport_of(request.scope["client"])
        if transport is not None:
            transport.abort()
        while not await request.is_disconnected():
            await asyncio.sleep(0)

    def _note(self, method: str, args: Json, at: float, status: int, error: str | None) -> None:
        request = f"{method} {json.dumps(args, sort_keys=True)}"
        retry = self._failed[request] > 0
        self._failed[request] += (status >= 400 or status == 0) - retry
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
