"""`stet serve` as a process against the loopback Slack, and what became of the questions that it was asked."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bot.posting import EVENT_TYPE
from tests import converted_model
from tests.slack_sent import Sent
from tests.slack_server import LoopbackSlack, Posted

ROOT = Path(__file__).parents[1]
START_SECONDS = 90


class Served:
    """A bot in a process of its own, which may be stopped, killed and started again."""

    def __init__(self, slack: LoopbackSlack, home: Path, *arguments: str, **environment: str) -> None:
        self._slack, self._home, self._arguments, self._environment = slack, home, arguments, environment
        self.process: subprocess.Popen[bytes] | None = None
        self.log = home.with_name(f"{home.name}.log")

    def start(self) -> None:
        """Start it; returns once it is connected. Raises TimeoutError."""
        if converted_model.FOLDER in os.environ:  # a benchmark has none
            converted_model.give(self._home)
        before = self._slack.connections_made
        tokens = {
            "SLACK_BOT_TOKEN": self._slack.bot_token,
            "SLACK_APP_TOKEN": self._slack.app_token,
            "SLACK_API_URL": self._slack.api_url,
        }
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", "--home", str(self._home), "serve", *self._arguments],
                cwd=ROOT,
                env={**os.environ, **tokens, **self._environment},
                stdout=log,
                stderr=log,
            )
        self._slack.wait_until(lambda: self._slack.connections_made > before, START_SECONDS)

    def end(self, sent: signal.Signals) -> None:
        """Send a signal and wait for its end."""
        process = self.process
        if process is not None:
            process.send_signal(sent)
            process.wait(60)

    @property
    def resident(self) -> int:
        """Bytes of memory that it holds."""
        assert self.process is not None
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        [line] = [line for line in status.splitlines() if line.startswith("VmRSS:")]
        return int(line.split()[1]) * 1024


@contextmanager
def served(slack: LoopbackSlack, home: Path, *arguments: str, **environment: str) -> Iterator[Served]:
    """The bot, connected; killed at the end where it does not end by itself."""
    bot = Served(slack, home, *arguments, **environment)
    bot.start()
    try:
        yield bot
    finally:
        if bot.process is not None and bot.process.poll() is None:
            bot.end(signal.SIGKILL)


def delivery_of(posted: Posted) -> str | None:
    """The key of the delivery that a message says in its metadata that it replies to."""
    metadata = posted.metadata or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return None
    return str(metadata["event_payload"]["delivery"])


def key_of(sent: Sent) -> str:
    """The key of a message that asks."""
    return f"message {sent.channel} {sent.ts}"


def replies(posts: Sequence[Posted]) -> Counter[str]:
    """How many messages reply to each delivery: changes of one message are not counted."""
    places = {(one.channel, one.ts): key for one in posts if one.user is None and (key := delivery_of(one))}
    return Counter(places.values())
