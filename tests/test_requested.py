"""What is a check, and of what: "check" and a quotation, or a message that is nothing else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.requested import Check, Wanted, check_in, quotations_in
from bot.typed import page
from retrieval.quotes.quotations import LONGEST_QUOTATION

RIVER = "the river will not wait"


def wanted(text: str) -> list[tuple[str, str | None]] | None:
    found = check_in(page(text))
    return None if found is None else [(one.quote, one.speaker) for one in found.quotations]


@pytest.mark.parametrize(
    "text",
    [
        f"check “{RIVER}”",
        f'check"{RIVER}"',
        f"CHECK:“{RIVER}”",
        f"check : {RIVER}",
        f"check:\n{RIVER}",
        f"check ‘{RIVER}’",
        f"check: '{RIVER}'",
        f"check „{RIVER}“",
        f"check »{RIVER}«",
        f"check ‹{RIVER}›",
        f"check “{RIVER}” please",
        f"check: somebody said “{RIVER}” to us",
        f"check\n&gt; {RIVER}",
        f"check &gt; {RIVER}".replace("check ", "check\n"),
        f"check “{RIVER}",
        f"“{RIVER}”",
        f"‚{RIVER}‘",
        f"「{RIVER}」",
    ],
)
def test_a_quotation_given_for_a_check_is_found_without_its_marks(text: str) -> None:
    assert wanted(text) == [(RIVER, None)]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "checks “the river will not wait”",
        "check whether the river will wait",
        "check-in “the river will not wait”",
        "recheck “the river will not wait”",
        "Who said “the river will not wait”?",
        "“the river will not wait” was said by whom?",
        "“the river will not wait” or “it may be late”",
        "&gt; the river will not wait",
        "'tis late",
        "“the river will not wait",
    ],
)
def test_everything_else_is_a_question(text: str) -> None:
    assert wanted(text) is None


@pytest.mark.parametrize("text", ["check", " Check: ", "CHECK :", "<@U1> check"])
def test_check_alone_wants_nothing_checked_yet(text: str) -> None:
    assert check_in(page(text)) == Check(quotations=())


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"check “{RIVER}” and “it is late”, ‘no one’", [(RIVER, None), ("it is late", None), ("no one", None)]),
        ("check “no comment” — Nell Arden", [("no comment", "Nell Arden")]),
        ("“no comment”", [("no comment", None)]),
        (f"check: “{RIVER}” — Nell Arden, harbour master", [(RIVER, "Nell Arden")]),
        (f"“{RIVER}”\n— Nell Arden", [(RIVER, "Nell Arden")]),
        (f"check: “{RIVER},” said Nell Arden.", [(f"{RIVER},", "Nell Arden")]),
        (f"check: “{RIVER},” she said.", [(f"{RIVER},", None)]),
        ("check: the so-called “grand” river will not wait", [("the so-called “grand” river will not wait", None)]),
        (f"check\n&gt; {RIVER}\n&gt; — Nell Arden", [(RIVER, "Nell Arden")]),
        (f"check “{RIVER}\n“and neither will we”", [(f"{RIVER}\nand neither will we", None)]),
        ("check “”", [("", None)]),
    ],
)
def test_each_quotation_comes_with_whoever_is_named_beside_it(text: str, found: list[tuple[str, str | None]]) -> None:
    assert wanted(text) == found


def test_what_is_too_long_is_wanted_all_the_same_so_that_it_gets_its_line() -> None:
    [(quote, _)] = wanted(f"check “{'rain ' * 2_500}”") or []
    assert len(quote) > LONGEST_QUOTATION


def test_of_a_message_quotations_are_taken_as_of_a_draft_and_the_rest_counted() -> None:
    text = f'check “{RIVER}” of the “grand” ‘so-called’ workers’ 6" river\n&gt; It is late.\n“and it goes on'
    assert quotations_in(page(text)) == Check(
        quotations=(Wanted(quote=RIVER), Wanted(quote="It is late.")), skipped=3
    )


@given(st.text(alphabet="check: \n“”„\"'‘’«»&gt;—NAa.", max_size=60))
def test_whatever_is_typed_is_a_check_or_a_question(text: str) -> None:
    found = check_in(page(text))
    assert found is None or all(isinstance(one.quote, str) for one in found.quotations)
