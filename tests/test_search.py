"""A question → ranked entries, by signs computed by hand. Every text here is made up; the vectors too."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.confidence import confidence
from retrieval.embedding import EncodedQuestion
from retrieval.model import Filter, SourceOptions, Version
from retrieval.ranking import fit
from retrieval.search import Candidate, Searched, covered, search
from retrieval.segment import Segment
from retrieval.sentences import sentences
from retrieval.snapshot import View
from retrieval.store import Store
from tests.made_up_index import AXES, MARK, indexed
from tests.test_ingest import line, take, write

Likeness = Sequence[tuple[float, float]]
"""Of each token of a title or passage, how like it is to each of the question's two."""


def shown(_: Version) -> bool:
    return True


class Desk:
    """Entries of a store, with vectors made by hand."""

    def __init__(self, folder: Path) -> None:
        self.store = Store.open(folder / "archive.db")
        self._folder = folder
        self._lines: dict[str, str] = {}
        self._made: list[tuple[Version, Sequence[Likeness], Likeness, Sequence[int]]] = []

    def add(
        self,
        text: str,
        *passages: Likeness,
        title: str | None = None,
        title_tokens: Likeness = (),
        axes: Sequence[int] | None = None,
        blog: str = "flood",
        language: str = "en",
    ) -> Version:
        """An entry and, for each sentence of it, the tokens and the axis of its vector (3: across the question's)."""
        id_ = str(len(self._made))
        self._lines[blog] = self._lines.get(blog, "") + line(id_, text, title=title)
        source = write(self._folder / f"{blog}.jsonl", self._lines[blog])
        take(self.store, source, options=SourceOptions(blog=blog, language=language))
        [version] = self.store.versions_of(f"{blog}/{id_}")
        self._made.append((version, passages, title_tokens, axes or [3] * len(passages)))
        return version

    def view(self) -> View:
        versions = [
            indexed(
                version,
                sentences(version.text, version.entry.blog.language),
                AXES[list(axes)],
                [np.array([*one], np.float32).reshape(-1, 2) @ AXES[:2] for one in (title, *passages)],
            )
            for version, passages, title, axes in self._made
        ]
        return View([Segment.in_memory(versions, MARK).seen(frozenset(), None)])

    def search(
        self, text: str, within: Filter | None = None, shows: Callable[[Version], bool] = shown, axis: int = 0
    ) -> Searched:
        """Of a question of two words, whose tokens lie along the first axes and whose vector along `axis`."""
        words = text.split()
        starts = [text.index(word) for word in words]
        question = EncodedQuestion(
            vector=AXES[axis],
            tokens=AXES[: len(words)],
            spans=tuple((start, start + len(word)) for start, word in zip(starts, words, strict=True)),
        )
        return search(self.view(), self.store, self.store.blogs(), text, question, within or Filter(), shows)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.store.close()


def best(desk: Desk, text: str = "river pump", axis: int = 0) -> Candidate:
    return desk.search(text, axis=axis).candidates[0]


def part(number: float) -> float:
    """What is left of a number that is stored in a byte."""
    return round(number * 127) / 127


def words_of(one: Candidate) -> tuple[str, str]:
    """The highlight and the window."""
    return one.version.text[slice(*one.highlight)], one.version.text[slice(*one.window)]


# ------------------------------------------------------------------------------------------ signs


def test_the_signs_of_an_entry_by_hand(desk: Desk) -> None:
    entry = desk.add("The river rose. It fell. Pumps arrived.", [(1, 0)], [(0.6, 0.8)], [(0, 1)], axes=[3, 0, 2])
    desk.add("Sandbags wait.", [(0, 0)])
    first = best(desk)
    assert first.version == entry
    # both words stand in one entry of two: each counts half
    assert first.signs.window == pytest.approx((1 + part(0.8)) / 2, rel=1e-5)
    assert first.signs.sentence == pytest.approx((part(0.6) + part(0.8)) / 2, rel=1e-5)
    assert first.signs.cosine == first.cosine == 1
    # once each in five terms, where the mean is 3.5
    assert first.signs.bm25 == pytest.approx(1 / (1 + 1.2 * (0.25 + 0.75 * 5 / 3.5)))
    assert first.signs.coverage == pytest.approx(0.5)
    assert first.signs.beside == 0
    assert first.fit == pytest.approx(fit(first.signs))
    assert first.likely == pytest.approx(confidence(first.fit, 2))
    assert words_of(first) == ("It fell.", "The river rose. It fell.")
    ranked = first.ranked
    assert (ranked.passage.text, ranked.highlight) == ("The river rose. It fell.", (16, 24))
    assert (ranked.score, ranked.cosine, ranked.coverage) == (first.likely, 1, first.signs.coverage)


