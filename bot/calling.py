"""Asking a person: a question is handed to whoever the channel's settings name, with what was found of it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from slack_bolt import App

from bot import buttons, called, handed, posting, render, views, wording
from bot.buttons import CALL_PERSON
from bot.called import Matter
from bot.followups import Wish
from bot.handed import Handed
from bot.helping import Helping
from bot.opening import Opening, Reaction, said
from bot.pieces import Line, Mention, say
from bot.posting import Mark, NotNow, NotTaken, mapped
from bot.presses import Press, Submission
from bot.replies import Request, Response, Section
from bot.views import Held, View
from retrieval.errors import StetError
from retrieval.model import digest

CALL = "call"
"""The kind of window here."""

_PERSON = re.compile(r"[CGUWS][A-Z0-9]{1,30}", re.ASCII)
_DIGITS = 16

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """Where a question goes: `person` as the settings name them, `place` where the message is posted, a channel or
    one person, and in which `thread`; `there` is who sees it."""

    person: str
    place: str
    thread: str | None
    there: Request

    @property
    def group(self) -> str | None:
        return self.person if self.person.startswith("S") else None


class Calling:
    """Hands questions to people. Safe to use from several threads."""

    def __init__(self, opening: Opening) -> None:
        self._opening, self.handed = opening, Handed(opening)
        self._archive, self._ledger, self._client = opening.archive, opening.ledger, opening.client
        self._helping = Helping(opening, self.handed)

    def register(self, app: App) -> None:
        """Listen to what hands a question on, and to what is done with it there."""
        self._opening.hear(app, CALL_PERSON, self._preview)
        self._opening.take(app, CALL, self._send)
        self._helping.register(app)

    def _preview(self, press: Press) -> None:
        """Show the asker what will be sent, and to whom."""
        wish = None if press.channel is None else buttons.wished(press.value, press.channel)
        if wish is None or press.channel is None:
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        thread = press.reply_thread
        way = self._way(press.user, press.channel, thread)
        if way is None:
            self._opening.tell(press, say(wording.CALL_NO_PERSON))
            return
        matter = self._matter(press.user, press.channel, wish, way)
        about = {"w": json.loads(press.value), "t": thread}
        self._opening.open(press, self._window(press.user, press.channel, about, way, matter))

    def _window(
        self, user: str, channel: str, about: Mapping[str, Any], way: _Way, matter: Matter, *, changed: bool = False
    ) -> View:
        response = called.message(matter)
        held = Held(kind=CALL, user=user, channel=channel, about={**about, "d": _told_apart(way, response)})
        lines = [_preview_line(way)]
        if changed:
            lines.insert(0, say(wording.CALL_CHANGED))
        return views.window(
            wording.ASK_A_PERSON,
            [Section(reply=tuple(lines)), *(Section(reply=one.reply) for one in response.sections)],
            kind=CALL,
            metadata=self._opening.seal.written(held),
            submit=wording.SEND,
            close=wording.CANCEL,
        )

    def _send(self, given: Submission) -> Reaction:
        """Post it where it goes, if it still is what its asker was shown, and keep it."""
        held = self._opening.seal.read(given.metadata, CALL, given.user)
        wish = None if held is None else buttons.wished(_json(held.about.get("w")), held.channel)
        if held is None or wish is None:
            return said(wording.ASK_A_PERSON, say(wording.NOT_YOUR_WINDOW))
        seen = self._archive.store.last_change()
        way = self._way(given.user, held.channel, held.about.get("t"))
        if way is None:
            return said(wording.ASK_A_PERSON, say(wording.CALL_NO_PERSON))
        matter = self._matter(given.user, held.channel, wish, way)
        response = called.message(matter)
        if _told_apart(way, response) != held.about.get("d"):
            view = self._window(given.user, held.channel, held.about, way, matter, changed=True)
            return Reaction(view=view)
        mark = Mark(delivery=f"call {given.view}")
        try:
            place, ts = self.handed.post(way.place, way.thread, response, mark)
        except (NotNow, NotTaken) as error:
            log.warning("a question was not handed on: %s", error.reason)
            return said(wording.ASK_A_PERSON, handed.why_not(error, way.person))
        try:
            self._keep(held, matter, way, response, (place, ts), seen)
        except StetError as error:
            log.error("a question that was handed on is not kept: %s", error)
            self._take_back(place, ts)
            return said(wording.ASK_A_PERSON, say(wording.CALL_NOT_KEPT))
        sent = say(wording.CALL_SENT, place=Mention(way.person))
        self._confirm(given.user, held.channel, held.about.get("t"), sent)
        return said(wording.ASK_A_PERSON, sent)

    def _way(self, user: str, channel: str, thread: str | None) -> _Way | None:
        """Where a question of this channel goes; None where that is nowhere."""
        person = self._ledger.channels.of(channel).person
        if person is None or not _PERSON.fullmatch(person):
            return None
        if not person.startswith("S"):
            there = self._opening.request(user, person, private=False)
            return _Way(person=person, place=person, thread=None, there=there)
        if channel.startswith("D"):
            return None  # no group reads a direct message
        there = self._opening.request(user, channel, private=False)
        return _Way(person=person, place=channel, thread=thread, there=there)

    def _matter(self, user: str, channel: str, wish: Wish, way: _Way) -> Matter:
        asker = self._opening.request(user, channel, private=True)
        found = called.found(self._archive, wish, asker, way.there)
        return Matter(asker=user, channel=channel, question=wish.text, group=way.group, found=found)

    def _keep(
        self, held: Held, matter: Matter, way: _Way, response: Response, at: tuple[str, str], seen: int
    ) -> None:
        """Keep the call, and its message. Raises StetError."""
        place, ts = at
        key = self._ledger.calls.open(
            asker=held.user,
            channel=held.channel,
            thread=held.about.get("t"),
            question=matter.question or "",
            place=place,
            ts=ts,
            now=datetime.now(UTC),
        )
        call = self._ledger.calls.of(key)
        if call is not None:
            self.handed.keep(call, matter, response, way.there, way.thread, seen)

    def _take_back(self, place: str, ts: str) -> None:
        try:
            mapped(lambda: self._client.chat_delete(channel=place, ts=ts))
        except (NotNow, NotTaken) as error:
            log.error("a question that is not kept stands in Slack: %s", error.reason)

    def _confirm(self, user: str, channel: str, thread: str | None, line: Line) -> None:
        """Tell the asker alone; where that cannot be in the channel, in a direct message."""
        response = Response(sections=(Section(reply=(line,)),))
        try:
            if channel.startswith("D"):
                self.handed.post(channel, thread, response)
                return
            try:
                posting.post_alone(self._client, channel, user, thread, response)
            except NotTaken:
                self.handed.post(user, None, response)
        except (NotNow, NotTaken) as error:
            log.warning("an asker was not told that a question was handed on: %s", error.reason)


def _preview_line(way: _Way) -> Line:
    phrase = wording.CALL_PREVIEW
    if way.group is not None:
        phrase = wording.CALL_PREVIEW_HERE if way.thread is None else wording.CALL_PREVIEW_IN_THREAD
    return say(phrase, place=Mention(way.person))


def _told_apart(way: _Way, response: Response) -> str:
    """What tells one message for one person from another."""
    return digest(f"{way.person} {way.thread} {render.slack_text(response.reply)}")[:_DIGITS]


def _json(held: object) -> str:
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))
