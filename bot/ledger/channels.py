"""What admins set for a channel: whether threads are followed, who sees answers, which blogs, whom to call."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from bot.ledger.part import LedgerPart
from bot.ledger.tables import channels
from retrieval.rows import micros


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelSettings:
    """One channel's. `threads`: follow-ups in threads need no mention; `private`: answers are for the asker alone;
    `blogs`: only these, of those that may be seen there (None: all); `person`: the id of a channel, a user or a user
    group that is called where somebody asks for a person."""

    channel: str
    threads: bool = False
    private: bool = False
    blogs: frozenset[str] | None = None
    person: str | None = None


class Channels(LedgerPart):
    """Settings by channel; those that were never set are the defaults."""

    def of(self, channel: str) -> ChannelSettings:
        """A channel's settings."""
        with self._reading() as connection:
            row = connection.execute(select(channels).where(channels.c.channel == channel)).first()
        return ChannelSettings(channel=channel) if row is None else _settings(row)

    def every(self) -> list[ChannelSettings]:
        """All that were set, by channel."""
        with self._reading() as connection:
            return [_settings(row) for row in connection.execute(select(channels).order_by(channels.c.channel))]

    def set(self, given: ChannelSettings, by: str, now: datetime) -> None:
        """Keep a channel's settings; `by` is who set them."""
        blogs = None if given.blogs is None else _names(given.blogs)
        values: dict[str, Any] = {
            "threads": given.threads,
            "private": given.private,
            "blogs": blogs,
            "person": given.person,
            "by": by,
            "at": micros(now),
        }
        with self._writing() as connection:
            connection.execute(
                upsert(channels)
                .values(channel=given.channel, **values)
                .on_conflict_do_update(index_elements=["channel"], set_=values)
            )

    def forget(self, user: str) -> int:
        """Forget one person: who set it, and that they are called; how many channels that changes."""
        set_by, called = channels.c.by == user, channels.c.person == user
        with self._writing() as connection:
            count = connection.execute(update(channels).where(set_by).values(by="")).rowcount
            return count + connection.execute(update(channels).where(called).values(person=None)).rowcount

    def reset(self, channel: str) -> bool:
        """Go back to the defaults; whether anything was set."""
        with self._writing() as connection:
            return bool(connection.execute(delete(channels).where(channels.c.channel == channel)).rowcount)


def _settings(row: Row[Any]) -> ChannelSettings:
    return ChannelSettings(
        channel=row.channel,
        threads=row.threads,
        private=row.private,
        blogs=None if row.blogs is None else frozenset(json.loads(row.blogs)),
        person=row.person,
    )


def _names(ids: Iterable[str]) -> str:
    return json.dumps(sorted(ids), ensure_ascii=False)