@pytest.mark.parametrize(
    ("text", "coverage", "beside"),
    [
        ("River pumps wait.", 1, 1),
        ("Pumps in the river wait.", 1, 0),
        ("A river. A pump.", 1, 0),
        ("A river. Rain. A pump.", 0.5, 0),
        ("Rain. The river. River pumps.", 1, 1),
        ("Rain.", 0, 0),
    ],
)
def test_words_in_neighbouring_sentences_and_side_by_side(
    desk: Desk, text: str, coverage: float, beside: float
) -> None:
    entry = desk.add(text, *([[(0.5, 0.5)]] * len(sentences(text))))
    desk.add("A river and a pump.", [(0, 0)])  # so that both words are as rare wherever they stand
    desk.add("Sandbags.", [(0, 0)])
    [found] = [one for one in desk.search("river pump").candidates if one.version == entry]
    assert found.signs.coverage == pytest.approx(coverage)
    assert found.signs.beside == beside


def test_the_rarer_word_counts_more_and_a_word_of_asking_little(desk: Desk) -> None:
    for first, likeness in (("River pump.", (1, 0)), ("River.", (0, 0)), ("River.", (0, 0)), ("Quay.", (0, 0))):
        desk.add(first, [likeness])
    rare = desk.view().rarity("river"), desk.view().rarity("pump")
    assert rare[0] < rare[1] < 1
    assert best(desk).signs.sentence == pytest.approx(rare[0] / sum(rare), rel=1e-5)
    assert best(desk, "who pump").signs.sentence == pytest.approx(0.1 / (0.1 + rare[1]), rel=1e-5)
    assert desk.search("river pump").weights == {"en": pytest.approx({"river": rare[0], "pump": rare[1]})}


def test_the_tokens_of_one_word_share_what_it_counts(desk: Desk) -> None:
    desk.add("River.", [(1, 0)])
    text = "riverside"
    question = EncodedQuestion(vector=AXES[0], tokens=AXES[:2], spans=((0, 5), (5, 9)))
    [found] = search(desk.view(), desk.store, desk.store.blogs(), text, question, Filter(), shown).candidates
    assert found.signs.sentence == pytest.approx(0.5)


def test_a_question_of_words_of_asking_alone(desk: Desk) -> None:
    desk.add("The river rose.", [(1, 0.5)], axes=[0])
    found = best(desk, "what is")
    assert (found.signs.bm25, found.signs.coverage, found.signs.beside) == (0, 0, 0)
    assert found.signs.sentence == pytest.approx((1 + part(0.5)) / 2, rel=1e-5)
    assert desk.search("what is").weights == {"en": {}}


def test_the_title_is_read_with_each_passage(desk: Desk) -> None:
    desk.add(
        "Rain. Pumps arrived.", [(0, 0)], [(0, 1)], title="River pumps", title_tokens=[(1, 0), (0, 0.5)], axes=[1, 0]
    )
    desk.add("Sandbags.", [(0, 0)])
    found = best(desk)
    assert found.signs.sentence == pytest.approx(1)
    assert (found.signs.coverage, found.signs.beside) == (1, 1)
    assert words_of(found) == ("Pumps arrived.", "Rain. Pumps arrived.")


# ------------------------------------------------------------------------------------------ highlight and window

THREE = "The one. The two. The three."


@pytest.mark.parametrize(
    ("tokens", "highlight", "window"),
    [
        ([(1, 0.4), (0, 0.2), (0, 1)], "The one.", "The one. The two."),
        ([(0, 0.4), (0, 0.2), (1, 0.6)], "The three.", "The two. The three."),
        ([(0, 1), (0.9, 0.3), (0.2, 0.2)], "The two.", "The one. The two."),
        ([(0.2, 0.2), (0.9, 0.3), (0, 1)], "The two.", "The two. The three."),
        ([(0.2, 0.2), (0.9, 0.3), (0.2, 0.2)], "The two.", "The two. The three."),
        ([(0, 0), (0, 0), (0, 0)], "The one.", "The one. The two."),
    ],
)
def test_the_best_sentence_is_highlighted_and_shown_with_its_better_neighbour(
    desk: Desk, tokens: Likeness, highlight: str, window: str
) -> None:
    desk.add(THREE, *([one] for one in tokens))
    assert words_of(best(desk)) == (highlight, window)


