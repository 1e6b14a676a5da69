"""What people do to buttons, menus and modals in the loopback Slack: helpers that send and return their handle."""

from typing import Any

from tests import slack_payloads
from tests.slack_choosing import Choice, chosen, find_element, find_feedback, state_of
from tests.slack_people import People
from tests.slack_records import Posted
from tests.slack_sent import Sent

__all__ = ["Clicks"]

Json = dict[str, Any]


class Clicks(People):
    """The helpers, besides those that write."""

    def shortcut(self, callback_id: str, user: str, *, message: Sent | None = None) -> Sent:
        """Someone picks a shortcut: a global one or, with a `message`, one on that message."""
        more: Json = {"callback_id": callback_id, "action_ts": self._web.new_ts()}
        if message is None:
            return self._interact("shortcut", user, "", **more)
        event = message.payload["event"]
        return self._interact(
            "message_action",
            user,
            message.channel,
            **more,
            message_ts=message.ts,
            channel={"id": message.channel, "name": slack_payloads.channel_name(message.channel)},
            message={key: event[key] for key in slack_payloads.OF_A_MESSAGE if key in event} | {"type": "message"},
            response_url=self._web.new_response_url(user, message.channel),
        )

    def block_action(self, action_id: str, value: Choice, user: str, posted: Posted, *, number: int = 0) -> Sent:
        """Someone clicks a button of a message, or chooses in a menu of it, the first of its action or that of
        another `number`. Raises LookupError if the message has no such element, or a menu no such option.

        Of an ephemeral message Slack hands back the container alone. `value` None is the button's own; in place
        of another the button's is replaced, as by somebody who forges it.
        """
        block_id, element = find_element(posted.blocks, action_id, number)
        return self._click(posted, user, block_id, action_id, chosen(element, value))

    def press_feedback(self, posted: Posted, positive: bool, user: str, *, number: int = 0) -> Sent:
        """Someone presses the thumb up, or down, of a message's `feedback_buttons`. Raises LookupError if it has
        none."""
        block_id, element = find_feedback(posted.blocks, number)
        pressed = element["positive_button" if positive else "negative_button"]
        choice = {"type": "feedback_buttons", "value": pressed["value"]}
        return self._click(posted, user, block_id, element["action_id"], choice)

    def view_action(self, view_id: str, action_id: str, user: str, value: Choice = None, *, number: int = 0) -> Sent:
        """Someone clicks a button, or chooses in a menu, of a modal or a Home tab, as it stands now.

        Raises LookupError if there is no such view, no such element in it, or no such option.
        """
        block_id, element = find_element(self._web.views.payload(view_id)["blocks"], action_id, number)
        choice = chosen(element, value)
        self._web.views.pick(view_id, block_id, action_id, choice)
        return self._interact(
            "block_actions",
            user,
            "",
            view_id,
            container={"type": "view", "view_id": view_id},
            view=self._web.views.payload(view_id),
            actions=[self._action(block_id, action_id, choice)],
        )

    def view_submission(self, view_id: str, values: Json, user: str, *, private_metadata: str | None = None) -> Sent:
        """Someone submits a modal of the bot's, as it stands now; `values` is the state by block and action id.

        `private_metadata` in place of the view's own is what nobody but a forger could send.
        """
        view = self._web.views.payload(view_id) | {"state": {"values": values}}
        forged = {} if private_metadata is None else {"private_metadata": private_metadata}
        return self._interact("view_submission", user, "", view_id, view=view | forged, response_urls=[])

    def view_closed(self, view_id: str, user: str, *, cleared: bool = False) -> Sent:
        """Someone closes a modal's view, or with `cleared` the whole modal. Raises LookupError for a view that did
        not ask to be told (`notify_on_close`): Slack sends nothing then."""
        view = self._web.views.payload(view_id)
        self._web.views.close(view_id, whole=cleared)
        if not view["notify_on_close"]:
            raise LookupError(f"the view {view_id!r} does not ask to be told")
        return self._interact("view_closed", user, "", view_id, view=view, is_cleared=cleared)

    def _click(self, posted: Posted, user: str, block_id: str, action_id: str, choice: Json) -> Sent:
        ephemeral = posted.user is not None
        container = {
            "type": "message",
            "message_ts": posted.ts,
            "channel_id": posted.channel,
            "is_ephemeral": ephemeral,
        }
        return self._interact(
            "block_actions",
            user,
            posted.channel,
            container=container | ({"thread_ts": posted.thread_ts} if posted.thread_ts else {}),
            channel={"id": posted.channel, "name": "channel"},
            actions=[self._action(block_id, action_id, choice)],
            state={"values": state_of(posted.blocks, {(block_id, action_id): choice})},
            response_url=self._web.new_response_url(user, posted.channel),
            **({} if ephemeral else {"message": self._web.history.own(posted)}),
        )

    def _action(self, block_id: str, action_id: str, choice: Json) -> Json:
        return {"action_id": action_id, "block_id": block_id, **choice, "action_ts": self._web.new_ts()}

    def _interact(self, kind: str, user: str, place: str, view_id: str = "", /, **more: object) -> Sent:
        payload = slack_payloads.interactive(
            self.workspace, kind, user=user, trigger_id=self._web.views.new_trigger(user, view_id), **more
        )
        sent = self._handle("interactive", payload, place)
        self._send(sent)
        return sent
