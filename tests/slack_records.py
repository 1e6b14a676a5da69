"""What the loopback Slack has seen, and ways to wait for it without sleeping in a test."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from tests.slack_limits import BUDGET, Problem

__all__ = ["Call", "Delivery", "Journal", "OverBudget", "Posted", "ShownView", "Uploaded", "Violation"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One request to the Web API or to a `response_url`, with its arguments decoded and its token left out.

    `at` is in seconds of the monotonic clock. `retry` says that the same request was made before and answered
    with an HTTP error, or not at all; `error` is Slack's word for a refusal. `status` 0: no answer was sent.
    """

    method: str
    args: Mapping[str, Any]
    at: float
    retry: bool
    status: int
    error: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Posted:
    """A message as it was posted or, for `chat.update`, changed.

    `user` is the one person who sees it, None for a message that the channel sees. `via` is `ack` for a
    message that came as the acknowledgement of a slash command. An ephemeral one has a `ts` that no other
    method accepts. `metadata` is what the message has now: an update that names none keeps it.
    """

    channel: str
    ts: str
    thread_ts: str | None
    text: str
    blocks: tuple[dict[str, Any], ...]
    user: str | None
    method: str
    via: Literal["api", "response_url", "ack"]
    args: Mapping[str, Any]
    metadata: Mapping[str, Any] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Uploaded:
    """A file that the bot put into a conversation."""

    channel: str | None
    thread_ts: str | None
    name: str
    title: str
    content: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownView:
    """A modal that was opened for, or a Home tab that was published to, one user; or a change of one.

    `method` is the Web API's, or `ack:update` and `ack:push` for what the ack of a submission showed.
    """

    id: str
    method: str
    user: str
    view: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """What became of one payload: an envelope id and a latency in seconds (None: no ack) for each attempt.

    `response` is the payload of the ack that came in time, if it had one.
    """

    kind: str
    event_id: str | None
    envelope_ids: tuple[str, ...]
    latencies: tuple[float | None, ...]
    ack_timeout: float
    response: Mapping[str, Any] | None
    finished: bool

    @property
    def envelope_id(self) -> str | None:
        """That of the last attempt."""
        return self.envelope_ids[-1] if self.envelope_ids else None

    @property
    def attempts(self) -> int:
        return len(self.envelope_ids)

    @property
    def acked_after(self) -> float | None:
        """Seconds from an attempt to its ack, for the first that came in time; None if none did."""
        return next((late for late in self.latencies if late is not None and late <= self.ack_timeout), None)

    @property
    def missed(self) -> bool:
        """Whether an attempt had no ack in time; the last one of an unfinished delivery may still have."""
        settled = self.latencies if self.finished else self.latencies[:-1]
        return any(late is None or late > self.ack_timeout for late in settled)


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """A message or view that Slack would have refused."""

    method: str
    error: str
    problem: Problem


@dataclass(frozen=True, kw_only=True, slots=True)
class OverBudget:
    """A message that Slack would have taken, with more text in its blocks than ours may have."""

    method: str
    characters: int


@dataclass(kw_only=True, slots=True)
class _Seen:
    calls: list[Call] = field(default_factory=list)
    posts: list[Posted] = field(default_factory=list)
    views: list[ShownView] = field(default_factory=list)
    uploads: list[Uploaded] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    violations: list[Violation] = field(default_factory=list)
    over_budget: list[OverBudget] = field(default_factory=list)
    reactions: list[tuple[str, str, str]] = field(default_factory=list)
    messages: dict[tuple[str, str], Posted] = field(default_factory=dict)


