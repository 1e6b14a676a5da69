"""The modals and Home tabs of the loopback Slack: what is open, what may be done to it, and what an ack may say.

A modal holds up to three views, one on top of the other. Submitting one closes it, unless the ack says otherwise:
the next below is seen again. What is closed can no longer be changed.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.slack_choosing import state_of
from tests.slack_limits import Problem, Verdict, check_view
from tests.slack_payloads import Workspace
from tests.slack_records import Journal, ShownView
from tests.slack_refused import RefusedError, judge

__all__ = ["Views"]

Json = dict[str, Any]

_DEEPEST: Final = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Trigger:
    user: str
    view: str
    made_at: float


@dataclass(kw_only=True, slots=True)
class _View:
    id: str
    user: str
    view: Json
    hash: str
    below: _View | None = None
    open: bool = True
    picked: dict[tuple[str, str], Json] = field(default_factory=dict)

    @property
    def stack(self) -> list[_View]:
        """This view and those below it, the root last."""
        return [self, *(self.below.stack if self.below else [])]


class Views:
    """Called in the server's loop; triggers are made, and views looked at, by any thread."""

    def __init__(
        self,
        journal: Journal,
        space: Workspace,
        *,
        trigger_lifetime: float,
        number: Callable[[], int],
        known: Callable[[str], object],
    ) -> None:
        self._journal, self._space = journal, space
        self._trigger_lifetime, self._number, self._known = trigger_lifetime, number, known
        self._triggers: dict[str, _Trigger] = {}
        self._exchanged: set[str] = set()
        self._views: dict[str, _View] = {}
        self._homes: dict[str, str] = {}

    def new_trigger(self, user: str, view: str = "") -> str:
        """A trigger id: good once, for three seconds. `view` is the view that it comes from."""
        name = f"{self._number()}.{self._space.team}.{uuid.uuid4().hex}"
        self._triggers[name] = _Trigger(user=user, view=view, made_at=time.monotonic())
        return name

    def payload(self, view_id: str) -> Json:
        """A view as it stands now, as Slack puts it into payloads. Raises LookupError if there never was one."""
        with self._journal.changed:
            if (view := self._views.get(view_id)) is None:
                raise LookupError(f"no view {view_id!r}")
            return self._as_payload(view)

    def pick(self, view_id: str, block_id: str, action_id: str, chosen: Json) -> None:
        """Keep what a person has chosen in an element of a view."""
        with self._journal.changed:
            self._views[view_id].picked[block_id, action_id] = chosen

    def close(self, view_id: str, *, whole: bool = False) -> None:
        """A person closes a view, or the whole modal."""
        with self._journal.changed:
            view = self._views[view_id]
            for one in self._modal_of(view) if whole else [view]:
                one.open = False

    def open(self, args: Mapping[str, Any]) -> Json:
        """`views.open`."""
        trigger = self._trigger(args)
        answer = self._show("views.open", trigger.user, args.get("view"))
        self._exchanged.add(args["trigger_id"])
        return answer

    def push(self, args: Mapping[str, Any]) -> Json:
        """`views.push`: on top of the view that the trigger comes from."""
        trigger = self._trigger(args)
        below = self._views.get(trigger.view)
        if below is None or not below.open or below.view["type"] != "modal":
            raise RefusedError("not_found")
        answer = self._push("views.push", below, args.get("view"))
        self._exchanged.add(args["trigger_id"])
        return answer

    def publish(self, args: Mapping[str, Any]) -> Json:
        """`views.publish`: a user's Home tab is one view, and keeps its id."""
        user = args.get("user_id", "")
        self._known(user)
        home = self._views.get(self._homes.get(user, ""))
        if home is not None:
            return self._change("views.publish", home, args)
        answer = self._show("views.publish", user, args.get("view"))
        self._homes[user] = answer["view"]["id"]
        return answer

    def update(self, args: Mapping[str, Any]) -> Json:
        """`views.update`, by `view_id` or `external_id`."""
        if args.get("view_id"):
            found = self._views.get(args["view_id"])
        elif args.get("external_id"):
            found = self._named(args["external_id"])
        else:
            raise RefusedError("invalid_arguments", (Problem(pointer="/view_id", reason="missing required field"),))
        if found is None or not found.open:
            raise RefusedError("not_found")
        return self._change("views.update", found, args)

    def answered(self, view_id: str, response: Mapping[str, Any] | None) -> None:
        """Do what the ack of a submission says; what Slack would not understand is recorded as a violation."""
        view, said = self._views[view_id], response or {}
        action = said.get("response_action")
        try:
            match action:
                case None if not said:
                    self.close(view_id)
                case "clear":
                    self.close(view_id, whole=True)
                case "update":
                    self._change("ack:update", view, said)
                case "push":
                    self._push("ack:push", view, said.get("view"))
                case "errors":
                    judge(self._journal, "ack:errors", _check_errors(view.view, said.get("errors")))
                case _:
                    judge(self._journal, "ack", _refusal("/response_action", f"unknown: {action}"))
        except RefusedError:
            return

    def _trigger(self, args: Mapping[str, Any]) -> _Trigger:
        name = args.get("trigger_id", "")
        if (trigger := self._triggers.get(name)) is None:
            raise RefusedError("invalid_trigger_id")
        if name in self._exchanged:
            raise RefusedError("exchanged_trigger_id")
        if time.monotonic() - trigger.made_at > self._trigger_lifetime:
            raise RefusedError("expired_trigger_id")
        return trigger

    def _push(self, method: str, below: _View, view: object) -> Json:
        if len(below.stack) >= _DEEPEST:
            raise RefusedError("push_limit_reached")
        return self._show(method, below.user, view, below)

    def _show(self, method: str, user: str, view: object, below: _View | None = None) -> Json:
        """A new view."""
        judge(self._journal, method, check_view(view))
        assert isinstance(view, Mapping)
        if view.get("external_id") and self._named(view["external_id"]) is not None:
            raise RefusedError("duplicate_external_id")
        shown = _View(id=f"V{self._number()}", user=user, view=dict(view), hash=self._new_hash(), below=below)
        with self._journal.changed:
            self._views[shown.id] = shown
        return self._note(method, shown)

    def _change(self, method: str, old: _View, args: Mapping[str, Any]) -> Json:
        """Another content for a view; what was chosen stays chosen where the same elements stand."""
        view = args.get("view")
        if args.get("hash") and args["hash"] != old.hash:
            raise RefusedError("hash_conflict")
        judge(self._journal, method, check_view(view))
        assert isinstance(view, Mapping)
        if view["type"] != old.view["type"]:
            judge(self._journal, method, _refusal("/view/type", f"must be {old.view['type']}"))
        if view.get("external_id") and self._named(view["external_id"]) not in (None, old):
            raise RefusedError("duplicate_external_id")
        with self._journal.changed:
            old.view, old.hash = dict(view), self._new_hash()
        return self._note(method, old)

    def _note(self, method: str, view: _View) -> Json:
        self._journal.note_view(ShownView(id=view.id, method=method, user=view.user, view=view.view))
        return {"view": self._as_payload(view)}

    def _as_payload(self, view: _View) -> Json:
        return {
            "private_metadata": "",
            "callback_id": "",
            "external_id": "",
            "title": None,
            "close": None,
            "submit": None,
            "clear_on_close": False,
            "notify_on_close": False,
            **view.view,
            "id": view.id,
            "team_id": self._space.team,
            "app_id": self._space.app,
            "app_installed_team_id": self._space.team,
            "bot_id": self._space.bot,
            "hash": view.hash,
            "state": {"values": state_of(view.view.get("blocks"), view.picked)},
            "root_view_id": view.stack[-1].id,
            "previous_view_id": view.below.id if view.below else None,
        }

    def _named(self, external_id: str) -> _View | None:
        views = [view for view in self._views.values() if view.open and view.view.get("external_id") == external_id]
        return views[0] if views else None

    def _modal_of(self, view: _View) -> list[_View]:
        root = view.stack[-1]
        return [one for one in self._views.values() if one.stack[-1] is root]

    def _new_hash(self) -> str:
        return f"{int(time.time())}.{uuid.uuid4().hex[:8]}"


def _refusal(pointer: str, reason: str) -> Verdict:
    return Verdict(error="invalid_arguments", problems=(Problem(pointer=pointer, reason=reason),), characters=0)


def _check_errors(view: Mapping[str, Any], errors: object) -> Verdict:
    """Errors are texts by the ids of the view's input blocks; others Slack cannot show anywhere."""
    if not isinstance(errors, Mapping) or not errors:
        return _refusal("/errors", "must be an object of texts by block_id")
    inputs = {block.get("block_id") for block in view["blocks"] if block["type"] == "input"}
    problems = [
        Problem(pointer=f"/errors/{block_id}", reason="must be a text for an input block of the view")
        for block_id, text in errors.items()
        if block_id not in inputs or not isinstance(text, str) or not text
    ]
    return Verdict(error="invalid_arguments" if problems else None, problems=tuple(problems), characters=0)
