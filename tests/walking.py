"""The leaf walk over every message of every test: what was stored when it was posted, and what anybody had said."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from bot import typed
from retrieval.archive import Archive
from retrieval.drafts import draft_of
from retrieval.errors import StetError
from retrieval.model import Version
from tests.slack_records import Posted
from tests.slack_server import LoopbackSlack
from tests.walk import Walk

_LARGEST = 10_000_000


class Said(tuple[str, ...]):
    """What people said: whatever is part of it was said by them."""

    __slots__ = ()

    def __contains__(self, words: object) -> bool:
        return any(str(words) in one for one in self)


class Walker:
    """Notes, as each message is posted, what is stored by then, and walks all messages at the end."""

    def __init__(self, slack: LoopbackSlack, archives: Sequence[Archive]) -> None:
        self._slack, self._archives = slack, archives
        self._known: dict[tuple[int, int], tuple[Version, ...]] = {}
        self._posts: list[tuple[Posted, tuple[Version, ...]]] = []
        slack.on_post = self._note

    def _note(self, posted: Posted) -> None:
        self._posts.append((posted, tuple(version for one in self._archives for version in self._stored(one))))

    def _stored(self, archive: Archive) -> tuple[Version, ...]:
        try:
            key = id(archive), archive.store.last_change()
            if key not in self._known:
                self._known[key] = tuple(archive.store.all_wordings())
        except StetError:  # a test that breaks its archive
            return ()
        return self._known[key]

    def walk(self) -> None:
        """Raises AssertionError with the first leaf that comes from nowhere."""
        before: tuple[Version, ...] = ()
        said = Said(_words(self._slack))
        for posted, versions in self._posts:
            # what is being taken down may be erased between the making of a message and its arrival
            known = {(one.entry.whole_id, one.number, one.text): one for one in (*before, *versions)}
            Walk(versions=tuple(known.values()), asked=said).message(posted.text, posted.blocks)
            before = versions


def _words(slack: LoopbackSlack) -> Iterator[str]:
    """Everything in what was sent to the bot, as it came and as it is read."""
    for payload in slack.payloads:
        yield from _strings(payload)
        message = payload.get("message") or {}
        yield typed.page("", message.get("blocks") or (), message.get("attachments") or ()).text
    for name, data in slack.hosted:
        with contextlib.suppress(StetError):
            yield from (one.text for one in draft_of(data, name, _LARGEST).quotations)
        yield name


@cache
def _readings(words: str) -> tuple[str, ...]:
    """A string as it came and as it is read: each payload repeats the same ids and names."""
    return words, typed.unescaped(words), typed.unmarked(words), typed.page(words).text


def _strings(thing: Any) -> Iterator[str]:
    if isinstance(thing, str):
        yield from _readings(thing)
    elif isinstance(thing, Mapping):
        for value in thing.values():
            yield from _strings(value)
    elif isinstance(thing, list | tuple):
        for value in thing:
            yield from _strings(value)
