"""Every text here is made up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.bm25 import FIELDS, idf
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.lexical import LexicalDocument, LexicalIndex, LexicalWriter, terms
from retrieval.model import Filter

START = datetime(2031, 2, 3, 17, tzinfo=UTC)
DOCUMENTS = [
    ("flood", None, "The river rose by two feet."),
    ("flood", "River over the quay", "Sandbags are being handed out."),
    ("flood", None, "Councillors voted for sandbags, sandbags and more sandbags."),
    ("other/blog", None, "The river is calm. Taxi drivers are waiting by the river."),
    ("другой", "Crème brûlée", "École, naïveté and \0 nothing."),
]


def build(folder: Path, documents: Sequence[LexicalDocument]) -> None:
    writer = LexicalWriter(folder)
    writer.add(documents)
    writer.close()


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical") / "index"
    build(
        folder,
        [
            LexicalDocument(
                row=number,
                posted=microseconds(START + timedelta(hours=number)),
                blog=blog,
                title=terms(title or ""),
                text=terms(text),
            )
            for number, (blog, title, text) in enumerate(DOCUMENTS)
        ],
    )
    return LexicalIndex.open(folder)


def candidates(index: LexicalIndex, wanted: list[str], limit: int = 9, within: Filter | None = None) -> list[int]:
    weights = {term: [idf(index.size, index.holding(field, term)) for field in FIELDS] for term in wanted}
    found: list[int] = index.candidates(weights, limit, within or Filter()).tolist()
    return found


def found(
    index: LexicalIndex,
    question: str,
    within: Filter | None = None,
    limit: int = 9,
) -> list[int]:
    return candidates(index, terms(question), limit, within)


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
    assert sorted(found(index, question)) == sorted(expected)
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


def test_the_weights_given_decide_and_not_the_index_s_own(index: LexicalIndex) -> None:
    for river, sandbag, first in ((9.0, 0.1, {0, 3}), (0.1, 9.0, {1, 2})):
        weights = {"river": [river, river], "sandbag": [sandbag, sandbag]}
        assert set(index.candidates(weights, 2, Filter()).tolist()) == first


def test_a_term_stands_in_so_many_versions(index: LexicalIndex) -> None:
    assert [index.holding("title", one) for one in ("river", "taxi", "nowhere")] == [1, 0, 0]
    assert [index.holding("text", one) for one in ("river", "sandbag", "nowhere")] == [2, 2, 0]


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
    assert candidates(index, [hostile], within=Filter(blogs=frozenset([hostile]))) == []
    assert index.holding("text", hostile) == 0


@given(st.text(max_size=40), st.lists(st.text(max_size=5), max_size=100))
def test_any_words_may_be_asked(index: LexicalIndex, question: str, raw: list[str]) -> None:
    question = question.encode("utf-8", "replace").decode()
    raw = [one.encode("utf-8", "replace").decode() for one in raw]
    for wanted in (terms(question), raw):
        hits = candidates(index, wanted, 3)
        assert len(hits) <= 3
        assert all(0 <= number < 5 for number in hits)


def test_an_empty_index_finds_nothing(tmp_path: Path) -> None:
    build(tmp_path / "index", [])
    index = LexicalIndex.open(tmp_path / "index")
    assert candidates(index, ["river"]) == []
    assert index.holding("text", "river") == 0


def test_one_in_memory_finds_the_same(index: LexicalIndex) -> None:
    documents = [
        LexicalDocument(row=n, posted=n, blog=blog, title=terms(title or ""), text=terms(text))
        for n, (blog, title, text) in enumerate(DOCUMENTS)
    ]
    held = LexicalIndex.in_memory(documents)
    for question in ("sandbags", "rivers", "quay", "creme brulee", "nowhere"):
        assert found(held, question) == found(index, question)


def test_a_damaged_one_is_refused_with_what_to_do(tmp_path: Path) -> None:
    build(tmp_path / "index", [])
    (tmp_path / "index" / "meta.json").write_text("{}")
    with pytest.raises(DamagedSnapshot, match=r"the word index in .* cannot be used") as caught:
        LexicalIndex.open(tmp_path / "index")
    assert "stet reindex --full" in caught.value.hint


def test_damage_that_makes_tantivy_panic_is_refused_with_what_to_do(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    documents = [
        LexicalDocument(row=one, posted=one, blog="b", title=[], text=["river", str(one)]) for one in range(300)
    ]
    build(folder, documents)
    [fast] = folder.glob("*.fast")
    data = bytearray(fast.read_bytes())
    data[83] ^= 0xFF  # an offset within the file: tantivy splits past its end
    fast.write_bytes(data)
    with pytest.raises(DamagedSnapshot, match=r"the word index in .* cannot be used: ") as caught:
        candidates(LexicalIndex.open(folder), ["river"])
    assert type(caught.value.__cause__).__name__ == "PanicException"
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
