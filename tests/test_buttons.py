"""What buttons hold, and what becomes of values that anyone may have sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import buttons
from bot.buttons import Pressed, pressed
from bot.requested import Wanted


def test_a_button_hands_back_what_it_was_made_with() -> None:
    wanted = Wanted(quote="It’s “late” & <dark>\nhere", speaker="Nell Arden")
    shared = buttons.share("C1", "12.000345", wanted)
    assert shared is not None
    assert pressed(shared.value, "C1") == Pressed(wanted=wanted, thread="12.000345")
    private = buttons.check_privately("C1", wanted)
    assert private is not None
    assert pressed(private.value, "C1") == Pressed(wanted=wanted, thread=None)


def test_a_button_of_another_channel_asks_for_nothing() -> None:
    shared = buttons.share("C1", None, Wanted(quote="late"))
    assert shared is not None
    assert pressed(shared.value, "C2") is None


@pytest.mark.parametrize("char", ["a", "é", "“", "🙂", '"', "\n"])
def test_a_button_is_made_up_to_what_slack_takes_and_no_further(char: str) -> None:
    made = [count for count in range(900, 2_000) if buttons.share("C1", None, Wanted(quote=char * count))]
    longest = buttons.share("C1", None, Wanted(quote=char * made[-1]))
    assert longest is not None
    length = len(longest.value.encode("utf-16-le")) // 2
    assert 2_000 - 2 < length <= 2_000
    assert made == list(range(900, made[-1] + 1))


@pytest.mark.parametrize(
    "given_value", [None, 3, [], {}, "", "x" * 3_000, "[" * 2_000, '{"a":' * 300, "NaN", "1e999"]
)
def test_what_is_no_value_of_ours_asks_for_nothing(given_value: object) -> None:
    assert pressed(given_value, "C1") is None


_LEAVES = st.none() | st.text(max_size=5) | st.integers() | st.just("C1") | st.just("1.2")


@given(st.text(max_size=50) | st.dictionaries(st.sampled_from(["c", "t", "q", "s"]), _LEAVES).map(json.dumps))
def test_whatever_a_value_is_it_is_read_or_not(value: str) -> None:
    found = pressed(value, "C1")
    if found is not None:
        found.wanted.quote.encode()
        assert json.loads(value)["c"] == "C1"