class Journal:
    """Records under one lock. What it hands out are copies, so a test may look while the bot is posting."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.on_post: Callable[[Posted], None] = lambda posted: None
        self._seen = _Seen()
        self._version = 0
        self._writes = 0

    @property
    def calls(self) -> list[Call]:
        with self.changed:
            return list(self._seen.calls)

    @property
    def posts(self) -> list[Posted]:
        """Every message posted and every change of one, oldest first."""
        with self.changed:
            return list(self._seen.posts)

    @property
    def views(self) -> list[ShownView]:
        with self.changed:
            return list(self._seen.views)

    @property
    def uploads(self) -> list[Uploaded]:
        """Every file that the bot put into a conversation, oldest first."""
        with self.changed:
            return list(self._seen.uploads)

    @property
    def removed(self) -> list[str]:
        """The ids of the files that the bot has deleted."""
        with self.changed:
            return list(self._seen.removed)

    @property
    def reactions(self) -> list[tuple[str, str, str]]:
        """(channel, ts, name) of each reaction added."""
        with self.changed:
            return list(self._seen.reactions)

    @property
    def violations(self) -> list[Violation]:
        with self.changed:
            return list(self._seen.violations)

    @property
    def over_budget(self) -> list[OverBudget]:
        with self.changed:
            return list(self._seen.over_budget)

    def calls_to(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def message(self, channel: str, ts: str) -> Posted | None:
        """The message as it stands now; None if it was deleted, or was ephemeral."""
        with self.changed:
            return self._seen.messages.get((channel, ts))

    def messages_in(self, channel: str) -> list[Posted]:
        """What the bot posted in a channel for all there to see, as it stands now."""
        with self.changed:
            return [posted for (place, _), posted in self._seen.messages.items() if place == channel]

    def wait_until(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """The first true value of `predicate`, which may look at anything and is called without the lock.

        It is tried at every change here and every 50 ms, for what changes elsewhere. Raises TimeoutError.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self.changed:
                version = self._version
            if value := predicate():
                return value
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"waited {timeout} s in vain; {self.summary()}")
            self._wait_past(version, min(left, 0.05))

    def _wait_past(self, version: int, timeout: float) -> None:
        with self.changed:
            self.changed.wait_for(lambda: self._version != version, timeout)

    def wait_for_posts(self, n: int, timeout: float = 10.0) -> list[Posted]:
        """All posts, as soon as there are at least `n`. Raises TimeoutError."""
        self.wait_until(lambda: len(self.posts) >= n, timeout)
        return self.posts

    def settle(self, seconds: float = 0.3) -> None:
        """Prove that nothing is posted, changed, deleted or shown for `seconds`. Raises AssertionError."""
        with self.changed:
            before = self._writes
            if self.changed.wait_for(lambda: self._writes != before, seconds):
                raise AssertionError(f"something more arrived; {self.summary()}")

    def assert_clean(self) -> None:
        """Raise AssertionError if Slack would have refused a message, or one was over our own budget."""
        faults = [f"{v.method}: {v.error}: {v.problem}" for v in self.violations]
        faults += [f"{o.method}: {o.characters} characters, over {BUDGET}" for o in self.over_budget]
        if faults:
            raise AssertionError("\n".join(faults))

    def summary(self) -> str:
        """Methods called and messages posted, for the text of a failure."""
        with self.changed:
            calls = [f"{call.method}{f' ({call.error})' if call.error else ''}" for call in self._seen.calls]
            posts = [f"{post.channel}: {post.text[:60]!r}" for post in self._seen.posts]
        return f"calls: {calls}; posts: {posts}"

    def note_call(self, call: Call) -> None:
        with self.changed:
            self._seen.calls.append(call)
            self.touch()

    def note_post(self, posted: Posted) -> None:
        """Keep a message; one that is not ephemeral can be changed and deleted from now on."""
        self.on_post(posted)
        with self.changed:
            self._seen.posts.append(posted)
            if posted.user is None:
                self._seen.messages[posted.channel, posted.ts] = posted
            self.touch(write=True)

    def note_delete(self, channel: str, ts: str) -> None:
        with self.changed:
            del self._seen.messages[channel, ts]
            self.touch(write=True)

    def note_view(self, shown: ShownView) -> None:
        with self.changed:
            self._seen.views.append(shown)
            self.touch(write=True)

    def note_upload(self, uploaded: Uploaded) -> None:
        with self.changed:
            self._seen.uploads.append(uploaded)
            self.touch(write=True)

    def note_removed(self, file: str) -> None:
        """A file that the bot had put somewhere is gone."""
        with self.changed:
            self._seen.removed.append(file)
            self.touch(write=True)

    def note_reaction(self, channel: str, ts: str, name: str) -> None:
        with self.changed:
            self._seen.reactions.append((channel, ts, name))
            self.touch()

    def note_violation(self, violation: Violation) -> None:
        with self.changed:
            self._seen.violations.append(violation)
            self.touch()

    def note_over_budget(self, over: OverBudget) -> None:
        with self.changed:
            self._seen.over_budget.append(over)
            self.touch()

    def touch(self, *, write: bool = False) -> None:
        """Wake whoever waits; `write` marks what `settle` must not see."""
        with self.changed:
            self._version += 1
            self._writes += write
            self.changed.notify_all()
