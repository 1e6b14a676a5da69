"""What was queued is answered by its handler, and the reply posted where it belongs, once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Hashable
from dataclasses import replace
from datetime import UTC, datetime

from slack_sdk import WebClient

from bot import buttons, documents, downloads, handlers, posting, report, wording
from bot.buttons import ASK_PRIVATELY, CHECK_PRIVATELY, SHARE_ANSWER, SHARE_CHECK, SHOW_AROUND, SHOW_MORE
from bot.deliveries import Deliveries
from bot.documents import Document, Page
from bot.downloads import SentFile
from bot.followups import Conversations
from bot.incoming import Incoming, Way
from bot.keeping import Keeping, Seen
from bot.ledger import Ledger
from bot.ledger.channels import ChannelSettings
from bot.manifest import VERIFY
from bot.metrics import Kind, Metrics
from bot.pace import Pace
from bot.pieces import say
from bot.pieces import time as at_time
from bot.policy import Policy
from bot.posting import Mark, NotNow, NotTaken
from bot.replies import Request, Response, Section, only
from bot.status import Statuses
from bot.trust import Trust
from bot.work import Job, Work
from retrieval.archive import Archive
from retrieval.errors import StetError

_TOO_OLD = 300.0
"""Seconds after which what was asked while nobody was there is not answered any more, but told so."""
_UNDER_WAY_SECONDS = 0.5
_CLOCKS_APART = 60.0
"""Seconds by which this machine's clock may be ahead of Slack's."""
_GIVE_UP = 300.0
"""Seconds after which a reply that Slack does not take is given up."""
_LEAST_DELAY, _MOST_DELAY = 0.5, 10.0
"""Seconds until a reply that Slack did not take is tried again, twice as long each time."""
_AT_ONCE = 2
"""Answers that are reckoned at a time, while others wait for Slack: more would only take each other's processor."""
_DOCUMENTS, _MOST_DOCUMENTS = 2, 20
"""Documents that are checked at a time, apart from the answers, which must not wait for them; and that wait."""
_SHARING = frozenset({SHARE_CHECK, SHARE_ANSWER})

log = logging.getLogger(__name__)


