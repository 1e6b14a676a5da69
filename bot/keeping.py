"""What the ledger keeps of questions and of their replies. Where it cannot be written, the reply goes out all the
same, and the log says what is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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
from retrieval.model import Cause, Passage

_T = TypeVar("_T")

log = logging.getLogger(__name__)


Rules = frozenset[tuple[str, tuple[str, ...], bool, bool]]
"""Of each blog: its id, its channels, whether it is sensitive, and whether it is under embargo."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """The archive at one moment: its last change, and who may see what."""

    change: int
    rules: Rules


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
        self, incoming: Incoming, response: Response, request: Request, *, ts: str, thread: str | None, seen: Seen
    ) -> None:
        """Keep a reply that went out, with its receipts: `ts` is empty where one person alone sees it; `seen` the
        archive's last change when it was made. What changed since is looked at again at once."""
        _tried(
            "the receipts of a reply are not kept", lambda: self._keep(incoming, response, request, ts, thread, seen)
        )

    def _keep(
        self, incoming: Incoming, response: Response, request: Request, ts: str, thread: str | None, seen: Seen
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
            seen=seen.change,
        )
        key = self._keep_message(message, response.shown, seen)
        if response.asked is not None:
            self._ledger.learning.answered_by(response.asked, key)

    def keep_file(
        self, incoming: Incoming, quoted: Sequence[Passage], request: Request, file: str, seen: Seen
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
            seen=seen.change,
            receipts=tuple(receipt(one, part=records.part_of(one)) for one in quoted),
        )
        _tried("the receipts of a report are not kept", lambda: self._keep_message(message, quoted, seen))

    def _keep_message(self, message: Message, shown: Sequence[Passage], seen: Seen) -> int:
        key = self._ledger.messages.keep(message, datetime.now(UTC))
        if self._archive.store.gone({(one.version.entry.whole_id, one.version.number) for one in shown}):
            self._ledger.withdraw(self._archive.store.gone)  # taken down while the answer was under way
            self._ledger.empty_log()
        if message.ts and self._has_changed(message, seen):
            self._ledger.messages.look_again(key, datetime.now(UTC))
        return key

    def _has_changed(self, message: Message, seen: Seen) -> bool:
        """Whether what a message shows, or who may see it, changed while it was made: nobody looks for that later."""
        changes = self._archive.store.changes_after(seen.change)
        quoted = {one.entry for one in message.receipts}
        return (
            any(one.entry in quoted or one.kind == Cause.TAKEN_DOWN for one in changes) or self._rules() != seen.rules
        )

    def seen(self) -> Seen:
        """The archive as it stands: whatever comes of it is held against this when it is kept."""
        found = _tried(
            "the archive cannot be read", lambda: Seen(change=self._archive.store.last_change(), rules=self._rules())
        )
        return found or Seen(change=0, rules=frozenset())

    def _rules(self) -> Rules:
        now = datetime.now(UTC)
        blogs = self._archive.blogs().values()
        return frozenset((one.id, one.visibility, one.sensitive, one.under_embargo(now)) for one in blogs)

    def is_open(self, key: str | None) -> bool:
        """Whether a delivery waits for its reply still."""
        return key is not None and bool(
            _tried("a delivery cannot be looked up", lambda: self._ledger.inbox.is_open(key))
        )

    def gone(self, channel: str, ts: str) -> None:
        """A message of ours is not there any more, or not ours to change."""

        def note() -> None:
            found = self._ledger.messages.at(channel, ts)
            if found is not None:
                self._ledger.messages.gone(found.key)

        _tried("that a message is gone is not noted", note)


def _tried(otherwise: str, write: Callable[[], _T]) -> _T | None:
    try:
        return write()
    except StetError as error:
        log.error("%s: %s", otherwise, error)
        return None
