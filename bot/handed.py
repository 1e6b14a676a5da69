"""The messages of questions that were handed to a person, kept up to date, and what their askers are told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from bot import called, posting, records, wording
from bot.called import Found, Matter
from bot.ledger.calls import Call
from bot.ledger.messages import Kept, Receipt, receipt
from bot.opening import Opening
from bot.pieces import Line, Mention, say
from bot.posting import Mark, NotNow, NotTaken, mapped
from bot.replies import Request, Response
from retrieval.model import Passage

_NO_MEMBER = frozenset({"not_in_channel", "channel_not_found"})
_RATE = frozenset({"ratelimited", "rate_limited"})
_BEFORE = 60.0
"""Seconds before now from which on a message is looked for: clocks differ."""

Standing = Sequence[tuple[Receipt, Passage | None]]
"""The slices that a message was sent with, and how each reads now; None where it is not shown any more."""

log = logging.getLogger(__name__)


class Handed:
    """Safe to use from several threads. `client` of `opening` repeats nothing by itself."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._archive, self._ledger, self._client = opening.archive, opening.ledger, opening.client
        self._one_at_a_time = threading.Lock()

    # ------------------------------------------------------------ as it reads now

    def renewed(self, kept: Kept) -> Response | None:
        """The message of a call as it reads now; None where the message is none of a call. Raises StetError."""
        call = self._ledger.calls.at(kept.channel, kept.ts)
        return (
            None if call is None else self._message(call, call.question, self._standing(call, kept, call.asker), kept)
        )

    def renew(self, key: int, question: str | None, user: str) -> bool:
        """Show how far a call has come in its message; whether Slack took it. `question` is its text as it was before
        it was forgotten, and `user` who sees the message there."""
        with self._one_at_a_time:  # the state that was read last is written last
            call = self._ledger.calls.of(key)
            return call is not None and self._renewed(call, question, user)

    def _renewed(self, call: Call, question: str | None, user: str) -> bool:
        kept, seen = self._ledger.messages.at(call.place, call.ts), self._archive.store.last_change()
        standing = self._standing(call, kept, call.asker or user)
        message = posting.message(self._message(call, question, standing, kept), call.place)
        try:
            mapped(lambda: self._client.chat_update(channel=call.place, ts=call.ts, **message))
        except (NotNow, NotTaken) as error:
            log.warning("the message of a call was not changed: %s", error.reason)
            return False
        if kept is not None:
            proofs = [was if now is None else receipt(now, place=was.place, part=was.part) for was, now in standing]
            due = None if self._archive.store.last_change() == seen else datetime.now(UTC)
            self._ledger.messages.renew(kept, proofs, seen, due)
        return True

    def _standing(self, call: Call, kept: Kept | None, user: str | None) -> Standing:
        """What the message was sent with, and how that reads now where it stands."""
        there = self._opening.request(user, call.place, private=False)
        return called.standing(self._archive, () if kept is None else kept.receipts, there, datetime.now(UTC))

    def _message(self, call: Call, question: str | None, standing: Standing, kept: Kept | None) -> Response:
        person = self._ledger.channels.of(call.channel).person
        is_group = person is not None and person.startswith("S") and call.place == call.channel
        passages = dict.fromkeys(now for _, now in standing if now is not None)
        sensitive = kept is not None and bool((kept.frame or {}).get("sensitive"))
        return called.message(
            Matter(
                asker=call.asker,
                channel=call.channel,
                question=question,
                group=person if is_group else None,
                found=Found(passages=tuple(passages), sensitive=sensitive),
                state=call.state,
                helper=call.helper,
                changed=call.changed,
            )
        )

    # ------------------------------------------------------------ posting

    def keep(
        self, call: Call, matter: Matter, response: Response, there: Request, thread: str | None, seen: int
    ) -> None:
        """Keep the message of a call with the receipts of what it shows; `seen` is the archive's last change when it
        was made. What changed since is looked at again at once. Raises StetError."""
        now = datetime.now(UTC)
        message = records.message(
            response,
            there,
            channel=call.place,
            ts=call.ts,
            thread=thread,
            delivery=f"call {call.place} {call.ts}",
            asker=None,
            seen=seen,
        )
        frame = {"trusted": there.trusted, "sensitive": matter.found.sensitive}
        key = self._ledger.messages.keep(replace(message, frame=frame), now)
        if self._archive.store.gone({(one.version.entry.whole_id, one.version.number) for one in response.shown}):
            self._ledger.withdraw(self._archive.store.gone)  # taken down while it was sent
            self._ledger.empty_log()
        if self._archive.store.last_change() != seen:
            self._ledger.messages.look_again(key, now)

    def tell_asker(self, call: Call, response: Response, mark: Mark | None) -> None:
        """Say something to the asker: in their thread, or else in a direct message. Raises NotNow, NotTaken."""
        self.post(asker_at(call), call.thread, response, mark)

    def post(self, place: str, thread: str | None, response: Response, mark: Mark | None = None) -> tuple[str, str]:
        """Post a message for all at a place, where that is a person in a direct message; the channel where it stands,
        and its time. Where Slack's answer was lost, a marked message is looked for. Raises NotNow, NotTaken."""
        more: dict[str, Any] = {} if mark is None else {"metadata": mark.metadata}
        since = f"{datetime.now(UTC).timestamp() - _BEFORE:.6f}"
        try:
            posted = mapped(
                lambda: self._client.chat_postMessage(
                    channel=place,
                    thread_ts=thread,
                    unfurl_links=False,
                    unfurl_media=False,
                    **more,
                    **posting.message(response, place),
                )
            )
        except NotNow as error:
            found = None
            if mark is not None and not _is_person(place) and error.reason not in _RATE:
                found = posting.find(self._client, place, thread, since, mark)
            if found is None:
                raise
            return place, found
        return str(posted["channel"]), str(posted["ts"])


def why_not(error: NotNow | NotTaken, place: str) -> Line:
    """What is said where Slack does not take a message for a place, a channel, a person or a group."""
    if isinstance(error, NotNow):
        if error.reason in _RATE:
            return say(wording.CALL_NOT_NOW)
        return say(wording.CALL_UNCERTAIN, place=Mention(place))
    phrase = wording.CALL_NOT_TAKEN
    if error.reason == "is_archived":
        phrase = wording.CALL_ARCHIVED
    elif error.reason in _NO_MEMBER and not _is_person(place):
        phrase = wording.CALL_NOT_A_MEMBER
    return say(phrase, place=Mention(place))


def _is_person(place: str) -> bool:
    return place[:1] in ("U", "W")


def in_thread(call: Call) -> bool:
    """Whether the asker is told where they asked."""
    return call.thread is not None or call.channel.startswith("D")


def asker_at(call: Call) -> str:
    """Where the asker is told something: in the channel where they asked, or by themselves."""
    return call.channel if in_thread(call) else call.asker or ""
