"""App Home: what the Messages tab offers to ask, the Home tab, and the window for channels' settings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from slack_bolt import Ack, App
from slack_sdk import WebClient

from bot import home_views, wording
from bot.home_views import CHANGE_CHANNEL, SET_CHANNEL, SETTINGS, Admins, Chosen, Use, View
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from bot.policy import Policy
from bot.posting import NotNow, NotTaken, mapped
from bot.replies import Request, not_sensitive, visible
from retrieval.archive import Archive
from retrieval.errors import StetError
from retrieval.model import Blog, Filter, Outcome
from retrieval.store import Coverage

_LACKING = {"unknown_method", "missing_scope", "access_denied", "no_permission", "feature_not_enabled"}
"""What Slack says where an app, or a workspace, does not have a method at all."""
_NEWEST = 50
"""Entries whose titles are looked at for prompts."""
_DAYS = timedelta(days=7)

_T = TypeVar("_T")

log = logging.getLogger(__name__)


class Home:
    """Bolt listeners. Safe to use from several threads."""

    def __init__(
        self, archive: Archive, ledger: Ledger, client: WebClient, patient: WebClient, policy: Policy
    ) -> None:
        """`client` repeats nothing by itself: a window has three seconds. `patient` waits where Slack says how long:
        a tab can."""
        self._archive, self._ledger, self._policy = archive, ledger, policy
        self._client, self._patient = client, patient
        self._no_prompts = threading.Event()

    def register(self, app: App) -> None:
        """Have Bolt call us."""
        app.event("app_home_opened")(self.opened)
        app.action(SET_CHANNEL)(self.pressed)
        app.action(CHANGE_CHANNEL)(self.pressed)
        app.view(SETTINGS)(self.submitted)

    # ------------------------------------------------------------ listeners

    def opened(self, event: dict[str, Any]) -> None:
        """Somebody opened a tab: set the prompts of the one, or publish the other."""
        user, channel = event.get("user"), event.get("channel")
        if event.get("tab") == "messages" and isinstance(channel, str):
            self._suggest(channel)
        elif event.get("tab") == "home" and isinstance(user, str):
            self._publish(user)

    def pressed(self, ack: Ack, body: dict[str, Any]) -> None:
        """An admin wants to set a channel, or to change its settings: open the window."""
        ack()
        user, action = _user(body), body["actions"][0]
        channel = home_views.channel_in(action.get("value")) if action.get("action_id") == CHANGE_CHANNEL else None
        view = self._window(user, channel)
        trigger = body.get("trigger_id")
        self._tried("a window is not opened", lambda: self._client.views_open(trigger_id=trigger, view=view))

    def submitted(self, ack: Ack, body: dict[str, Any]) -> None:
        """Settings were submitted: keep them, if an admin did that in a window of their own."""
        user, view = _user(body), body.get("view") or {}
        if not self._is_admin(user):
            ack(response_action="update", view=home_views.notice(wording.NOT_AN_ADMIN))
            return
        said = home_views.opened(view.get("private_metadata"))
        if said is None or said.user != user:
            ack(response_action="update", view=home_views.notice(wording.NOT_YOUR_SETTINGS))
            return
        try:
            errors = self._keep(user, said.channel, home_views.chosen(view))
        except StetError as error:
            log.error("the settings of a channel are not saved: %s", error)
            ack(response_action="update", view=home_views.notice(wording.NOT_SAVED))
            return
        if errors:
            ack(response_action="errors", errors=errors)
            return
        ack()
        self._publish(user)

    # ------------------------------------------------------------ Messages

    def _suggest(self, channel: str) -> None:
        """Offer questions about what was published last. Slack sets none where there is nothing to ask about."""
        if self._no_prompts.is_set():
            return
        prompts = self._prompts()
        if not prompts:
            return
        try:
            mapped(lambda: self._patient.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts))
        except NotTaken as error:
            if error.reason in _LACKING or error.reason.startswith("not_allowed"):
                self._no_prompts.set()
            log.info("no prompts are set: %s", error.reason)
        except NotNow as error:
            log.info("no prompts are set: %s", error.reason)

    def _prompts(self) -> list[dict[str, str]]:
        try:
            blogs = self._in_direct()
            wanted = Filter(blogs=not_sensitive(self._archive.blogs(), blogs))
            return home_views.prompts(self._archive.store.entries_in_order(wanted, _NEWEST, latest=True))
        except StetError as error:
            log.error("the archive cannot be read: %s", error)
            return []

    def _in_direct(self) -> frozenset[str]:
        """The blogs that anyone may see in a direct message, now."""
        blogs, now = self._archive.blogs(), datetime.now(UTC)
        request = Request(text="", channel="", direct=True, private=True, trusted=False)
        return frozenset(one for one in visible(blogs, request) if not blogs[one].under_embargo(now))

    # ------------------------------------------------------------ Home

    def _publish(self, user: str) -> None:
        is_admin = self._is_admin(user)
        view = home_views.home(_read(self._covered), _read(self._for_admins) if is_admin else None, is_admin=is_admin)
        self._tried("a Home tab is not published", lambda: self._patient.views_publish(user_id=user, view=view))

    def _covered(self) -> Coverage:
        return self._archive.store.coverage(Filter(blogs=self._in_direct()))

    def _for_admins(self) -> Admins:
        since = datetime.now(UTC) - _DAYS
        questions = self._ledger.learning.since(since)
        use = Use(
            since=since,
            asked=len(questions),
            answered=sum(one.outcome == Outcome.ANSWERED for one in questions),
            bad=sum(any(not said.good for said in one.said) for one in questions),
            stuck=len(self._ledger.messages.stuck()),
        )
        return Admins(channels=self._ledger.channels.every(), blogs=self._titled(), use=use)

    def _titled(self) -> dict[str, Blog]:
        """The blogs whose titles an admin may see: all but those held back or under embargo."""
        now = datetime.now(UTC)
        held = {name for name, _ in self._archive.store.holds(now)}
        return {
            id_: blog
            for id_, blog in self._archive.blogs().items()
            if id_ not in held and not blog.under_embargo(now)
        }

    # ------------------------------------------------------------ settings

    def _window(self, user: str, channel: str | None) -> View:
        """The window for a channel's settings (None: for one to be chosen); or what it cannot be opened for."""
        if not self._is_admin(user):
            return home_views.notice(wording.NOT_AN_ADMIN)
        try:
            given = None if channel is None else self._ledger.channels.of(channel)
            return home_views.settings(user, given, self._titled())
        except StetError as error:
            log.error("the settings of a channel cannot be read: %s", error)
            return home_views.notice(wording.HOME_TROUBLE)

    def _keep(self, user: str, named: str | None, chosen: Chosen) -> dict[str, str]:
        """Keep what was chosen, or return what is wrong with it, by block. Raises StetError."""
        channel = named or chosen.channel
        if channel is None:
            return {home_views.CHANNEL: wording.NOT_A_CHANNEL}
        if named is None and any(one.channel == channel for one in self._ledger.channels.every()):
            return {home_views.CHANNEL: wording.ALREADY_SET}
        if chosen.person is not None and not home_views.is_person(chosen.person):
            return {home_views.PERSON: wording.NOT_A_PERSON}
        if not chosen.blogs <= self._archive.blogs().keys():
            return {home_views.BLOGS: wording.BLOG_UNKNOWN}
        before = self._ledger.channels.of(channel).blogs or frozenset()
        blogs = chosen.blogs | (before - chosen.offered)  # what the window did not list, nobody took out
        settings = ChannelSettings(
            channel=channel,
            threads=chosen.threads,
            private=chosen.private,
            blogs=blogs or None,
            person=chosen.person,
        )
        self._ledger.channels.set(settings, user, datetime.now(UTC))
        log.info("settings of a channel were set channel=%s", channel)
        return {}

    def _is_admin(self, user: str) -> bool:
        return user in self._policy.admins

    def _tried(self, otherwise: str, call: Callable[[], object]) -> None:
        try:
            mapped(call)
        except (NotNow, NotTaken) as error:
            log.warning("%s: %s", otherwise, error.reason)


def _read(read: Callable[[], _T]) -> _T | None:
    try:
        return read()
    except StetError as error:
        log.error("a part of App Home cannot be read: %s", error)
        return None


def _user(body: Mapping[str, Any]) -> str:
    """Who pressed or submitted, as Slack says; nobody where it does not."""
    user = body.get("user")
    id_ = user.get("id") if isinstance(user, Mapping) else None
    return id_ if isinstance(id_, str) else ""