class Answering:
    """Answers from an archive, and keeps in the ledger what was posted."""

    def __init__(
        self,
        archive: Archive,
        ledger: Ledger,
        client: WebClient,
        *,
        policy: Policy,
        metrics: Metrics,
        trust: Trust,
        page: Page = report.page,
        times_acks: bool = True,
    ) -> None:
        """`client` repeats nothing by itself: whether a message stands in Slack is found out before it is sent
        again. `page` makes the report on a document; `times_acks`: see `Deliveries`."""
        self._archive, self._ledger, self._client, self._metrics = archive, ledger, client, metrics
        self._trust, self._page = trust, page
        self._reckoning = threading.BoundedSemaphore(_AT_ONCE)
        self._keeping = Keeping(archive, ledger, policy)
        self._statuses = Statuses(client)
        self._conversations = Conversations()
        self._pace = Pace()
        self._work = Work(self._handle)
        self._documents = Work(self._handle, workers=_DOCUMENTS, most=_MOST_DOCUMENTS)
        self.deliveries = Deliveries(ledger, self._work_of, metrics, times_acks=times_acks)
        metrics.queue_length(lambda: len(self._work) + len(self._documents))

    @property
    def alive(self) -> bool:
        """Whether all its workers are at it."""
        return self._work.alive and self._documents.alive

    def stop(self) -> None:
        """Take nothing more, and finish the answers that are under way."""
        self.deliveries.stop()
        self._work.stop()
        self._documents.stop()
        self._statuses.stop()

    def _work_of(self, incoming: Incoming) -> Work:
        return self._documents if _documents_of(incoming) else self._work

    # ------------------------------------------------------------ jobs

    def _handle(self, job: Job) -> None:
        """Answer a delivery; where Slack does not take the reply now, later."""
        try:
            kind = self._reply(job)
        except NotNow as error:
            self._later(job, error)
        except NotTaken as error:
            self._metrics.failed(error.reason)
            log.error("a reply was not taken by Slack: %s", error.reason)
            self.deliveries.settled(job.incoming, answered=False)
        except Exception:  # the outermost edge: the delivery must not stay open
            log.exception("a delivery was not answered")
            self.deliveries.settled(job.incoming, answered=False)
        else:
            self.deliveries.settled(job.incoming, answered=True)
            self._metrics.replied(kind, time.monotonic() - job.since)

    def _later(self, job: Job, error: NotNow) -> None:
        self._metrics.failed(error.reason)
        if time.monotonic() - job.since > _GIVE_UP:
            log.error("a reply was given up: Slack does not take it (%s)", error.reason)
            self.deliveries.settled(job.incoming, answered=False)
            return
        delay = min(_LEAST_DELAY * 2**job.tries, _MOST_DELAY) if error.seconds is None else error.seconds
        self._work_of(job.incoming).again(replace(job, tries=job.tries + 1, uncertain=True), delay)

    def _reply(self, job: Job) -> Kind:
        """Make the reply and put it where it belongs. Raises NotNow, NotTaken."""
        incoming = job.incoming
        if job.busy:
            self._show_alone(incoming, only(say(wording.BUSY)))
            return "busy"
        settings = self._settings_of(incoming)
        if not job.tries and not job.uncertain and time.time() - incoming.at > _TOO_OLD:
            told = only(say(wording.TOO_OLD, time=at_time(incoming.sent_at)))
            self._deliver(job, told, self._request(incoming, settings), self._keeping.seen())
            return "too_old"
        seen = self._keeping.seen()
        if incoming.action in _SHARING:
            return self._share(job, settings, seen)
        shows_working = incoming.way is Way.DIRECT
        with self._statuses.working(incoming.channel, incoming.thread or incoming.ts, wanted=shows_working):
            if _documents_of(incoming):
                return self._check_documents(job, settings, seen)
            request = self._request(incoming, settings)
            response = self._keeping.noted(incoming, self._answer(incoming, request))
        self._deliver(job, response, request, seen)
        self._remember(incoming, request, response)
        return response.kind

    # ------------------------------------------------------------ answers

    def _answer(self, incoming: Incoming, request: Request) -> Response:
        """The handler's reply; where it fails in a way that nobody foresaw, a reply that says so."""
        try:
            with self._reckoning:
                began = time.monotonic()
                response = self._handled(incoming, request)
                self._metrics.answered(time.monotonic() - began)
            return response
        except StetError as error:
            log.error("not answered: %s", error)
            return only(say(wording.INDEX_TROUBLE), alone=True, kind="trouble")
        except Exception:  # the outermost edge: whoever asked gets a reply
            log.exception("an answer failed")
            return only(say(wording.TROUBLE), alone=True, kind="trouble")

    def _handled(self, incoming: Incoming, request: Request) -> Response:
        archive, value, channel = self._archive, incoming.value, incoming.channel
        match incoming.action:
            case None:
                return handlers.respond(archive, request)
            case action if action == VERIFY:
                return handlers.verify(archive, request, incoming.thread)
            case action if action in (ASK_PRIVATELY, SHOW_MORE):
                return handlers.wish(archive, request, buttons.wished(value, channel))
            case action if action == CHECK_PRIVATELY:
                return handlers.show(archive, request, buttons.pressed(value, channel))
            case action if action == SHARE_CHECK:
                return handlers.share(archive, request, buttons.pressed(value, channel))
            case action if action == SHARE_ANSWER:
                return handlers.share_answer(archive, request, buttons.wished(value, channel))
            case action if action == SHOW_AROUND:
                return handlers.around(archive, request, buttons.placed(value, channel))
        return only(say(wording.NOT_VALID), alone=True)

    def _request(self, incoming: Incoming, settings: ChannelSettings, *, shared: bool = False) -> Request:
        """What is asked, with who will see the reply where it will stand; `shared`: all there."""
        by_address = incoming.response_url is not None or settings.private
        private = not shared and (incoming.direct or by_address)
        return Request(
            text=incoming.text,
            blocks=incoming.blocks,
            attachments=incoming.attachments,
            channel=incoming.channel,
            direct=incoming.direct,
            private=private,
            trusted=self._is_trusted(incoming),
            blogs=settings.blogs,
            before=self._conversations.before(_conversation(incoming, private)),
            calls=settings.person is not None,
        )

    def _is_trusted(self, incoming: Incoming) -> bool:
        """Whether the asker may see what is limited to the channel. Asked only where something hangs on it."""
        try:
            restricted = any(incoming.channel in blog.visibility for blog in self._archive.blogs().values())
        except StetError:  # the handler says what is wrong
            return False
        return restricted and self._trust.holds(incoming.user, incoming.channel)

    def _settings_of(self, incoming: Incoming) -> ChannelSettings:
        try:
            return self._ledger.channels.of(incoming.channel)
        except StetError as error:
            log.error("the ledger cannot be read: %s", error)
            return ChannelSettings(channel=incoming.channel)

    def _remember(self, incoming: Incoming, request: Request, response: Response) -> None:
        if response.turn is not None:
            self._conversations.remember(_conversation(incoming, request.private), response.turn)

    # ------------------------------------------------------------ replies

    def _deliver(self, job: Job, response: Response, request: Request, seen: Seen) -> None:
        """Put a reply where it belongs. Raises NotNow, NotTaken."""
        incoming = job.incoming
        if incoming.way is Way.BUTTON and incoming.direct and incoming.message is not None:
            self._post(job, incoming.message_thread, response, request, seen)
        elif incoming.response_url is not None or (request.private and not request.direct):
            shown = self._show_alone(incoming, response)
            self._keeping.keep(incoming, shown, request, ts="", thread=None, seen=seen)
        else:
            self._post(job, incoming.reply_thread, response, request, seen)

    def _post(
        self, job: Job, thread: str | None, response: Response, request: Request, seen: Seen, part: int = 0
    ) -> None:
        """Post a reply for all in a conversation, or put it in the place of the one that a question had before it was
        edited, and keep it. Raises NotNow, NotTaken."""
        incoming = job.incoming
        mark = Mark(delivery=incoming.key, part=part)
        before = None if part or _documents_of(incoming) else self._keeping.reply_before(incoming)
        if before is None and self._keeping.is_open(incoming.origin):
            raise NotNow(
                "under_way", _UNDER_WAY_SECONDS
            )  # the reply that this one takes the place of is not there yet
        self._keeping.posting(incoming)
        ts, thread = (None, thread) if before is None else (before.ts, before.thread)
        if ts is None and job.uncertain:
            ts = self._found(incoming, thread, mark)
        if ts is not None:  # what stands there may be of before a change: it is what is kept that has to stand
            ts, response = self._replaced(incoming, ts, response, mark)
        if ts is None:
            self._pace.wait(incoming.channel)  # an answer that took long may have come into the next one's turn
            response, ts = posting.post(self._client, incoming.channel, thread, response, mark)
        self._keeping.keep(incoming, response, request, ts=ts, thread=thread, seen=seen)

    def _replaced(self, incoming: Incoming, ts: str, response: Response, mark: Mark) -> tuple[str | None, Response]:
        """Put a reply in the place of what stands there; None where Slack does not let us, so that it is posted."""
        try:
            return ts, posting.replace(self._client, incoming.channel, ts, response, mark)
        except NotTaken as error:
            log.warning("a reply could not be put in the place of an earlier one: %s", error.reason)
            self._keeping.gone(incoming.channel, ts)
            return None, response

    def _found(self, incoming: Incoming, thread: str | None, mark: Mark) -> str | None:
        since = incoming.ts or f"{incoming.at - _CLOCKS_APART:.6f}"
        return posting.find(self._client, incoming.channel, thread, since, mark)

    def _show_alone(self, incoming: Incoming, response: Response) -> Response:
        """Show a reply to the asker alone; in a direct message they are alone anyway. Raises NotNow, NotTaken."""
        if incoming.response_url is not None:
            return posting.reply_in_private(self._client, incoming.response_url, incoming.channel, response)
        thread = incoming.thread
        return posting.post_alone(self._client, incoming.channel, incoming.user or "", thread, response)

    def _share(self, job: Job, settings: ChannelSettings, seen: Seen) -> Kind:
        """Post what a button shares, as all may see it where it will stand, and tell whoever pressed it."""
        incoming = job.incoming
        request = self._request(incoming, settings, shared=True)
        response = self._answer(incoming, request)
        if response.alone:
            self._show_alone(incoming, response)
            return response.kind
        pressed = buttons.pressed(incoming.value, incoming.channel)
        thread = incoming.message_thread if pressed is None else pressed.thread
        try:
            self._post(job, thread, response, request, seen)
            told = only(say(wording.SHARED if response.given is None else wording.ANSWER_SHARED))
        except NotTaken as error:
            told = posting.why_not_posted(error)
        try:
            self._show_alone(incoming, told)
        except NotNow as error:  # it is shared: to do all of it again could share it twice
            log.warning("whoever shared something was not told: %s", error.reason)
        return response.kind

    # ------------------------------------------------------------ documents

    def _check_documents(self, job: Job, settings: ChannelSettings, seen: Seen) -> Kind:
        """Check the documents of a message one by one; where none is one, its words are a question."""
        incoming = job.incoming
        files, request = _documents_of(incoming), self._request(incoming, settings)
        sections = documents.refused(files)
        readable = documents.readable(files)
        if not readable and incoming.text.strip():
            sections += self._answer(incoming, request).sections
        part = 0
        if sections:
            self._post(job, incoming.reply_thread, Response(sections=tuple(sections)), request, seen, part)
        for part, file in enumerate(readable, start=1):
            self._check_document(job, file, request, seen, part)
        return "document"

    def _check_document(self, job: Job, file: SentFile, request: Request, seen: Seen, part: int) -> None:
        incoming = job.incoming
        document = self._examined(request, file)
        self._post(job, incoming.reply_thread, document.response, request, seen, part)
        if document.report is None:
            return
        title = file.name or wording.NAMELESS
        uploaded = posting.upload(
            self._client,
            incoming.channel,
            incoming.reply_thread,
            name=document.file_name,
            title=title,
            page=document.report,
        )
        if uploaded is not None:
            self._keeping.keep_file(incoming, document.quoted, request, uploaded, seen)
        else:
            line = Response(sections=(Section(reply=(say(wording.REPORT_NOT_SENT),)),))
            self._post(job, incoming.reply_thread, line, request, seen, -part)

    def _examined(self, request: Request, file: SentFile) -> Document:
        """What a document's check found; where it fails in a way that nobody foresaw, a reply that says so."""

        def fetch() -> bytes:
            return downloads.fetch(file, self._client.token or "", self._client.base_url)

        try:
            return documents.examine(self._archive, request, file, fetch, self._page, datetime.now(UTC))
        except Exception:  # the outermost edge: whoever asked gets a reply
            log.exception("the check of a document failed")
            return documents.trouble(file)


def _documents_of(incoming: Incoming) -> list[SentFile]:
    return downloads.sent(incoming.files) if incoming.direct else []


def _conversation(incoming: Incoming, private: bool) -> Hashable:
    """What a follow-up belongs to: a thread, a direct conversation, or what one person is shown in a channel."""
    if private and not incoming.direct:
        return incoming.channel, incoming.user
    if incoming.way is Way.BUTTON:
        return incoming.channel, incoming.message_thread
    return incoming.channel, incoming.reply_thread
