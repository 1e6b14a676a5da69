"""What every window needs: who looks at it and what they may see, the calls that show it, and the reason where it is
not shown. Whoever pressed a button is never left without either."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillAtIt
from dataclasses import dataclass
from typing import Any

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot import posting, presses, views, wording
from bot.ledger import Ledger
from bot.metrics import Metrics
from bot.pieces import Line, say
from bot.posting import NotNow, NotTaken, mapped
from bot.presses import Press, Submission
from bot.replies import Request, only
from bot.trust import Trust
from bot.views import Held, Seal, View
from retrieval.archive import Archive
from retrieval.errors import StetError

_SENDERS = 4
_IN_TIME = 2.0
"""Seconds within which something is sent while Slack waits for its acknowledgement, which it does for three."""
_APART = 0.5
"""Seconds between an acknowledgement that changes a window and a call that changes it again: they may overtake."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reaction:
    """What a submitted window turns into: another window, or errors by the ids of its inputs."""

    view: View | None = None
    errors: dict[str, str] | None = None


class Opening:
    """Opens windows and hears of them. Safe to use from several threads."""

    def __init__(self, archive: Archive, ledger: Ledger, client: WebClient, trust: Trust, metrics: Metrics) -> None:
        """`client` repeats nothing by itself."""
        self.archive, self.ledger, self.client = archive, ledger, client
        self.seal = Seal(client.token or secrets.token_hex())
        self._trust, self._metrics = trust, metrics
        self._senders = ThreadPoolExecutor(_SENDERS, thread_name_prefix="sending")

    def stop(self) -> None:
        """Finish what is being sent."""
        self._senders.shutdown(wait=True)

    # ------------------------------------------------------------ who looks

    def request(self, user: str | None, channel: str, *, private: bool) -> Request:
        """What somebody may see in a channel, alone or with all there. Raises StetError."""
        direct = channel[:1] in ("D", "U", "W")
        restricted = any(channel in one.visibility for one in self.archive.blogs().values())
        return Request(
            text="",
            channel=channel,
            direct=direct,
            private=private or direct,
            trusted=restricted and not direct and self._trust.holds(user, channel),
            blogs=self.ledger.channels.of(channel).blogs,
        )

    # ------------------------------------------------------------ hearing

    def hear(self, app: App, action: str, handle: Callable[[Press], None]) -> None:
        """Call `handle` where a button is pressed, once Slack has its acknowledgement."""

        def listener(ack: Ack, body: dict[str, Any]) -> None:
            ack()
            press = presses.pressed(body)
            if press is None:
                return
            try:
                handle(press)
            except StetError as error:
                log.error("a button did nothing: %s", error)
                self.tell(press, say(wording.INDEX_TROUBLE))
            except Exception:  # the outermost edge: whoever pressed it is told
                log.exception("a button did nothing")
                self.tell(press, say(wording.TROUBLE))

        app.action(action)(listener)

    def take(self, app: App, kind: str, handle: Callable[[Submission], Reaction]) -> None:
        """Show what `handle` makes of a submitted window, in its place. Where that takes longer than Slack waits, the
        window says so until it is done."""

        def listener(ack: Ack, body: dict[str, Any]) -> None:
            given = presses.submitted(body)
            if given is None:
                ack()
                return
            coming = self._senders.submit(self._reacted, handle, given)
            try:
                _acknowledge(ack, coming.result(timeout=_IN_TIME))
            except StillAtIt:
                ack(response_action="update", view=views.notice(wording.NOTICE_TITLE, say(wording.STILL_SENDING)))
                self._show_later(given, coming)

        app.view(kind)(listener)

    def _reacted(self, handle: Callable[[Submission], Reaction], given: Submission) -> Reaction:
        try:
            return handle(given)
        except StetError as error:
            log.error("a window did nothing: %s", error)
            return said(wording.NOTICE_TITLE, say(wording.INDEX_TROUBLE))
        except Exception:  # the outermost edge: whoever submitted it is told
            log.exception("a window did nothing")
            return said(wording.NOTICE_TITLE, say(wording.TROUBLE))

    def _show_later(self, given: Submission, coming: Future[Reaction]) -> None:
        reaction = coming.result()
        time.sleep(_APART)
        self.update(given.view, reaction.view or views.notice(wording.NOTICE_TITLE, say(wording.TROUBLE)))

    def held(self, press: Press, kind: str) -> Held | None:
        """What the window holds in which a button was pressed; None, which whoever pressed it is told, where it is
        none of ours or theirs."""
        found = self.seal.read(press.metadata, kind, press.user)
        if found is None:
            self.tell(press, say(wording.NOT_YOUR_WINDOW))
        return found

    # ------------------------------------------------------------ showing

    def open(self, press: Press, view: View) -> None:
        """Open a window for whoever pressed a button; else tell them why it did not open."""
        try:
            mapped(lambda: self.client.views_open(trigger_id=press.trigger, view=view))
        except (NotNow, NotTaken) as error:
            self._failed("a window did not open", error)
            self.tell(press, say(wording.WINDOW_LATE))

    def push(self, press: Press, view: View) -> str | None:
        """Put a window on top of the one in which a button was pressed; its id, None where it did not open."""
        try:
            pushed = mapped(lambda: self.client.views_push(trigger_id=press.trigger, view=view))
        except (NotNow, NotTaken) as error:
            self._failed("a window did not open", error)
            return None
        return str(pushed["view"]["id"])

    def update(self, view_id: str, view: View) -> bool:
        """Put a window in the place of one; whether it is still there."""
        try:
            mapped(lambda: self.client.views_update(view_id=view_id, view=view))
        except (NotNow, NotTaken) as error:
            self._failed("a window was not changed", error)
            return False
        return True

    def tell(self, press: Press, line: Line) -> None:
        """Say something to whoever pressed a button, alone: under the message, or on top of the window."""
        if press.view is not None:
            self.push(press, views.notice(wording.NOTICE_TITLE, line))
            return
        if press.channel is None:
            return
        channel = press.channel
        try:
            posting.reply_in_private(self.client, press.response_url, channel, only(line))
        except (NotNow, NotTaken) as error:
            self._failed("whoever pressed a button was not told", error)

    def _failed(self, what: str, error: NotNow | NotTaken) -> None:
        self._metrics.failed(error.reason)
        log.warning("%s: %s", what, error.reason)


def said(title: str, *lines: Line) -> Reaction:
    """A window that only says something."""
    return Reaction(view=views.notice(title, *lines))


def _acknowledge(ack: Ack, reaction: Reaction) -> None:
    if reaction.errors is not None:
        ack(response_action="errors", errors=reaction.errors)
    elif reaction.view is not None:
        ack(response_action="update", view=reaction.view)
    else:
        ack()
