"""What was made is kept for the next who needs it, of the last few keys."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_Key = TypeVar("_Key", bound=Hashable)
_Made = TypeVar("_Made")


class Memo(Generic[_Key, _Made]):
    """At most `most` values by key, those that were asked for last; safe to use from several threads. Unlike a
    decorator of the standard library's, it refers to nobody, so that what it holds goes when its owner does: mapped
    files of a snapshot that was replaced must leave the disk at once, not at the next collection of garbage."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[_Key, _Made] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key, make: Callable[[], _Made]) -> _Made:
        """The value under a key; made at the first need, by two at once where both need it then."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        with self._lock:
            self._held[key] = made
            self._held.move_to_end(key)
            if len(self._held) > self._most:
                self._held.popitem(last=False)
        return made
