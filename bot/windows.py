"""Windows: a whole entry, and for admins what quoted it; words to be checked; why an answer was not helpful."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import UTC, datetime

from slack_bolt import App

from bot import buttons, entries, quoted_by, requested, verifying, views, wording
from bot.buttons import FEEDBACK, SHOW_ENTRY, SHOW_REST, VERIFY_WORDS, WHO_QUOTED, Placed
from bot.checked import checked
from bot.ledger.messages import Kept
from bot.opening import Opening, Reaction, said
from bot.pieces import Line, say
from bot.policy import Policy
from bot.posting import NotNow, NotTaken, mapped
from bot.presses import Press, Submission
from bot.render import plain
from bot.replies import Button, Request, Section
from bot.requested import Wanted
from bot.views import LONGEST_TYPED, Held, View
from retrieval.drafts.marks import may_open
from retrieval.drafts.page import Page
from retrieval.errors import NothingIndexed
from retrieval.model import Passage

ENTRY, VERIFY, REASONS = "entry", "verify", "reasons"
"""The kinds of windows here."""
QUOTE, SPEAKER, REASON = "quote", "speaker", "reason"
"""The ids of their inputs."""

_A_WINDOW = 9_000
"""Characters of an entry, or of a check, in one window, about."""
_LONGEST_NAME = 200
_LINK_SECONDS = 8.0
"""How long the addresses of messages are looked up, which an admin waits for."""


class Windows:
    """Opens windows from an archive."""

    def __init__(self, opening: Opening, policy: Policy) -> None:
        self._opening, self._policy = opening, policy
        self._archive, self._ledger, self._client = opening.archive, opening.ledger, opening.client

    def register(self, app: App) -> None:
        """Listen to what opens windows, and to what is pressed and submitted in them."""
        hear, take = self._opening.hear, self._opening.take
        hear(app, SHOW_ENTRY, self._show_entry)
        hear(app, SHOW_REST, self._show_rest)
        hear(app, WHO_QUOTED, self._list_quoting)
        hear(app, VERIFY_WORDS, self._ask_for_words)
        hear(app, FEEDBACK, self._note)
        take(app, VERIFY, self._check)
        take(app, REASONS, self._note_reason)

    # ------------------------------------------------------------ a whole entry

    def _show_entry(self, press: Press) -> None:
        placed = None if press.channel is None else buttons.placed(press.value, press.channel)
        if placed is None or press.channel is None:
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        self._opening.open(press, self._entry(press, press.channel, placed, at=0))

    def _show_rest(self, press: Press) -> None:
        """The next part of the entry, in the place of this one."""
        held = self._opening.held(press, ENTRY)
        if held is None:
            return
        placed = buttons.placed(press.value, held.channel)
        if placed is None or press.view is None:
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        self._opening.update(press.view, self._entry(press, held.channel, placed, at=placed.start))

    def _entry(self, press: Press, channel: str, placed: Placed, at: int) -> View:
        """The window, with the entry from offset `at` on; from its beginning where it was changed since."""
        request = self._opening.request(press.user, channel, private=True)
        version = entries.version_of(self._archive, request, placed, datetime.now(UTC))
        if version is None:
            return self._sealed(
                Section(reply=(say(wording.NOT_SHOWN_NOW),), buttons=self._for_admins(press)), press, channel
            )
        is_meant = version.number == placed.version
        reply, rest = entries.part(version, at if is_meant else 0, _A_WINDOW)
        if not is_meant:
            reply.insert(0, say(wording.AROUND_NOW))
        more = None
        if rest is not None:
            left = Passage(version=version, start=rest, end=len(version.text))
            more = buttons.rest_of_entry(channel, left, past=placed.past)
        under = (*(() if more is None else (more,)), *self._for_admins(press))
        return self._sealed(Section(reply=tuple(reply), buttons=under), press, channel)

    def _for_admins(self, press: Press) -> tuple[Button, ...]:
        return (buttons.who_quoted(press.value),) if press.user in self._policy.admins else ()

    def _sealed(self, section: Section, press: Press, channel: str) -> View:
        held = Held(kind=ENTRY, user=press.user, channel=channel, about={})
        metadata = self._opening.seal.written(held)
        return views.window(wording.ENTRY_TITLE, [section], kind=ENTRY, metadata=metadata)

    # ------------------------------------------------------------ what quoted it

    def _list_quoting(self, press: Press) -> None:
        """The messages that show the entry, on top of it: at once that they are looked up, as their addresses take
        longer than a window waits."""
        if press.user not in self._policy.admins:
            self._opening.tell(press, say(wording.ADMINS_ALONE))
            return
        held = self._opening.held(press, ENTRY)
        if held is None:
            return
        placed = buttons.placed(press.value, held.channel)
        if placed is None:
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        view_id = self._opening.push(press, views.notice(wording.QUOTED_TITLE, say(wording.LOOKING)))
        if view_id is None:
            return
        request = self._opening.request(press.user, held.channel, private=True)
        messages = self._ledger.messages.quoting(placed.entry)
        links = self._links(quoted_by.newest(messages))
        sections = quoted_by.listed(self._archive, request, placed.entry, messages, links)
        self._opening.update(view_id, views.window(wording.QUOTED_TITLE, sections))

    def _links(self, messages: Iterable[Kept]) -> dict[int, str]:
        """The addresses of messages by their keys, of those that stand in Slack, as far as it tells them in time."""
        found: dict[int, str] = {}
        give_up = time.monotonic() + _LINK_SECONDS
        for message in messages:
            if not message.ts or time.monotonic() > give_up:
                continue
            try:
                found[message.key] = self._link(message.channel, message.ts)
            except NotTaken:
                continue  # it was deleted, or stands where Stet is not any more
            except NotNow:
                break
        return found

    def _link(self, channel: str, ts: str) -> str:
        told = mapped(lambda: self._client.chat_getPermalink(channel=channel, message_ts=ts))
        return str(told.get("permalink") or "")

    # ------------------------------------------------------------ words to be checked

    def _ask_for_words(self, press: Press) -> None:
        if press.channel is None or not buttons.here(press.value, press.channel):
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        held = Held(kind=VERIFY, user=press.user, channel=press.channel, about={})
        inputs = [
            views.text_input(QUOTE, wording.QUOTATION_LABEL, most=LONGEST_TYPED, multiline=True),
            views.text_input(SPEAKER, wording.SPEAKER_LABEL, most=_LONGEST_NAME, optional=True),
        ]
        metadata = self._opening.seal.written(held)
        view = views.window(
            wording.VERIFY_A_QUOTATION, [], kind=VERIFY, metadata=metadata, inputs=inputs, submit=wording.CHECK_IT
        )
        self._opening.open(press, view)

    def _check(self, given: Submission) -> Reaction:
        """The check, for whoever typed the words alone."""
        held = self._opening.seal.read(given.metadata, VERIFY, given.user)
        if held is None:
            return said(wording.VERIFY_A_QUOTATION, say(wording.NOT_YOUR_WINDOW))
        quote, speaker = given.typed(QUOTE).strip(), given.typed(SPEAKER).strip()
        if not quote:
            return _wrong(QUOTE, say(wording.NOTHING_TYPED))
        if len(quote) > LONGEST_TYPED:
            return _wrong(QUOTE, say(wording.TOO_LONG_A_TEXT, count=LONGEST_TYPED))
        if len(speaker) > _LONGEST_NAME:
            return _wrong(SPEAKER, say(wording.TOO_LONG_A_TEXT, count=_LONGEST_NAME))
        request = self._opening.request(given.user, held.channel, private=True)
        return self._checked(request, _wanted(quote, speaker))

    def _checked(self, request: Request, wanted: Wanted) -> Reaction:
        try:
            with verifying.looking(self._archive, request) as look:
                found = look(wanted).found
        except NothingIndexed:
            return said(wording.CHECK_TITLE, say(wording.EMPTY_INDEX))
        if found is None:
            return _wrong(QUOTE, say(wording.NO_WORD_TO_CHECK))
        section = Section(reply=checked(found, _A_WINDOW, wanted.speaker))
        return Reaction(view=views.window(wording.CHECK_TITLE, [section]))

    # ------------------------------------------------------------ whether an answer was any good

    def _note(self, press: Press) -> None:
        """Note what somebody says of an answer; where it was not helpful, ask why."""
        asked = None if press.channel is None else buttons.asked(press.value, press.channel)
        if asked is None or asked.good is None or press.channel is None or not self._is_of(asked.key, press.channel):
            self._opening.tell(press, say(wording.NOT_VALID))
            return
        self._ledger.learning.say(asked.key, press.user, good=asked.good, reason=None, now=datetime.now(UTC))
        if asked.good:
            self._opening.tell(press, say(wording.THANKS))
            return
        held = Held(kind=REASONS, user=press.user, channel=press.channel, about={"a": asked.key})
        view = views.window(
            wording.REASONS_TITLE,
            [],
            kind=REASONS,
            metadata=self._opening.seal.written(held),
            inputs=[views.choice(REASON, wording.REASONS_LABEL, wording.REASONS)],
            submit=wording.SEND,
        )
        self._opening.open(press, view)

    def _note_reason(self, given: Submission) -> Reaction:
        held = self._opening.seal.read(given.metadata, REASONS, given.user)
        if held is None:
            return said(wording.REASONS_TITLE, say(wording.NOT_YOUR_WINDOW))
        reason, key = given.chosen(REASON), held.about.get("a")
        if reason not in wording.REASONS:
            return _wrong(REASON, say(wording.CHOOSE_A_REASON))
        if not isinstance(key, int) or not self._is_of(key, held.channel):
            return said(wording.REASONS_TITLE, say(wording.NOT_VALID))
        self._ledger.learning.say(key, given.user, good=False, reason=reason, now=datetime.now(UTC))
        return said(wording.REASONS_TITLE, say(wording.THANKS))

    def _is_of(self, key: int, channel: str) -> bool:
        """Whether a question was asked in that channel."""
        question = self._ledger.learning.of(key)
        return question is not None and question.channel == channel


def _wrong(name: str, line: Line) -> Reaction:
    """What is wrong with what was typed, under its input."""
    return Reaction(errors={name: plain((line,))})


def _wanted(quote: str, speaker: str) -> Wanted:
    """The words to be checked: where they were typed in quotation marks, those between them."""
    inside = requested.check_in(Page(text=quote)) if may_open(quote[:1]) else None
    if inside is None or len(inside.quotations) != 1:
        return Wanted(quote=quote, speaker=speaker or None)
    [one] = inside.quotations
    return Wanted(quote=one.quote, speaker=speaker or one.speaker)
