"""What people write in the loopback Slack: each helper sends what Slack would send, and returns its handle.

What they do with the pointer, to buttons, menus and modals, is in `tests.slack_clicks`.
"""

import time
from collections.abc import Mapping
from typing import Any, Literal

from tests import slack_payloads
from tests.slack_payloads import Workspace, dm_channel, escape
from tests.slack_records import Delivery, Journal, Posted
from tests.slack_sent import Sent
from tests.slack_web_api import WebApi

__all__ = ["People"]

Json = dict[str, Any]


class People(Journal):
    """The helpers. Whoever has a server under them says in `_start` how a payload gets under way."""

    workspace: Workspace
    channels: dict[str, Json | None]
    _web: WebApi
    _ack_timeout: float

    def __init__(self) -> None:
        super().__init__()
        self._sent: list[Sent] = []
        self._event_ids = 0

    def _start(self, *sents: Sent) -> None:
        raise NotImplementedError

    @property
    def payloads(self) -> list[Mapping[str, Any]]:
        """Every payload sent, oldest first."""
        with self.changed:
            return [sent.payload for sent in self._sent]

    @property
    def deliveries(self) -> list[Delivery]:
        """What became of every payload sent, oldest first."""
        with self.changed:
            return [sent.delivery for sent in self._sent]

    @property
    def missed_acks(self) -> list[Delivery]:
        """Those that had to do without an ack in time at least once."""
        return [delivery for delivery in self.deliveries if delivery.missed]

    def mention(
        self,
        text: str,
        user: str,
        channel: str,
        thread_ts: str | None = None,
        *,
        also_message: bool = False,
        escaped: bool = False,
        blocks: list[Json] | None = None,
    ) -> Sent:
        """Someone writes `@bot text` in a channel.

        Slack tells it twice to an app that reads the channel's messages: as `app_mention` and, with
        `also_message`, as `message` too: the same channel and ts, an event id of its own (`twin`).
        `text` is escaped as Slack does, unless it is `escaped` already (with links or mentions in it).
        """
        body = f"<@{self.workspace.bot_user}> {text if escaped else escape(text)}"
        event = self._message(body, user, channel, thread_ts, blocks)
        twin = self._event_handle(event) if also_message else None
        sent = self._event_handle(slack_payloads.app_mention(event), twin=twin)
        self._send(sent, *([twin] if twin else []))
        return sent

    def unsent_mention(self, text: str, user: str, channel: str) -> Sent:
        """What a mention would send, for a delivery of before; `redeliver` sends it."""
        body = f"<@{self.workspace.bot_user}> {escape(text)}"
        return self._event_handle(slack_payloads.app_mention(self._message(body, user, channel, None, None)))

    def channel_message(
        self,
        text: str,
        user: str,
        channel: str,
        thread_ts: str | None = None,
        *,
        escaped: bool = False,
        blocks: list[Json] | None = None,
        attachments: list[Json] | None = None,
    ) -> Sent:
        """Someone writes in a channel, or a thread, without a mention."""
        event = self._message(text if escaped else escape(text), user, channel, thread_ts, blocks)
        return self.event(event | ({"attachments": attachments} if attachments else {}))

    def direct_message(
        self,
        text: str,
        user: str,
        thread_ts: str | None = None,
        *,
        escaped: bool = False,
        blocks: list[Json] | None = None,
    ) -> Sent:
        """Someone writes to the bot alone (`message.im`)."""
        body = text if escaped else escape(text)
        return self.event(self._message(body, user, dm_channel(user), thread_ts, blocks))

    def message_from_bot(self, text: str, channel: str, *, own: bool = False, thread_ts: str | None = None) -> Sent:
        """Another app writes in a channel; `own`: Slack tells the bot of its own message."""
        bot, bot_user = (self.workspace.bot, self.workspace.bot_user) if own else ("B0OTHER", "U0OTHER")
        event = slack_payloads.bot_message(
            escape(text),
            channel=channel,
            ts=self._web.new_ts(),
            bot=bot,
            bot_user=bot_user,
            thread_ts=thread_ts,
        )
        return self.event(event)

    def edited_message(
        self, original: Sent, text: str, *, escaped: bool = False, blocks: list[Json] | None = None
    ) -> Sent:
        """Someone edits what they wrote (`message_changed`)."""
        body = text if escaped else escape(text)
        return self.event(self._edit(original, body, blocks))

    def edited_mention(
        self,
        original: Sent,
        text: str,
        *,
        also_message: bool = False,
        escaped: bool = False,
        blocks: list[Json] | None = None,
    ) -> Sent:
        """Someone edits a message so that it reads `@bot text`: it is an `app_mention` once more, with the same ts.

        With `also_message` the `message_changed` comes along (`twin`), each with an event id of its own.
        """
        body = f"<@{self.workspace.bot_user}> {text if escaped else escape(text)}"
        change = self._edit(original, body, blocks)
        mention = {"channel": original.channel, "event_ts": change["event_ts"], "type": "app_mention"}
        twin = self._event_handle(change) if also_message else None
        sent = self._event_handle(change["message"] | mention, twin=twin)
        self._send(sent, *([twin] if twin else []))
        return sent

    def deleted_message(self, original: Sent | Posted) -> Sent:
        """Someone deletes what they wrote, or an admin what the bot posted (`message_deleted`)."""
        if isinstance(original, Posted):
            before = self._web.history.own(original)
            self.note_delete(original.channel, original.ts)
        else:
            before = self._standing(original)
        return self.event(slack_payloads.message_deleted(before, original.channel, ts=self._web.new_ts()))

    def home_opened(self, user: str, tab: Literal["home", "messages"] = "messages") -> Sent:
        """Someone opens the app's Home or Messages tab."""
        channel, ts = dm_channel(user), self._web.new_ts()
        return self.event({"type": "app_home_opened", "user": user, "channel": channel, "tab": tab, "event_ts": ts})

    def event(self, event: Mapping[str, Any]) -> Sent:
        """Any event of the Events API."""
        sent = self._event_handle(event)
        self._send(sent)
        return sent

    def redeliver(self, original: Sent, *, retry_attempt: int = 0) -> Sent:
        """The same payload once more, in a new envelope: the same event id, as after a lost ack."""
        again = self._handle(
            original.kind, original.payload, original.channel, original.ts, first_attempt=retry_attempt
        )
        self._send(again)
        return again

    def slash(self, text: str, user: str, channel: str, command: str = "/stet") -> Sent:
        """Someone types a slash command."""
        payload = slack_payloads.slash_command(
            self.workspace,
            command,
            escape(text),
            user=user,
            channel=channel,
            response_url=self._web.new_response_url(user, channel),
            trigger_id=self._web.views.new_trigger(user),
        )
        sent = self._handle("slash_commands", payload, channel)
        self._send(sent)
        return sent

    @property
    def hosted(self) -> list[tuple[str, bytes]]:
        """The files that people sent, by name."""
        return self._web.files.hosted

    def host_file(self, name: str, data: bytes, /, *, user: str, redirect: str | None = None, **more: Any) -> Json:
        """A file of somebody's, kept by Slack, as a message describes it; `more` replaces what it says of it."""
        return self._web.files.host(name, data, user=user, redirect=redirect, **more)

    def send_files(self, files: list[Json], user: str, text: str = "", *, thread_ts: str | None = None) -> Sent:
        """Someone sends files to the bot alone, with or without words."""
        event = self._message(escape(text), user, dm_channel(user), thread_ts, None)
        return self.event(event | {"subtype": "file_share", "files": files, "upload": False, "display_as_bot": False})

    def _message(self, body: str, user: str, channel: str, thread_ts: str | None, blocks: list[Json] | None) -> Json:
        ts = self._web.new_ts()
        return slack_payloads.message(
            self.workspace, body, user=user, channel=channel, ts=ts, thread_ts=thread_ts, blocks=blocks
        )

    def _standing(self, original: Sent) -> Json:
        """What was written, as it stands now; as it was, where it is gone."""
        event = original.payload["event"]
        return {**event, **(self._web.history.message(original.channel, original.ts) or {}), "type": "message"}

    def _edit(self, original: Sent, body: str, blocks: list[Json] | None) -> Json:
        return slack_payloads.message_changed(self._standing(original), body, ts=self._web.new_ts(), blocks=blocks)

    def _event_handle(self, event: Mapping[str, Any], twin: Sent | None = None) -> Sent:
        channel = event.get("channel", "")
        self._web.history.hear(event)
        with self.changed:
            self._event_ids += 1
            event_id = f"Ev{self._event_ids:010d}"
        payload = slack_payloads.event_callback(
            self.workspace,
            event,
            event_id=event_id,
            at=int(time.time()),
            ext_shared=bool((self.channels.get(channel) or {}).get("is_ext_shared")),
        )
        return self._handle("events_api", payload, channel, event.get("ts", ""), twin=twin)

    def _handle(
        self,
        kind: str,
        payload: Mapping[str, Any],
        channel: str,
        ts: str = "",
        *,
        twin: Sent | None = None,
        first_attempt: int = 0,
    ) -> Sent:
        return Sent(
            self,
            kind,
            payload,
            ack_timeout=self._ack_timeout,
            channel=channel,
            ts=ts,
            twin=twin,
            first_attempt=first_attempt,
        )

    def _send(self, *sents: Sent) -> None:
        with self.changed:
            self._sent.extend(sents)
        self._start(*sents)
