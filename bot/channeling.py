"""`stet channel`: shows and sets how Stet answers in a channel."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

from bot import output
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from retrieval.errors import UsageError

_CHANNEL = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_PERSON = re.compile(r"[CGUWS][A-Z0-9]{2,20}", re.ASCII)
_ALL, _NOBODY = "all", "none"
_MOST_NAMED = 20

Object = dict[str, object]


def run(
    ledger: Ledger,
    known_blogs: Collection[str],
    channel: str | None,
    *,
    threads: bool | None = None,
    private: bool | None = None,
    blogs: str | None = None,
    person: str | None = None,
    reset: bool = False,
    by: str,
    as_json: bool = False,
) -> None:
    """Set what is given (None: left as it is), or with `reset` go back to the defaults, and print the channel's
    settings; without a channel, those of all that are set. `blogs`: ids of `known_blogs` joined by commas, or `all`;
    `person`: the id of a channel, a person or a user group, or `none`; `by`: who sets it.

    Raises UsageError, StoreError, DiskError."""
    changes = any(one is not None for one in (threads, private, blogs, person))
    if channel is None:
        if changes or reset:
            raise UsageError("no channel is named", "name one by its id, such as C024BE91L")
        _print_all(ledger.channels.every(), as_json)
        return
    if not _CHANNEL.fullmatch(channel):
        raise UsageError(
            f"{channel[:80]!r} is no channel's id", "give the id of a public or private channel, such as C024BE91L"
        )
    if reset and changes:
        raise UsageError("--reset goes with no other setting", "reset first, then set what is wanted")
    before = ledger.channels.of(channel)
    if reset:
        ledger.channels.reset(channel)
    elif changes:
        wanted = replace(
            before,
            threads=before.threads if threads is None else threads,
            private=before.private if private is None else private,
            blogs=before.blogs if blogs is None else _blogs(blogs, known_blogs),
            person=before.person if person is None else _person(person),
        )
        ledger.channels.set(wanted, by, datetime.now(UTC))
        if wanted.threads and not before.threads:
            output.warn("threads are followed where the app may read channels: see `stet manifest --threads`")
    _print(ledger.channels.of(channel), as_json)


def _blogs(value: str, known: Collection[str]) -> frozenset[str] | None:
    """`--blogs`. An id may hold a comma, so the whole word is looked up first. Raises UsageError."""
    if value == _ALL:
        return None
    ids = [value] if value in known else [one.strip() for one in value.split(",") if one.strip()]
    if not ids:
        raise UsageError("--blogs is empty", f"name blogs by their ids, joined by commas, or say {_ALL}")
    for one in ids:
        if one not in known:
            raise UsageError(f"there is no blog {one[:80]!r}", _names(known))
    return frozenset(ids)


def _names(known: Collection[str]) -> str:
    if not known:
        return "the archive is empty: add a live blog first"
    names, more = sorted(known)[:_MOST_NAMED], len(known) - _MOST_NAMED
    return f"the blogs are: {', '.join(names)}" + (f" and {more} more, see `stet status`" if more > 0 else "")


def _person(value: str) -> str | None:
    """`--person`. Raises UsageError."""
    if value == _NOBODY:
        return None
    if not _PERSON.fullmatch(value):
        raise UsageError(
            f"--person is {value[:80]!r}",
            f"give the id of a channel, a person or a user group: it begins with C, G, U, W or S; or say {_NOBODY}",
        )
    return value


# ------------------------------------------------------------------------------------------------ printing


def _print_all(found: list[ChannelSettings], as_json: bool) -> None:
    if as_json:
        output.say(output.json_line({"channels": [_object(one) for one in found]}))
        return
    for one in found:
        output.say(_line(one))
    if not found:
        output.warn("no channel is set: Stet answers where it is mentioned, for all there, from all blogs seen there")


def _print(found: ChannelSettings, as_json: bool) -> None:
    output.say(output.json_line(_object(found)) if as_json else _line(found))


def _object(found: ChannelSettings) -> Object:
    return {
        "channel": found.channel,
        "threads": found.threads,
        "private": found.private,
        "blogs": None if found.blogs is None else sorted(found.blogs),
        "person": found.person,
    }


def _line(found: ChannelSettings) -> str:
    said = (
        "threads without a mention" if found.threads else "mentions only",
        "answers for the asker alone" if found.private else "answers for all",
        f"blogs {_ALL if found.blogs is None else ', '.join(sorted(found.blogs))}",
        f"person {found.person or _NOBODY}",
    )
    return output.safe(f"{found.channel}: {'; '.join(said)}")
