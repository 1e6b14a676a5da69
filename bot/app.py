"""The bot: a Bolt app whose deliveries are queued and answered, and whose windows are opened at once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk import WebClient

from bot import report
from bot.answering import Answering
from bot.calling import Calling
from bot.documents import Page
from bot.home import Home
from bot.ledger import Ledger
from bot.living import Living
from bot.metrics import Metrics
from bot.opening import Opening
from bot.own import version
from bot.policy import Policy
from bot.trust import Trust
from bot.windows import Windows
from retrieval.archive import Archive

_WINDOWS = 4
"""Windows that are opened at a time: each has three seconds from its button."""


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Bolt looks at SLACK_BOT_TOKEN in the environment, and warns that it does not use what it was not given."""
    logger = logging.getLogger("slack_bolt.App")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


class Bot:
    """An archive, a ledger and a Bolt app that answers from the one and keeps the other.

    `client` may wait where Slack says how long; with `signing_secret` the app verifies deliveries, which come over
    HTTP then. Slack is asked once who the bot is: deliveries are taken whether or not it answers later. Raises what
    the SDK raises where it does not answer now."""

    def __init__(
        self,
        archive: Archive,
        ledger: Ledger,
        client: WebClient,
        page: Page = report.page,
        *,
        policy: Policy | None = None,
        metrics: Metrics | None = None,
        signing_secret: str | None = None,
    ) -> None:
        self.policy = policy or Policy()
        self.metrics = metrics or Metrics(version())
        once = WebClient(
            token=client.token, base_url=client.base_url, timeout=client.timeout, ssl=client.ssl, retry_handlers=[]
        )
        trust = Trust(client, self.policy)
        self.answering = Answering(
            archive,
            ledger,
            once,
            policy=self.policy,
            metrics=self.metrics,
            trust=trust,
            page=page,
            times_acks=signing_secret is None,
        )
        self._executor = ThreadPoolExecutor(_WINDOWS, thread_name_prefix="window")
        who = AuthorizeResult.from_auth_test_response(bot_token=client.token, auth_test_response=client.auth_test())
        with _without_warnings():
            self.app = App(
                name="stet",  # without one Bolt looks for it through the whole stack
                client=client,
                authorize=lambda: who,
                signing_secret=signing_secret,
                request_verification_enabled=signing_secret is not None,
                listener_executor=self._executor,
                token_verification_enabled=False,
            )
        self.app.use(self.answering.deliveries.take)
        self._opening = Opening(archive, ledger, once, trust, self.metrics)
        Windows(self._opening, self.policy).register(self.app)
        calling = Calling(self._opening)
        calling.register(self.app)
        self.living = Living(archive, ledger, once, self.metrics, calling.handed.renewed)
        Home(archive, ledger, once, client, self.policy).register(self.app)

    def start(self) -> None:
        """Answer what earlier runs left."""
        self.answering.deliveries.resume()
        self.living.start()

    @property
    def alive(self) -> bool:
        """Whether all that works in the background is at it."""
        return self.answering.alive and self.living.alive

    def stop(self) -> None:
        """Take nothing more, and finish what is under way."""
        self.answering.stop()
        self.living.stop()
        self._executor.shutdown(wait=True)
        self._opening.stop()
