"""What was posted keeps up with its source: the archive's feed of changes is read from the ledger's own cursor, and
every message that shows what changed is changed in Slack, after an outage or a restart, too."""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from slack_sdk import WebClient

from bot import posting, wording
from bot.ledger import Ledger
from bot.ledger.messages import Kept, Kind, Standing, State
from bot.metrics import Metrics
from bot.pieces import Line, Mention, Piece, Words, say
from bot.posting import Mark, NotNow, NotTaken
from bot.present import Present, Refreshed, changed
from bot.replies import Response, Section
from retrieval.archive import Archive
from retrieval.errors import StetError
from retrieval.feed import Kind as Change
from retrieval.model import Blog, Cause

_LOOK_SECONDS = 1.0
"""How often the feed is looked at."""
_BATCH = 1_000
_HIDDEN_SECONDS = 60
"""How often a message is looked at again that shows what is held back: a hold may end by itself."""
_PACE, _BURST = 1.25, 10
"""Seconds between two changes after a burst: Slack takes about 50 of them a minute."""
_MOST_TRIES, _MOST_TELLS = 8, 5
_MOST_DELAY = 300.0
_STOP_SECONDS = 10

log = logging.getLogger(__name__)


class Living:
    """Follows the archive from a thread of its own."""

    def __init__(
        self,
        archive: Archive,
        ledger: Ledger,
        client: WebClient,
        metrics: Metrics,
        renewed: Callable[[Kept], Response | None] = lambda _: None,
    ) -> None:
        """`client` repeats nothing by itself; `renewed` lays out messages anew that have a form of their own."""
        self._renewed = renewed
        self._archive, self._ledger, self._client, self._metrics = archive, ledger, client, metrics
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="living", daemon=True)
        self._allowance, self._allowed_at = float(_BURST), time.monotonic()

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it is at it."""
        return self._thread.is_alive()

    def stop(self) -> None:
        """Follow no longer; a change that is under way is finished. The next run goes on from there."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.look()
            except StetError as error:
                log.error("posted messages are not kept up with the archive: %s", error)
            except Exception:  # the outermost edge: the thread has to go on
                log.exception("posted messages are not kept up with the archive")
            self._stopping.wait(_LOOK_SECONDS)

    def look(self) -> None:
        """Change every message that shows what changed since the last look. Raises StetError."""
        for key in self._by_rules():
            self._try(key)
        for key, retimed in self._by_feed():
            self._try(key, retimed=retimed)
        for key in self._ledger.messages.due(datetime.now(UTC)):
            self._try(key)

    def _try(self, key: int, *, retimed: bool = False) -> None:
        """Bring one message up to date; one that cannot be read keeps no other from it."""
        try:
            self._renew(key, retimed=retimed)
        except StetError:
            raise
        except Exception:  # the outermost edge: all others have to be kept up
            log.exception("a posted message is not kept up with the archive")
            self._ledger.messages.missed(key, "unexpected", None)

    # ------------------------------------------------------------ what changed

    def _by_feed(self) -> Iterator[tuple[int, bool]]:
        """The messages that show entries that changed, and whether one got another time; each change is passed once
        its messages are."""
        while not self._stopping.is_set():
            at = self._ledger.cursor() or 0
            changes = self._archive.store.changes_after(at, _BATCH)
            if not changes:
                return
            if any(one.kind == Cause.TAKEN_DOWN for one in changes):
                self._ledger.withdraw(self._archive.store.gone)  # whoever took it down may be about to
            moved = {one.entry for one in changes if one.kind == Change.RETIMED}
            retimed = set(self._ledger.messages.quoting_any(moved))
            for key in self._ledger.messages.quoting_any({one.entry for one in changes}):
                yield key, key in retimed
            if not self._stopping.is_set():
                self._ledger.move_cursor(changes[-1].number)

    def _by_rules(self) -> Iterator[int]:
        """The messages that show blogs whose visibility, sensitivity or embargo changed since the last look, which is
        no change of an entry."""
        now = datetime.now(UTC)
        rules = {one.id: _rule(one, now) for one in self._archive.blogs().values()}
        known = self._ledger.rules()
        others = {blog for blog, rule in rules.items() if known.get(blog) not in (None, rule)}
        if others:
            yield from self._ledger.messages.quoting_blogs(others)
        if rules != known and not self._stopping.is_set():
            self._ledger.keep_rules(rules)

    # ------------------------------------------------------------ one message

    def _renew(self, key: int, *, retimed: bool) -> None:
        """Bring one message up to date, as far as Slack lets us. `retimed`: an entry that it cites got another time,
        which no slice shows."""
        message = self._ledger.messages.of(key)
        if message is None or self._stopping.is_set():
            return
        if message.state in (State.GONE, State.ALONE):
            self._ledger.messages.look_again(key, None)
            return
        now, seen = datetime.now(UTC), self._archive.store.last_change()
        blogs = self._ledger.channels.of(message.channel).blogs
        fresh = Present(self._archive, message, now, blogs).refreshed()
        differs = changed(message, fresh) or bool(message.tries)
        try:
            if differs or (retimed and message.kind is Kind.ANSWER):
                self._change(message, fresh)
                self._metrics.updated("done")
        except NotNow as error:
            self._missed(message, error.reason, error.seconds)
        except NotTaken as error:
            if error.gone:
                self._ledger.messages.gone(key)
            else:
                self._missed(message, error.reason, None)
        else:
            self._noted(message, fresh, seen, now, differs=differs)

    def _change(self, message: Kept, fresh: Refreshed) -> None:
        """Change it in Slack; a report is removed."""
        self._wait_for_turn()
        if message.kind is Kind.FILE:
            posting.remove(self._client, message.ts)
            return
        response = self._renewed(message) or fresh.response
        posting.replace(self._client, message.channel, message.ts, response, None)

    def _noted(self, message: Kept, fresh: Refreshed, seen: int, now: datetime, *, differs: bool) -> None:
        """Keep how the message stands now, and then tell its asker in the thread: an edit notifies nobody."""
        if message.kind is Kind.FILE:
            if differs:
                self._ledger.messages.gone(message.key)
                self._tell(message, message.thread, (wording.REPORT_REMOVED,), seen)
            else:
                self._ledger.messages.renew(message, message.receipts, seen, None)
        elif self._ledger.messages.renew(message, fresh.receipts, seen, _due(fresh, now)) and fresh.worse:
            phrases = tuple(wording.TOLD[one] for one in Standing if one in fresh.worse)
            self._tell(message, message.thread or message.ts, phrases, seen)

    def _tell(self, message: Kept, thread: str | None, phrases: Sequence[str], seen: int) -> None:
        """Tell it once; where Slack does not take it now, some times more. That it was changed is noted already."""
        mark = Mark(delivery=f"change {message.key}", part=seen)
        since = f"{message.at.timestamp() - 60:.6f}"
        told = _told(message, phrases)
        for attempt in range(_MOST_TELLS):
            try:
                if attempt and posting.find(self._client, message.channel, thread, since, mark) is not None:
                    return
                self._wait_for_turn()
                posting.post(self._client, message.channel, thread, told, mark)
                return
            except NotTaken as error:
                log.warning("an asker was not told of a change: %s", error.reason)
                return
            except NotNow as error:
                self._stopping.wait(error.seconds or 1.0)
        log.warning("an asker was not told of a change: Slack took no message")

    def _missed(self, message: Kept, reason: str, seconds: float | None) -> None:
        """Slack would not let it be changed: again later, and in the end it is listed."""
        if message.tries + 1 >= _MOST_TRIES:
            self._ledger.messages.missed(message.key, reason, None)
            self._metrics.updated("given_up")
            log.error("a posted message could not be changed and is listed by `stet audit`: %s", reason)
            return
        delay = min(2.0**message.tries, _MOST_DELAY) if seconds is None else seconds
        self._ledger.messages.missed(message.key, reason, datetime.now(UTC) + timedelta(seconds=delay))
        self._metrics.updated("retried")

    def _wait_for_turn(self) -> None:
        now = time.monotonic()
        self._allowance = min(self._allowance + (now - self._allowed_at) / _PACE, float(_BURST))
        self._allowed_at = now
        if self._allowance < 1.0:
            self._stopping.wait((1.0 - self._allowance) * _PACE)
            self._allowance, self._allowed_at = 1.0, time.monotonic()
        self._allowance -= 1.0


def _told(message: Kept, phrases: Sequence[str]) -> Response:
    """What the asker is told in the thread."""
    called: tuple[Piece, ...] = (Mention(message.asker), Words(wording.SPACE)) if message.asker else ()
    said = [say(one) for one in phrases]
    first = Line((*called, *said[0].pieces))
    return Response(sections=(Section(reply=(first, *said[1:])),))


def _due(fresh: Refreshed, now: datetime) -> datetime | None:
    is_hidden = any(one.standing is Standing.HIDDEN for one in fresh.receipts)
    return now + timedelta(seconds=_HIDDEN_SECONDS) if is_hidden else None


def _rule(blog: Blog, now: datetime) -> int:
    """What decides who may see a blog, as a number."""
    said = f"{','.join(sorted(blog.visibility))} {blog.sensitive} {blog.under_embargo(now)}"
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:7], "big")
