"""The running bot over HTTP: Slack's deliveries where no socket brings them, and how the bot does, for whoever looks
after it. Nothing that is answered here names a user or a channel, or holds a word of an archive.

| route | answers |
|---|---|
| `POST /slack/events` | what Bolt answers; only where there is an app |
| `GET /healthz` | 200 while the bot's loops are at work, else 503: start it anew |
| `GET /readyz` | 200 when it can answer, else 503 and what it waits for |
| `GET /metrics` | `bot.metrics` in Prometheus' text format |
"""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar

import h11
import uvicorn
from slack_bolt import App, BoltRequest, BoltResponse
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from bot.metrics import Metrics
from retrieval.errors import StetError, UsageError

Part = Literal["archive", "index", "ledger", "model", "slack", "work"]
"""What the bot may have to wait for before it can answer."""

LARGEST = 1_000_000
"""Bytes of a delivery. Slack's own stay far below."""
_MOST_UNDER_WAY = 100
"""Deliveries at a time; what comes beyond is refused, and Slack delivers it again."""
_HEAD_SECONDS, _BODY_SECONDS, _LOOK_SECONDS = 10, 5, 2
_GRACE_SECONDS, _STOP_SECONDS = 4, 6
"""Bolt gives a listener 3 seconds to acknowledge: what is under way when the bot is stopped has time for that."""

_PASSED_ON = ("content-type", "x-slack-retry-num", "x-slack-retry-reason")
_SIGNATURE, _SIGNED_AT = "x-slack-signature", "x-slack-request-timestamp"
_LONGEST_TIME = 20

