"""What is known of a page between two visits, so that its server need not send again what did not change."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the server said of the page when it was read last: its `ETag` and its `Last-Modified`."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotModified:
    """The server says that the page is as it was. `locator` as in `Document`, `address` after redirects."""

    locator: str
    address: str


def is_address(source: str) -> bool:
    """Is a source an address, and no file? Any scheme counts; which of them are read, `load` says."""
    return _SCHEME.match(source) is not None
