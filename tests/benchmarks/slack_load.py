"""How the bot bears load and faults: `python -m tests.benchmarks.slack_load [--faults] [--memory N]`.

`stet serve` in a process of its own, over the loopback Slack in this one, on two cores together. By default 20
questions a second for 60 seconds, each acknowledged and answered once; with `--faults` under 429s, 5xx (some of them
after the message was posted), cut connections, late answers, dropped sockets, Slack's retries, a restart and a
`kill -9`; with `--memory N` the memory that it holds over N questions. The archive is SQuAD 2.0 dev's paragraphs
where the shared data is there, else the sample live blog.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import signal
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot import wording
from retrieval import encoders
from retrieval.archive import Archive
from retrieval.model import SourceOptions
from retrieval.model_files import BUNDLED
from tests.benchmarks.squad import SQUAD, asked, paragraphs, spaced
from tests.data_folder import SAMPLE
from tests.serving import Served, key_of, replies, served
from tests.slack_sent import Sent
from tests.slack_server import LoopbackSlack

CHANNELS, _MOST_CHANNELS = 60, 600
_PATIENCE = 180.0
_PERCENTILES = {"median": 50, "p95": 95, "p99": 99}
_SAMPLE_QUESTIONS = (
    "Will the council leader resign?",
    "How many homes were evacuated?",
    "Who won the snooker final?",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=20.0, help="questions a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--faults", action="store_true", help="with faults of every kind, a restart and a kill -9")
    parser.add_argument("--memory", type=int, default=0, metavar="N", help="measure memory over N questions instead")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        questions = archive_of(home)
        with LoopbackSlack(retry_delays=(0.0, 10.0, 40.0)) as slack, served(slack, home) as bot:
            if given.memory:
                _measure_memory(slack, bot, questions, given.memory)
            else:
                _load(slack, bot, questions, given.rate, given.seconds, faults=given.faults)


def archive_of(home: Path) -> list[str]:
    """Make the archive; the questions that are asked of it, evenly spaced over it."""
    home.mkdir()
    embedder = encoders.load(BUNDLED, home / "model.json")
    archive = Archive.open(home, BUNDLED, lambda: embedder)
    source, questions = SAMPLE, list(_SAMPLE_QUESTIONS)
    if SQUAD.exists():
        source = home.with_name("squad.ndjson")
        source.write_text("\n".join(map(json.dumps, _rows())))
        questions = [one.question for one in spaced(asked(), 2_000)]
    archive.add([str(source)], SourceOptions(blog="load"), datetime.now(UTC), lambda *_: None)
    print(f"entries: {archive.state().entries}, questions: {len(questions)}")
    archive.close()
    return questions


def _rows() -> Iterator[dict[str, str]]:
    begin = datetime(2031, 2, 3, tzinfo=UTC)
    for number, one in enumerate(paragraphs()):
        time_ = (begin + timedelta(minutes=number)).isoformat()
        yield {"id": str(number), "time": time_, "text": one.text}


# ------------------------------------------------------------------------------------------------ asking


def ask(slack: LoopbackSlack, number: int, question: str, channels: int) -> Sent:
    """One question: of three, two by mention and one by direct message."""
    place = number % channels
    user = f"U{place:04}"
    if place % 3 == 2:
        return slack.direct_message(question, user)
    return slack.mention(question, user, f"C{place:04}")


def _load(
    slack: LoopbackSlack, bot: Served, questions: Sequence[str], rate: float, seconds: float, *, faults: bool
) -> None:
    trouble = threading.Thread(target=_trouble, args=(slack, bot, seconds)) if faults else None
    if faults:
        slack.flaky(seed=7, rate=0.1)
    if trouble is not None:
        trouble.start()
    sent: list[tuple[float, Sent]] = []
    begin = time.monotonic()
    for number, question in zip(range(int(rate * seconds)), itertools.cycle(questions), strict=False):
        time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        sent.append((time.monotonic(), ask(slack, number, question, CHANNELS)))
    if trouble is not None:
        trouble.join()
        slack.steady()
    wait_for_all(slack, [one for _, one in sent])
    _tell(slack, bot, sent)


def _trouble(slack: LoopbackSlack, bot: Served, seconds: float) -> None:
    """Dropped sockets, a restart, a kill, a refreshed connection, spread over the time."""
    step = seconds / 6
    time.sleep(step)
    slack.drop_connection()
    time.sleep(step)
    bot.end(signal.SIGTERM)
    bot.start()
    time.sleep(step)
    bot.end(signal.SIGKILL)
    bot.start()
    time.sleep(step)
    slack.disconnect("refresh_requested")


def wait_for_all(slack: LoopbackSlack, sent: Sequence[Sent]) -> None:
    """Until all are answered, or for three minutes."""
    wanted = {key_of(one) for one in sent}
    with contextlib.suppress(TimeoutError):  # the figures say how many are missing
        slack.wait_until(lambda: wanted <= replies(slack.posts).keys(), _PATIENCE)
    time.sleep(5)  # whatever would come twice


def posted_at(slack: LoopbackSlack) -> dict[str, float]:
    """When each delivery was replied to, by its key."""
    found: dict[str, float] = {}
    for call in slack.calls_to("chat.postMessage"):
        payload = (call.args.get("metadata") or {}).get("event_payload") or {}
        if call.error is None and call.status == 200 and payload.get("delivery") is not None:
            found.setdefault(str(payload["delivery"]), call.at)
    return found


def _tell(slack: LoopbackSlack, bot: Served, sent: Sequence[tuple[float, Sent]]) -> None:
    found = replies(slack.posts)
    posted = posted_at(slack)
    acks = [late for _, one in sent if (late := one.delivery.acked_after) is not None]
    after_ack = [
        posted[key_of(one)] - began - late
        for began, one in sent
        if (late := one.delivery.acked_after) is not None and one.delivery.attempts == 1 and key_of(one) in posted
    ]
    told = Counter((one.channel, one.user) for one in slack.posts if one.text == wording.BUSY)
    missing = Counter((one.channel, one.payload["event"]["user"]) for _, one in sent if key_of(one) not in found)
    print(f"asked: {len(sent)}")
    print(f"acknowledged: {len(acks)}, within 1 s of an attempt: {sum(late <= 1 for late in acks)}")
    print(f"acks: median {milliseconds(acks, 50)}, p95 {milliseconds(acks, 95)}, slowest {max(acks) * 1000:.0f} ms")
    print(f"answered: {len(found)}, told that it is busy: {told.total()}, lost: {(missing - told).total()}")
    print(f"doubled: {sum(count > 1 for count in found.values())}")
    told_of = ", ".join(f"{name} {milliseconds(after_ack, of)}" for name, of in _PERCENTILES.items())
    print(
        f"answer after the ack, of what was acknowledged at once ({len(after_ack)}): {told_of}, "
        f"slowest {max(after_ack) * 1000:.0f} ms"
    )
    print(f"resident: {bot.resident / 1e6:.0f} MB; Slack's refusals: {len(slack.violations)}")


def milliseconds(values: Sequence[float], percent: int) -> str:
    """A percentile of seconds."""
    return f"{statistics.quantiles(values, n=100)[percent - 1] * 1000:.0f} ms"


# ------------------------------------------------------------------------------------------------ memory


def _measure_memory(slack: LoopbackSlack, bot: Served, questions: Sequence[str], count: int) -> None:
    """Ask as fast as they are answered, at most a hundred at a time, and tell what is resident on the way."""
    step = max(count // 10, 1)
    print(f"before: {bot.resident / 1e6:.0f} MB")
    for number, question in zip(range(count), itertools.cycle(questions), strict=False):
        slack.wait_until(lambda asked=number: len(slack.posts) >= asked - 100, _PATIENCE)  # type: ignore[misc]
        ask(slack, number, question, _MOST_CHANNELS)
        if (number + 1) % step == 0:
            slack.wait_until(lambda asked=number: len(slack.posts) >= asked - 100, _PATIENCE)  # type: ignore[misc]
            print(f"after {number + 1}: {bot.resident / 1e6:.0f} MB")
    slack.wait_until(lambda: len(slack.posts) >= count, _PATIENCE)


if __name__ == "__main__":
    main()
