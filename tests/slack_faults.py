"""What goes wrong between the app and the loopback Slack: faults planned one by one, by chance, or by pace."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from tests.slack_payloads import dm_channel
from tests.slack_records import Journal

__all__ = ["Fault", "FaultKind", "Faults"]

FaultKind = Literal["429", "500", "drop", "slow"]

_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)
_SPARED: Final = {"apps.connections.open"}
"""Without a connection nothing else could be tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """What befalls a request: an answer in place of the true one, none at all (`cut`), or one that is late.

    `done`: what was asked is done all the same, and only the answer hides it. `delay` is in seconds.
    """

    status: int = 200
    error: str | None = None
    retry_after: int | None = None
    delay: float = 0.0
    cut: bool = False
    done: bool = False

    @property
    def obeyed(self) -> bool:
        """Whether what was asked is done."""
        return self.done or (self.error is None and not self.cut)


_RATE_LIMITED: Final = Fault(status=429, error="ratelimited", retry_after=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Weather:
    seed: int
    rate: float
    kinds: tuple[FaultKind, ...]
    methods: frozenset[str] | None
    late: float
    dice: dict[str, random.Random] = field(default_factory=dict)

    def befalls(self, method: str) -> Fault | None:
        """Each method has dice of its own: what befalls its nth call does not depend on calls to others."""
        if method in _SPARED or (self.methods is not None and method not in self.methods):
            return None
        dice = self.dice.setdefault(method, random.Random(f"{self.seed}:{method}"))
        if dice.random() >= self.rate:
            return None
        done = dice.random() < 0.5
        match dice.choice(self.kinds):
            case "429":
                return _RATE_LIMITED
            case "500":
                error, status = dice.choice([("internal_error", 500), ("service_unavailable", 503)])
                return Fault(status=status, error=error, done=done)
            case "drop":
                return Fault(cut=True, done=done)
            case "slow":
                return Fault(delay=self.late)


@dataclass(kw_only=True, slots=True)
class _Pace:
    """A bucket of tokens a channel: `burst` at first, `per_second` more each second."""

    per_second: float
    burst: int
    buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def befalls(self, channel: str) -> Fault | None:
        now = time.monotonic()
        tokens, at = self.buckets.get(channel, (float(self.burst), now))
        tokens = min(float(self.burst), tokens + (now - at) * self.per_second)
        self.buckets[channel] = (tokens - 1 if tokens >= 1 else tokens), now
        return None if tokens >= 1 else _RATE_LIMITED


class Faults(Journal):
    """Plans what goes wrong. `method` is one of the Web API's, `response_url`, `files-pri` or `upload`."""

    def __init__(self) -> None:
        super().__init__()
        self._planned: dict[str, deque[Fault]] = {}
        self._weather: _Weather | None = None
        self._pace: _Pace | None = None

    def rate_limit(self, method: str, *, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next calls with HTTP 429 and a `Retry-After` in seconds."""
        self._plan(method, times, Fault(status=429, error="ratelimited", retry_after=retry_after))

    def fail(
        self,
        method: str,
        *,
        error: str = "internal_error",
        status: int = 200,
        times: int = 1,
        done: bool = False,
    ) -> None:
        """Answer the next calls with an error of Slack's, or with an HTTP status; nothing is posted, unless it is
        to be `done` all the same."""
        self._plan(method, times, Fault(status=status, error=error, done=done))

    def slow(self, method: str, seconds: float, *, times: int = 1) -> None:
        """Do what the next calls ask and answer late: to a client that gives up, they seem to have failed."""
        self._plan(method, times, Fault(delay=seconds))

    def cut(self, method: str, *, times: int = 1, done: bool = False) -> None:
        """Close the connections of the next calls without an answer, before or after doing what they ask."""
        self._plan(method, times, Fault(cut=True, done=done))

    def flaky(
        self,
        *,
        seed: int,
        rate: float,
        kinds: Collection[FaultKind] = _KINDS,
        methods: Collection[str] | None = None,
        late: float = 0.3,
    ) -> None:
        """From now on let each call fail with the probability `rate`, in one of `kinds` by chance.

        `429` asks for a second's wait, `500` is a 500 or a 503, `drop` closes the connection without an answer,
        `slow` answers after `late` seconds. Half of the 500s and drops befall calls that have been done: what
        was asked is posted, and whoever asks again posts it twice. `methods` None: all, but those that open
        connections. The same seed makes the same of a method's calls. Raises ValueError.
        """
        if not 0 <= rate <= 1 or not kinds or not set(kinds) <= set(_KINDS):
            raise ValueError(f"rate {rate} must be from 0 to 1, kinds some of {', '.join(_KINDS)}")
        chosen = None if methods is None else frozenset(methods)
        with self.changed:
            self._weather = _Weather(seed=seed, rate=rate, kinds=tuple(kinds), methods=chosen, late=late)

    def pace(self, per_second: float, burst: int) -> None:
        """From now on refuse what `chat.postMessage` sends faster to one channel, with 429 and a second's wait.

        Slack's own pace is about one a second with short bursts beyond. Raises ValueError.
        """
        if per_second <= 0 or burst < 1:
            raise ValueError(f"per_second {per_second} must be over 0 and burst {burst} at least 1")
        with self.changed:
            self._pace = _Pace(per_second=per_second, burst=burst)

    def steady(self) -> None:
        """End `flaky` and `pace`; what was planned call by call stays."""
        with self.changed:
            self._weather = self._pace = None

    def next_fault(self, method: str, args: Mapping[str, Any]) -> Fault:
        """What befalls this call: what was planned, else what its pace or chance brings, else nothing."""
        with self.changed:
            if planned := self._planned.get(method):
                return planned.popleft()
            fault = None
            if self._pace is not None and method == "chat.postMessage":
                channel = str(args.get("channel", ""))
                fault = self._pace.befalls(dm_channel(channel) if channel[:1] in ("U", "W") else channel)
            if fault is None and self._weather is not None:
                fault = self._weather.befalls(method)
            return fault or Fault()

    def _plan(self, method: str, times: int, fault: Fault) -> None:
        with self.changed:
            self._planned.setdefault(method, deque()).extend([fault] * times)
