"""Verdicts on quotations, by PRODUCT's table, word by word."""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UsageError
from retrieval.quotes.quotations import LONGEST_QUOTATION
from retrieval.store import Store
from tests.quoting import NOW, START, changes, checked, places, published, warnings

GATE = (
    "The sluice gate at Wendbridge was opened at 5.40pm, the river board’s engineer Ottoline Brask said. "
    "About 1,400 homes were flooded – most of them in Low Wend – and two schools were closed. "
    "No council officers will face disciplinary action over the delay."
)
MILL = (
    "Is the mill safe? The mill’s owner, Casimir Thole, said: “We have never seen the river as high as this. "
    "It took the old footbridge and twelve boats.” He may rebuild it. Volunteers from three villages carried "
    "sandbags to the mill, the chapel and the school all night."
)
TOLL = "The council counted 57 flooded houses in Marsh Lane before the pumps arrived from Netherby at noon."
SIX_IN_BRACKETS = "The sluice gate at Wendbridge [in the middle of the night] was opened at 5.40pm"
EIGHT_MISSING = "It took the old footbridge and twelve boats carried sandbags to the mill, the chapel and the school"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = published(
        tmp_path_factory.mktemp("quotes"), GATE, MILL, TOLL, titles={1: "Thole: “never as high as this”"}
    )
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("quote", "verdict"),
    [
        ("The sluice gate at Wendbridge was opened at 5.40pm", "exact"),
        ("  The sluice\n gate at  Wendbridge was opened at 5.40pm ", "exact"),
        ("“The sluice gate at Wendbridge was opened at 5.40pm”", "exact"),
        ("the sluice gate at Wendbridge was opened at 5.40pm", "typographic"),
        ("The sluice gate at Wendbridge was opened at 5.40 pm", "typographic"),
        ("The sluice gate at Wendbridge was opened at 5.40pm.", "typographic"),
        ("the river board's engineer Ottoline Brask said", "typographic"),
        ("homes were flooded -- most of them in Low Wend -- and", "typographic"),
        ("homes were flooded—most of them in Low Wend—and", "typographic"),
        (unicodedata.normalize("NFD", "the river board’s engineer Ottoline Brask said"), "exact"),
        ('said: "We have never seen the river as high as this', "typographic"),
        ("„We have never seen the river as high as this.", "typographic"),
        ("Is the mill safe", "exact"),
        ("Is the mill safe?", "exact"),
        ("Is the mill safe.", "altered"),
        ("Is the mill safe!", "altered"),
        ("We have never seen the river as high as this!", "altered"),
        ("The Sluice gate at Wendbridge was opened", "altered"),
        ("The sluice gate at Wendbridge, was opened at 5.40pm", "altered"),
        ("The sluice gate … was opened at 5.40pm", "elided"),
        ("The sluice gate ... was opened at 5.40pm", "elided"),
        ("The sluice gate […] was opened at 5.40pm", "elided"),
        ("… the old footbridge and twelve boats", "elided"),
        ("The sluice … opened at 5.40pm", "altered"),  # a fragment of two words
        ("[It] was opened at 5.40pm, the river board’s engineer", "elided"),
        (f"{SIX_IN_BRACKETS}, the river board’s engineer Ottoline Brask said", "altered"),
        ("[t]he sluice gate at Wendbridge was opened", "elided"),
        ("was opened at 5.40pm, [T]he river board’s engineer", "elided"),
        ("The sluice gate at Wendbridge [sic] was opened", "elided"),
        ("The sluice gate at Wendbridge was never opened at 5.40pm", "altered"),
        (EIGHT_MISSING, "altered"),
        ("The river took my cat and nobody came to help us", "not_found"),
        ("sluice", "exact"),
        ("luice", "not_found"),
        ("the schools", "not_found"),
    ],
)  # fmt: skip
def test_a_quotation_has_its_verdict(store: Store, quote: str, verdict: str) -> None:
    assert checked(store, quote).verdict.value == verdict


