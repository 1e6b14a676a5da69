"""What the ledger keeps of questions and of their replies. Where it cannot be written, the reply goes out all the
same, and the log says what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import TypeVar

from bot import records
from bot.incoming import Incoming
from bot.ledger import Ledger
from bot.ledger.messages import Kept, Kind, Message, receipt
from bot.policy import Policy
from bot.replies import Request, Response
from retrieval.archive import Archive
from retrieval.errors import StetError
from retrieval.model import Passage

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Keeping:
    """Keeps what is answered. Safe to use from several threads."""

    def __init__(self, archive: Archive, ledger: Ledger, policy: Policy) -> None:
        self._archive, self._ledger, self._policy = archive, ledger, policy

    def noted(self, incoming: Incoming, response: Response) -> Response:
        """Note how a question ended; the response with the key under which that is. A further page is no question."""
        given, turn = response.given, response.turn
        if given is None or turn is None or turn.wish.shown:
            return response
        text = turn.wish.text if self._policy.keep_questions is not None else None
        key = _tried(
            "how a question ended is not noted",
            lambda: self._ledger.learning.note(
                incoming.origin or incoming.key,
                channel=incoming.channel,
                user=incoming.user,
                way=incoming.way,
                outcome=given.outcome,
                confidence=given.confidence,
                text=text,
                now=datetime.now(UTC),
            ),
        )
        return replace(response, asked=key)

    def posting(self, incoming: Incoming) -> None:
        """A reply is being sent now: from here on it may stand in Slack, whatever becomes of us."""
        _tried("that a reply is being sent is not noted", lambda: self._ledger.inbox.posting(incoming.key))

    def reply_before(self, incoming: Incoming) -> Kept | None:
        """The reply that a question had before it was edited."""
        origin = incoming.origin
        if origin is None:
            return None
        found = _tried("a reply cannot be looked up", lambda: self._ledger.messages.reply_to(origin))
        return found if found is not None and found.channel == incoming.channel else None

    def keep(
        self, incoming: Incoming, response: Response, request: Request, *, ts: str, thread: str | None, seen: int
    ) -> None:
        """Keep a reply that went out, with its receipts: `ts` is empty where one person alone sees it; `seen` the
        archive's last change when it was made. What changed since is looked at again at once."""
        _tried(
            "the receipts of a reply are not kept", lambda: self._keep(incoming, response, request, ts, thread, seen)
        )

    def _keep(
        self, incoming: Incoming, response: Response, request: Request, ts: str, thread: str | None, seen: int
    ) -> None:
        if not ts and not response.shown:
            return
        message = records.message(
            response,
            request,
            channel=incoming.channel,
            ts=ts,
            thread=thread,
            delivery=incoming.origin or incoming.key,
            asker=incoming.user,
            seen=seen,
        )
        key = self._keep_message(message, response.shown)
        if response.asked is not None:
            self._ledger.learning.answered_by(response.asked, key)

    def keep_file(
        self, incoming: Incoming, quoted: Sequence[Passage], request: Request, file: str, seen: int
    ) -> None:
        """Keep a report that was uploaded, with the receipts of what it quotes; `file` is its id."""
        message = Message(
            channel=incoming.channel,
            ts=file,
            thread=incoming.reply_thread,
            delivery=None,  # it is no reply that an edit of the question changes
            asker=incoming.user,
            kind=Kind.FILE,
            frame={"trusted": request.trusted},
            seen=seen,
            receipts=tuple(receipt(one) for one in quoted),
        )
        _tried("the receipts of a report are not kept", lambda: self._keep_message(message, quoted))

    def _keep_message(self, message: Message, shown: Sequence[Passage]) -> int:
        key = self._ledger.messages.keep(message, datetime.now(UTC))
        if self._archive.store.gone({(one.version.entry.whole_id, one.version.number) for one in shown}):
            self._ledger.withdraw(self._archive.store.gone)  # taken down while the answer was under way
            self._ledger.empty_log()
        if message.ts and self._archive.store.last_change() != message.seen:
            self._ledger.messages.look_again(key, datetime.now(UTC))
        return key


def _tried(otherwise: str, write: Callable[[], _T]) -> _T | None:
    try:
        return write()
    except StetError as error:
        log.error("%s: %s", otherwise, error)
        return None
