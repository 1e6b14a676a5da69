"""Where a slice of an older version stands in a newer one. Every text here is made up."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from retrieval.model import Cause, Passage
from retrieval.relocating import Relocated, relocated, relocated_span
from retrieval.sentences import sentences
from retrieval.showing import whole_sentences
from tests.made_up_index import version

GAUGE = "The gauge at Wendbridge stands at 4 metres."
QUAY = "The quay is under water and the fish market is closed until Thursday."
HURT = "Nobody was hurt."
LEADER = "Rosalind Thackwray has refused to resign as leader of the council."
FERRY = "The ferry to Marsh Island does not sail today."
PUMP = "Engineers are bringing a second pump from Skerrow by road."
STORY = f"{GAUGE} {QUAY}\n{HURT} {LEADER}\n{FERRY} {PUMP}"


def moved(old: str, words: str, new: str, nth: int = 0) -> Relocated | None:
    """Where the slice with these words, the first or `nth` of such, stands in a newer text."""
    start = -1
    for _ in range(nth + 1):
        start = old.index(words, start + 1)
    return relocated(Passage(version=version(1, old), start=start, end=start + len(words)), version(2, new))


def now(old: str, words: str, new: str, nth: int = 0) -> tuple[str, int, bool] | None:
    """The words that stand there, where they begin, and whether they are the same characters."""
    found = moved(old, words, new, nth)
    return None if found is None else (found.passage.text, found.passage.start, found.verbatim)


# ------------------------------------------------------------------------------------------ as it was


def test_a_paragraph_before_or_after_shifts_it() -> None:
    before, after = "The army was called in at dawn.\n", "\nThat is all for today."
    for words in (GAUGE, f"{GAUGE} {QUAY}", f"{QUAY}\n{HURT}", PUMP, STORY):
        at = STORY.index(words)
        assert now(STORY, words, STORY + after) == (words, at, True)
        assert now(STORY, words, before + STORY) == (words, len(before) + at, True)
        assert now(STORY, words, before + STORY + after) == (words, len(before) + at, True)


def test_it_is_a_slice_of_the_newer_version_whose_title_makes_no_difference() -> None:
    old, new = version(1, STORY, title="Flood"), replace(version(2, STORY, title="River bursts its banks"), number=2)
    found = relocated(Passage(version=old, start=0, end=len(GAUGE)), new)
    assert found == Relocated(passage=Passage(version=new, start=0, end=len(GAUGE)), verbatim=True)
    assert found.passage.version is new


def test_edits_elsewhere_leave_it_as_it_was() -> None:
    new = STORY.replace("4 metres", "nearly 5 metres").replace("by road", "by rail")
    assert now(STORY, f"{HURT} {LEADER}", new) == (f"{HURT} {LEADER}", new.index(HURT), True)


def test_of_several_places_it_is_the_one_between_its_old_neighbours() -> None:
    old = f"{GAUGE} {HURT} {LEADER} {HURT} {FERRY}"
    new = f"{PUMP} {HURT} {GAUGE} {HURT} {LEADER} {HURT} {FERRY}"
    assert now(old, HURT, new) == (HURT, new.index(f"{HURT} {LEADER}"), True)
    assert now(old, HURT, new, nth=1) == (HURT, new.index(f"{HURT} {FERRY}"), True)


def test_the_same_words_of_another_sentence_are_not_it() -> None:
    """Of two accidents where nobody was hurt, one is no longer told."""
    old = f"{GAUGE} {HURT} {LEADER} {HURT} {FERRY}"
    assert now(old, HURT, f"{GAUGE} {LEADER} {HURT} {FERRY}") is None
    assert now(old, HURT, f"{GAUGE} {HURT} {LEADER} {FERRY}", nth=1) is None
    assert now(f"{GAUGE} {HURT} {LEADER} {FERRY}", HURT, f"{GAUGE} {LEADER} {FERRY} {PUMP} {HURT}") is None


def test_a_paragraph_that_was_moved_is_found_where_it_stands_now() -> None:
    new = f"{FERRY} {PUMP}\n{HURT} {LEADER}\n{GAUGE} {QUAY}"
    assert now(STORY, f"{GAUGE} {QUAY}", new) == (f"{GAUGE} {QUAY}", new.index(GAUGE), True)
    assert now(STORY, PUMP, new) == (PUMP, new.index(PUMP), True)


def test_part_of_a_sentence_goes_where_its_sentence_went() -> None:
    before = "It was at 4 metres on Monday.\n"
    assert now(STORY, "4 metres", before + STORY) == ("4 metres", len(before) + STORY.index("4 metres"), True)
    new = STORY.replace("Wendbridge", "Low Wend")
    assert now(STORY, "stands at 4 metres", new) == ("stands at 4 metres", new.index("stands"), True)
    assert now(STORY, "the fish market is closed until Thursday", STORY.replace("The quay", "Now the quay")) == (
        "the fish market is closed until Thursday",
        STORY.index("the fish") + 4,
        True,
    )


def test_a_number_that_became_another_sentence_s_is_not_quoted_for_it() -> None:
    old = "The gauge at Wend stands at 4 metres tonight. It was at 3 metres on Monday."
    new = "The gauge at Wend stands at 5 metres tonight. It was at 4 metres on Monday."
    assert now(old, "stands at 4 metres", new) == ("The gauge at Wend stands at 5 metres tonight.", 0, False)
    assert now(old, "3 metres", new) == ("It was at 4 metres on Monday.", new.index("It"), False)


@pytest.mark.parametrize(
    ("words", "old", "new"),
    [
        ("500 homes are", "Some 500 homes are flooded at Wend.", "Some 1,500 homes are flooded at Wend."),
        ("lost is 22", "What the town has lost is 22", "What the town has lost is 22m"),
        ("hill was hit", "The barn on the hill was hit.", "The barn on the anthill was hit."),
    ],
)
def test_part_of_a_word_is_not_the_word(words: str, old: str, new: str) -> None:
    assert now(old, words, new) == (new, 0, False)


# ------------------------------------------------------------------------------------------ changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (GAUGE, "The gauge at Wendbridge stands at 5 metres."),
        (GAUGE, "The gauge at Wendbridge stood at 4.2 metres at noon, the Environment Agency said."),
        (LEADER, "Rosalind Thackwray has agreed to resign as leader of the council."),
        (LEADER, "Correction: Rosalind Thackwray, 61, has not refused to resign as leader of the county council."),
        (FERRY, "“The ferry to Marsh Island does not sail today.”"),
        (QUAY, "The quay is under water. The fish market, which was built in 1911, is closed until Thursday."),
        (HURT, "Two men were hurt, but nobody was hurt badly."),
        (HURT, "Nobody was killed."),
        (PUMP, "Engineers are bringing a second pump from Skerrow by road"),
        (f"{HURT} {LEADER}", f"{HURT[:-1]} and {LEADER}"),
    ],
)
def test_a_changed_sentence_is_located_and_shown_whole(old: str, new: str) -> None:
    edited = STORY.replace(old, new)
    assert now(STORY, old, edited) == (new, edited.index(new), False)


def test_two_sentences_that_became_one_are_that_one() -> None:
    joined = f"{HURT[:-1]}, and {LEADER}"
    edited = STORY.replace(f"{HURT} {LEADER}", joined)
    assert now(STORY, HURT, edited) == now(STORY, LEADER, edited) == (joined, edited.index(joined), False)


def test_a_sentence_that_lost_what_stood_around_it_but_says_something_else_is_not_as_it_was() -> None:
    """The same characters, in a sentence that denies them."""
    denied = "It is not true, says the mayor: Nobody was hurt."
    assert now(STORY, HURT, STORY.replace(HURT, denied)) == (denied, STORY.index(HURT), False)


def test_two_numbers_that_changed_in_a_short_sentence_between_the_same_neighbours() -> None:
    old, new = f"{GAUGE} Two people died. {FERRY}", f"{GAUGE} Three people died. {FERRY}"
    assert now(old, "Two people died.", new) == ("Three people died.", new.index("Three"), False)
    assert now("Two people died.", "Two people died.", "Three people died.") == ("Three people died.", 0, False)
    apart = f"{PUMP} {LEADER} {QUAY} Six people sang."
    assert now(f"{FERRY} Two people died. {GAUGE}", "Two people died.", apart) is None


def test_what_came_between_goes_with_it_and_what_came_before_does_not() -> None:
    between = "The mayor has fled."
    new = f"{between} {GAUGE} {between} {QUAY} {between}\n{HURT}"
    assert now(STORY, f"{GAUGE} {QUAY}", new) == (f"{GAUGE} {between} {QUAY}", len(between) + 1, False)
    changed = f"{between} {GAUGE.replace('4', '5')} {between}\n{HURT}"
    assert now(STORY, GAUGE, changed) == (GAUGE.replace("4", "5"), len(between) + 1, False)


def test_halves_that_stand_far_apart_are_not_shown_as_one() -> None:
    long = " ".join(f"House {number} on Kiln Street was searched by officers with dogs." for number in range(20))
    new = f"{GAUGE} {long} {QUAY}\n{HURT}"
    assert now(STORY, f"{GAUGE} {QUAY}", new) == (QUAY, new.index(QUAY), False)


def test_a_slice_of_which_a_sentence_is_gone_is_what_is_left_of_it() -> None:
    new = STORY.replace(f"{HURT} ", "")
    assert now(STORY, f"{HURT} {LEADER}", new) == (LEADER, new.index(LEADER), False)
    assert now(STORY, f"{HURT} {LEADER}", STORY.replace(f" {LEADER}", "")) is None


def test_other_white_space_between_sentences_is_a_change() -> None:
    new = STORY.replace(f"{GAUGE} {QUAY}", f"{GAUGE}\n{QUAY}")
    assert now(STORY, f"{GAUGE} {QUAY}", new) == (f"{GAUGE}\n{QUAY}", 0, False)
    assert now(STORY, f"{QUAY}\n", f"{STORY.replace(QUAY, QUAY + ' ')} Ends.") == (QUAY, STORY.index(QUAY), False)


# ------------------------------------------------------------------------------------------ no longer there


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (GAUGE, "Police are looking for a red van."),
        (GAUGE, ""),
        (LEADER, "The deputy leader of the opposition was seen at the town hall."),
        (FERRY, "The school at Low Wend is open again."),
        (HURT, "It was raining."),
        (PUMP, "The bells of Skerrow rang for the dead of the great flood."),
        (QUAY, "The theatre is sold out and the first night of the play is on Friday."),
    ],
)
def test_a_sentence_that_was_replaced_by_another_is_not_located(old: str, new: str) -> None:
    assert now(STORY, old, STORY.replace(old, new)) is None


def test_a_deleted_sentence_is_not_found_in_one_that_is_much_like_it() -> None:
    open_, closed = "The bridge at Low Wend is open.", "The bridge at Low Wend is closed."
    assert now(f"{closed} {open_} {FERRY}", closed, f"{open_} {FERRY}") is None
    assert now(f"{open_} {closed} {FERRY}", closed, f"{open_} {FERRY}") is None
    assert now(f"{open_} {closed} {FERRY}", open_, f"{closed} {FERRY}") is None


def test_of_a_version_without_words_nothing_is_located() -> None:
    deletion = replace(version(2, ""), cause=Cause.DELETED)
    assert relocated(Passage(version=version(1, STORY), start=0, end=len(STORY)), deletion) is None
    assert now(STORY, GAUGE, " \n\t") is None


def test_an_entry_that_was_rewritten_holds_nothing_of_it() -> None:
    new = (
        "Good morning. This is the second day of our coverage of the trial of Zebedee Quillfeather. The jury will "
        "hear of the night on which the sluice was opened. Nobody is allowed to name the witness, who is in hiding."
    )
    for start, end in sentences(STORY):
        assert now(STORY, STORY[start:end], new) is None


# ------------------------------------------------------------------------------------------ highlights, cost


def test_a_highlight_goes_where_its_sentence_stands() -> None:
    old, new = version(1, STORY), version(2, f"Good evening.\n{STORY.replace('4 metres', '5 metres')}")
    assert relocated_span(old, (0, len(GAUGE)), new) == (14, 14 + len(GAUGE))
    assert relocated_span(old, (len(GAUGE) + 1, len(GAUGE) + 1 + len(QUAY)), new) == (
        15 + len(GAUGE),
        15 + len(GAUGE) + len(QUAY),
    )
    assert relocated_span(old, (0, len(GAUGE)), version(2, QUAY)) is None
    with pytest.raises(ValueError, match="is no slice"):
        relocated_span(old, (3, 3), new)


def test_another_language_is_read_by_its_own_rules() -> None:
    old = "Am 26. August stand der Pegel in Wendbrück bei 4 Metern. Verletzt wurde niemand."
    new = "Am 26. August stand der Pegel in Wendbrück bei 5 Metern. Verletzt wurde niemand."
    begun = sentences(old, "de")[0]
    found = relocated(
        Passage(version=version(1, old, language="de"), start=0, end=begun[1]), version(2, new, language="de")
    )
    assert found is not None
    assert (found.passage.text, found.verbatim) == (
        "Am 26. August stand der Pegel in Wendbrück bei 5 Metern.",
        False,
    )


def long_text(number: int) -> str:
    towns = ("Wendbridge", "Skerrow", "Low Wend", "Marl", "Kiln Street")
    return f"In {towns[number % 5]} the crew of boat {number} carried {number * 7} sacks to the {number % 9}th gate."


def test_texts_of_100_000_characters_are_soon_laid_side_by_side() -> None:
    old = [long_text(number) for number in range(1_500)]
    new = [one.replace("carried", "dragged") if number % 7 == 0 else one for number, one in enumerate(old)]
    text, edited = " ".join(old), " ".join(new)
    assert len(text) > 100_000
    assert now(text, old[700], edited) == (new[700], edited.index(new[700]), False)
    assert now(text, old[701], edited) == (old[701], edited.index(old[701]), True)
    begun = time.process_time()
    everywhere = text.replace("carried", "dragged")
    assert now(text, old[700], everywhere) == (new[700], everywhere.index(new[700]), False)
    assert time.process_time() - begun < 3  # a third of a second where it was measured; squared it would be minutes


@pytest.mark.parametrize("piece", ["Ha. ", "ha ", "Ha ho.\n", "a"])
def test_one_thing_over_and_over_takes_no_longer(piece: str) -> None:
    many = piece * (60_000 // len(piece))
    begun = time.process_time()
    moved(f"{many}Ho.", "Ho.", f"{many[: -9 * len(piece)]}Ho. Hum.")
    moved(many, many[: 3 * len(piece)].strip(), f"{many}Hum. {many}")
    assert time.process_time() - begun < 6


# ------------------------------------------------------------------------------------------ any text

TEXTS = st.text(st.sampled_from("ab1. \n“”!,é🎉\u0301\u200b'£-\r\t"), min_size=1, max_size=60)
PROSE = st.lists(
    st.sampled_from([GAUGE, QUAY, HURT, LEADER, FERRY, PUMP, "No.", "1,400 sacks."]), min_size=1, max_size=7
)


@st.composite
def slices(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> Passage:
    of = version(1, draw(texts))
    start = draw(st.integers(0, len(of.text) - 1))
    return Passage(version=of, start=start, end=draw(st.integers(start + 1, len(of.text))))


ANY = slices(st.one_of(TEXTS, PROSE.map(" ".join)))


@given(ANY)
def test_in_the_same_text_it_is_the_same_slice(old: Passage) -> None:
    new = replace(version(2, old.version.text), number=2)
    assert relocated(old, new) == Relocated(passage=Passage(version=new, start=old.start, end=old.end), verbatim=True)


@given(ANY, st.lists(st.sampled_from(["Zulu spoke.", "X", "Quick, zebra!"]), max_size=3), st.booleans())
def test_lines_before_or_after_shift_it(old: Passage, lines: list[str], before: bool) -> None:
    added = "".join(f"{one}\n" for one in lines)
    text = old.version.text
    assume(old.text.strip())
    new = version(2, f"{added}{text}" if before else f"{text}\n{added}")
    shift = len(added) if before else 0
    found = relocated(old, new)
    assert found is not None
    assert found.verbatim
    assert found.passage.span == (old.start + shift, old.end + shift)


@given(ANY, st.one_of(TEXTS, PROSE.map(" ".join)))
def test_it_is_verbatim_or_whole_sentences_or_nothing(old: Passage, text: str) -> None:
    new = version(2, text)
    found = relocated(old, new)
    if found is not None:
        assert found.passage.version is new
        if found.verbatim:
            assert found.passage.text == old.text
        else:
            assert found.passage == whole_sentences(new, found.passage.span)


@given(st.permutations([GAUGE, QUAY, HURT, LEADER, FERRY, PUMP, "The army has sent 1,400 sacks of sand."]), st.data())
def test_of_edited_prose_it_is_the_sentence_it_was_or_none(prose: list[str], data: st.DataObject) -> None:
    how = data.draw(st.lists(st.sampled_from(["keep", "drop", "edit"]), min_size=len(prose), max_size=len(prose)))
    edited = {one: f"{one[:-1]} now." if what == "edit" else one for one, what in zip(prose, how, strict=True)}
    new = data.draw(st.sampled_from([" ", "\n"])).join(
        edited[one] for one, what in zip(prose, how, strict=True) if what != "drop"
    )
    for one, what in zip(prose, how, strict=True):
        there = None if what == "drop" else (edited[one], new.index(edited[one]), what == "keep")
        assert now(" ".join(prose), one, new) == there
