"""The benchmark of growth, as far as it needs neither the model nor SQuAD: the entries that it makes up, the vectors
that it moves, what it reckons and tells."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from retrieval.embedding import Reading
from retrieval.sentences import sentences
from tests.benchmarks import growth, growth_report, growth_vectors
from tests.benchmarks.growth_ask import within
from tests.benchmarks.growth_figures import (
    Answered,
    Asking,
    Built,
    Memory,
    Places,
    Recalled,
    Size,
    Times,
    Updated,
    Written,
)
from tests.benchmarks.growth_likeness import nearest
from tests.benchmarks.growth_recall import share
from tests.benchmarks.growth_sources import Timetable, line, write
from tests.benchmarks.growth_text import Entries, Varying, digest, words_of
from tests.benchmarks.growth_vectors import Base, Perturbed, Varied, base_of, moved, readings_of
from tests.benchmarks.squad import Paragraph
from tests.made_up_embedder import Counting

FLOOD = (
    "The harbour of Wendbridge was closed on 12 March 2031 after the River Quill had risen by 3.5 metres. "
    "Mayor Ilsa Thornby said that 1,204 residents were moved to shelters. The closure lasted for several evenings."
)
TRIAL = (
    "Judge Marten Ostrand opened the hearing in Saltby at noon. Two witnesses described the burning of the Greywater "
    "warehouse in 2029, and the defendant remained silent."
)
MARKET = "Prices of barley and flour were raised in Larkholm. Traders expected 45 wagons from Fennick before winter."
HELD = [
    Paragraph(article=number, text=text, questions=(f"Question {number}a?", f"Question {number}b?"))
    for number, text in enumerate((FLOOD, TRIAL, MARKET))
]
TEXTS = [one.text for one in HELD]


# ------------------------------------------------------------------------------------------------ entries made up


def test_a_variation_swaps_words_and_keeps_sentences_and_words() -> None:
    varying = Varying(TEXTS)
    made = [one for number in range(50) if (one := varying.varied(0, number))]
    assert len(made) > 40
    for one in made:
        assert one.varied
        assert one.paragraph == 0
        assert one.sentences == tuple(sentences(one.text))
        cut = [[words_of(text[start:end]) for start, end in sentences(text)] for text in (FLOOD, one.text)]
        assert [len(words) for words in cut[1]] == [len(words) for words in cut[0]]
    assert len({one.text for one in made}) == len(made)
    kept = words_of(FLOOD).index("The"), words_of(FLOOD).index("was")
    assert all([words_of(one.text)[place] for place in kept] == ["The", "was"] for one in made)
    assert sum("Wendbridge" not in one.text for one in made) > 20  # a name may be drawn for itself


def test_a_variation_is_the_same_each_time_and_draws_words_of_the_same_kind() -> None:
    once, again = (Varying(TEXTS).varied(2, 7) for _ in range(2))
    assert once is not None
    assert once == again
    assert Varying(TEXTS).varied(2, 8) != once
    for before, after in zip(words_of(MARKET), words_of(once.text), strict=True):
        assert before[0].isdigit() == after[0].isdigit()
        assert before[0].isupper() == after[0].isupper()
        assert not before.islower() or before[-2:] == after[-2:]


def test_the_same_word_is_swapped_for_the_same_within_an_entry() -> None:
    text = "Ostrand met Thornby in Saltby. Thornby thanked Ostrand."
    for number in range(20):
        made = Varying([text, *TEXTS]).varied(0, number)
        if made is not None:
            first, _, second, _, _, third, _, fourth = words_of(made.text)
            assert (first, second) == (fourth, third)


def test_what_cannot_be_varied_has_no_variation() -> None:
    assert Varying(["He was not at it.", FLOOD]).varied(0, 1) is None


def test_entries_have_so_many_sentences_and_all_paragraphs_evenly_spaced() -> None:
    entries = Entries(HELD, 40, [0, 1, 2])
    made = list(entries)
    assert len(made) == len(entries) == len(entries.real) + entries.varied
    assert [one.paragraph for one in made if not one.varied] == [0, 1, 2]
    assert entries.slots() == {place: made.index(Varying(TEXTS).real(place)) for place in range(3)}
    assert len({one.text for one in made}) == len(made)
    assert 40 <= sum(len(one.sentences) for one in made) <= 44
    assert [one.text for one in Entries(HELD, 40, [0, 1, 2])] == [one.text for one in made]


def test_few_entries_are_real_ones_alone() -> None:
    made = list(Entries(HELD, 2, [0, 1, 2]))
    assert [(one.text, one.varied) for one in made] == [(FLOOD, False)]


def test_variations_are_made_of_the_paragraphs_named() -> None:
    assert {one.paragraph for one in Entries(HELD, 30, [1]) if one.varied} == {1}


def test_no_new_variation_is_told_of() -> None:
    held = [replace(HELD[0], text="He was not at it.")]
    with pytest.raises(ValueError, match="no variation 0 that is new"):
        list(Entries(held, 2, [0]))


def test_the_vocabulary_grows() -> None:
    few, many = (
        len({word for one in Entries(HELD, count, [0, 1, 2]) for word in words_of(one.text)}) for count in (40, 400)
    )
    assert many > 1.5 * few


# ------------------------------------------------------------------------------------------------ vectors moved


class Roomy(Counting):
    """It reads each of the texts at once."""

    max_tokens = 200


@pytest.fixture
def embedder() -> Roomy:
    return Roomy()


@pytest.fixture
def base(embedder: Roomy) -> Base:
    return base_of(TEXTS, embedder)


def test_the_base_holds_what_the_model_gives(base: Base, embedder: Roomy, tmp_path: Path) -> None:
    encoded = embedder.encode([one for text in TEXTS for one in readings_of(text, embedder)])
    assert np.array_equal(base.vectors, np.concatenate([one.vectors for one in encoded]))
    assert base.places.tolist() == [0, 0, 0, 1, 1, 2, 2]
    assert list(base.words) == [word for text in TEXTS for word in words_of(text)]
    assert base.first_words.tolist()[-1] == len(base.words)
    assert base.first_tokens.tolist()[-1] == len(base.tokens)
    base.save(tmp_path / "base.npz")
    held = Base.load(tmp_path / "base.npz")
    assert (held.words, held.readings, held.fingerprint) == (base.words, base.readings, base.fingerprint)
    assert np.array_equal(held.first_tokens, base.first_tokens)


def test_real_paragraphs_keep_their_vectors_and_what_is_new_is_read(base: Base, embedder: Roomy) -> None:
    perturbed = Perturbed(embedder, base, Varied.of([], []))
    new = Reading(title="", text="The ferry has arrived.", passages=((0, 22),))
    titled = replace(readings_of(FLOOD, embedder)[0], title="Flood\n")
    readings = [new, *readings_of(TRIAL, embedder), titled, *readings_of(FLOOD, embedder)]
    for own, model in zip(perturbed.encode(readings), embedder.encode(readings), strict=True):
        assert np.array_equal(own.vectors, model.vectors)
        assert np.array_equal(own.tokens, model.tokens)
        assert np.array_equal(own.owners, model.owners)


def varied_market(base: Base) -> tuple[Reading, Varied]:
    """A variation of `MARKET` in which one word is another of the texts' and one is coined."""
    text = MARKET.replace("Larkholm", "Saltby").replace("Fennick", "Quarkholm")
    spans = sentences(text)
    numbers = np.flatnonzero(base.places == 2).tolist()
    reading = Reading(title="", text=text, passages=tuple(spans))
    return reading, Varied.of([digest(text[start:end]) for start, end in spans], numbers)


