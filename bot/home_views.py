"""What App Home shows, and the window for a channel's settings: data → views, and a view → what was chosen."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot import render, wording
from bot.ledger.channels import ChannelSettings
from bot.pieces import Line, Mention, Piece, Role, Stored, Words, say, time
from retrieval.model import Blog, Version
from retrieval.store import Coverage

SET_CHANNEL = "set_channel"
CHANGE_CHANNEL = "change_channel"
SETTINGS = "channel_settings"
"""The callback id of the window."""

CHANNEL, WAYS, BLOGS, PERSON = "channel", "ways", "blogs", "person"
"""The ids of the window's blocks, and of the element in each."""
_THREADS, _PRIVATE = "threads", "private"

MOST_PROMPTS = 4
_MOST_CHANNELS = 20
_MOST_TITLES = 5
_MOST_OPTIONS = 100
_LONGEST_LABEL, _LONGEST_VALUE = 75, 150
"""Characters that Slack takes of an option. It names no limit for a prompt, whose title is shown on a button: that of
a button is taken."""
_CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{2,20}", re.ASCII)
_PERSON_ID = re.compile(r"[CGUWS][A-Z0-9]{2,20}", re.ASCII)

View = dict[str, Any]
Block = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Use:
    """Questions since a moment and how they ended; `bad` were called not helpful, and `stuck` is how many messages
    Slack did not let us change, ever."""

    since: datetime
    asked: int
    answered: int
    bad: int
    stuck: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Admins:
    """What admins alone see: all channels that are set, the blogs whose titles may be shown, by id, and the use."""

    channels: Sequence[ChannelSettings]
    blogs: Mapping[str, Blog]
    use: Use


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """What a window's metadata says: who opened it, and the channel that it is about (None: one is to be chosen)."""

    user: str
    channel: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What was chosen in the window. `blogs`: those chosen among the `offered`."""

    channel: str | None
    threads: bool
    private: bool
    blogs: frozenset[str]
    offered: frozenset[str]
    person: str | None


# ------------------------------------------------------------------------------------------------ Messages


def prompts(newest: Sequence[Version]) -> list[dict[str, str]]:
    """Questions to begin with, of the titles of the newest entries, each once; a title is whole, or left out."""
    titles = dict.fromkeys(one.title for one in newest if one.title and one.title.strip())
    fitting = [one for one in titles if _length(one) <= _LONGEST_LABEL]
    return [
        {"title": title, "message": render.plain((say(wording.ASK_ABOUT, title=title),))}
        for title in fitting[:MOST_PROMPTS]
    ]


# ------------------------------------------------------------------------------------------------ Home


def home(covered: Coverage | None, admins: Admins | None, *, is_admin: bool) -> View:
    """The Home tab. `covered`: what may be seen in a direct message (None: it cannot be read); `admins`: the admins'
    part (None for one of them: it cannot be read)."""
    blocks = [
        _text(say(wording.HOME_WHAT)),
        _header(wording.HOME_ASKING),
        _text(say(wording.HOME_ASK)),
        _header(wording.HOME_CHECKING),
        _text(say(wording.CHECK_HELP), say(wording.HOME_CHECK_MESSAGE)),
        _header(wording.HOME_SHARING),
        _text(say(wording.HOME_SHARE)),
        _header(wording.HOME_INDEXED),
        _text(*_covered(covered)),
    ]
    if is_admin:
        blocks += [{"type": "divider"}, *_for_admins(admins)]
    return {"type": "home", "blocks": blocks}


def _covered(covered: Coverage | None) -> list[Line]:
    if covered is None:
        return [say(wording.HOME_TROUBLE)]
    if covered.first is None or covered.last is None:
        return [say(wording.HOME_INDEXED_HERE, count=0)]
    ends = {"first": time(covered.first), "last": time(covered.last)}
    return [
        say(wording.HOME_INDEXED_HERE, count=covered.blogs),
        say(wording.COVERAGE, Role.FOOT, entries=covered.entries, **ends),
    ]


def _for_admins(admins: Admins | None) -> list[Block]:
    if admins is None:
        return [_text(say(wording.HOME_TROUBLE))]
    listed, more = admins.channels[:_MOST_CHANNELS], len(admins.channels) - _MOST_CHANNELS
    blocks = [_header(wording.HOME_CHANNELS)]
    for one in listed:
        blocks.append(_text(*_settings(one, admins.blogs)))
        blocks.append(_actions(_button(CHANGE_CHANNEL, wording.CHANGE_SETTINGS, one.channel)))
    if not listed:
        blocks.append(_text(say(wording.HOME_NO_CHANNELS)))
    if more > 0:
        blocks.append(_text(say(wording.HOME_MORE_CHANNELS, count=more)))
    blocks.append(_actions(_button(SET_CHANNEL, wording.SET_A_CHANNEL, SET_CHANNEL)))
    return [*blocks, _header(wording.HOME_USE), _text(*_use(admins.use))]


def _settings(given: ChannelSettings, blogs: Mapping[str, Blog]) -> list[Line]:
    person = say(wording.NO_PERSON) if given.person is None else say(wording.PERSON_IS, person=Mention(given.person))
    return [
        Line((Mention(given.channel),)),
        say(wording.FOLLOWS_THREADS if given.threads else wording.MENTIONS_ONLY),
        say(wording.FOR_ASKER_ALONE if given.private else wording.FOR_ALL),
        *_blogs(given.blogs, blogs),
        person,
    ]


def _blogs(ids: frozenset[str] | None, blogs: Mapping[str, Blog]) -> list[Line]:
    """The titles of a channel's blogs, of those that may be shown; the others are counted."""
    if ids is None:
        return [say(wording.ALL_BLOGS)]
    titles = [blogs[one].title for one in sorted(ids) if one in blogs]
    lines: list[Line] = []
    if titles:
        pieces: list[Piece] = [Words(wording.THESE_BLOGS)]
        for number, title in enumerate(titles[:_MOST_TITLES]):
            pieces += [Words(wording.SEPARATOR), Stored(title)] if number else [Stored(title)]
        lines.append(Line(tuple(pieces)))
    if len(titles) > _MOST_TITLES:
        lines.append(say(wording.MORE_BLOGS, count=len(titles) - _MOST_TITLES))
    if len(titles) < len(ids):
        lines.append(say(wording.HIDDEN_BLOGS, count=len(ids) - len(titles)))
    return lines


