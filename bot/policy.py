"""What the admin settled for Slack, as the bot is handed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`admins`: the ids of those who may set channels and see reports in App Home; `guests`, `external`: whether
    guests, and people of other organisations, see live blogs that are limited to channels, in these;
    `keep_questions`: how long a question's text is kept (None: not at all); `keep_users`: how long it is known who
    asked."""

    admins: frozenset[str] = frozenset()
    guests: bool = False
    external: bool = False
    keep_questions: timedelta | None = None
    keep_users: timedelta = timedelta(days=30)
