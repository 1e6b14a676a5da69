"""What the bot counts: values as Prometheus reads them, fixed labels, many threads."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from bot.metrics import OTHER, REASONS, Kind, Metrics, Updated, Way
from retrieval.errors import StoreBusy

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(metrics: Metrics) -> Series:
    """Every series, by name and labels, as a scraper reads it."""
    text = metrics.exposition()[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return read(metrics)[name, frozenset(labels.items())]


def values(metrics: Metrics, name: str, label: str) -> dict[str, float]:
    return {dict(labels)[label]: number for (series, labels), number in read(metrics).items() if series == name}


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def test_what_came_in_is_counted_by_its_way(metrics: Metrics) -> None:
    for _ in range(3):
        metrics.delivered("mention")
    metrics.delivered("button")
    counted = values(metrics, "stet_deliveries_total", "way")
    assert counted == dict.fromkeys(get_args(Way), 0.0) | {"mention": 3.0, "button": 1.0}


def test_a_reply_is_counted_by_its_kind_and_timed(metrics: Metrics) -> None:
    metrics.replied("answered", 0.7)
    metrics.replied("answered", 2.5)
    metrics.replied("too_old", 400.0)
    counted = values(metrics, "stet_replies_total", "kind")
    assert counted == dict.fromkeys(get_args(Kind), 0.0) | {"answered": 2.0, "too_old": 1.0}
    below = values(metrics, "stet_reply_seconds_bucket", "le")
    assert (below["0.5"], below["1.0"], below["3.0"], below["300.0"], below["+Inf"]) == (0, 1, 2, 2, 3)
    assert value(metrics, "stet_reply_seconds_sum") == pytest.approx(403.2)


def test_acknowledgements_and_answers_have_times_of_their_own(metrics: Metrics) -> None:
    metrics.acknowledged(0.02)
    metrics.acknowledged(2.9)
    metrics.answered(0.06)
    acknowledged, answered = (values(metrics, f"stet_{name}_seconds_bucket", "le") for name in ("ack", "answer"))
    assert (acknowledged["0.01"], acknowledged["0.025"], acknowledged["2.0"], acknowledged["3.0"]) == (0, 1, 1, 2)
    assert (answered["0.05"], answered["0.1"], answered["+Inf"]) == (0, 1, 1)
    assert value(metrics, "stet_ack_seconds_count") == 2
    assert value(metrics, "stet_reply_seconds_count") == 0


def test_buckets_only_grow(metrics: Metrics) -> None:
    for name in ("ack", "reply", "answer"):
        edges = [float(edge) for edge in values(metrics, f"stet_{name}_seconds_bucket", "le")]
        assert all(lower < upper for lower, upper in pairwise(edges))


def test_changes_of_posted_messages_are_counted_by_their_result(metrics: Metrics) -> None:
    metrics.updated("done")
    metrics.updated("given_up")
    counted = values(metrics, "stet_updates_total", "result")
    assert counted == dict.fromkeys(get_args(Updated), 0.0) | {"done": 1.0, "given_up": 1.0}


def test_a_reason_that_is_not_known_is_counted_as_another(metrics: Metrics) -> None:
    metrics.failed("ratelimited")
    metrics.failed("unreachable")
    metrics.failed("Will the council leader resign?")
    metrics.failed("a_reason_that_slack_has_made_since")
    counted = values(metrics, "stet_posts_failed_total", "reason")
    assert set(counted) == REASONS | {OTHER}
    assert {reason: number for reason, number in counted.items() if number} == {
        "ratelimited": 1,
        "unreachable": 1,
        OTHER: 2,
    }


@given(st.text())
def test_no_reason_makes_a_series(said: str) -> None:
    metrics = Metrics("1.2.3")
    before = set(read(metrics))
    metrics.failed(said)
    assert set(read(metrics)) == before


@pytest.mark.parametrize(
    "count",
    [
        lambda metrics: metrics.delivered(cast(Way, "Who won?")),
        lambda metrics: metrics.replied(cast(Kind, "Who won?"), 1.0),
        lambda metrics: metrics.updated(cast(Updated, "Who won?")),
    ],
)
def test_no_other_label_can_be_made_at_all(metrics: Metrics, count: Callable[[Metrics], None]) -> None:
    before = read(metrics)
    with pytest.raises(KeyError):
        count(metrics)
    after = read(metrics)
    assert str(after) == str(before)
    assert "Who won" not in str(after)


def test_gauges_are_read_when_they_are_looked_at(metrics: Metrics) -> None:
    waiting = [1, 2, 3]
    metrics.queue_length(lambda: len(waiting))
    metrics.index_entries(lambda: 1_234)
    metrics.index_age(lambda: 12.5)
    assert value(metrics, "stet_queue_length") == 3
    waiting.clear()
    assert value(metrics, "stet_queue_length") == 0
    assert value(metrics, "stet_index_entries") == 1_234
    assert value(metrics, "stet_index_age_seconds") == 12.5


def test_a_gauge_that_cannot_be_read_is_no_number_and_the_others_are(metrics: Metrics) -> None:
    def busy() -> float:
        raise StoreBusy("the archive is in use", "try again")

    assert math.isnan(value(metrics, "stet_queue_length"))
    metrics.queue_length(busy)
    metrics.index_entries(lambda: 7)
    assert math.isnan(value(metrics, "stet_queue_length"))
    assert value(metrics, "stet_index_entries") == 7


def test_the_version_is_said(metrics: Metrics) -> None:
    assert value(metrics, "stet_build_info", version="1.2.3") == 1


def test_every_name_is_ours_and_two_bots_share_nothing(metrics: Metrics) -> None:
    other = Metrics("1.2.3")
    metrics.delivered("direct")
    assert value(metrics, "stet_deliveries_total", way="direct") == 1
    assert value(other, "stet_deliveries_total", way="direct") == 0
    names = {name for name, _ in read(metrics)}
    assert all(name.startswith("stet_") for name in names)
    assert not [name for name in names if name.endswith("_created")]
    assert REGISTRY.get_sample_value("stet_deliveries_total", {"way": "direct"}) is None


def test_its_content_type_is_prometheus_own(metrics: Metrics) -> None:
    assert metrics.exposition()[1] == "text/plain; version=0.0.4; charset=utf-8"


def test_nothing_is_lost_among_threads(metrics: Metrics) -> None:
    def work(_: int) -> None:
        for _ in range(200):
            metrics.delivered("thread")
            metrics.replied("check", 0.3)
            metrics.failed("other")
        metrics.exposition()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert value(metrics, "stet_deliveries_total", way="thread") == 1_600
    assert value(metrics, "stet_replies_total", kind="check") == 1_600
    assert value(metrics, "stet_posts_failed_total", reason=OTHER) == 1_600
    assert value(metrics, "stet_reply_seconds_count") == 1_600
