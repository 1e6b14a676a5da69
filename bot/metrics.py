"""What the running bot counts and times, for Prometheus.

Every label's values are fixed here: none holds a user's words, names or channels."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from typing import Literal, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, Metric, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from retrieval.errors import StetError

Way = Literal["mention", "direct", "thread", "edited", "command", "shortcut", "button"]
"""How something to be answered came in."""
Kind = Literal[
    "answered",
    "nothing_found",
    "nothing_in_range",
    "check",
    "document",
    "notice",
    "trouble",
    "busy",
    "too_old",
]
"""What a reply is."""
Updated = Literal["done", "retried", "given_up"]
"""What became of the change of a message that stands in Slack."""

REASONS = frozenset(
    {
        "account_inactive",
        "channel_not_found",
        "fatal_error",
        "internal_error",
        "invalid_arguments",
        "invalid_auth",
        "invalid_blocks",
        "is_archived",
        "missing_scope",
        "msg_blocks_too_long",
        "msg_too_long",
        "not_in_channel",
        "ratelimited",
        "request_timeout",
        "restricted_action",
        "service_unavailable",
        "token_revoked",
        "unreachable",
    }
)
"""Why a reply was not posted: Slack's own names of errors, and `unreachable`. All else is counted as `other`."""
OTHER = "other"

_ACK_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0)
"""Slack waits 3 seconds for an acknowledgement."""
_REPLY_BUCKETS = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
_ANSWER_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)

log = logging.getLogger(__name__)


class Metrics:
    """Counters, times and gauges of one bot, in a registry of their own. `version` is Stet's. Safe to use from
    several threads.

    A gauge is read when it is looked at; it is NaN until it is handed a callable, and where that raises StetError."""

    def __init__(self, version: str) -> None:
        self._registry = CollectorRegistry()
        self._deliveries = self._counter("deliveries", "Deliveries of Slack's to be answered", "way", get_args(Way))
        self._replies = self._counter("replies", "Replies posted", "kind", get_args(Kind))
        self._failures = self._counter("posts_failed", "Replies not posted", "reason", sorted({*REASONS, OTHER}))
        self._updates = self._counter("updates", "Changes of posted messages", "result", get_args(Updated))
        self._ack = self._histogram("ack_seconds", "From receipt to acknowledgement", _ACK_BUCKETS)
        self._reply = self._histogram("reply_seconds", "From receipt to the posted reply", _REPLY_BUCKETS)
        self._answer = self._histogram("answer_seconds", "Finding the answer alone", _ANSWER_BUCKETS)
        self._queue_length = self._gauge("queue_length", "Deliveries that wait for their answer")
        self._index_entries = self._gauge("index_entries", "Entries that the index holds")
        self._index_age = self._gauge("index_age_seconds", "Since the index was brought up to date")
        Info("stet_build", "The Stet that runs", registry=self._registry).info({"version": version})

    # ------------------------------------------------------------ counted and timed

    def delivered(self, way: Way) -> None:
        """Something to be answered came in."""
        self._deliveries[way].inc()

    def acknowledged(self, seconds: float) -> None:
        """Slack had its acknowledgement that long after the receipt."""
        self._ack.observe(seconds)

    def answered(self, seconds: float) -> None:
        """An answer was found in that time, waiting and posting left out."""
        self._answer.observe(seconds)

    def replied(self, kind: Kind, seconds: float) -> None:
        """A reply was posted that long after the receipt."""
        self._replies[kind].inc()
        self._reply.observe(seconds)

    def failed(self, reason: str) -> None:
        """A reply could not be posted. `reason` is Slack's name of the error, or `unreachable`."""
        self._failures[reason if reason in REASONS else OTHER].inc()

    def updated(self, result: Updated) -> None:
        """A message that stands in Slack was to be changed."""
        self._updates[result].inc()

    # ------------------------------------------------------------ looked up

    def queue_length(self, look: Callable[[], float]) -> None:
        """Whom to ask how many deliveries wait."""
        self._queue_length.set_function(_or_nan(look))

    def index_entries(self, look: Callable[[], float]) -> None:
        """Whom to ask how many entries the index holds."""
        self._index_entries.set_function(_or_nan(look))

    def index_age(self, look: Callable[[], float]) -> None:
        """Whom to ask how many seconds ago the index was brought up to date."""
        self._index_age.set_function(_or_nan(look))

    def exposition(self) -> tuple[bytes, str]:
        """Everything in Prometheus' text format, and its content type."""
        return generate_latest(_WithoutBirths(self._registry)), CONTENT_TYPE_PLAIN_0_0_4

    # ------------------------------------------------------------ made

    def _counter(self, name: str, says: str, label: str, values: list[str] | tuple[str, ...]) -> dict[str, Counter]:
        """A counter's children by their label: all begin at 0, so that a rate sees the first count, and there can be
        no others."""
        counter = Counter(f"stet_{name}", says, [label], registry=self._registry)
        return {value: counter.labels(value) for value in values}

    def _histogram(self, name: str, says: str, buckets: tuple[float, ...]) -> Histogram:
        return Histogram(f"stet_{name}", says, buckets=buckets, registry=self._registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        gauge = Gauge(f"stet_{name}", says, registry=self._registry)
        gauge.set(math.nan)
        return gauge


class _WithoutBirths(Collector):
    """A registry without the time at which each series was made: it would double their number, and the library's own
    switch is global."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for metric in self._registry.collect():
            metric.samples = [sample for sample in metric.samples if not sample.name.endswith("_created")]
            yield metric


def _or_nan(look: Callable[[], float]) -> Callable[[], float]:
    """One gauge that cannot be read takes none of the others with it."""

    def read() -> float:
        try:
            return look()
        except StetError as error:
            log.warning("a gauge cannot be read: %s", error)
            return math.nan

    return read