def _use(use: Use) -> list[Line]:
    counts = {"asked": use.asked, "answered": use.answered, "silent": use.asked - use.answered, "bad": use.bad}
    return [
        say(wording.HOME_SINCE, time=time(use.since)),
        say(wording.HOME_FIGURES, **counts),
        say(wording.HOME_STUCK, count=use.stuck),
    ]


# ------------------------------------------------------------------------------------------------ the window


def settings(opener: str, given: ChannelSettings | None, blogs: Mapping[str, Blog]) -> View:
    """The window for a channel's settings; without these, for a channel that is to be chosen. `blogs` are those whose
    titles may be shown."""
    set_blogs = (given.blogs if given is not None else None) or frozenset()
    options = _options(blogs, set_blogs)
    offered = {one["value"] for one in options}
    blocks = [
        _which(given),
        _ways(given),
        *_blogs_input(options, set_blogs),
        *_left_out(unlisted=len(blogs.keys() - offered - set_blogs), kept=len(set_blogs - offered)),
        _person(given),
    ]
    return {
        "type": "modal",
        "callback_id": SETTINGS,
        "private_metadata": json.dumps({"u": opener, "c": None if given is None else given.channel}),
        "title": _plain(wording.SETTINGS_TITLE),
        "submit": _plain(wording.SAVE),
        "close": _plain(wording.CLOSE),
        "blocks": blocks,
    }


def notice(phrase: str) -> View:
    """A window that says one thing."""
    return {
        "type": "modal",
        "title": _plain(wording.SETTINGS_TITLE),
        "close": _plain(wording.CLOSE),
        "blocks": [_text(say(phrase))],
    }


def _which(given: ChannelSettings | None) -> Block:
    if given is not None:
        return _text(Line((Mention(given.channel),)))
    element = {"type": "conversations_select", "filter": {"include": ["public", "private"]}}
    return _input(CHANNEL, wording.THE_CHANNEL, element)


def _ways(given: ChannelSettings | None) -> Block:
    threads = {
        "text": _plain(wording.WAY_THREADS),
        "value": _THREADS,
        "description": _plain(wording.WAY_THREADS_NEEDS),
    }
    private = {"text": _plain(wording.WAY_PRIVATE), "value": _PRIVATE}
    chosen = [] if given is None else [one for one, on in ((threads, given.threads), (private, given.private)) if on]
    element = {"type": "checkboxes", "options": [threads, private]}
    return _input(WAYS, wording.WAYS, _beginning(element, "initial_options", chosen), optional=True)


def _options(blogs: Mapping[str, Blog], set_blogs: frozenset[str]) -> list[dict[str, Any]]:
    """The blogs that an option can hold, those that are set first."""
    fitting = [
        one
        for one in blogs.values()
        if one.title.strip() and _length(one.title) <= _LONGEST_LABEL and _length(one.id) <= _LONGEST_VALUE
    ]
    fitting.sort(key=lambda one: (one.id not in set_blogs, one.title, one.id))
    return [{"text": _plain(one.title), "value": one.id} for one in fitting[:_MOST_OPTIONS]]