_HEADERS = [
    ("cache-control", "no-store"),
    ("connection", "close"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
]
"""One request a connection: no time has to be kept between two, and what is refused half-read ends there."""

_Found = TypeVar("_Found")

log = logging.getLogger(__name__)


class Web:
    """A server in a thread of its own, from its making until `stop`. `port` 0 takes a free one; `port` and `url` say
    which.

    `alive` says whether the bot's loops are at work, `waits_for` what is not ready yet. `app` takes Slack's
    deliveries; it verifies their signatures itself. Raises UsageError where the port cannot be had, or where the app
    verifies none."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        metrics: Metrics,
        alive: Callable[[], bool],
        waits_for: Callable[[], Sequence[Part]],
        app: App | None = None,
    ) -> None:
        if app is not None:
            _keep_bodies_from_the_log()
            _ensure_it_verifies(app)
        listener = _listen(host, port)
        self.port: int = listener.getsockname()[1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{self.port}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                _asgi(_Pages(metrics, alive, waits_for), None if app is None else _Deliveries(app, metrics)),
                http=_Hurried,
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level=logging.WARNING,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                headers=_HEADERS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="web", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the server is at work."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Take nothing more, and finish what is under way; waits a few seconds for it."""
        self._server.should_exit = True
        self._thread.join(_STOP_SECONDS)
        if self.running:
            log.warning("the web server did not stop in %d s", _STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _asgi(pages: _Pages, deliveries: _Deliveries | None) -> Starlette:
    routes = [
        Route("/healthz", pages.health, methods=["GET"]),
        Route("/readyz", pages.readiness, methods=["GET"]),
        Route("/metrics", pages.figures, methods=["GET"]),
    ]
    if deliveries is not None:
        routes.append(Route("/slack/events", deliveries.take, methods=["POST"]))
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False  # a redirect is made of the Host header, which anybody may write
    return app


# ---------------------------------------------------------------- how the bot does


class _Pages:
    """The pages for whoever looks after the bot."""

    def __init__(self, metrics: Metrics, alive: Callable[[], bool], waits_for: Callable[[], Sequence[Part]]) -> None:
        self._alive, self._waits_for, self._exposition = alive, waits_for, metrics.exposition
        self._under_way: dict[Callable[[], Any], asyncio.Future[Any]] = {}

    async def health(self, request: Request) -> Response:
        alive = await self._look(self._alive)
        return JSONResponse({"status": "ok"}) if alive else JSONResponse({"status": "not alive"}, 503)

    async def readiness(self, request: Request) -> Response:
        parts = await self._look(self._waits_for)
        if parts is None:
            return JSONResponse({"status": "unknown"}, 503)
        if parts:
            return JSONResponse({"status": "not ready", "waits_for": list(parts)}, 503)
        return JSONResponse({"status": "ok"})

    async def figures(self, request: Request) -> Response:
        exposed = await self._look(self._exposition)
        if exposed is None:
            return JSONResponse({"status": "unknown"}, 503)
        content, content_type = exposed
        return Response(content, headers={"content-type": content_type})

    async def _look(self, look: Callable[[], _Found]) -> _Found | None:
        """What a look into the bot finds; None where it fails or takes too long.

        It may read a disk, so it has a thread, and not one that a delivery could hold. Whoever comes while one of
        the kind is under way waits for that one: looks that hang do not pile up."""
        looking = self._under_way.get(look)
        if looking is None:
            looking = self._under_way[look] = asyncio.ensure_future(asyncio.to_thread(look))
            looking.add_done_callback(lambda _: self._under_way.pop(look))
        await asyncio.wait({looking}, timeout=_LOOK_SECONDS)
        if not looking.done():
            return None
        try:
            found: _Found = looking.result()
        except StetError as error:
            log.warning("the bot cannot be looked into: %s", error)
            return None
        return found


# ---------------------------------------------------------------- Slack's deliveries


class _Deliveries:
    """Slack's deliveries → Bolt, whose middleware and listeners may wait: never in the event loop."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics
        self._under_way = 0

    async def take(self, request: Request) -> Response:
        received = time.monotonic()
        if self._under_way >= _MOST_UNDER_WAY:
            raise HTTPException(503)
        self._under_way += 1
        try:
            body = await _body(request)
            answer = await run_in_threadpool(_dispatch, self._app, body, _passed_on(request.headers))
        finally:
            self._under_way -= 1
        if answer.status == 200:
            self._metrics.acknowledged(time.monotonic() - received)
        return Response(answer.body, answer.status, headers=answer.first_headers())


async def _body(request: Request) -> str:
    """The body of a request, never more than LARGEST bytes of it. Raises HTTPException."""
    if int(request.headers.get("content-length", 0)) > LARGEST:
        raise HTTPException(413)
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST:
                    raise HTTPException(413)
        return body.decode()
    except TimeoutError:
        raise HTTPException(408) from None
    except (ClientDisconnect, UnicodeDecodeError):
        raise HTTPException(400) from None


def _dispatch(app: App, body: str, headers: dict[str, str | Sequence[str]]) -> BoltResponse:
    try:
        request = BoltRequest(body=body, headers=headers)
    except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
        # Bolt reads a body before it verifies it, so anybody's comes this far
        return BoltResponse(status=400, body={"error": "invalid request"})
    answer = app.dispatch(request)
    if answer.status == 401:
        log.info("a delivery without a valid signature was refused")
    return answer


def _passed_on(headers: Mapping[str, str]) -> dict[str, str | Sequence[str]]:
    """The headers that Slack sends; Bolt's own, which start lazy listeners, are nobody's to send.

    A signature or a time that Bolt would stumble over is left out: without one, it refuses the request."""
    passed: dict[str, str | Sequence[str]] = {name: headers[name] for name in _PASSED_ON if name in headers}
    signature, signed_at = headers.get(_SIGNATURE, ""), headers.get(_SIGNED_AT, "")
    plain = signature.isascii() and signed_at.isascii()
    if plain and signed_at.isdecimal() and len(signed_at) <= _LONGEST_TIME:
        passed |= {_SIGNATURE: signature, _SIGNED_AT: signed_at}
    return passed


def _ensure_it_verifies(app: App) -> None:
    """Raises UsageError where an app answers what nobody has signed."""
    unsigned = BoltRequest(
        body='{"type": "url_verification", "challenge": "unsigned"}', headers={"content-type": "application/json"}
    )
    level = app.logger.level
    app.logger.setLevel(logging.CRITICAL)  # one line of ours says it, in place of Bolt's traceback
    try:
        status = app.dispatch(unsigned).status
    finally:
        app.logger.setLevel(level)
    if status != 401:
        raise UsageError(
            "the Slack app does not verify who sends its deliveries",
            "set SLACK_SIGNING_SECRET to the signing secret of the app's settings",
        )


def _keep_bodies_from_the_log() -> None:
    """Bolt logs the whole body of what it refuses, at INFO: a question's text, or whatever a stranger sends."""
    logging.getLogger("slack_bolt.RequestVerification").addFilter(_is_warning)


def _is_warning(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


# ---------------------------------------------------------------- the port


class _Hurried(H11Protocol):
    """uvicorn's own protocol, which waits forever for a request's head; this one hangs up."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._patience = self.loop.call_later(_HEAD_SECONDS, self._hang_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(exc)

    def _hang_up(self) -> None:
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens. Raises UsageError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OverflowError:
        raise UsageError(f"{port} is no port", "name one from 1 to 65535 with --port") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(
                f"port {port} of {host} is in use", "stop what listens there, or name another with --port"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM):
            raise UsageError(
                f"port {port} of {host} may not be listened on", "name one above 1023 with --port"
            ) from error
        raise UsageError(
            f"port {port} of {host} cannot be listened on: {error.strerror or error}",
            "name an address of this machine",
        ) from error
