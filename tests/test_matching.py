from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.matching import Known, assign_ids, minute_id
from retrieval.model import ReadEntry

ROSE = "The river rose by two feet in the night at the quay."
FELL = "Councillors have voted to open both gates tomorrow."


def entry(at: str, text: str, raw: str | None = None) -> ReadEntry:
    return ReadEntry(
        id=None,
        posted_at=datetime.fromisoformat(f"2031-02-03T{at}:00+01:00"),
        title=None,
        author=None,
        url=None,
        text=text,
        raw=text if raw is None else raw,
    )


def known(id_: str, text: str, raw: str | None = None) -> Known:
    at = datetime.fromisoformat(id_[:16]).replace(tzinfo=UTC)
    return Known(id=id_, posted_at=at, raw=text if raw is None else raw, text=text)


def test_an_id_is_the_utc_minute_and_an_ordinal() -> None:
    assert minute_id(datetime.fromisoformat("2031-02-03T00:42:59+01:00"), 3) == "2031-02-02T23:42Z-3"


@pytest.mark.parametrize(
    ("read", "held", "expected"),
    [
        ([], [], []),
        ([("17:00", ROSE)], [], ["16:00Z-1"]),
        # two of one minute, the oldest first
        ([("17:00", ROSE), ("17:00", FELL), ("17:01", ROSE)], [], ["16:00Z-1", "16:00Z-2", "16:01Z-1"]),
        # unchanged, and in another order
        ([("17:00", FELL), ("17:00", ROSE)], [("16:00Z-1", ROSE), ("16:00Z-2", FELL)], ["16:00Z-2", "16:00Z-1"]),
        # corrected
        ([("17:00", ROSE.replace("two", "ten"))], [("16:00Z-1", ROSE)], ["16:00Z-1"]),
        # one inserted before, between and after the known ones
        (
            [("17:00", "New."), ("17:00", ROSE), ("17:00", "Newer."), ("17:00", FELL)],
            [("16:00Z-1", ROSE), ("16:00Z-2", FELL)],
            ["16:00Z-3", "16:00Z-1", "16:00Z-4", "16:00Z-2"],
        ),
        # a known one is gone: its id is given to no other
        ([("17:00", "New.")], [("16:00Z-1", ROSE), ("16:00Z-2", FELL)], ["16:00Z-3"]),
        # another text of the same minute is another entry
        ([("17:00", FELL)], [("16:00Z-1", ROSE)], ["16:00Z-2"]),
        # the likeness decides, not the order
        (
            [("17:00", FELL + " So."), ("17:00", ROSE + " So.")],
            [("16:00Z-1", ROSE), ("16:00Z-2", FELL)],
            ["16:00Z-2", "16:00Z-1"],
        ),
        # the same markup at a time that is read anew keeps its id
        ([("18:00", ROSE)], [("16:00Z-1", ROSE)], ["16:00Z-1"]),
        ([("17:00", ROSE), ("18:00", ROSE)], [("16:00Z-1", ROSE)], ["16:00Z-1", "17:00Z-1"]),
        ([("18:00", ROSE + " So.")], [("16:00Z-1", ROSE)], ["17:00Z-1"]),
    ],
)
def test_ids_are_those_of_the_same_entries(
    read: list[tuple[str, str]], held: list[tuple[str, str]], expected: list[str]
) -> None:
    made = assign_ids([entry(*one) for one in read], [known(f"2031-02-03T{id_}", text) for id_, text in held])
    assert made == [f"2031-02-03T{one}" for one in expected]


def test_the_same_markup_goes_before_likeness() -> None:
    held = [known("2031-02-03T16:00Z-1", ROSE, "a"), known("2031-02-03T16:00Z-2", ROSE, "b")]
    read = [entry("17:00", ROSE + " So.", "b"), entry("17:00", ROSE + " And.", "a")]
    assert assign_ids(read, held) == ["2031-02-03T16:00Z-2", "2031-02-03T16:00Z-1"]


def test_a_new_entry_is_given_no_id_that_is_stored_for_another() -> None:
    # read an hour earlier now, so that its id tells of a minute that it no longer stands in
    moved = Known(id="2031-02-03T16:00Z-1", posted_at=datetime(2031, 2, 3, 15, 0, tzinfo=UTC), raw=ROSE, text=ROSE)
    read = [entry("16:00", ROSE), entry("17:00", FELL)]
    assert assign_ids(read, [moved]) == ["2031-02-03T16:00Z-1", "2031-02-03T16:00Z-2"]
    # what was taken down keeps its id as well, and a source may have given one that looks like ours
    taken = {"2031-02-03T16:00Z-2", "2031-02-03T16:00Z-3", "2031-02-03T16:00Z-" + "9" * 5_000, "own"}
    assert assign_ids(read, [moved], taken) == ["2031-02-03T16:00Z-1", "2031-02-03T16:00Z-4"]


def test_the_markup_of_a_deleted_entry_at_another_time_is_a_new_one() -> None:
    gone = replace(known("2031-02-03T16:00Z-1", ROSE), deleted=True)
    assert assign_ids([entry("18:00", ROSE)], [gone]) == ["2031-02-03T17:00Z-1"]
    # at its own time it is there again
    assert assign_ids([entry("17:00", ROSE)], [gone]) == ["2031-02-03T16:00Z-1"]


def test_a_minute_of_very_many_entries_is_matched_in_time() -> None:
    texts = [f"Ward {number} of {number % 7} has declared for candidate {number * 31}." for number in range(2_000)]
    held = [known(f"2031-02-03T16:00Z-{number}", text) for number, text in enumerate(texts, 1)]
    read = [entry("17:00", text) for text in reversed(texts)]
    changed = [entry("17:00", f"{text} Recount.") for text in texts]
    began = time.perf_counter()
    assert assign_ids(read, held) == [one.id for one in reversed(held)]
    made = assign_ids(changed, held)  # so many that likeness is not weighed: they are new
    assert made == [f"2031-02-03T16:00Z-{number}" for number in range(2_001, 4_001)]
    assert time.perf_counter() - began < 1


TEXTS = st.lists(st.sampled_from([ROSE, FELL, ROSE + " So.", "", "One.", "One. Two."]), max_size=6)


@given(TEXTS, TEXTS)
def test_no_id_is_given_twice_and_reading_again_changes_none(first: list[str], second: list[str]) -> None:
    ids = assign_ids([entry("17:00", text) for text in first], [])
    held = [known(id_, text) for id_, text in zip(ids, first, strict=True)]
    assert sorted(assign_ids([entry("17:00", text) for text in first], held)) == sorted(ids)
    more = assign_ids([entry("17:00", text) for text in second], held)
    assert len(set(more)) == len(second)
