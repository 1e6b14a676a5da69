"""At the other end of a question: whoever is asked answers in their own words, takes it, or calls it resolved."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

from slack_bolt import App

from bot import buttons, called, handed, render, views, wording
from bot.buttons import ANSWER_CALL, RESOLVE_CALL, TAKE_CALL
from bot.handed import Handed
from bot.ledger.calls import Call, State
from bot.opening import Opening, Reaction, said
from bot.pieces import Line, Mention, say
from bot.posting import Mark, NotNow, NotTaken
from bot.presses import Press, Submission
from bot.views import LONGEST_TYPED, Held

ANSWER = "answer"
"""The kind of window here."""
WORDS = "words"
"""The id of its input."""

log = logging.getLogger(__name__)


class Helping:
    """Safe to use from several threads."""

    def __init__(self, opening: Opening, handed: Handed) -> None:
        self._opening, self._ledger, self._handed = opening, opening.ledger, handed

    def register(self, app: App) -> None:
        """Listen to the buttons under a question that was handed on."""
        self._opening.hear(app, ANSWER_CALL, self._ask_for_answer)
        self._opening.take(app, ANSWER, self._answer)
        self._opening.hear(app, TAKE_CALL, self._take)
        self._opening.hear(app, RESOLVE_CALL, self._resolve)

    def _ask_for_answer(self, press: Press) -> None:
        call = self._call(press)
        if call is None:
            return
        if call.state is State.RESOLVED:
            self._opening.tell(press, say(wording.HELPER_RESOLVED))
            return
        held = Held(kind=ANSWER, user=press.user, channel=call.place, about={"k": call.key})
        view = views.window(
            wording.HELPER_TITLE,
            [],
            kind=ANSWER,
            metadata=self._opening.seal.written(held),
            inputs=[views.text_input(WORDS, wording.HELPER_LABEL, most=LONGEST_TYPED, multiline=True)],
            submit=wording.SEND,
            close=wording.CANCEL,
        )
        self._opening.open(press, view)

    def _answer(self, given: Submission) -> Reaction:
        """Hand a person's words to the asker, as such."""
        held = self._opening.seal.read(given.metadata, ANSWER, given.user)
        key = None if held is None else held.about.get("k")
        call = self._ledger.calls.of(key) if isinstance(key, int) else None
        if held is None or call is None or call.place != held.channel:
            return said(wording.HELPER_TITLE, say(wording.NOT_YOUR_WINDOW))
        words = given.typed(WORDS).strip()
        if not words or len(words) > LONGEST_TYPED:
            wrong = say(wording.TOO_LONG_A_TEXT, count=LONGEST_TYPED) if words else say(wording.NOTHING_TYPED)
            return Reaction(errors={WORDS: render.plain((wrong,))})
        if call.state is State.RESOLVED:
            return said(wording.HELPER_TITLE, say(wording.HELPER_RESOLVED))
        if not _reaches(call):
            return said(wording.HELPER_TITLE, say(wording.ASKER_UNKNOWN))
        response = called.answer(given.user, words, asker=_mentioned(call), question=_repeated(call))
        try:
            self._handed.tell_asker(call, response, Mark(delivery=f"answer {given.view}"))
        except (NotNow, NotTaken) as error:
            log.warning("an answer was not handed on: %s", error.reason)
            return said(wording.HELPER_TITLE, handed.why_not(error, handed.asker_at(call)))
        self._ledger.calls.take(call.key, given.user, datetime.now(UTC))
        self._handed.renew(call.key, call.question, given.user)
        return said(wording.HELPER_TITLE, say(wording.HELPER_SENT))

    def _take(self, press: Press) -> None:
        """Give it to whoever presses first, and tell the asker so; tell everyone else who has it."""
        call = self._call(press)
        if call is None:
            return
        if not self._ledger.calls.take(call.key, press.user, datetime.now(UTC)):
            self._handed.renew(call.key, call.question, press.user)
            self._opening.tell(press, _taken_by(self._ledger.calls.of(call.key)))
            return
        renewed = self._handed.renew(call.key, call.question, press.user)
        try:
            if _reaches(call):
                self._handed.tell_asker(
                    call, called.taken(press.user, asker=_mentioned(call), question=_repeated(call)), None
                )
        except (NotNow, NotTaken) as error:
            log.warning("an asker was not told who has the question: %s", error.reason)
            self._opening.tell(press, say(wording.ASKER_NOT_TOLD))
        if not renewed:
            self._opening.tell(press, say(wording.CALL_NOT_UPDATED))

    def _resolve(self, press: Press) -> None:
        call = self._call(press)
        if call is None:
            return
        resolved = self._ledger.calls.resolve(call.key, press.user, datetime.now(UTC))
        renewed = self._handed.renew(call.key, call.question, press.user)
        self._ledger.empty_log()
        if not resolved:
            self._opening.tell(press, say(wording.HELPER_RESOLVED))
        elif not renewed:
            self._opening.tell(press, say(wording.CALL_NOT_UPDATED))

    def _call(self, press: Press) -> Call | None:
        """The call under whose message a button was pressed; None, which whoever pressed it is told, where there is
        none."""
        call = None
        if press.channel is not None and press.message is not None:
            call = self._ledger.calls.at(press.channel, press.message)
        if call is None or not buttons.here(press.value, call.channel):
            self._opening.tell(press, say(wording.NOT_VALID))
            return None
        return call


def _taken_by(call: Call | None) -> Line:
    if call is None or call.state is State.RESOLVED or call.helper is None:
        return say(wording.HELPER_RESOLVED)
    return say(wording.HELPER_HAS_IT, helper=Mention(call.helper))


def _reaches(call: Call) -> bool:
    """Whether there is somewhere to tell the asker."""
    return handed.in_thread(call) or call.asker is not None


def _mentioned(call: Call) -> str | None:
    """Who is to be mentioned in a thread, whose readers are not told of it otherwise."""
    return call.asker if call.thread is not None and not call.channel.startswith("D") else None


def _repeated(call: Call) -> str | None:
    """The question, where no thread tells it."""
    return None if call.thread is not None else call.question
