"""The bot: Bolt hands it a delivery, it acknowledges, calls the handler, and posts the reply."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from bot import buttons, documents, downloads, handlers, posting, render, report, wording
from bot.buttons import ASK_PRIVATELY, CHECK_PRIVATELY, SHARE_CHECK, SHOW_AROUND
from bot.deliveries import Deliveries
from bot.documents import Document, Page
from bot.downloads import SentFile
from bot.ledger import Ledger
from bot.manifest import COMMAND, VERIFY
from bot.replies import Request, Response, only
from retrieval.archive import Archive
from retrieval.errors import StetError

_WORKERS = 8
_DOCUMENTS = 2
"""Documents that are checked at a time, apart from the answers, which must not wait for them."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What came in, and where its reply will stand."""

    user: str | None
    channel: str
    direct: bool
    private: bool
    text: str = ""
    blocks: Sequence[Any] = field(default=())
    attachments: Sequence[Any] = field(default=())


class Bot:
    """An archive, a ledger and a Bolt app that answers from the one and keeps the other. `page` makes the report on a
    document."""

    def __init__(self, archive: Archive, ledger: Ledger, client: WebClient, page: Page = report.page) -> None:
        self._archive = archive
        self._ledger = ledger
        self._page = page
        self._executor = ThreadPoolExecutor(_WORKERS, thread_name_prefix="answer")
        self._documents = ThreadPoolExecutor(_DOCUMENTS, thread_name_prefix="document")
        self._deliveries = Deliveries(ledger)
        self.app = App(client=client, listener_executor=self._executor, token_verification_enabled=False)
        self.app.use(self._deliveries.take)
        self.app.event("app_mention")(self._on_message)
        self.app.event("message")(self._on_message)
        self.app.command(COMMAND)(self._on_command)
        self.app.message_shortcut(VERIFY)(self._on_verify)
        self.app.action(ASK_PRIVATELY)(self._on_ask_privately)
        self.app.action(CHECK_PRIVATELY)(self._on_check_privately)
        self.app.action(SHARE_CHECK)(self._on_share)
        self.app.action(SHOW_AROUND)(self._on_around)

    def stop(self) -> None:
        """Take nothing more, and finish the answers that are under way."""
        self._deliveries.stop()
        self._executor.shutdown(wait=True)
        self._documents.shutdown(wait=True)

    # ------------------------------------------------------------ messages and commands

    def _on_message(self, event: dict[str, Any], context: Any, client: WebClient) -> None:
        key = context.get("delivery")
        if key is None:
            return
        direct = event.get("channel_type") == "im"
        asked = _Asked(
            user=event.get("user"),
            channel=event["channel"],
            direct=direct,
            private=direct,
            text=event.get("text") or "",
            blocks=event.get("blocks") or (),
        )
        thread = event.get("thread_ts") or (None if direct else event["ts"])
        files = downloads.sent(event.get("files")) if direct else []
        if files:
            self._documents.submit(self._on_files, key, asked, thread, files, client)
            return
        with self._deliveries.settling(key):
            self._post(client, asked.channel, thread, self._answer(client, asked, handlers.respond))

    def _on_command(
        self, ack: Ack, command: dict[str, Any], context: Any, client: WebClient, respond: Respond
    ) -> None:
        ack()
        asked = _alone(command["channel_id"], command.get("user_id"), command.get("text") or "")
        with self._deliveries.settling(context["delivery"]):
            posting.reply_in_private(respond, self._answer(client, asked, handlers.respond))

    # ------------------------------------------------------------ documents

    def _on_files(
        self, key: str, asked: _Asked, thread: str | None, files: list[SentFile], client: WebClient
    ) -> None:
        """Check the documents of a message one by one; where none is one, its words are a question."""
        try:
            with self._deliveries.settling(key):
                sections = documents.refused(files)
                if not documents.readable(files) and asked.text.strip():
                    sections += self._answer(client, asked, handlers.respond).sections
                if sections:
                    self._post(client, asked.channel, thread, Response(sections=tuple(sections)))
                for file in documents.readable(files):
                    self._on_document(asked, thread, file, client)
        except Exception:  # the outermost edge: nobody else looks at what this thread raises
            log.exception("a document was not answered")

    def _on_document(self, asked: _Asked, thread: str | None, file: SentFile, client: WebClient) -> None:
        document = self._examine(asked, file, client)
        self._post(client, asked.channel, thread, document.response)
        if document.report is None:
            return
        title = file.name or wording.NAMELESS
        if not posting.upload(
            client, asked.channel, thread, name=document.file_name, title=title, page=document.report
        ):
            self._post(client, asked.channel, thread, only(render.say(wording.REPORT_NOT_SENT)))

    def _examine(self, asked: _Asked, file: SentFile, client: WebClient) -> Document:
        """What a document's check found; where it fails in a way that nobody foresaw, a reply that says so."""
        fetch = partial(downloads.fetch, file, client.token or "", client.base_url)
        try:
            request = self._request(client, asked)
            return documents.examine(self._archive, request, file, fetch, self._page, datetime.now(UTC))
        except Exception:  # the outermost edge: whoever asked gets a reply
            log.exception("the check of a document failed")
            return documents.trouble(file)

    # ------------------------------------------------------------ the shortcut and the buttons

    def _on_verify(self, ack: Ack, body: dict[str, Any], context: Any, client: WebClient, respond: Respond) -> None:
        ack()
        message = body.get("message") or {}
        asked = _alone(
            body["channel"]["id"],
            body["user"].get("id"),
            message.get("text") or "",
            blocks=message.get("blocks") or (),
            attachments=message.get("attachments") or (),
        )
        thread = str(message.get("thread_ts") or body.get("message_ts") or message.get("ts"))
        with self._deliveries.settling(context["delivery"]):
            found = self._answer(client, asked, partial(handlers.verify, thread=thread))
            posting.reply_in_private(respond, found)

    def _on_ask_privately(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        context: Any,
        client: WebClient,
        respond: Respond,
    ) -> None:
        """The question of a button, asked anew by whoever pressed it: what they may see, to them alone."""
        ack()
        asked = _pressed(body, text=render.escape(str(action.get("value") or "")))
        with self._deliveries.settling(context["delivery"]):
            posting.reply_in_private(respond, self._answer(client, asked, handlers.respond))

    def _on_check_privately(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        context: Any,
        client: WebClient,
        respond: Respond,
    ) -> None:
        """The check of a button, made anew by whoever pressed it: what they may see, to them alone."""
        ack()
        asked = _pressed(body)
        pressed = buttons.pressed(action.get("value"), asked.channel)
        with self._deliveries.settling(context["delivery"]):
            posting.reply_in_private(respond, self._answer(client, asked, partial(handlers.show, pressed=pressed)))

    def _on_share(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        context: Any,
        client: WebClient,
        respond: Respond,
    ) -> None:
        """The check of a button, made anew with what all may see where it will stand, and posted there; whoever
        pressed it is told what became of it."""
        ack()
        asked = _pressed(body, private=False)
        pressed = buttons.pressed(action.get("value"), asked.channel)
        with self._deliveries.settling(context["delivery"]):
            response = self._answer(client, asked, partial(handlers.share, pressed=pressed))
            if pressed is not None and not response.alone:
                response = self._shared(client, asked.channel, pressed.thread, response)
            posting.reply_in_private(respond, response)

    def _on_around(
        self,
        ack: Ack,
        body: dict[str, Any],
        action: dict[str, Any],
        context: Any,
        client: WebClient,
        respond: Respond,
    ) -> None:
        """What stands around the passage of a button: in a direct message in the conversation, else to whoever
        pressed it alone."""
        ack()
        asked = _pressed(body)
        placed = buttons.placed(action.get("value"), asked.channel)
        with self._deliveries.settling(context["delivery"]):
            response = self._answer(client, asked, partial(handlers.around, placed=placed))
            message = body.get("message") or {}  # of an ephemeral one Slack hands back nothing
            if asked.direct and message:
                self._post(client, asked.channel, message.get("thread_ts"), response)
            else:
                posting.reply_in_private(respond, response)

    def _shared(self, client: WebClient, channel: str, thread: str | None, response: Response) -> Response:
        """Post a check for all; what is to be said to whoever shared it."""
        try:
            self._post(client, channel, thread, response)
        except (SlackApiError, SlackClientError, OSError) as error:
            return posting.why_not_posted(error)
        return only(render.say(wording.SHARED))

    # ------------------------------------------------------------ answers

    def _post(self, client: WebClient, channel: str, thread: str | None, response: Response) -> None:
        """Post a reply, and keep its receipts."""
        posted, ts = posting.post(client, channel, thread, response)
        shown = posted.shown
        try:
            self._ledger.posted(channel, ts, shown, datetime.now(UTC))
            if self._archive.store.gone({(one.version.entry.whole_id, one.version.number) for one in shown}):
                self._ledger.withdraw(self._archive.store.gone)  # taken down while the answer was under way
                self._ledger.empty_log()
        except StetError as error:
            log.error("receipts of %s in %s are not kept: %s", ts, channel, error)

    def _answer(self, client: WebClient, asked: _Asked, handle: Callable[[Archive, Request], Response]) -> Response:
        """The handler's reply; where it fails in a way that nobody foresaw, a reply that says so."""
        try:
            return handle(self._archive, self._request(client, asked))
        except StetError as error:
            log.error("not answered: %s", error)
            return only(render.say(wording.INDEX_TROUBLE), alone=True)
        except Exception:  # the outermost edge: whoever asked gets a reply
            log.exception("an answer failed")
            return only(render.say(wording.TROUBLE), alone=True)

    def _request(self, client: WebClient, asked: _Asked) -> Request:
        return Request(
            text=asked.text,
            blocks=asked.blocks,
            attachments=asked.attachments,
            channel=asked.channel,
            direct=asked.direct,
            private=asked.private,
            trusted=self._trusted(client, asked.user, asked.channel),
        )

    def _trusted(self, client: WebClient, user: str | None, channel: str) -> bool:
        """Whether asker and channel belong to this organisation alone. Asked only where something hangs on it."""
        if user is None or not any(channel in blog.visibility for blog in self._archive.blogs().values()):
            return False
        try:
            person: dict[str, Any] = client.users_info(user=user)["user"] or {}
            room: dict[str, Any] = client.conversations_info(channel=channel)["channel"] or {}
        except (SlackApiError, SlackClientError, OSError) as error:
            log.warning("asker or channel cannot be looked up: %s", getattr(error, "response", error))
            return False
        outside = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot", "deleted")
        shared = ("is_ext_shared", "is_pending_ext_shared", "is_shared")
        return not any(person.get(one) for one in outside) and not any(room.get(one) for one in shared)


def _alone(channel: str, user: str | None, text: str, **more: Sequence[Any]) -> _Asked:
    """What is answered to the asker alone."""
    return _Asked(user=user, channel=channel, direct=channel.startswith("D"), private=True, text=text, **more)


def _pressed(body: dict[str, Any], *, text: str = "", private: bool = True) -> _Asked:
    """The pressing of a button: who pressed it, and where."""
    channel = body["channel"]["id"]
    return _Asked(
        user=body["user"].get("id"), channel=channel, direct=channel.startswith("D"), private=private, text=text
    )