def test_of_sentences_as_like_the_one_whose_vector_is_nearer_is_highlighted(desk: Desk) -> None:
    desk.add(THREE, [(0.5, 0.5)], [(0, 0)], [(0.5, 0.5)], axes=[1, 1, 0])
    assert words_of(best(desk))[0] == "The three."
    assert words_of(best(desk, axis=1))[0] == "The one."


@pytest.mark.parametrize(
    ("text", "tokens", "window"),
    [("The one.", [(1, 0)], "The one."), ("The one. The two.", [(0, 0), (1, 1)], "The one. The two.")],
)
def test_where_there_are_no_more_than_two_sentences_all_is_the_window(
    desk: Desk, text: str, tokens: Likeness, window: str
) -> None:
    desk.add(text, *([one] for one in tokens))
    found = best(desk)
    assert words_of(found)[1] == window
    assert found.signs.window == found.signs.sentence


# ------------------------------------------------------------------------------------------ which entries


def test_the_better_fit_comes_first_and_of_equals_the_earlier_kept(desk: Desk) -> None:
    far = desk.add("Rain.", [(0, 0)])
    near = desk.add("Rain.", [(0.9, 0.9)])
    same = desk.add("Rain.", [(0.9, 0.9)])
    found = desk.search("river pump")
    assert [one.version for one in found.candidates] == [near, same, far]
    assert found.candidates[0].fit == found.candidates[1].fit > found.candidates[2].fit


def test_only_what_may_be_shown_is_ranked_and_it_is_asked_of_what_the_store_has_now(desk: Desk) -> None:
    first, second = desk.add("The river.", [(1, 1)]), desk.add("The pump.", [(1, 1)])
    asked: list[Version] = []

    def shows(version: Version) -> bool:
        asked.append(version)
        return version == second

    assert [one.version for one in desk.search("river pump", shows=shows).candidates] == [second]
    assert sorted(one.key for one in asked) == [first.key, second.key]
    assert desk.search("river pump", shows=lambda _: False).candidates == ()


def test_what_is_hidden_changes_no_signs_of_the_others(desk: Desk) -> None:
    desk.add("The river.", [(1, 0.4)])
    second = desk.add("The pump.", [(0.3, 1)])
    free, alone = desk.search("river pump"), desk.search("river pump", shows=lambda one: one == second)
    [of_free] = [one for one in free.candidates if one.version == second]
    assert alone.candidates == (of_free,)


def test_an_empty_archive_and_a_filter_that_admits_nothing(desk: Desk) -> None:
    assert desk.search("river pump") == Searched(candidates=(), weights={}, entries=0)
    desk.add("The river.", [(1, 1)])
    found = desk.search("river pump", Filter(blogs=frozenset({"none"})))
    assert found == Searched(candidates=(), weights={}, entries=0)


# ------------------------------------------------------------------------------------------ languages


def test_each_entry_is_judged_by_the_words_of_its_own_language(desk: Desk) -> None:
    german = desk.add("Die Brücken im Fluss.", [(0.5, 0.5)], blog="ufer", language="de-AT")
    english = desk.add("The bridges and the flus.", [(0.5, 0.5)])
    found = desk.search("Brücken Fluss")
    assert {language: set(some) for language, some in found.weights.items()} == {
        "de": {"de:bruck", "de:fluss"},
        "en": {"brucken", "fluss"},
    }
    assert found.weights_of(german) == found.weights["de"]
    assert found.weights_of(english) == found.weights["en"]
    signs = {one.version.key: one.signs for one in found.candidates}
    assert (signs[german.key].coverage, signs[german.key].beside) == (1, 1)  # "im" is no term
    assert (signs[english.key].coverage, signs[english.key].bm25) == (0, 0)
    alone = desk.search("Brücken Fluss", Filter(blogs=frozenset({"ufer"})))
    assert alone.weights.keys() == {"de"}
    assert alone.candidates[0].signs == signs[german.key]


def test_the_share_of_words_that_is_covered() -> None:
    weights = {"river": 0.5, "pump": 0.25, "quay": 0.25}
    assert covered({"river", "other"}, weights) == 0.5
    assert covered({"pump", "quay"}, weights) == 0.5
    assert (covered(set(weights), weights), covered(set(), weights), covered({"river"}, {})) == (1, 0, 0)


def test_the_cosine_is_that_of_the_nearest_passage(desk: Desk) -> None:
    desk.add("Rain. Snow.", [(0, 0)], [(0, 0)], axes=[2, 1])
    assert [best(desk, axis=axis).cosine for axis in range(4)] == [0, 1, 1, 0]