def test_the_words_are_whole_words(tmp_path: Path) -> None:
    store = published(tmp_path, "The therapist spoke although the room was full. A report(s) and [t]hese words.")
    for quote in ("the rapist spoke", "though the room was full", "report", "hese words", "herapist"):
        assert checked(store, quote).verdict.value == "not_found", quote
    assert checked(store, "although the room was full").verdict.value == "exact"
    store.close()


@pytest.mark.parametrize(
    ("quote", "expected"),
    [
        ("About 1,500 homes were flooded – most of them", [("replace", "number", "1,500", "1,400")]),
        ("About 1400 homes were flooded – most of them", [("replace", "number", "1400", "1,400")]),
        ("It took the old footbridge and 12 boats", [("replace", "number", "12", "twelve")]),
        ("The council counted 57 houses in Marsh Lane", [("delete", "deletion", "", "flooded")]),
        ("The council reportedly counted 57 flooded houses", [("insert", "addition", "reportedly", "")]),
        ("The council counted 57 flooded barns in Marsh Lane", [("replace", "substitution", "barns", "houses")]),
        ("The mayor counted 57 flooded houses in Marsh Lane", [("replace", "substitution", "mayor", "council")]),
        ("Council counted 57 flooded houses in Marsh Street", [("replace", "substitution", "Street", "Lane")]),
        ("The council counted 57 Flooded houses in Marsh Lane", [("replace", "case", "Flooded", "flooded")]),
        ("We’ve never seen the river as high as this", [("replace", "contraction", "We’ve", "We have")]),
        ("We have seen the river as high as this", [("delete", "negation", "", "never")]),
        ("council officers will not face disciplinary action over the delay", [("insert", "negation", "not", "")]),
        (
            "sandbags to the mill, the school and the chapel all night",
            [("move", "order", "school and the chapel", "chapel and the school")],
        ),
        ("sandbags to the mill, the chapel, and the school", [("insert", "punctuation", ",", "")]),
        (
            "58 flooded houses in Marsh Lane before the pumps came from Netherby",
            [("replace", "number", "58", "57"), ("replace", "substitution", "came", "arrived")],
        ),
    ],
)  # fmt: skip
def test_each_change_is_named_with_its_words(
    store: Store, quote: str, expected: list[tuple[str, str, str, str]]
) -> None:
    found = checked(store, quote)
    assert (found.verdict.value, changes(found), found.passes) == ("altered", expected, False)


def test_money_and_percentages_are_numbers(tmp_path: Path) -> None:
    store = published(tmp_path, "The dyke cost £5m, or 12 per cent of the harbour budget, the board said.")
    for quote, expected in (
        ("The dyke cost $5m, or 12 per cent of the harbour budget", ("$", "£")),
        ("The dyke cost £5bn, or 12 per cent of the harbour budget", ("bn", "m")),
        ("The dyke cost £5m, or 12% of the harbour budget", ("%", "per cent")),
        ("The dyke cost £5m, or 12 percent of the harbour budget", ("percent", "per cent")),
    ):
        found = checked(store, quote)
        assert [(kind, mine, theirs) for _, kind, mine, theirs in changes(found)] == [("number", *expected)], quote
    assert checked(store, "The dyke cost £ 5 m, or 12 per cent").verdict.value == "typographic"
    store.close()


