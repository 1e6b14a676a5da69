"""What of a question's words is taken for a time or an order, and what is left to the search."""

from __future__ import annotations

from datetime import time

import pytest

from retrieval.model import Order
from retrieval.questions import understand


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("What was posted at 5.07pm?", ["17:07"]),
        ("What was posted at 5:07 pm?", ["17:07"]),
        ("What was posted at 5.07 p.m.?", ["17:07"]),
        ("What was posted at 17:07?", ["17:07"]),
        ("What was posted at 05:07?", ["05:07"]),
        ("What was posted at 5.07?", ["05:07", "17:07"]),
        ("What was posted at 12.30?", ["00:30", "12:30"]),
        ("What was posted at 12.30am?", ["00:30"]),
        ("What was posted at 5pm?", ["17:00"]),
        ("What was published at 4.42PM", ["16:42"]),
        ("What does the entry of 5.19pm say?", ["17:19"]),
        ("What does the 5.19pm entry say?", ["17:19"]),
        ("What was in the 5.19pm update?", ["17:19"]),
        ("Which post was published at 11.36pm?", ["23:36"]),
        ("Which entry was posted on the live blog at 5.07pm?", ["17:07"]),
        ("WHAT WAS POSTED AT 5.07PM?", ["17:07"]),
    ],
)
def test_an_entry_asked_for_by_its_time(text: str, at: list[str]) -> None:
    understood = understand(text)
    assert understood.at == tuple(time.fromisoformat(one) for one in at)
    assert understood.lists
    assert understood.order is Order.RELEVANCE
    assert understood.zone is None


def test_a_zone_printed_with_the_time_is_kept() -> None:
    understood = understand("What was posted at 5.07pm BST?")
    assert (understood.at, understood.zone, understood.lists) == ((time(17, 7),), "BST", True)
    assert understand("What was posted at 5.07pm about it?").zone is None


@pytest.mark.parametrize(
    "text",
    [
        "What did the police say in the update at 5.07pm?",
        "Whom does the 5.07pm entry quote about the pump?",
        "What does the post of 17:07 say about goats?",
    ],
)
def test_a_matter_within_an_entry_of_a_time_is_searched_there(text: str) -> None:
    understood = understand(text)
    assert understood.at == (time(17, 7),)
    assert not understood.lists


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("What was the first entry of the blog about?", Order.EARLIEST),
        ("What is the earliest entry?", Order.EARLIEST),
        ("the oldest indexed entry", Order.EARLIEST),
        ("What was the opening post?", Order.EARLIEST),
        ("What was the first post about?", Order.EARLIEST),
        ("What is the latest update?", Order.LATEST),
        ("What are the latest updates?", Order.LATEST),
        ("What is the most recent entry?", Order.LATEST),
        ("What did the last post say?", Order.LATEST),
        ("What was the final entry of the live blog?", Order.LATEST),
        ("What was first published?", Order.EARLIEST),
    ],
)
def test_first_and_last_entry(text: str, order: Order) -> None:
    understood = understand(text)
    assert (understood.order, understood.at, understood.lists) == (order, (), True)


@pytest.mark.parametrize(
    "text",
    [
        "What happened in 2005?",
        "What does the first report say?",
        "What are the latest figures?",
        "Was it at 5.07pm that the police arrived?",
        "At 5.07pm the police arrived?",
        "Which post says that the police arrived at 5.07pm?",
        "Which train left the station at 5.07pm?",
        "Why was the letter posted at 9.30am returned?",
        "What was posted at 2005?",
        "What was posted at 25.07?",
        "What was posted at 13.07pm?",
        "What was posted at 5?",
        "What was posted at 5.075pm?",
        "What was the last entry at 25.99?",
        "What was posted at 5.30pm or 6.30pm?",
        "Which updates from 12 councils were there?",
        "What did the 9.30am post-mortem find?",
        "What did the post-mortem at 9.30am find?",
        "Who runs the last post office in the valley?",
        "Who won the first post-war election?",
        "What was the second to last entry?",
        "When was the first entry fee charged?",
        "What is the last published novel of Ines Varga?",
        "When was the blog last updated?",
        "first",
        "latest",
        "",
        "?!",
    ],
)
def test_times_and_orders_of_the_matter_are_left_to_the_search(text: str) -> None:
    understood = understand(text)
    assert (understood.order, understood.at, understood.lists) == (Order.RELEVANCE, (), False)
