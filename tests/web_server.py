"""A loopback web server that behaves as badly as a test wants, over a real socket."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self

Reply = Callable[["Asked"], Iterable[bytes]]
"""A request → the raw bytes of the answer, sent one after the other until the reader goes."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it came in."""

    target: str
    headers: Mapping[str, str]


def page(
    body: bytes = b"", status: int = 200, headers: Mapping[str, str] | None = None, reason: str = "Some Reason"
) -> bytes:
    """A whole answer, its length stated unless the headers state one."""
    lines = {"Content-Length": str(len(body)), **(headers or {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {reason}\r\n{head}\r\n".encode("latin-1") + body


def dripping(parts: Iterable[bytes], seconds: float) -> Iterator[bytes]:
    """The parts with a wait before each."""
    for part in parts:
        time.sleep(seconds)
        yield part


class WebServer:
    """Answers at `url` what was set for each path, 404 elsewhere; keeps what was asked."""

    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self._replies: dict[str, Reply] = {}
        self._tls = tls
        self._socket = socket.create_server(
            (host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET, backlog=64
        )
        self._closing = threading.Event()
        self.asked: list[Asked] = []
        self.port: int = self._socket.getsockname()[1]
        named = f"[{host}]" if ":" in host else host
        self.url = f"{'https' if tls else 'http'}://{named}:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._socket.close()

    def answer(
        self, path: str, body: bytes | str = b"", status: int = 200, headers: Mapping[str, str] | None = None
    ) -> str:
        """Set one answer for a path; its whole address."""
        data = body.encode() if isinstance(body, str) else body
        return self.reply(path, lambda _: [page(data, status, headers)])

    def reply(self, path: str, reply: Reply) -> str:
        """Set what makes the answers of a path; its whole address."""
        self._replies[path] = reply
        return self.url + path

    def _serve(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as closing:
            connection.settimeout(10)
            closing.callback(connection.close)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
                closing.callback(connection.close)
            asked = _read(connection)
            if asked is None:
                return
            self.asked.append(asked)
            reply = self._replies.get(asked.target.partition("?")[0])
            for part in reply(asked) if reply else [page(b"nothing here", 404)]:
                if self._closing.is_set():
                    return
                connection.sendall(part)


def _read(connection: socket.socket) -> Asked | None:
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65_536)
        if not part:
            return None
        data += part
    first, *lines = data.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    return Asked(target=first.split(" ")[1], headers={name.lower(): value for name, value in headers.items()})
