"""An address → the bytes that stand there now, within bounds of time and size, from no address of our own network.

A proxy that the environment names is not used: it would resolve names by itself, and what was judged here would
not be what is connected to.
"""

from __future__ import annotations

import functools
import importlib.metadata
import logging
import re
import ssl
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpcore
import httpx

from retrieval.errors import NotALiveBlog, SourceMissing, SourceRefused, SourceUnreachable, UsageError
from retrieval.sources import addresses, charset, gzipped
from retrieval.sources.addresses import Resolver, shown
from retrieval.sources.visits import NotModified, Seen

_MOST_REDIRECTS = 5
_REDIRECTS = {301, 302, 303, 307, 308}
_LATER = {408, 425, 429}
_LONGEST_RETRY = 86_400
_LONGEST_VALIDATOR = 1_000
_LONGEST_NAME = 200
_VALIDATOR = re.compile(r"[\x21-\x7e\x80-\xff]([\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?")
_ACCEPT = "text/html, application/x-ndjson, application/json, application/atom+xml, */*;q=0.5"

_LOGIN_WORDS = {"login", "logon", "signin", "auth", "oauth", "oauth2", "sso", "saml", "saml2", "wp-login"}
_PASSWORD = re.compile(rb"""<input\b[^>]{0,300}?\btype\s{0,9}=\s{0,9}["']?password\b""", re.IGNORECASE)
_LARGEST_LOGIN = 500_000
_TIMED = re.compile(rb"<time[\s>]|LiveBlogPosting|datePublished", re.IGNORECASE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long is waited, in seconds: for a connection, for the next bytes, and for all of it, redirects included."""

    connect: float = 10
    read: float = 20
    whole: float = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What stands at an address: `locator` as it was given, `address` as it was found after redirects; `data` is
    decompressed, and in UTF-8 where a character set was stated."""

    locator: str
    address: str
    name: str
    data: bytes
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def fetch(
    source: str,
    size_limit: int,
    *,
    allow_local: bool = False,
    seen: Seen | None = None,
    patience: Patience | None = None,
    resolve: Resolver = addresses.resolved,
) -> Fetched | NotModified:
    """Read an address, at most `size_limit` bytes and five redirects, each judged like the first.

    Raises SourceRefused where it may not be read, SourceMissing, SourceUnreachable, NotALiveBlog where it is a
    log-in page or in no known character set, UsageError where it is too large."""
    asked = addresses.parsed(source, "")
    request = _Request(
        source=shown(str(asked)),
        size_limit=size_limit,
        allow_local=allow_local,
        seen=seen or Seen(),
        patience=patience or Patience(),
        resolve=resolve,
    )
    here, been = asked, {str(asked)}
    while (answer := request.get(here, here is asked, _site(here) == _site(asked))).status in _REDIRECTS:
        here = _led_on(request.source, here, answer)
        if str(here) in been:
            raise SourceRefused(
                f"{request.source} redirects in a circle", "give the address that the page ends up at"
            )
        if len(been) > _MOST_REDIRECTS:
            raise SourceRefused(
                f"{request.source} redirects more than {_MOST_REDIRECTS} times", "give the address of the page itself"
            )
        been.add(str(here))
    if answer.status == 304 and _site(here) == _site(asked) and request.conditions():
        return NotModified(locator=str(asked), address=str(here))
    _judge(request.source, answer)
    return _found(str(asked), here, answer, size_limit)


class _Request:
    """One source being read: its bounds, and the moment at which all patience ends."""

    def __init__(
        self,
        *,
        source: str,
        size_limit: int,
        allow_local: bool,
        seen: Seen,
        patience: Patience,
        resolve: Resolver,
    ) -> None:
        self.source = source
        self._size_limit = size_limit
        self._allow_local = allow_local
        self._seen = seen
        self._patience = patience
        self._resolve = resolve
        self._deadline = time.monotonic() + patience.whole

    def get(self, url: httpx.URL, first: bool, known: bool) -> _Answer:
        """Connect to the very address that was judged, ask, and read the answer. Only a site that is `known` hears
        what was said of the page before: to another it would tell who has read it."""
        whence = "" if first else f"{self.source} redirects: "
        seconds = min(self._patience.connect, self._deadline - time.monotonic())
        found = addresses.reachable(url, whence, self._allow_local, seconds, self._resolve)
        try:
            with (
                httpcore.ConnectionPool(
                    ssl_context=_trusted() if url.scheme == "https" else None,
                    network_backend=_Only(found, self._deadline),
                ) as pool,
                pool.stream(
                    "GET",
                    httpcore.URL(
                        scheme=url.raw_scheme, host=url.raw_host, port=addresses.port_of(url), target=url.raw_path
                    ),
                    headers=self._headers(url, self.conditions() if known else []),
                    extensions={"timeout": {"connect": self._patience.connect, "read": self._patience.read}},
                ) as response,
            ):
                headers = _headers(response.headers)
                body = self._body(response, headers) if response.status in (200, 203) else b""
                return _Answer(status=response.status, headers=headers, body=body)
        except httpcore.TimeoutException:
            raise SourceUnreachable(f"{self.source} does not answer in time", "try again later") from None
        except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError) as error:
            because = shown(" ".join(str(error).split())) or "the connection broke off"
            raise SourceUnreachable(
                f"{self.source} cannot be read: {because}", "try again later, or check the address"
            ) from None

    def conditions(self) -> list[tuple[str, str]]:
        """What makes the server answer 304 where nothing changed."""
        said = (("If-None-Match", self._seen.etag), ("If-Modified-Since", self._seen.last_modified))
        return [(name, value) for name, value in said if value is not None and _usable(value)]

    def _headers(self, url: httpx.URL, conditions: list[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
        headers = [
            ("Host", url.netloc.decode("ascii")),
            ("User-Agent", _agent()),
            ("Accept", _ACCEPT),
            ("Accept-Encoding", "gzip"),
            ("Connection", "close"),
            *conditions,
        ]
        return [(name.encode(), value.encode("latin-1")) for name, value in headers]

    def _body(self, response: httpcore.Response, headers: dict[str, str]) -> bytes:
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise SourceRefused(
                f"{self.source} is compressed as {encoding[:40]!r}, which was not asked for", "save it as a file"
            )
        stated = headers.get("content-length", "")
        if re.fullmatch(r"[0-9]{1,20}", stated) and int(stated) > self._size_limit:
            raise gzipped.too_large(self.source, self._size_limit)
        body = bytearray()
        for part in response.iter_stream():
            body += part
            if len(body) > self._size_limit:
                raise gzipped.too_large(self.source, self._size_limit)
        return gzipped.gunzip(bytes(body), self.source, self._size_limit) if "gzip" in encoding else bytes(body)


class _Only(httpcore.NetworkBackend):
    """Connects to the given addresses alone, whatever the host is called, and to no time beyond the deadline."""

    def __init__(self, found: Sequence[str], deadline: float) -> None:
        self._found = found
        self._deadline = deadline
        self._system = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        failed: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in self._found:
            try:
                stream = self._system.connect_tcp(
                    address, port, _left(self._deadline, timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
            else:
                return _Bounded(stream, self._deadline)
        raise failed or httpcore.ConnectError("no address")


class _Bounded(httpcore.NetworkStream):
    """A connection that ends at the deadline: a server that drips a byte now and then outlasts every other bound."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline, timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, timeout)
        return _Bounded(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the time for it is up")
    return left if timeout is None else min(left, timeout)


# ------------------------------------------------------------------------------------------------ answers


def _led_on(source: str, here: httpx.URL, answer: _Answer) -> httpx.URL:
    """Where a redirect leads. Raises SourceRefused, NotALiveBlog where that is a log-in page."""
    location = answer.headers.get("location", "")
    whence = f"{source} redirects: "
    try:
        led = str(here.join(location)) if location else ""
    except (httpx.InvalidURL, ValueError):
        led = ""
    if not led:
        raise SourceRefused(f"{whence}{shown(location)!r} is no address", "give the address of the page itself")
    there = addresses.parsed(led, whence)
    if here.scheme == "https" and there.scheme != "https":
        raise SourceRefused(
            f"{whence}{shown(str(there))} is not encrypted, so what comes from there may be changed on its way",
            "give that address itself, if it is meant",
        )
    if _login_words(there) - _login_words(here):
        raise NotALiveBlog(
            f"{source} leads to a log-in page: {shown(str(there.copy_with(query=None)))}",
            "save the page while you are logged in, and add the file",
        )
    return there


def _site(url: httpx.URL) -> tuple[str, int]:
    """A host and port; with and without `www.` it is the same one."""
    port = addresses.port_of(url)
    return url.host.lower().removeprefix("www."), 443 if port == 80 else port


def _login_words(url: httpx.URL) -> set[str]:
    """The parts of host and path that mark a log-in, whole parts only: `/authors` is none, nor is a headline."""
    parts = [*url.host.lower().split("."), *url.path.lower().split("/")]
    plain = {re.sub(r"\.[a-z]{2,5}$", "", re.sub(r"\b(log|sign)[-_](in|on)\b", r"\1\2", part)) for part in parts}
    return {one for one in plain if one in _LOGIN_WORDS or re.fullmatch(r"[a-z_]*(?:login|signin)", one)}


def _judge(source: str, answer: _Answer) -> None:
    """See that the answer is a page. Raises SourceMissing, SourceUnreachable, NotALiveBlog."""
    status = answer.status
    if status in (404, 410):
        raise SourceMissing(f"{source} is not there: its server answers {status}", "check the address")
    if status in (401, 403, 407):
        raise NotALiveBlog(
            f"{source} is a log-in page, or closed to programs: its server answers {status}",
            "save the page while you are logged in, and add the file",
        )
    if status >= 500 or status in _LATER:
        raise SourceUnreachable(
            f"{source} cannot be read now: its server answers {status}",
            "try again later",
            retry_after=_retry_after(answer.headers.get("retry-after"), datetime.now(UTC)),
        )
    if status not in (200, 203):
        raise SourceUnreachable(f"{source} cannot be read: its server answers {status}", "check the address")
    may_be_login = len(answer.body) <= _LARGEST_LOGIN and not _TIMED.search(answer.body)
    if may_be_login and _PASSWORD.search(answer.body):
        raise NotALiveBlog(
            f"{source} is a log-in page: it asks for a password and shows no entry",
            "save the page while you are logged in, and add the file",
        )


def _retry_after(said: str | None, now: datetime) -> float | None:
    """Seconds, or the seconds until an HTTP date; a day at most."""
    if said is None:
        return None
    if re.fullmatch(r"[0-9]{1,9}", said.strip()):
        return float(min(int(said), _LONGEST_RETRY))
    try:
        until = parsedate_to_datetime(said)
        seconds = (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(seconds, 0.0), float(_LONGEST_RETRY))


def _found(locator: str, url: httpx.URL, answer: _Answer, size_limit: int) -> Fetched:
    name, data = _name(url), answer.body
    if data.startswith(gzipped.MAGIC):
        data = gzipped.gunzip(data, shown(locator), size_limit)
        name = name[:-3] if name.lower().endswith(".gz") else name
    data = charset.to_utf8(data, answer.headers.get("content-type"), shown(locator))
    etag, modified = answer.headers.get("etag"), answer.headers.get("last-modified")
    log.debug("fetched %s: %d bytes", shown(str(url)), len(data))
    return Fetched(
        locator=locator,
        address=str(url),
        name=name,
        data=data,
        etag=etag if etag and _usable(etag) else None,
        last_modified=modified if modified and _usable(modified) else None,
    )


def _name(url: httpx.URL) -> str:
    last = url.path.rstrip("/").rpartition("/")[2]
    printable = "".join(character for character in last if character.isprintable() and character != "/").strip()
    return printable[-_LONGEST_NAME:] or url.host


def _usable(validator: str) -> bool:
    return len(validator) <= _LONGEST_VALIDATOR and _VALIDATOR.fullmatch(validator) is not None


def _headers(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """By lower-case name; of one that comes twice the first."""
    headers: dict[str, str] = {}
    for name, value in raw:
        headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))
    return headers


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates that are trusted: those that SSL_CERT_FILE or SSL_CERT_DIR names, else certifi's."""
    try:
        return httpx.create_ssl_context()
    except OSError as error:  # an SSLError is one
        raise UsageError(
            f"the trusted certificates cannot be read: {error.strerror or error}",
            "set SSL_CERT_FILE and SSL_CERT_DIR right in the environment, or unset them",
        ) from None


@functools.cache
def _agent() -> str:
    try:
        return f"Stet/{importlib.metadata.version('stet')}"
    except importlib.metadata.PackageNotFoundError:  # run from a checkout that is not installed
        return "Stet"
