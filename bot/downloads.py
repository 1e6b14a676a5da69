"""A document that somebody sent in Slack → its bytes, in memory, from Slack's own servers alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePath
from typing import Any

import httpx

from retrieval.drafts import DRAFT_SUFFIXES
from retrieval.errors import SourceMissing, SourceRefused, SourceUnreachable, UsageError

LARGEST = 20_000_000
"""Bytes of a document."""
MOST_FILES = 5
_SECONDS, _WHOLE_SECONDS = 20, 60
_HOST = "slack.com"
_SUFFIX_OF = {"text": ".txt", "markdown": ".md", "html": ".html", "docx": ".docx"}
"""Slack's own names of kinds; a snippet has one and may lack an ending."""

_SURROGATES = re.compile("[\ud800-\udfff]")


class Standing(Enum):
    """Whether a file that came with a message can be read."""

    READABLE = "it is a document that Slack keeps"
    OTHER_KIND = "its kind is not read"
    ELSEWHERE = "another service keeps it"
    GONE = "it was deleted, or is hidden"
    TOO_LARGE = "it is larger than LARGEST"


@dataclass(frozen=True, kw_only=True, slots=True)
class SentFile:
    """A file as a message names it. `name` is what its sender calls it, empty where nothing is said; `suffix` tells
    its format; `url` is where Slack keeps it, `size` its bytes, None where Slack does not say."""

    name: str
    standing: Standing
    suffix: str = ""
    url: str = ""
    size: int | None = None


def sent(given: object) -> list[SentFile]:
    """The files of a message. Whatever stands there, each is one of them."""
    return [_sent(one if isinstance(one, Mapping) else {}) for one in given] if isinstance(given, list) else []


def _sent(given: Mapping[str, Any]) -> SentFile:
    name, url, size = given.get("name"), given.get("url_private_download"), given.get("size")
    name = _SURROGATES.sub("\ufffd", name) if isinstance(name, str) else ""
    suffix = PurePath(name).suffix.lower()
    if suffix not in DRAFT_SUFFIXES:
        suffix = _SUFFIX_OF.get(str(given.get("filetype")), "")
    standing = _standing(given, suffix)
    if standing is not Standing.READABLE:
        return SentFile(name=name, standing=standing)
    if not isinstance(url, str) or not url:
        return SentFile(name=name, standing=Standing.GONE)
    known = size if isinstance(size, int) and not isinstance(size, bool) else None
    standing = Standing.TOO_LARGE if known is not None and known > LARGEST else Standing.READABLE
    return SentFile(name=name, standing=standing, suffix=suffix, url=url, size=known)


def _standing(given: Mapping[str, Any], suffix: str) -> Standing:
    if given.get("mode") in ("tombstone", "hidden_by_limit"):
        return Standing.GONE
    if given.get("mode") == "external" or given.get("is_external"):
        return Standing.ELSEWHERE
    return Standing.READABLE if suffix else Standing.OTHER_KIND


def fetch(file: SentFile, token: str, api_url: str) -> bytes:
    """The bytes of a document, asked of Slack with the bot's token: of `slack.com` and the hosts below it over https,
    or of the very host that `api_url` names. No redirect is followed: it would take the token elsewhere, or lead to a
    page where people log in.

    Raises SourceRefused where it is kept elsewhere, SourceMissing, SourceUnreachable, UsageError where it is larger
    than `LARGEST`."""
    try:
        url = httpx.URL(file.url)
        if not _is_slacks(url, httpx.URL(api_url)):
            raise SourceRefused("a file is kept at no host of Slack's", "send the file itself")
        deadline = time.monotonic() + _WHOLE_SECONDS
        headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}
        with httpx.stream("GET", url, headers=headers, timeout=_SECONDS, follow_redirects=False) as answer:
            _judge(answer)
            data = b"".join(_bounded(answer, deadline))
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError) as error:
        raise SourceUnreachable(f"a file cannot be had: {type(error).__name__}", "check the network") from error
    if file.size is not None and len(data) != file.size:
        raise SourceUnreachable("a file came with another size than Slack says", "send it again")
    return data


def _is_slacks(url: httpx.URL, api_url: httpx.URL) -> bool:
    if url.userinfo:
        return False
    if (url.scheme, url.host, url.port) == (api_url.scheme, api_url.host, api_url.port):
        return True
    return url.scheme == "https" and url.port is None and (url.host == _HOST or url.host.endswith(f".{_HOST}"))


def _judge(answer: httpx.Response) -> None:
    """Raises SourceError unless the answer is the file."""
    if answer.status_code in (404, 410):
        raise SourceMissing("a file is not there any more", "send it again")
    if answer.is_redirect or answer.status_code in (401, 403):
        raise SourceRefused(
            "Slack does not let the bot read files", "give it the scope files:read, and install it anew"
        )
    if answer.status_code != 200:
        raise SourceUnreachable(f"Slack answers HTTP {answer.status_code} for a file", "send it again")


def _bounded(answer: httpx.Response, deadline: float) -> Iterator[bytes]:
    size = 0
    for part in answer.iter_raw():
        size += len(part)
        if size > LARGEST:
            raise UsageError(f"a file is larger than {LARGEST // 1_000_000} MB", "split it, and send the parts")
        if time.monotonic() > deadline:
            raise SourceUnreachable("a file comes too slowly", "send it again")
        yield part