def test_a_speaker_is_confirmed_only_for_all_that_was_said(tmp_path: Path) -> None:
    two = (
        "“The dyke will hold the river all night,” said Ottoline Brask. “We sleep in the church,” said Casimir Thole."
    )
    store = published(tmp_path, two, "“The dyke will hold the river all night,” said Perpetua Inkersole.")
    quote = "The dyke will hold the river all night … We sleep in the church"
    for speaker, verdict in (
        ("Ottoline Brask", "different"),
        ("Casimir Thole", "different"),
        ("Ada Orr", "different"),
    ):
        found = checked(store, quote, speaker=speaker)
        assert (found.verdict.value, found.speaker and found.speaker.verdict.value) == ("elided", verdict)
    for speaker, verdict in (
        ("Ottoline Brask", "confirmed"),
        ("Perpetua Inkersole", "unclear"),  # the first place has them as another's
        ("Casimir Thole", "different"),
    ):
        found = checked(store, "The dyke will hold the river all night", speaker=speaker)
        assert found.speaker is not None
        assert found.speaker.verdict.value == verdict
    store.close()


def test_spelling_is_told_from_other_words(tmp_path: Path) -> None:
    store = published(tmp_path, "The harbour board organised the defence of the theatre with grey sandbags.")
    found = checked(store, "The harbor board organized the defense of the theater with gray sandbags.")
    assert {kind for _, kind, _, _ in changes(found)} == {"spelling"}
    assert [(quote, source) for _, _, quote, source in changes(found)] == [
        ("harbor", "harbour"),
        ("organized", "organised"),
        ("defense", "defence"),
        ("theater", "theatre"),
        ("gray", "grey"),
    ]
    store.close()


@pytest.mark.parametrize(
    ("quote", "verdict", "cautions"),
    [
        ("council officers will face disciplinary action", "exact", [("negation", "No")]),
        ("homes were flooded", "exact", [("hedge", "About"), ("number", "1,400"), ("number", "two")]),
        ("We have … seen the river as high as this", None, None),
        ("he may rebuild it", "typographic", []),
        ("rebuild it", "exact", [("hedge", "may")]),
        ("The sluice gate at Wendbridge was opened", "exact", [("number", "5.40"), ("attribution", "said")]),
        ("We have never seen the river as high as this", "exact", []),  # in marks: the cue stands outside
        ("[the flood] took the old footbridge and twelve boats", "elided", [("insertion", "It")]),
        ("It took the old footbridge and [all the] boats", "elided", [("number", "twelve"), ("insertion", "twelve")]),
        ("It took the old footbridge [last night] and twelve boats", "elided", [("insertion", "")]),
    ],
)
def test_what_may_turn_the_meaning_is_cautioned(
    store: Store, quote: str, verdict: str | None, cautions: list[tuple[str, str]] | None
) -> None:
    found = checked(store, quote)
    if verdict is None:
        assert found.verdict.value == "altered"  # "We have" are two words, too few beside an ellipsis
        return
    assert (found.verdict.value, sorted(warnings(found))) == (verdict, sorted(cautions or []))
    assert found.passes is not bool(cautions)


def test_a_gap_over_a_negation_is_cautioned(tmp_path: Path) -> None:
    store = published(tmp_path, "At night, the police gave no priority to the missing boats, the report says.")
    found = checked(store, "the police gave … priority to the missing boats")
    assert found.verdict.value == "elided"
    assert ("negation", "no") in warnings(found)
    assert not found.passes
    store.close()


def test_a_clipped_negation_is_seen_in_other_languages(tmp_path: Path) -> None:
    store = published(
        tmp_path, "Die Stadt hat die Schleuse nicht öffnen lassen, und niemand wusste davon.", language="de"
    )
    found = checked(store, "Die Stadt hat die Schleuse")
    assert (found.verdict.value, [kind for kind, _ in warnings(found)]) == ("exact", ["negation", "negation"])
    store.close()


def test_every_place_is_listed_the_earliest_on_top(tmp_path: Path) -> None:
    said = "Nobody was hurt when the footbridge fell."
    store = published(tmp_path, said, "Other words.", f"Again: {said}", said.replace("Nobody", "A dog"))
    found = checked(store, said)
    assert places(found) == [("flood/0", "text", said), ("flood/2", "text", said)]
    assert [one.place for one in found.matches] == [0, 1]
    assert [(one.version.entry.whole_id, one.edits != ()) for one in found.nearest] == [("flood/3", True)]
    store.close()


