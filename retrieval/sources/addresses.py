"""Which addresses may be read: http and https, of other machines, without a password in them.

A name is resolved once, and what is connected to is the very address that was judged: a name that answers
otherwise a moment later (DNS rebinding) leads nowhere else.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

import httpx

from retrieval.errors import SourceRefused, SourceUnreachable

Resolver = Callable[[str, int], Sequence[str]]
"""A host and a port → its numeric addresses, the best first. Raises OSError."""

_LONGEST = 2_000
_LONGEST_SHOWN = 300
_USER_INFO = re.compile(r"//[^/?#]*@")
_QUERY = re.compile(r"([?#])([^\s#]+)")
_PORTS = {"http": 80, "https": 443}
_MOST_ADDRESSES = 16
_OF_NO_ONE_ELSE = [
    ipaddress.ip_network(one)
    for one in (
        "168.63.129.16/32",  # Azure's host agent; the metadata services of other clouds are link-local or private
        "fec0::/10",  # site-local addresses: withdrawn, and still routed inside networks (RFC 3879)
        "192.0.0.0/24",  # of these and the next, what Python takes for private has changed within 3.11
        "192.88.99.0/24",
        "198.18.0.0/15",
        "2001::/23",
        "2001:db8::/32",
        "3fff::/20",
        "5f00::/16",
        "64:ff9b:1::/48",
        "100::/64",
    )
]
"""Not of the open internet, whatever a version of Python says (IANA's special-purpose address registries)."""
_ISATAP = 0x00005EFE
"""The half of an interface identifier that an IPv4 address follows; a bit of it says that the address is unique
(RFC 5214)."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def resolved(host: str, port: int) -> Sequence[str]:
    """As the system resolves a host, dotted, hexadecimal and other ways to write a number included."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def shown(text: str) -> str:
    """An address as it may be printed: on one line, not too long, without the name and password in it, and without
    the values in its query, any of which may be a secret."""
    safe = _QUERY.sub(_masked, _USER_INFO.sub("//…@", text))[:_LONGEST_SHOWN]
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in safe)


def _masked(query: re.Match[str]) -> str:
    named = (one.partition("=") for one in re.split("[&;]", query[2]))
    return query[1] + "&".join(f"{name}=…" if equals else "…" * bool(name) for name, equals, _ in named)


def parsed(text: str, whence: str) -> httpx.URL:
    """An address taken apart, its fragment dropped; `whence` is what the message says before it.

    Raises SourceRefused."""
    scheme = text.partition(":")[0].lower()
    if scheme not in _PORTS:
        raise SourceRefused(
            f"{whence}{shown(text)} begins with {scheme[:20]}:", "only http:// and https:// addresses are read"
        )
    try:
        url = httpx.URL(text) if len(text) <= _LONGEST else None
    except (httpx.InvalidURL, ValueError) as error:
        raise SourceRefused(f"{whence}{shown(text)} is no address: {_brief(error, text)}", "check it") from None
    if url is None:
        raise SourceRefused(f"{whence}{shown(text)} has {len(text)} characters", f"at most {_LONGEST} are taken")
    if url.userinfo or _USER_INFO.search(text):
        raise SourceRefused(
            f"{whence}{shown(text)} holds a name or a password",
            "they would be stored and shown: leave them out; a page behind a log-in is to be saved as a file",
        )
    if url.port is not None and not 0 < url.port < 65_536:
        raise SourceRefused(f"{whence}{shown(text)} is no address: there is no port {url.port}", "check it")
    if not url.raw_host:
        raise SourceRefused(f"{whence}{shown(text)} names no host", "write it like https://news.example/live")
    return url.copy_with(fragment=None, raw_path=url.raw_path)


def _brief(error: Exception, text: str) -> str:
    """What is wrong, unless it repeats what must not be printed."""
    return "it is malformed" if _USER_INFO.search(text) else shown(" ".join(str(error).split()))


def normalised(text: str) -> str:
    """An address as it is stored; what is none stays as it is."""
    try:
        return str(parsed(text, ""))
    except SourceRefused:
        return text


def port_of(url: httpx.URL) -> int:
    return url.port if url.port is not None else _PORTS[url.scheme]


def reachable(url: httpx.URL, whence: str, allow_local: bool, seconds: float, resolve: Resolver) -> list[str]:
    """The numeric addresses of a URL's host, each of them judged.

    Raises SourceUnreachable where the name leads nowhere within so many seconds, SourceRefused where it leads to
    this machine or its network."""
    host = url.raw_host.decode("ascii")
    found = _looked_up(host, port_of(url), seconds, resolve)
    if not allow_local and not all(is_public(one) for one in found):
        raise SourceRefused(
            f"{whence}{shown(str(url))} leads to this machine or its own network",
            "if that is meant, set STET_ALLOW_LOCAL_ADDRESSES=true",
        )
    return found


def is_public(address: str) -> bool:
    """Is a numeric address one of the open internet? An IPv4 address inside an IPv6 one is judged as itself."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        if ip.sixtofour is not None and not is_public(str(ip.sixtofour)):
            return False
        if ip.ipv4_mapped is not None:
            return False
        if int(ip) >> 32 & 0xFDFFFFFF == _ISATAP and not is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))):
            return False
    special = ip.is_multicast or ip.is_reserved or any(ip in network for network in _OF_NO_ONE_ELSE)
    return ip.is_global and not special


def _looked_up(host: str, port: int, seconds: float, resolve: Resolver) -> list[str]:
    """Resolving knows no time-out, so it is done aside, and left behind where it takes too long."""
    answers: SimpleQueue[Sequence[str] | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except (OSError, ValueError) as error:  # a name that cannot be encoded is a ValueError
            answers.put(error)

    threading.Thread(target=ask, name="resolve", daemon=True).start()
    try:
        answer = answers.get(timeout=max(seconds, 0.001))
    except Empty:
        raise SourceUnreachable(
            f"the name {shown(host)} is not resolved within {seconds:.0f} s", "try again later, or check the network"
        ) from None
    if isinstance(answer, Exception) or not answer:
        because = getattr(answer, "strerror", None) or "it has no address"
        raise SourceUnreachable(
            f"the name {shown(host)} cannot be resolved: {because}", "check its spelling and the network"
        )
    return list(dict.fromkeys(answer))[:_MOST_ADDRESSES]
