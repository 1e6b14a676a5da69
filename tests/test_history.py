"""Which wording was valid when, of entries of our own. A number of minutes stands for a moment."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.history import Past, Wording, past
from retrieval.model import Cause

PUBLISHED, EDITED, REREAD = Cause.PUBLISHED, Cause.EDITED, Cause.REREAD
DELETED, REVIVED, TAKEN_DOWN = Cause.DELETED, Cause.REVIVED, Cause.TAKEN_DOWN


def entry(*versions: tuple[Cause, int | None, int], posted: int = 10, key: int = 1) -> list[Wording]:
    """An entry of versions (cause, edited, seen), numbered by their keys from 1."""
    return [
        Wording(
            version=100 * key + number,
            entry=key,
            blog="flood",
            posted=posted,
            edited=edited,
            seen=seen,
            cause=cause,
            worded=cause not in (DELETED, TAKEN_DOWN),
        )
        for number, (cause, edited, seen) in enumerate(versions, 1)
    ]


def valid(wordings: list[Wording], at: int) -> int | str | None:
    """The number of the version valid at a moment; "unheld"; None where there was no entry."""
    found = past([one for one in wordings if one.posted <= at], at)
    assert len(found.valid) + len(found.unheld) <= 1
    if found.unheld:
        return "unheld"
    return found.valid[0].version % 100 if found.valid else None


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        pytest.param([(PUBLISHED, None, 90)], {9: None, 10: 1, 89: 1, 200: 1}, id="never edited, seen late"),
        pytest.param([(PUBLISHED, None, 12), (EDITED, None, 50)], {10: 1, 49: 1, 50: 2}, id="edited, time of seeing"),
        pytest.param(
            [(PUBLISHED, None, 12), (EDITED, 30, 50)], {29: 1, 30: 2, 50: 2}, id="edited, the source's time"
        ),
        pytest.param([(PUBLISHED, 30, 50)], {9: None, 10: "unheld", 29: "unheld", 30: 1}, id="first seen edited"),
        pytest.param([(PUBLISHED, 10, 50)], {9: None, 10: 1}, id="edited in the moment of publication"),
        pytest.param([(PUBLISHED, 30, 35), (EDITED, 30, 50)], {30: 1, 49: 1, 50: 2}, id="an edit time that stays"),
        pytest.param(
            [(PUBLISHED, 30, 35), (EDITED, 20, 50)], {30: 1, 49: 1, 50: 2}, id="an edit time that goes back"
        ),
        pytest.param([(PUBLISHED, None, 12), (DELETED, None, 50)], {49: 1, 50: None, 99: None}, id="deleted"),
        pytest.param(
            [(PUBLISHED, 20, 25), (DELETED, None, 50), (REVIVED, 20, 70)],
            {19: "unheld", 20: 1, 49: 1, 50: None, 69: None, 70: 3},
            id="deleted and there again",
        ),
        pytest.param(
            [(PUBLISHED, None, 12), (DELETED, None, 50), (REVIVED, 60, 70)],
            {49: 1, 59: None, 60: 3},
            id="there again, edited meanwhile",
        ),
        pytest.param([(PUBLISHED, None, 12), (REREAD, None, 50)], {10: 2, 49: 2, 50: 2}, id="re-read"),
        pytest.param(
            [(PUBLISHED, 30, 35), (REREAD, 30, 50)], {29: "unheld", 30: 2, 60: 2}, id="re-read, first seen edited"
        ),
        pytest.param(
            [(PUBLISHED, None, 12), (EDITED, 30, 35), (REREAD, 30, 50), (REREAD, 30, 60), (EDITED, None, 80)],
            {10: 1, 29: 1, 30: 4, 79: 4, 80: 5},
            id="edited, re-read twice, edited",
        ),
        pytest.param(
            [(PUBLISHED, None, 40), (REREAD, 30, 50)],
            {10: "unheld", 29: "unheld", 30: 2, 45: 2},
            id="learns its edit",
        ),
        pytest.param(
            [(PUBLISHED, None, 12), (EDITED, None, 40), (REREAD, 30, 50)],
            {10: 1, 29: 1, 30: 3, 45: 3},
            id="a later one learns its edit",
        ),
        pytest.param(
            [(PUBLISHED, 20, 40), (REREAD, None, 50), (REREAD, 30, 60)],
            {19: "unheld", 29: "unheld", 30: 3},
            id="re-read without an edit time, then with one",
        ),
        pytest.param([(PUBLISHED, 30, 20)], {19: "unheld", 20: 1, 30: 1}, id="edited after it was seen, words alike"),
        pytest.param(
            [(TAKEN_DOWN, None, 12), (EDITED, 30, 35)], {9: None, 10: "unheld", 29: "unheld", 30: 2}, id="taken down"
        ),
    ],
)
def test_the_wording_of_then(versions: list[tuple[Cause, int | None, int]], expected: dict[int, object]) -> None:
    assert {at: valid(entry(*versions), at) for at in expected} == expected


def test_the_entry_posted_first_comes_first() -> None:
    late, early = entry((PUBLISHED, None, 99), posted=40), entry((PUBLISHED, None, 99), posted=20, key=2)
    found = past([*late, *early, *entry((PUBLISHED, 90, 99), posted=20, key=3)], 50)
    assert [one.version for one in found.valid] == [201, 101]
    assert [one.version for one in found.unheld] == [301]
    assert past([], 50) == Past(valid=(), unheld=())


CAUSES = st.sampled_from([EDITED, REREAD, DELETED, REVIVED, TAKEN_DOWN])


@given(
    st.lists(st.tuples(CAUSES, st.none() | st.integers(0, 60), st.integers(0, 60)), max_size=6),
    st.none() | st.integers(0, 60),
    st.integers(10, 70),
)
def test_an_entry_has_one_wording_at_most_and_never_goes_back(
    later: list[tuple[Cause, int | None, int]], edited: int | None, at: int
) -> None:
    wordings = entry((PUBLISHED, edited, 10), *later)
    numbers = [valid(wordings, moment) for moment in (at, at + 5, at + 10)]
    held = [one for one in numbers if isinstance(one, int)]
    assert held == sorted(held)
    assert all(wordings[one - 1].worded for one in held)