def test_a_title_is_searched_too(store: Store) -> None:
    found = checked(store, "never as high as this")
    assert places(found) == [("flood/1", "title", "never as high as this")]
    assert found.matches[0].sentence == (0, len("Thole: “never as high as this”"))


def test_parts_of_a_splice_are_matched_one_by_one(store: Store) -> None:
    quote = "The council counted 57 flooded houses and carried sandbags to the mill, the chapel"
    found = checked(store, quote.replace(" and ", " "))
    assert found.verdict.value == "spliced"
    assert [(one.fragment, one.version.entry.whole_id, one.text) for one in found.matches] == [
        (0, "flood/2", "The council counted 57 flooded houses"),
        (1, "flood/1", "carried sandbags to the mill, the chapel"),
    ]


def test_an_undeclared_gap_of_more_than_eight_words_is_a_splice(tmp_path: Path) -> None:
    middle = "one two three four five six seven eight nine".split()
    text = "The pumps arrived from Netherby {} before the river fell again."
    for count, verdict in ((8, "altered"), (9, "spliced")):
        folder = tmp_path / str(count)
        folder.mkdir()
        store = published(folder, text.format(" ".join(middle[:count])))
        found = checked(store, "The pumps arrived from Netherby before the river fell again.")
        assert found.verdict.value == verdict
        store.close()


def test_sentences_out_of_order_are_a_splice_and_clauses_of_one_are_moved(tmp_path: Path) -> None:
    store = published(
        tmp_path,
        "The ferry stayed in the harbour. The school opened late that morning.",
        "In the village hall the men waited, on the long dyke the women watched.",
    )
    found = checked(store, "The school opened late that morning. The ferry stayed in the harbour.")
    assert found.verdict.value == "spliced"
    moved = checked(store, "On the long dyke the women watched, in the village hall the men waited.")
    assert (moved.verdict.value, {kind for _, kind, _, _ in changes(moved)}) == ("altered", {"order"})
    store.close()


# ------------------------------------------------------------------------------------------------ what counts


def test_an_older_wording_does_not_pass_and_shows_what_stands_now(tmp_path: Path) -> None:
    store = published(tmp_path, "The mayor said 57 houses were flooded in Marsh Lane.")
    published(tmp_path, "The mayor said 75 houses were flooded in Marsh Lane.", now=NOW + timedelta(hours=1)).close()
    found = checked(store, "57 houses were flooded in Marsh Lane", now=NOW + timedelta(hours=2))
    (match,) = found.matches
    assert (found.verdict.value, match.version.number, match.version.current, found.passes) == (
        "exact",
        1,
        False,
        False,
    )
    (now,) = found.nearest
    assert (now.version.number, [edit.kind.value for edit in now.edits]) == (2, ["number"])
    then = checked(store, "57 houses were flooded in Marsh Lane", as_of=NOW, now=NOW + timedelta(hours=2))
    assert (then.verdict.value, then.passes) == ("exact", False)
    assert (
        checked(store, "75 houses were flooded", as_of=NOW, now=NOW + timedelta(hours=2)).verdict.value == "altered"
    )
    store.close()


def test_the_wording_that_stands_goes_before_one_that_stood(tmp_path: Path) -> None:
    store = published(tmp_path, "A boat sank off the quay at noon today.", "Nothing else happened.")
    published(
        tmp_path,
        "A boat was lost.",
        "Nothing else happened. A boat sank off the quay at noon today.",
        now=NOW + timedelta(hours=1),
    ).close()
    found = checked(store, "A boat sank off the quay at noon today.", now=NOW + timedelta(hours=2))
    assert [(one.version.entry.whole_id, one.version.current) for one in found.matches] == [
        ("flood/1", True),
        ("flood/0", False),
    ]
    assert found.passes
    store.close()