def test_swapped_words_have_the_vectors_of_the_words_that_stand_there(
    base: Base, embedder: Roomy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(growth_vectors, "TOKENS", (0.0, 0.0))
    monkeypatch.setattr(growth_vectors, "PASSAGES", (0.0, 0.0))
    reading, varied = varied_market(base)
    [made] = Perturbed(embedder, base, varied).encode([reading])
    [model] = embedder.encode([reading])
    assert np.allclose(made.vectors, base.vectors[base.places == 2])
    assert made.owners.tolist() == model.owners.tolist()
    coined = words_of(reading.text).index("Quarkholm")
    alike = np.isclose(made.tokens, model.tokens, atol=1e-6).all(axis=1)
    assert np.flatnonzero(~alike).tolist() == [coined]
    names = [place for place, word in enumerate(base.words) if word[0].isupper()]
    of_names = base.tokens[base.first_tokens[names]]
    assert np.isclose(of_names, made.tokens[coined], atol=1e-6).all(axis=1).any()


def test_a_variation_is_moved_and_always_alike(base: Base, embedder: Roomy) -> None:
    reading, varied = varied_market(base)
    [made], [again] = (Perturbed(embedder, base, varied).encode([reading]) for _ in range(2))
    assert np.array_equal(made.vectors, again.vectors)
    assert np.array_equal(made.tokens, again.tokens)
    assert np.allclose(np.linalg.norm(made.vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(np.linalg.norm(made.tokens, axis=1), 1, atol=1e-5)
    assert not np.isclose(made.vectors, base.vectors[base.places == 2]).all(axis=1).any()
    assert embedder.encoded == TEXTS


def test_another_models_vectors_are_refused(base: Base, embedder: Roomy) -> None:
    with pytest.raises(ValueError, match="another model"):
        Perturbed(embedder, replace(base, fingerprint="0"), Varied.of([], []))


def test_moving_goes_by_the_strength() -> None:
    table = np.eye(8, dtype=np.float32)
    rows = np.arange(8)
    assert np.allclose(moved(table, rows, (0.0, 0.0), np.random.default_rng(1)), table)
    near, far = (
        (moved(table, rows, (strength, strength), np.random.default_rng(1)) * table).sum() for strength in (0.2, 1.0)
    )
    assert near > far


def test_sentences_of_variations_are_found_by_their_digest(tmp_path: Path) -> None:
    varied = Varied.of([digest("b"), digest("a"), digest("b")], [4, 2, 4])
    varied.save(tmp_path / "varied.npz")
    held = Varied.load(tmp_path / "varied.npz")
    assert [held.find(one) for one in "abc"] == [2, 4, None]
    assert Varied.of([], []).find("a") is None


# ------------------------------------------------------------------------------------------------ sources


def test_blogs_are_stretches_of_the_time() -> None:
    timetable = Timetable(5_500)
    assert timetable.blogs == 6
    blogs = [timetable.blog(number) for number in range(5_500)]
    assert blogs == sorted(blogs)
    assert {blogs.count(blog) for blog in range(6)} <= {916, 917}
    assert timetable.time(0) == datetime(2019, 1, 1, tzinfo=UTC)
    assert timetable.time(5_499) < datetime(2025, 1, 1, tzinfo=UTC)
    first = blogs.index(2)
    assert timetable.id(2) == f"blog-0002-{timetable.time(first):%Y-%m-%d}"
    assert Timetable(3).blogs == 4


def test_sources_hold_every_entry_and_hidden_ones_are_not_asked_for(base: Base, tmp_path: Path) -> None:
    places = Places(folder=tmp_path)
    written, asking = write(places, HELD, base, 60)
    files = sorted(places.sources.iterdir())
    rows = [json.loads(one) for file in files for one in file.read_text().splitlines()]
    assert len(files) == written.blogs == 4
    assert len(rows) == written.entries
    assert [row["id"] for row in rows] == [f"{number:07}" for number in range(written.entries)]
    assert [row["time"] for row in rows] == sorted(row["time"] for row in rows)
    assert {FLOOD, TRIAL, MARKET} <= {row["text"] for row in rows}
    by_id = {row["id"]: row for row in rows}
    asked = [*asking.one, *asking.several]
    assert asked
    for one in asked:
        assert one.blog != asking.hidden
        assert by_id[one.entry]["text"] == TEXTS[int(one.question.split()[1][0])]
        assert by_id[one.entry]["time"] == one.time
    varied = Varied.load(places.varied)
    texts = [row["text"] for row in rows if row["text"] not in TEXTS]
    assert len(texts) == written.varied
    for text in texts:
        found = [varied.find(text[start:end]) for start, end in sentences(text)]
        assert None not in found
        assert len({int(base.places[number]) for number in found if number is not None}) == 1


def test_what_is_handed_on_is_read_again(tmp_path: Path) -> None:
    places = Places(folder=tmp_path)
    asking = Asking(hidden="blog-2", one=[], several=[])
    places.write("asking", asking)
    assert Asking.read(places) == asking
    assert json.loads(line("7", datetime(2031, 1, 1, tzinfo=UTC), "a\nb")) == {
        "id": "7",
        "time": "2031-01-01T00:00:00+00:00",
        "text": "a\nb",
    }


# ------------------------------------------------------------------------------------------------ figures


def size(wanted: int, p50: float, p95: float) -> Size:
    times = Times(p50=p50, p95=p95, p99=p95, longest=p95)
    memory = Memory(resident=900.0, own=600.0, files=300.0, most=1_000.0)
    return Size(
        wanted=wanted,
        machine="a machine",
        load=0.5,
        written=Written(entries=wanted // 5, varied=wanted // 10, words=20_000, blogs=4),
        built=Built(
            seconds=100.0,
            encoding=40.0,
            processor=120.0,
            passages=wanted + 3,
            database=2**20,
            index=2**21,
            vectors=2**20,
            segments=1,
            memory=700.0,
        ),
        answered=Answered(
            opening=0.2,
            first=30.0,
            one=times,
            encoding=5.0,
            processor=9.0,
            r1=0.9,
            r3=0.95,
            ranked=299,
            asked=300,
            several=times,
            rate=50.0,
            of_blog=times,
            of_time=times,
            before=memory,
            after=memory,
        ),
        updated=Updated(
            new=0.4,
            new_first=0.9,
            new_longest=0.9,
            deleted=0.2,
            deleted_longest=0.3,
            refreshing=0.3,
            processor=0.25,
            asking_longest=80.0,
            memory=600.0,
        ),
        recalled=Recalled(recall=0.995, questions=200, told=[{"kind": "exact"}, {"kind": "ivf", "recall": 0.996}]),
    )


def test_percentiles_are_times_that_occurred() -> None:
    assert Times.of([float(one) for one in range(1, 201)]) == Times(p50=100, p95=190, p99=198, longest=200)
    assert Times.of([5.0]) == Times(p50=5, p95=5, p99=5, longest=5)


def test_memory_is_that_of_this_process() -> None:
    held = Memory.now()
    assert 0 < held.own < held.resident <= held.most
    assert held.own + held.files <= held.resident + 1


def test_shares() -> None:
    assert within([1, 2, None, 4], 1) == 0.25
    assert within([1, 2, None, 4], 3) == 0.5
    assert within([], 1) == 0.0
    wanted = np.array([[0.9, 0.8]], np.float32)
    assert share(np.array([[0.9, 0.8]], np.float32), wanted) == 1.0
    assert share(np.array([[0.9, 0.7]], np.float32), wanted) == 0.5


def test_the_nearest_of_the_group_is_another_owners() -> None:
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [0.6, 0.8]], np.float32)
    groups, owners = np.array([0, 0, 0, 1]), np.array([0, 0, 1, 2])
    found = nearest(vectors, groups, owners, vectors, groups, owners)
    assert found == pytest.approx([0, 0.6, 0.6, -1])


def test_the_table_has_a_column_for_each_size() -> None:
    table = growth_report.table([size(10_000, 10.0, 20.0), size(1_000_000, 35.0, 90.0)])
    assert table[0] == ["", "10,000", "1,000,000"]
    told = {row[0]: row[1:] for row in table}
    assert told["passages"] == ["10,003", "1,000,003"]
    assert told["one asker: p50 / p95 / p99, ms"] == ["10.0 / 20.0 / 20.0", "35.0 / 90.0 / 90.0"]
    assert told["… without making vectors, s"] == ["60", "60"]
    assert told["index, MiB"] == ["2.0", "2.0"]
    assert told["… as measured when built"] == ["exact, 0.996", "exact, 0.996"]
    assert len(told) == len(table)


def test_what_is_to_be_reached_is_held_against_the_largest_size() -> None:
    lines = growth_report.verdicts([size(1_000_000, 35.0, 90.0), size(10_000, 10.0, 20.0)])
    assert lines == [
        "one asker, p50 in ms among 1,000,000 passages: 35.00, wanted 40 at most: reached",
        "one asker, p95 in ms among 1,000,000 passages: 90.00, wanted 80 at most: missed",
        "a new entry found, median in s among 1,000,000 passages: 0.40, wanted 1 at most: reached",
        "memory while answering, MiB among 1,000,000 passages: 1,000.00, wanted 2,048 at most: reached",
        "one asker, p50 among 1,000,000 passages as a multiple of that among 10,000: 3.50, wanted 3 at most: missed",
        "one asker, p95 among 1,000,000 passages as a multiple of that among 10,000: 4.50, wanted 3 at most: missed",
    ]
    assert len(growth_report.verdicts([size(10_000, 10.0, 20.0)])) == 4


def test_a_report_is_written_and_read_by_the_next_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = [size(10_000, 10.0, 20.0), size(1_000_000, 35.0, 90.0)]
    growth.report(sizes, tmp_path)
    assert growth.earlier(tmp_path) == {one.wanted: one for one in sizes}
    assert growth.earlier(None) == growth.earlier(tmp_path / "none") == {}
    assert (tmp_path / "growth.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    markdown = (tmp_path / "growth.md").read_text()
    assert markdown.startswith("|  | 10,000 | 1,000,000 |\n|---|---:|---:|\n")
    assert "moved at random" in markdown
    assert "a machine" in capsys.readouterr().out
    assert json.loads(json.dumps([asdict(one) for one in sizes])) == json.loads(
        (tmp_path / "growth.json").read_text()
    )


def test_the_machine_is_described() -> None:
    told = growth_report.machine()
    assert " cores, " in told
    assert "faiss-cpu " in told
