"""Every text here is made up."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.lexical import LexicalDocument, LexicalIndex, terms
from retrieval.model import Filter

START = datetime(2031, 2, 3, 17, tzinfo=UTC)
DOCUMENTS = [
    ("flood", None, "The river rose by two feet."),
    ("flood", "River over the quay", "Sandbags are being handed out."),
    ("flood", None, "Councillors voted for sandbags, sandbags and more sandbags."),
    ("other/blog", None, "The river is calm. Taxi drivers are waiting by the river."),
    ("другой", "Crème brûlée", "École, naïveté and \0 nothing."),
]


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical") / "index"
    LexicalIndex.build(
        folder,
        [
            LexicalDocument(
                passage=100 + number,
                posted=microseconds(START + timedelta(hours=number)),
                blog=blog,
                title=title,
                text=text,
            )
            for number, (blog, title, text) in enumerate(DOCUMENTS)
        ],
    )
    return LexicalIndex.open(folder)


def found(index: LexicalIndex, question: str, within: Filter | None = None, limit: int = 9) -> list[int]:
    return [hit.passage - 100 for hit in index.search(terms(question), limit, within or Filter())]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("What role did taxi drivers play?", ["role", "taxi", "driver", "play"]),
        ("the council’s rivers, don't they?", ["council", "river", "don"]),
        ("Crème ÉCOLE", ["creme", "ecol"]),
        ("What did he say about her?", []),
        ("1,400 £1.4m", ["1", "400", "1", "4m"]),
        ("x" * 61, []),
        ("", []),
        ("🌊 \0 ?!", []),
    ],
)
def test_terms_are_folded_and_stemmed_and_words_of_asking_go(text: str, expected: list[str]) -> None:
    assert terms(text) == expected


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("sandbags", [2, 1]),
        ("taxi", [3]),
        ("rivers", [3, 0, 1]),
        ("quay", [1]),
        ("creme brulee", [4]),
        ("nowhere", []),
        ("taxi nowhere", [3]),
    ],
)
def test_the_best_come_first_and_titles_count(index: LexicalIndex, question: str, expected: list[int]) -> None:
    hits = index.search(terms(question), 9, Filter())
    assert sorted(found(index, question)) == sorted(expected)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert found(index, question)[:1] == expected[:1] or question == "rivers"


def test_no_more_than_wanted(index: LexicalIndex) -> None:
    assert found(index, "sandbags", limit=1) == [2]


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        (Filter(since=START + timedelta(hours=3)), {3}),
        (Filter(since=START + timedelta(hours=3, microseconds=1)), set()),
        (Filter(until=START + timedelta(hours=3)), {0, 1}),
        (Filter(until=START + timedelta(hours=3, microseconds=1)), {0, 1, 3}),
        (Filter(since=START, until=START + timedelta(hours=1)), {0}),
        (Filter(since=START, until=START), set()),
        (Filter(blogs=frozenset(["flood"])), {0, 1}),
        (Filter(blogs=frozenset(["other/blog", "другой"])), {3}),
        (Filter(blogs=frozenset(["oth", "other", "blog"])), set()),
        (Filter(blogs=frozenset()), set()),
        (Filter(blogs=frozenset(["flood"]), since=START + timedelta(hours=1)), {1}),
    ],
)
def test_filters_by_time_and_blog(index: LexicalIndex, within: Filter, expected: set[int]) -> None:
    assert set(found(index, "river", within)) == expected


def test_a_filter_does_not_change_the_score(index: LexicalIndex) -> None:
    free = {hit.passage: hit.score for hit in index.search(terms("river"), 9, Filter())}
    kept = index.search(terms("river"), 9, Filter(since=START, blogs=frozenset(["flood"])))
    assert len(kept) == 2
    assert {hit.passage: hit.score for hit in kept} == {hit.passage: free[hit.passage] for hit in kept}


@pytest.mark.parametrize(
    "hostile",
    [
        '"',
        "(",
        "title:",
        "+river -quay",
        "river AND (",
        "*",
        "a~9999",
        "[a TO b]",
        "\\",
        "\0",
        "^^",
        "::",
        "🌊",
        "/(/",
    ],
)
def test_hostile_words_are_only_words(index: LexicalIndex, hostile: str) -> None:
    assert set(found(index, f"{hostile} sandbags")) >= {1, 2}
    index.search([hostile], 9, Filter(blogs=frozenset([hostile])))
    assert 0 <= index.rarity(hostile) <= 1


@given(st.text(max_size=40), st.lists(st.text(max_size=5), max_size=100))
def test_any_words_may_be_asked(index: LexicalIndex, question: str, raw: list[str]) -> None:
    question = question.encode("utf-8", "replace").decode()
    raw = [one.encode("utf-8", "replace").decode() for one in raw]
    for wanted in (terms(question), raw):
        hits = index.search(wanted, 3, Filter())
        assert len(hits) <= 3
        assert all(hit.score > 0 and 100 <= hit.passage < 105 for hit in hits)


def test_rarity_lies_between_0_and_1_and_falls_with_frequency(index: LexicalIndex) -> None:
    nowhere, taxi, river = (index.rarity(term) for term in ("nowhere", "taxi", "river"))
    assert nowhere == 1
    assert 1 > taxi > river > 0


def test_a_term_that_all_hold_is_hardly_rare(tmp_path: Path) -> None:
    LexicalIndex.build(
        tmp_path / "index",
        [LexicalDocument(passage=one, posted=0, blog="b", title=None, text="river") for one in range(20)],
    )
    index = LexicalIndex.open(tmp_path / "index")
    assert 0 <= index.rarity("river") < 0.01


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "index", [])
    index = LexicalIndex.open(tmp_path / "index")
    assert index.search(["river"], 5, Filter()) == []
    assert index.rarity("river") == 1


def test_a_damaged_one_is_refused_with_what_to_do(tmp_path: Path) -> None:
    LexicalIndex.build(tmp_path / "index", [])
    (tmp_path / "index" / "meta.json").write_text("{}")
    with pytest.raises(DamagedSnapshot, match=r"the word index in .* cannot be used") as caught:
        LexicalIndex.open(tmp_path / "index")
    assert "stet reindex --full" in caught.value.hint


def test_damage_that_makes_tantivy_panic_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    documents = [
        LexicalDocument(passage=one, posted=one, blog="b", title=None, text=f"river {one}") for one in range(50)
    ]
    LexicalIndex.build(folder, documents)
    [stored] = folder.glob("*.store")
    data = bytearray(stored.read_bytes())
    data[6] ^= 0xFF  # an offset within the block: tantivy indexes past its end
    stored.write_bytes(data)
    index = LexicalIndex.open(folder)
    with pytest.raises(DamagedSnapshot, match=r"the word index in .* cannot be used: ") as caught:
        index.search(["river"], 5, Filter())
    assert "stet reindex --full" in caught.value.hint


def test_ctrl_c_is_no_damage(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tantivy.Index.open", stop)
    with pytest.raises(KeyboardInterrupt):
        LexicalIndex.open(tmp_path)


def test_a_missing_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises((DamagedSnapshot, DiskError)):
        LexicalIndex.open(tmp_path / "gone")