def test_only_what_may_be_seen_counts(tmp_path: Path) -> None:
    said = "The bishop left the town by the north gate."
    store = published(tmp_path, said)
    published(tmp_path, said, "Elsewhere the bishop left the town by boat.", blog="secret").close()
    seen = checked(store, said, visible=frozenset({"flood"}))
    assert [one.version.entry.whole_id for one in seen.matches] == ["flood/0"]
    assert seen.nearest == ()
    hidden = checked(store, "Elsewhere the bishop left the town by boat.", visible=frozenset({"flood"}))
    assert hidden.verdict.value == "not_found"
    assert {one.version.entry.blog.id for one in hidden.nearest} <= {"flood"}
    store.hold("secret", None, NOW)
    assert [one.version.entry.whole_id for one in checked(store, said).matches] == ["flood/0"]
    store.release("secret", NOW)
    assert len(checked(store, said).matches) == 2
    with pytest.raises(UsageError, match="there is no blog 'secret'"):
        checked(store, said, blog="secret", visible=frozenset({"flood"}))
    store.close()


# ------------------------------------------------------------------------------------------------ hostile


@pytest.mark.parametrize("quote", ["", " \n", "…", "?!", "—", "“”", "\0", "\ud800", "​", "[…]", "(((((", "." * 9_000])
def test_a_quotation_without_a_word_is_refused(store: Store, quote: str) -> None:
    with pytest.raises(UsageError, match="there is no word to check"):
        checked(store, quote)


def test_a_quotation_of_any_length_is_refused_at_once(store: Store) -> None:
    began = time.monotonic()
    with pytest.raises(UsageError, match="has 100,000 characters, at most 10,000 are taken"):
        checked(store, "word " * 20_000)
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    "quote",
    [
        "a " * 5_000,
        "the river " * 1_000,
        "a" * LONGEST_QUOTATION,
        "1," * 5_000,
        "1,000" * 2_000,
        "[the] " * 1_600 + "river",
        "river … " * 1_200,
        "“" * 9_000 + "river",
        "(a+)+$ .* [a-z]* river",
        "river\0gate",
        "river \ud800 gate",
        "' OR 1=1 -- river",
        '" AND river*',
        "[river] … [gate]",
        "% … %river",
        "река вышла из берегов 川が氾濫した แม่น้ำล้นตลิ่ง النهر فاض נהר नदी",
    ],
)
def test_a_hostile_quotation_ends_in_bounded_time(store: Store, quote: str) -> None:
    began = time.monotonic()
    found = checked(store, quote)
    assert not found.passes
    assert time.monotonic() - began < 20


@given(st.text(max_size=60))
def test_any_text_is_checked_or_refused(store: Store, quote: str) -> None:
    try:
        found = checked(store, quote)
    except UsageError:
        return
    for match in (*found.matches, *found.nearest):
        assert match.sentence[0] <= match.start < match.end <= match.sentence[1]
        for edit in match.edits:
            assert 0 <= edit.quote_span[0] <= edit.quote_span[1] <= len(quote)
            assert 0 <= edit.source_span[0] <= edit.source_span[1] <= len(match.source)


@given(st.data())
def test_words_taken_from_an_entry_are_found_there(store: Store, data: st.DataObject) -> None:
    words = [(start, end) for start, end in _words(TOLL)]
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    quote = TOLL[words[first][0] : words[last][1]]
    found = checked(store, quote)
    assert found.verdict.value == "exact"
    assert "flood/2" in {one.version.entry.whole_id for one in found.matches}


def _words(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    for word in text.removesuffix(".").split(" "):
        yield at, at + len(word)
        at += len(word) + 1


def test_entries_are_cited_with_their_time(store: Store) -> None:
    (match,) = checked(store, "The council counted 57 flooded houses").matches
    assert match.version.entry.posted_at == START + timedelta(minutes=2)
    assert match.text == match.source[match.start : match.end] == "The council counted 57 flooded houses"
