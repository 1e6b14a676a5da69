"""Which scope each Web API method needs of a bot's token, as Slack documents it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

__all__ = ["ALL_SCOPES", "Kind", "joined", "needed_scope"]

Kind = Literal["channels", "groups", "im"]
"""A public channel, a private one, or a direct message: the first half of a conversation's scopes."""

_KINDS: Final[tuple[Kind, ...]] = ("channels", "groups", "im")
_OF_A_CONVERSATION: Final = {
    "conversations.history": "history",
    "conversations.info": "read",
    "conversations.replies": "history",
}
_OF_A_METHOD: Final = {
    "chat.getPermalink": None,
    "conversations.open": "im:write",
    "files-pri": "files:read",
    "reactions.add": "reactions:write",
    "users.info": "users:read",
}
_OF_A_FAMILY: Final = {
    "assistant": "assistant:write",
    "chat": "chat:write",
    "files": "files:write",
    "usergroups": "usergroups:read",
}

ALL_SCOPES: Final = frozenset(
    {scope for scope in (*_OF_A_METHOD.values(), *_OF_A_FAMILY.values()) if scope is not None}
    | {f"{kind}:{half}" for kind in _KINDS for half in _OF_A_CONVERSATION.values()}
)
"""Every scope that some method here needs."""


def needed_scope(method: str, kind: Kind) -> str | None:
    """The scope without which a method refuses, of a conversation of that kind; None if it needs none."""
    if method in _OF_A_CONVERSATION:
        return f"{kind}:{_OF_A_CONVERSATION[method]}"
    if method in _OF_A_METHOD:
        return _OF_A_METHOD[method]
    return _OF_A_FAMILY.get(method.partition(".")[0])


def joined(scopes: Iterable[str]) -> str:
    """Scopes as Slack lists them in a header and in `provided`."""
    return ",".join(sorted(scopes))