def _blogs_input(options: Sequence[dict[str, Any]], set_blogs: frozenset[str]) -> list[Block]:
    if not options:
        return []
    chosen = [one for one in options if one["value"] in set_blogs]
    element = _beginning({"type": "multi_static_select", "options": list(options)}, "initial_options", chosen)
    return [_input(BLOGS, wording.ONLY_THESE_BLOGS, element, optional=True, hint=wording.NONE_MEANS_ALL)]


def _left_out(*, unlisted: int, kept: int) -> list[Block]:
    counted = ((wording.UNLISTED_BLOGS, unlisted), (wording.KEPT_BLOGS, kept))
    lines = [say(phrase, Role.DETAIL, count=count) for phrase, count in counted if count]
    return [_text(*lines)] if lines else []


def _person(given: ChannelSettings | None) -> Block:
    person = None if given is None else given.person
    element = _beginning({"type": "plain_text_input", "max_length": 21}, "initial_value", person)
    return _input(PERSON, wording.THE_PERSON, element, optional=True, hint=wording.PERSON_HINT)


# ------------------------------------------------------------------------------------------------ what comes back


def channel_in(value: object) -> str | None:
    """The id of a public or private channel; None where it is none."""
    return value if isinstance(value, str) and _CHANNEL_ID.fullmatch(value) else None


def is_person(value: str) -> bool:
    """Whether it is an id of a channel, a person or a user group."""
    return _PERSON_ID.fullmatch(value) is not None


def opened(metadata: object) -> Opened | None:
    """What a window's metadata says; None where it is none of ours."""
    try:
        held = json.loads(metadata) if isinstance(metadata, str) else None
    except (ValueError, RecursionError):
        return None
    if not isinstance(held, dict) or held.keys() != {"u", "c"} or not isinstance(held["u"], str):
        return None
    if held["c"] is not None and channel_in(held["c"]) is None:
        return None
    return Opened(user=held["u"], channel=held["c"])


def chosen(view: Mapping[str, Any]) -> Chosen:
    """What was chosen in a submitted window; what is missing or of another form counts as not chosen."""
    ways = _values(_element(view, WAYS).get("selected_options"))
    person = _element(view, PERSON).get("value")
    blocks = view.get("blocks")
    inputs = [one for one in blocks if isinstance(one, Mapping)] if isinstance(blocks, list) else []
    offering = next((one.get("element") for one in inputs if one.get("block_id") == BLOGS), None)
    return Chosen(
        channel=channel_in(_element(view, CHANNEL).get("selected_conversation")),
        threads=_THREADS in ways,
        private=_PRIVATE in ways,
        blogs=_values(_element(view, BLOGS).get("selected_options")),
        offered=_values(offering.get("options") if isinstance(offering, Mapping) else None),
        person=(person.strip() or None) if isinstance(person, str) else None,
    )


def _element(view: Mapping[str, Any], block: str) -> Mapping[str, Any]:
    """The state of the one element in a block."""
    held: object = view.get("state")
    for name in ("values", block, block):
        held = held.get(name) if isinstance(held, Mapping) else None
    return held if isinstance(held, Mapping) else {}


def _values(options: object) -> frozenset[str]:
    values = [one.get("value") for one in options if isinstance(one, Mapping)] if isinstance(options, list) else []
    return frozenset(one for one in values if isinstance(one, str))


# ------------------------------------------------------------------------------------------------ blocks


def _plain(phrase: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": phrase}


def _header(phrase: str) -> Block:
    return {"type": "header", "text": _plain(phrase)}


def _text(*lines: Line) -> Block:
    [block] = render.blocks(lines)
    return block


def _actions(button: dict[str, Any]) -> Block:
    return {"type": "actions", "elements": [button]}


def _button(action: str, label: str, value: str) -> dict[str, Any]:
    return {"type": "button", "action_id": action, "text": _plain(label), "value": value}


def _input(
    name: str, label: str, element: dict[str, Any], *, optional: bool = False, hint: str | None = None
) -> Block:
    more = {} if hint is None else {"hint": _plain(hint)}
    return {
        "type": "input",
        "block_id": name,
        "optional": optional,
        "label": _plain(label),
        "element": {**element, "action_id": name},
        **more,
    }


def _beginning(element: dict[str, Any], field: str, value: object) -> dict[str, Any]:
    """The element with what it begins with, if that is anything: Slack refuses an empty one."""
    return {**element, field: value} if value else element


def _length(text: str) -> int:
    """Characters as Slack's clients count them: one beyond U+FFFF is two."""
    return len(text) + sum(one > "\uffff" for one in text)
