"""A quotation taken apart: gaps, brackets, marks around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UsageError
from retrieval.quotes.quotations import Gap, Quotation, cores, quotation


def fragments(found: Quotation) -> list[str]:
    return [" ".join(token.form for token in fragment) for fragment in found.fragments]


def gaps(found: Quotation) -> list[tuple[str, int, bool] | None]:
    return [None if gap is None else (found.text[slice(*gap.span)], gap.words, gap.open_ended) for gap in found.gaps]


@pytest.mark.parametrize(
    ("text", "expected", "between"),
    [
        ("The river rose", ["The river rose"], [None, None]),
        ("The river … rose", ["The river", "rose"], [None, ("…", 0, True), None]),
        ("The river ... rose", ["The river", "rose"], [None, ("...", 0, True), None]),
        ("The river […] rose", ["The river", "rose"], [None, ("[…]", 0, True), None]),
        ("The river [ ... ] rose", ["The river", "rose"], [None, ("[ ... ]", 0, True), None]),
        ("The river (...) rose", ["The river", "rose"], [None, ("(...)", 0, True), None]),
        ("… rose …", ["rose"], [("…", 0, True), ("…", 0, True)]),
        ("[The river] rose", ["rose"], [("[The river]", 2, False), None]),
        ("It [the river] rose", ["It", "rose"], [None, ("[the river]", 2, False), None]),
        ("fear[ed] the river", ["the river"], [("fear[ed]", 1, False), None]),
        ("the council[’s] river", ["the", "river"], [None, ("council[’s]", 1, False), None]),
        ("It … [they] rose", ["It", "rose"], [None, ("… [they]", 1, True), None]),
        ("[one two three four five six] rose", ["[ one two three four five six ] rose"], [None, None]),
        ("[unclosed river", ["[ unclosed river"], [None, None]),
        ("[] river", ["[ ] river"], [None, None]),
        ("(the river) rose", ["( the river ) rose"], [None, None]),
    ],
)
def test_gaps_are_those_that_it_declares(
    text: str, expected: list[str], between: list[tuple[str, int, bool] | None]
) -> None:
    found = quotation(text)
    assert (fragments(found), gaps(found)) == (expected, between)


@pytest.mark.parametrize(
    ("text", "recased"), [("[T]he river", True), ("the [sic] river", True), ("the river", False)]
)
def test_a_changed_capital_is_no_gap(text: str, recased: bool) -> None:
    found = quotation(text)
    assert (found.recased, found.declares, len(found.fragments)) == (recased, recased, 1)
    assert fragments(found)[0].casefold() == "the river"


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("The river", ["The river"]),
        ("The river.", ["The river .", "The river"]),
        ("“The river”", ["' The river '", "' The river", "The river '", "The river"]),
        ("The river.”", ["The river . '", "The river .", "The river"]),
        ("The river”,", ["The river ' ,", "The river '", "The river"]),
        ("The river!", ["The river !"]),
        ("the workers’ river", ["the workers ' river"]),
    ],
)
def test_it_is_looked_for_with_and_without_its_marks(text: str, rows: list[str]) -> None:
    found = [" ".join(token.form for token in core.row) for core in cores(quotation(text).row)]
    assert sorted(found, key=len, reverse=True) == sorted(rows, key=len, reverse=True)


def test_what_is_refused() -> None:
    for text in ("", "…", "[…]", "?!", "%", "\ud800"):
        with pytest.raises(UsageError, match="there is no word to check"):
            quotation(text)
    with pytest.raises(UsageError, match="at most 10,000 are taken"):
        quotation("x" * 10_001)


@given(st.text(alphabet="ab [](){}….,;:'“”-\n", max_size=60))
def test_any_text_is_taken_apart_within_itself(text: str) -> None:
    try:
        found = quotation(text)
    except UsageError:
        return
    assert len(found.gaps) == len(found.fragments) + 1 or not found.fragments
    places = [token.start for fragment in found.fragments for token in fragment]
    assert places == sorted(places)
    for gap in found.gaps:
        assert gap is None or (isinstance(gap, Gap) and 0 <= gap.span[0] < gap.span[1] <= len(text))
