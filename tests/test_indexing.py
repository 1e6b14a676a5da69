"""Store → snapshot, with an embedder that counts. Every text here is made up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, insert, update

from retrieval import schema
from retrieval.archive import Archive
from retrieval.embedding import Embedder
from retrieval.index_records import KeptPassage
from retrieval.indexing import Indexed, index
from retrieval.manifest import read_manifest
from retrieval.model import Filter, SourceOptions
from retrieval.snapshot import Snapshot
from retrieval.store import Store
from tests.made_up_embedder import Counting
from tests.made_up_index import probe
from tests.test_ingest import NOW, SCRAPE, line, take, write


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.open(tmp_path / "home" / "archive.db")
    yield opened
    opened.close()


def indexed(store: Store, tmp_path: Path, embedder: Embedder, *, full: bool = False) -> Indexed:
    return index(store, tmp_path / "index", embedder.name, lambda: embedder, NOW, lambda *_: None, full=full)


def unloaded() -> Embedder:
    raise AssertionError("the model was loaded")


def segments(tmp_path: Path) -> list[tuple[int, int]]:
    """Passages and deleted passages of each segment."""
    held = read_manifest(tmp_path / "index").segments
    return [(one.passages, one.deleted_passages) for one in held]


def test_the_index_holds_each_passage_and_embeds_none_twice(store: Store, tmp_path: Path) -> None:
    embedder = Counting()
    source = write(tmp_path / "flood.txt", SCRAPE)
    take(store, source)
    first = indexed(store, tmp_path, embedder)
    assert sorted(embedder.encoded) == ["Summary\nThe river fell.\nIt is over.", "The river rose. So did we."]
    assert (first.embedded, first.reused, first.manifest.passages, first.manifest.entries) == (4, 0, 4, 2)
    assert first.manifest.change == store.last_change() == 2
    second = indexed(store, tmp_path, embedder)
    assert (second.embedded, second.reused) == (0, 4)
    write(Path(source), SCRAPE.replace("So did we.", "So did they."))
    take(store, source)
    third = indexed(store, tmp_path, embedder)
    assert (third.embedded, third.reused, embedder.encoded[2:]) == (2, 2, ["The river rose. So did they."])
    opened = Snapshot.open(tmp_path / "index")
    question = embedder.encode_question("So did they.")
    wanted = probe(question.vector, tokens=question.tokens)
    [nearest] = opened.view().retrieve(wanted, 1, Filter())
    assert nearest.cosine == pytest.approx(1)
    version = store.versions([nearest.version])[nearest.version]
    [(_, evidence)] = opened.view().evidence([nearest], wanted)
    assert [version.text[slice(*span)] for span in evidence.spans.tolist()] == ["The river rose.", "So did they."]
    assert evidence.cosines[1] == pytest.approx(1)
    np.testing.assert_allclose(evidence.likeness[:, 1], [1, 1, 1], atol=0.01)
    assert version.current


def test_another_model_embeds_again_and_the_first_s_encodings_stay(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "flood.txt", SCRAPE))
    assert indexed(store, tmp_path, Counting("a")).embedded == 4
    assert indexed(store, tmp_path, Counting("b"), full=True).embedded == 4
    back = indexed(store, tmp_path, Counting("a"), full=True)
    assert (back.embedded, back.manifest.model.fingerprint) == (0, "a")
    named = Counting("c")
    named.name = "another"
    assert indexed(store, tmp_path, named).manifest.model.name == "another"


def test_another_model_under_the_same_name_is_noticed_when_something_is_to_be_encoded(
    store: Store, tmp_path: Path
) -> None:
    take(store, write(tmp_path / "flood.jsonl", line("1", "One.") + line("2", "Two.")))
    indexed(store, tmp_path, Counting("a"))
    assert indexed(store, tmp_path, Counting("b")).manifest.model.fingerprint == "a"
    take(store, write(tmp_path / "flood.jsonl", line("1", "One.") + line("2", "Three.")))
    changed = indexed(store, tmp_path, Counting("b"))
    assert (changed.manifest.model.fingerprint, changed.embedded, changed.manifest.passages) == ("b", 3, 2)


def test_equal_texts_are_embedded_once(store: Store, tmp_path: Path) -> None:
    embedder = Counting()
    take(store, write(tmp_path / "a.jsonl", line("1", "Same.") + line("2", "Same.") + line("3", "Same.", title="T")))
    result = indexed(store, tmp_path, embedder)
    assert sorted(embedder.encoded) == ["Same.", "T\nSame."]
    assert (result.embedded, result.reused, result.manifest.passages) == (2, 1, 3)


def test_a_title_and_its_passage_fit_the_model_together(store: Store, tmp_path: Path) -> None:
    embedder = Counting()
    long = "one two three four five six seven eight nine ten eleven twelve. " * 5
    rows = line("1", long, title="A short title") + line("2", long + "!", title="word " * 15)
    take(store, write(tmp_path / "a.jsonl", rows))
    indexed(store, tmp_path, embedder)
    assert max(len(embedder.token_spans(text)) for text in embedder.encoded) <= embedder.max_tokens
    assert any(text.startswith("A short title\n") for text in embedder.encoded)
    # a title that would leave no room for the passage is not put before it
    assert not any(text.startswith("word word") for text in embedder.encoded)


def test_a_version_too_long_for_the_model_is_read_in_stretches_each_under_the_title(
    store: Store, tmp_path: Path
) -> None:
    embedder = Counting()  # 20 tokens at once
    text = "The river rose by two feet. It fell again at noon. Nobody saw it rise. The quay is dry now."
    take(store, write(tmp_path / "a.jsonl", line("1", text, title="The flood today")))
    assert indexed(store, tmp_path, embedder).embedded == 4
    assert sorted(embedder.encoded) == [
        "The flood today\nNobody saw it rise. The quay is dry now.",
        "The flood today\nThe river rose by two feet. It fell again at noon.",
    ]
    [version] = store.every_version()
    kept = store.passages_of("a", [version.key])[version.key]
    assert [(text[one.start : one.end], one.stretch) for one in kept] == [
        ("The river rose by two feet.", 0),
        ("It fell again at noon.", 0),
        ("Nobody saw it rise.", 51),
        ("The quay is dry now.", 51),
    ]
    (segment,) = read_manifest(tmp_path / "index").segments
    # the title's three tokens once, and the passages' words
    assert (segment.passages, segment.tokens) == (4, 3 + 6 + 5 + 4 + 5)


def test_stopped_while_embedding_what_was_done_is_kept(store: Store, tmp_path: Path) -> None:
    embedder = Counting()
    rows = "".join(line(str(number), f"Number {number} rose by {number} feet.") for number in range(1_200))
    take(store, write(tmp_path / "a.jsonl", rows))
    embedder.fail_after = 600
    with pytest.raises(KeyboardInterrupt):
        indexed(store, tmp_path, embedder)
    assert len(embedder.encoded) == 512  # in batches of 512
    embedder.fail_after = None
    steps: list[tuple[int, int]] = []
    result = index(
        store, tmp_path / "index", "counting", lambda: embedder, NOW, lambda done, of: steps.append((done, of))
    )
    assert (result.embedded, result.reused) == (688, 512)
    assert steps == [(done, 688) for done in (0, 512, 688)]
    assert len(embedder.encoded) == len(set(embedder.encoded)) == 1_200


def test_an_empty_store_makes_an_empty_snapshot(store: Store, tmp_path: Path) -> None:
    result = indexed(store, tmp_path, Counting())
    assert (result.embedded, result.manifest.passages, result.manifest.change) == (0, 0, 0)
    view = Snapshot.open(tmp_path / "index").view()
    assert view.retrieve(probe(Counting().encode_question("x").vector, "x"), 3, Filter()) == []


# ------------------------------------------------------------------------------------------ only what is new


def test_with_nothing_new_neither_model_nor_manifest_is_touched(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "a.jsonl", line("1", "One.") + line("2", " \u200b ")))
    first = indexed(store, tmp_path, Counting())
    written = (tmp_path / "index" / "manifest.json").stat().st_mtime_ns
    again = index(store, tmp_path / "index", "counting", unloaded, NOW, lambda *_: None)
    assert again.manifest == first.manifest
    assert (again.embedded, again.reused) == (0, first.manifest.passages)
    assert (tmp_path / "index" / "manifest.json").stat().st_mtime_ns == written


def test_an_entry_that_goes_is_deleted_without_the_model(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "a.jsonl", "".join(line(str(n), f"Number {n}.") for n in range(9))))
    first = indexed(store, tmp_path, Counting())
    with store._writing() as connection:
        connection.execute(update(schema.entries).where(schema.entries.c.id == "4").values(status="deleted"))
        connection.execute(insert(schema.changes).values(at=0, entry=5, version=1, kind="deleted"))
    gone = index(store, tmp_path / "index", "counting", unloaded, NOW, lambda *_: None)
    assert segments(tmp_path) == [(9, 1)]
    assert gone.manifest.segments[0].id == first.manifest.segments[0].id
    assert (gone.manifest.passages, gone.manifest.entries, gone.manifest.change) == (8, 8, 10)
    assert 5 not in Snapshot.open(tmp_path / "index").versions()


def test_superseded_versions_keep_their_passages_and_nothing_is_cut_twice(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    take(store, write(source, line("1", "The river rose.") + line("2", "Two.")))
    take(store, write(source, line("1", "The river fell.") + line("2", "Two.")))
    embedder = Counting()
    result = indexed(store, tmp_path, embedder)
    assert sorted(embedder.encoded) == ["The river fell.", "The river rose.", "Two."]
    assert (result.manifest.passages, result.manifest.entries) == (2, 2)
    old, new = store.versions_of(f"{next(iter(store.blogs()))}/1")
    kept = store.passages_of("a", [old.key, new.key])
    assert {key: [(one.start, one.end) for one in some] for key, some in kept.items()} == {
        old.key: [(0, 15)],
        new.key: [(0, 15)],
    }
    assert kept[old.key][0].digest == hashlib.sha256(b'["", "The river rose.", [[0, 15]]]').digest()
    assert list(store.versions_without_passages("a")) == []
    assert len(list(store.versions_without_passages("b"))) == 3


def test_a_full_reindex_cuts_again_and_leaves_one_segment(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    take(store, write(source, "".join(line(str(n), f"Number {n}.") for n in range(600))))
    indexed(store, tmp_path, Counting())
    take(store, write(source, "".join(line(str(n), f"Number {n}.") for n in range(601))))
    indexed(store, tmp_path, Counting())
    assert segments(tmp_path) == [(600, 0), (1, 0)]
    key = next(store.every_version()).key
    store.keep_passages("a", {key: [KeptPassage(start=0, end=3, stretch=0, digest=b"wrong")]})
    embedder = Counting()
    full = indexed(store, tmp_path, embedder, full=True)
    assert (full.embedded, full.reused, segments(tmp_path)) == (0, 601, [(601, 0)])
    assert [(one.start, one.end) for one in store.passages_of("a", [key])[key]] == [(0, 9)]


def test_an_index_of_an_older_format_is_built_again_and_nothing_embedded(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "a.jsonl", line("1", "One.") + line("2", "Two.")))
    indexed(store, tmp_path, Counting())
    (tmp_path / "index" / "manifest.json").write_text('{"format": 2}')
    again = indexed(store, tmp_path, Counting())
    assert (again.embedded, again.reused, segments(tmp_path)) == (0, 2, [(2, 0)])


def test_an_encoding_that_is_gone_is_made_again(store: Store, tmp_path: Path) -> None:
    take(store, write(tmp_path / "a.jsonl", line("1", "One.", title="T") + line("2", "Two.")))
    indexed(store, tmp_path, Counting())
    with store._writing() as connection:
        connection.execute(delete(schema.encodings))
    (tmp_path / "index" / "manifest.json").unlink()
    embedder = Counting()
    assert indexed(store, tmp_path, embedder).embedded == 2
    assert sorted(embedder.encoded) == ["T\nOne.", "Two."]


def test_an_archive_that_has_nothing_new_loads_no_model(make_archive: Callable[..., Archive], tmp_path: Path) -> None:
    source = Path(write(tmp_path / "a.jsonl", line("1", "The river rose.") + line("2", "Two.")))
    made = make_archive(source, options=SourceOptions(blog="flood"))
    again = Archive.open(made.home, made.model_name, unloaded)
    report = again.reindex(full=False, now=NOW, progress=lambda *_: None)
    assert report.indexed is not None
    assert (report.indexed.embedded, report.indexed.reused) == (0, 2)
    again.ensure_indexed(NOW, lambda *_: None)
    again.close()
