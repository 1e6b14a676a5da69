"""What buttons hold, and what becomes of values that anyone may have sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import buttons
from bot.buttons import Asked, Placed, Pressed, asked, placed, pressed, wished
from bot.followups import Wish
from bot.replies import Button
from bot.requested import Wanted
from retrieval.model import Passage
from tests.made_up_index import version


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


# -- what stands around a passage ---------------------------------------------------------------------------

HELD = {"c": "C1", "e": "flood/7", "v": 2, "s": 0, "t": 9, "p": False}


@pytest.mark.parametrize("past", [False, True])
def test_a_button_names_the_place_of_a_passage_and_none_of_its_words(past: bool) -> None:
    one = version(7, "The mole holds. The ferry sails.")
    button = buttons.around("C1", Passage(version=one, start=16, end=32), past=past)
    assert button is not None
    assert json.loads(button.value) == {"c": "C1", "e": "flood/7", "v": 1, "s": 16, "t": 32, "p": past}
    assert placed(button.value, "C1") == Placed(entry="flood/7", version=1, start=16, end=32, past=past)
    assert placed(button.value, "C2") is None
    assert pressed(button.value, "C1") is None


def test_an_id_that_is_too_long_for_a_button_gets_none() -> None:
    passage = Passage(version=version(7, "The mole holds.", blog="🙂" * 1_000), start=0, end=3)
    assert buttons.around("C1", passage, past=False) is None


@pytest.mark.parametrize(
    "other",
    [
        {"v": 0}, {"v": True}, {"v": 1.0}, {"v": "1"}, {"v": 2**60}, {"s": -1}, {"s": 9}, {"s": None}, {"t": False},
        {"t": 10**30}, {"p": 1}, {"p": None}, {"e": 7}, {"e": None}, {"e": "\ud800"}, {"c": "C2"}, {"x": 1},
    ],
)  # fmt: skip
def test_a_place_of_another_form_is_none(other: dict[str, object]) -> None:
    assert placed(json.dumps(HELD), "C1") is not None
    assert placed(json.dumps(HELD | other), "C1") is None


@pytest.mark.parametrize(
    "value", [None, 3, "", "{}", "[]", "x" * 3_000, "[" * 2_000, json.dumps(HELD)[:-1], "9" * 1_999]
)
def test_what_is_no_place_is_none(value: object) -> None:
    assert placed(value, "C1") is None


_ANY = _LEAVES | st.booleans() | st.floats()


@given(
    st.text(max_size=50)
    | st.dictionaries(st.sampled_from(list("cevstpq")), _ANY).map(json.dumps)
    | st.fixed_dictionaries({"c": st.just("C1")} | dict.fromkeys("evstp", _ANY)).map(json.dumps)
)
def test_whatever_a_place_is_it_is_read_or_not(value: str) -> None:
    found = placed(value, "C1")
    if found is not None:
        assert found.version >= 1
        assert 0 <= found.start < found.end
        found.entry.encode()


# -- questions, channels, feedback --------------------------------------------------------------------------

NOON = datetime(2031, 2, 3, 12, 0, 0, 7, tzinfo=UTC)
WISHED = {"c": "C1", "q": "Who won?", "s": None, "u": None, "n": 0}


@pytest.mark.parametrize(
    ("make", "action"),
    [
        (buttons.ask_privately, buttons.ASK_PRIVATELY),
        (buttons.more, buttons.SHOW_MORE),
        (buttons.share_answer, buttons.SHARE_ANSWER),
        (buttons.call_person, buttons.CALL_PERSON),
    ],
)
@pytest.mark.parametrize(
    "wish",
    [
        Wish(text="Who won “it” & <why>\n🙂?"),
        Wish(text="Who won?", since=NOON, shown=3),
        Wish(text="Who won?", until=NOON + timedelta(days=1), shown=60),
        Wish(text="x" * 1_900, since=NOON, until=NOON + timedelta(microseconds=1)),
    ],
)
def test_a_question_s_button_hands_back_the_question(
    make: Callable[[str, Wish], Button | None], action: str, wish: Wish
) -> None:
    button = make("C1", wish)
    assert button is not None
    assert button.action == action
    assert wished(button.value, "C1") == wish
    assert wished(button.value, "C2") is None
    assert pressed(button.value, "C1") is None
    assert placed(button.value, "C1") is None


@pytest.mark.parametrize("wish", [Wish(text="x" * 2_000), Wish(text="🙂" * 990), Wish(text="x", shown=61)])
def test_a_question_that_no_button_can_hold_gets_none(wish: Wish) -> None:
    assert buttons.more("C1", wish) is None


@pytest.mark.parametrize(
    "other",
    [
        {"q": ""}, {"q": " \n"}, {"q": 7}, {"q": None}, {"q": "\ud800"}, {"s": -1}, {"s": "1"}, {"s": 2**53},
        {"u": True}, {"u": 1.5}, {"n": -1}, {"n": 61}, {"n": None}, {"n": False}, {"n": "0"}, {"c": "C2"}, {"x": 1},
    ],
)  # fmt: skip
def test_a_question_of_another_form_is_none(other: dict[str, object]) -> None:
    assert wished(json.dumps(WISHED), "C1") == Wish(text="Who won?")
    assert wished(json.dumps(WISHED | other), "C1") is None


@pytest.mark.parametrize("good", [True, False])
def test_feedback_names_its_question(good: bool) -> None:
    value = buttons.feedback("C1", 17, good=good)
    assert asked(value, "C1") == Asked(key=17, good=good)
    assert asked(value, "C2") is None
    for other in ({"a": -1}, {"a": "17"}, {"a": True}, {"a": None}, {"g": 1}, {"g": None}, {"x": 1}):
        assert asked(json.dumps({"c": "C1", "a": 17, "g": good} | other), "C1") is None


def test_a_button_for_its_channel_alone_is_of_no_other() -> None:
    value = buttons.verify_words("C1").value
    assert buttons.here(value, "C1")
    for other in (None, "", "{}", "[]", '{"c":"C2"}', '{"c":"C1","x":1}', '{"c":["C1"]}'):
        assert not buttons.here(other, "C1")
    assert buttons.here(buttons.of_call(buttons.TAKE_CALL, "I take it", "C1").value, "C1")


@given(
    st.text(max_size=50)
    | st.fixed_dictionaries({"c": st.just("C1")} | dict.fromkeys("qsun", _ANY)).map(json.dumps)
    | st.fixed_dictionaries({"c": st.just("C1")} | dict.fromkeys("ag", _ANY)).map(json.dumps)
)
def test_whatever_a_question_is_it_is_read_or_not(value: str) -> None:
    found = wished(value, "C1")
    if found is not None:
        found.text.encode()
        assert found.text.strip()
        assert 0 <= found.shown <= 60
    given_back = asked(value, "C1")
    if given_back is not None:
        assert given_back.key >= 0
        assert given_back.good in (True, False)
    assert not buttons.here(value, "C1") or json.loads(value) == {"c": "C1"}
