"""Who may see what is limited to channels: members of this organisation, in channels that are its alone."""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from slack_sdk import WebClient

from bot.policy import Policy
from bot.posting import NotNow, NotTaken, mapped

_KNOWN_SECONDS = 60.0
"""How long what Slack says of a person or a channel is taken for true: it may be asked 50 times a minute."""
_MOST_KNOWN = 5_000
_GUEST = ("is_restricted", "is_ultra_restricted")
_SHARED = ("is_ext_shared", "is_pending_ext_shared", "is_shared")

log = logging.getLogger(__name__)


class Trust:
    """Asks Slack about people and channels. Safe to use from several threads."""

    def __init__(self, client: WebClient, policy: Policy) -> None:
        self._client = client
        self._policy = policy
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, Mapping[str, Any]]] = OrderedDict()

    def holds(self, user: str | None, channel: str) -> bool:
        """Whether a person, in a channel, may see what is limited to it. What Slack does not tell is no."""
        if user is None:
            return False
        try:
            person = self._of(user, lambda: self._client.users_info(user=user)["user"])
            room = self._of(channel, lambda: self._client.conversations_info(channel=channel)["channel"])
        except (NotNow, NotTaken) as error:
            log.warning("asker or channel cannot be looked up: %s", error.reason)
            return False
        if any(person.get(one) for one in ("is_bot", "deleted")):
            return False
        if not self._policy.guests and any(person.get(one) for one in _GUEST):
            return False
        return self._policy.external or not (person.get("is_stranger") or any(room.get(one) for one in _SHARED))

    def _of(self, id_: str, ask: Callable[[], Any]) -> Mapping[str, Any]:
        now = time.monotonic()
        with self._lock:
            known = self._known.get(id_)
            if known is not None and known[0] > now:
                return known[1]
        found = mapped(ask)
        told: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
        with self._lock:
            self._known[id_] = (now + _KNOWN_SECONDS, told)
            self._known.move_to_end(id_)
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return told
