"""Near-duplicates are shown once. But for the customer's document, every text here is made up."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import sources
from retrieval.duplicates import Compared, folded
from retrieval.model import Passage, Ranked, Shown, SourceOptions, Version
from retrieval.sentences import sentences
from retrieval.showing import whole_sentences
from retrieval.sources.document import Document
from tests.made_up_index import version

AGROUND = "The ferry Ragwort ran aground on the Marl bank at noon."
SAVED = "The lifeboat took all 61 passengers off."


def of(key: int, text: str, lit: str | None = None, *, hours: int | None = None) -> tuple[Ranked, Shown]:
    """An entry that is shown whole, its highlight `lit` (or its first sentence); posted by its key, or in that hour;
    ranked by its key too."""
    return placed(version(key, text, hours=hours), (0, len(text)), lit or text[slice(*sentences(text)[0])])


def placed(one: Version, span: tuple[int, int], lit: str) -> tuple[Ranked, Shown]:
    passage = Passage(version=one, start=span[0], end=span[1])
    start = one.text.index(lit)
    shown = Shown(passage=passage, highlights=((start, start + len(lit)),), lead=None, score=1 / one.key)
    return Ranked(passage=passage, score=1 / one.key, cosine=0.5, coverage=0.5), shown


def fold(*entries: tuple[Ranked, Shown], most: int = 3) -> list[Shown]:
    shown = {ranked.passage.version.key: one for ranked, one in entries}
    return folded([Compared(ranked, lambda one: shown[one.passage.version.key]) for ranked, _ in entries], most)


def keys(found: list[Shown]) -> list[tuple[int, list[int]]]:
    """The entries shown, each with those that are its near-duplicates."""
    return [(one.passage.version.key, [other.version.key for other in one.also]) for one in found]


def test_the_earliest_publication_carries_the_citation_and_the_later_ones_go_with_it() -> None:
    summary = of(1, f"Here is the day so far. {AGROUND}", AGROUND, hours=9)
    first, again = of(2, f"{AGROUND} {SAVED}", hours=2), of(3, AGROUND, hours=4)
    other = of(4, "The mayor of Skerrow opened the new fish market on Friday.")
    [one, rest] = fold(summary, first, again, other)
    assert keys([one, rest]) == [(2, [3, 1]), (4, [])]
    assert one.passage.text == f"{AGROUND} {SAVED}"
    assert [other.text for other in one.also] == [AGROUND, f"Here is the day so far. {AGROUND}"]
    assert one.score == 1.0


def test_the_later_one_is_shown_where_it_alone_holds_the_highlight() -> None:
    later = of(1, f"{AGROUND} {SAVED}", SAVED, hours=5)
    assert keys(fold(later, of(2, AGROUND, hours=1))) == [(1, [2])]
    held = of(3, f"{SAVED} The fog has lifted over the bank.", SAVED, hours=3)
    assert keys(fold(later, of(2, AGROUND, hours=1), held)) == [(3, [2, 1])]


def test_the_highlight_of_either_is_enough() -> None:
    one = of(1, f"{AGROUND} Nobody knows why she left the fairway in such weather.")
    two = of(2, f"The bells rang in every church of Skerrow this afternoon. {AGROUND}", AGROUND)
    apart = of(3, f"The bells rang in every church of Skerrow this afternoon. {SAVED}", SAVED)
    assert keys(fold(one, two)) == [(1, [2])]
    assert keys(fold(one, apart)) == [(1, []), (3, [])]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (AGROUND, AGROUND.replace(" ran", " ran hard")),
        (AGROUND, AGROUND.upper().replace("NOON.", "NOON")),
        (AGROUND, AGROUND.replace("The", "A")),
        (AGROUND, f"On Sunday, 61 years later: {AGROUND[:-1]}, with a band on board."),
        ("The crew of the boat didn’t see the mole.", 'The crew of the boat "didn\'t" see the mole'),
        ("Some 1,400 sacks went into the sea at Marl.", "Some 1400 sacks went into the sea at Marl."),
    ],
)
def test_few_more_words_and_other_marks_make_no_difference(one: str, other: str) -> None:
    assert keys(fold(of(1, one), of(2, other))) == [(1, [2])]
    assert keys(fold(of(1, other), of(2, one))) == [(1, [2])]


VELL = "Anders Vell, the master of the old lifeboat of Skerrow,"
PILOT = "The pilot, an old hand, was on the bridge when she struck."


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("At least 12 homes on the quay were flooded.", "At least 14 homes on the quay were flooded."),
        ("At least two homes on the quay were flooded.", "At least ten homes on the quay were flooded."),
        ("Repairing the mole will cost £5m over two years.", "Repairing the mole will cost $5m over two years."),
        (PILOT, PILOT.replace("was", "was not")),
        (PILOT, PILOT.replace("was", "was allegedly")),
        (PILOT, PILOT.replace("bridge", "bottle")),
        (f"{VELL} wept on Sunday.", f"{VELL} sang on Sunday."),
        (f"{VELL} wept.", f"{VELL} sang."),
        ("On the stroke of six the Larks beat the Rooks.", "On the stroke of six the Rooks beat the Larks."),
        ("The quay at Marl is closed to all on foot.", "The quay at Skerrow is closed to all on foot."),
        (PILOT, f"It is not true that {PILOT}"),
        (PILOT, f"{PILOT[:-1]}, which her owners deny."),
        (PILOT, f"It is alleged that {PILOT}"),
        ("The master said that the fog had come at ten.", "At ten that fog had come said the old master."),
    ],
)
def test_what_turns_the_meaning_is_no_duplicate(one: str, other: str) -> None:
    before = "The wind blew hard all day long over the bay and the boats stayed in. "
    assert keys(fold(of(1, one), of(2, other))) == [(1, []), (2, [])]
    assert keys(fold(of(1, before + one, one), of(2, before + other, other))) == [(1, []), (2, [])]
    assert keys(fold(of(1, before + one, one), of(2, f"{one} {before}", one))) == [(1, [2])]


def test_a_few_words_may_be_said_of_two_things() -> None:
    assert keys(fold(of(1, "The match has begun."), of(2, "The match has begun."))) == [(1, []), (2, [])]


def test_no_more_are_shown_than_wanted_and_a_duplicate_of_one_is_found_among_the_rest() -> None:
    entries = [of(key, f"Boat {key} of the herring fleet is back in port tonight.") for key in range(1, 9)]
    again = of(20, entries[1][1].passage.text)
    made = []
    shown = {ranked.passage.version.key: one for ranked, one in [*entries, again]}

    def show(one: Ranked) -> Shown:
        made.append(one.passage.version.key)
        return shown[one.passage.version.key]

    unlike = of(30, "The mayor of Skerrow opened the new fish market on Friday.")
    found = folded([Compared(ranked, show) for ranked, _ in [*entries, again, unlike]], 3)
    assert keys(found) == [(1, []), (2, [20]), (3, [])]
    assert 30 not in made


def test_the_summary_of_the_customers_document_is_folded_into_the_entry_that_it_repeats(seed: Path) -> None:
    document = Document(locator=str(seed), name=seed.name, data=seed.read_bytes())
    texts = {f"{one.posted_at:%H:%M}": one.text for one in sources.read(document, SourceOptions()).entries}
    times = ["17:49", "16:54", "16:49"]
    entries = []
    for key, time in enumerate(times, start=1):
        one = version(key, texts[time], hours=10 - key if key > 1 else 20)
        start = max(one.text.find("There were examples of children"), 0)
        whole = whole_sentences(one, (start, start + 1))
        entries.append(placed(one, whole.span, whole.text))
    found = fold(*entries)
    assert keys(found) == [(2, [1]), (3, [])]
    assert found[0].also[0].text == found[0].passage.text
    assert found[0].passage.text.endswith("threatened they would be next if they told anyone.")


_WORDS = st.lists(
    st.sampled_from("the ferry ran aground 12 14 not no Marl Skerrow said he . ? “ ” 🙂 é \n".split(" ")),
    min_size=1,
    max_size=30,
).map(" ".join)
_TEXTS = st.lists((_WORDS | st.text(max_size=60)).filter(lambda text: text.strip() != ""), min_size=1, max_size=5)


@given(_TEXTS, st.integers(1, 4))
def test_whatever_the_texts_each_entry_stands_once_and_none_is_made_up(texts: list[str], most: int) -> None:
    entries = []
    for key, text in enumerate(texts, start=1):
        start, end = sentences(text)[0][0], sentences(text)[-1][1]
        first = sentences(text)[0]
        entries.append(placed(version(key, text), (start, end), text[first[0] : first[1]]))
    found = fold(*entries, most=most)
    assert len(found) <= most
    standing = [passage for one in found for passage in (one.passage, *one.also)]
    assert len({one.version.key for one in standing}) == len(standing)
    assert {one.span for one in standing} <= {shown.passage.span for _, shown in entries}
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert found[0].passage.version.key == 1 or 1 in [other.version.key for other in found[0].also]
