"""What the store keeps → what a segment is made of, with an embedder of no meaning. Every text here is made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete

from retrieval import schema
from retrieval.contents import indexed, to_kept
from retrieval.embedding import TITLE, Encoded, Reading
from retrieval.indexing import index
from retrieval.model import Version
from retrieval.projection import rounded
from retrieval.store import Store
from tests.made_up_embedder import Counting
from tests.made_up_index import MARK, NOW
from tests.test_ingest import line, take, write

TEXT = "The river rose by two feet. It fell again at noon. Nobody saw it rise. The quay is dry now."
TITLE_TEXT = "The flood today"
MODEL = replace(MARK, fingerprint="a", dimension=8)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """Three entries, indexed: of two stretches under a title; of one; of signs that are no words."""
    opened = Store.open(tmp_path / "archive.db")
    rows = line("1", TEXT, title=TITLE_TEXT) + line("2", "Sandbags. A pump.") + line("4", "?!")
    take(opened, write(tmp_path / "a.jsonl", rows))
    index(opened, tmp_path / "index", "counting", Counting, NOW, lambda *_: None)
    yield opened
    opened.close()


def versions(store: Store) -> list[Version]:
    return sorted(store.live_versions(), key=lambda one: one.entry.id)


def encoded(text: str, *passages: tuple[int, int], title: str = "") -> Encoded:
    [made] = Counting().encode([Reading(title=title, text=text, passages=passages)])
    return made


def test_an_encoding_is_kept_as_little_endian_bytes() -> None:
    kept = to_kept(
        Encoded(
            vectors=np.array([[1, -0.5], [0, 2]], np.float32),
            tokens=np.array([[1, 0], [-1, 0.5]], np.float32),
            owners=np.array([TITLE, 1]),
        )
    )
    assert kept.vectors == bytes.fromhex("0000803f 000000bf 00000000 00000040")
    assert kept.tokens == bytes([127, 0, 129, 64])
    assert kept.owners == bytes.fromhex("ffffffff 01000000")


def test_stretches_are_put_together_and_the_title_s_tokens_stand_first_and_once(store: Store) -> None:
    first = indexed(store, MODEL, versions(store))[0]
    assert [TEXT[start:end] for start, end in first.passages] == [
        "The river rose by two feet.",
        "It fell again at noon.",
        "Nobody saw it rise.",
        "The quay is dry now.",
    ]
    one = encoded(TEXT[:50], (0, 27), (28, 50), title=f"{TITLE_TEXT}\n")
    other = encoded(TEXT[51:], (0, 19), (20, 40), title=f"{TITLE_TEXT}\n")
    np.testing.assert_array_equal(first.vectors, np.concatenate([one.vectors, other.vectors]))
    assert first.counts == (3, 6, 5, 4, 5)
    expected = [one.tokens[one.owners == TITLE], one.tokens[one.owners >= 0], other.tokens[other.owners >= 0]]
    np.testing.assert_array_equal(first.tokens, rounded(np.concatenate(expected)))
    assert first.tokens.shape == (23, 4)
    assert first.tokens.dtype == np.int8
    assert first.vectors.dtype == np.float32


def test_one_without_a_title_one_without_words_and_one_without_a_token(store: Store) -> None:
    found = {one.version.entry.id: one for one in indexed(store, MODEL, versions(store))}
    assert (found["2"].passages, found["2"].counts) == (((0, 9), (10, 17)), (0, 1, 2))
    assert (found["4"].passages, found["4"].counts, len(found["4"].vectors)) == (((0, 2),), (0, 0), 1)
    wordless = replace(found["4"].version, key=99, text="", title="Deleted")
    [bare] = indexed(store, MODEL, [wordless])
    assert (bare.passages, bare.vectors.shape, bare.tokens.shape, bare.counts) == ((), (0, 8), (0, 4), (0,))


def test_the_order_is_that_of_the_versions(store: Store) -> None:
    every = versions(store)
    assert [one.version for one in indexed(store, MODEL, every[::-1])] == every[::-1]
    assert indexed(store, MODEL, []) == []


def test_a_version_that_is_not_kept_encoded_whole_has_no_passages(store: Store) -> None:
    first, second, *_ = versions(store)
    kept = store.passages_of("a", [first.key])[first.key]
    with store._writing() as connection:
        connection.execute(delete(schema.encodings).where(schema.encodings.c.digest == kept[-1].digest))
    one, other = indexed(store, MODEL, [first, second])
    assert (one.passages, one.vectors.shape, one.tokens.shape, one.counts) == ((), (0, 8), (0, 4), (0,))
    assert len(other.passages) == 2
    # nor has one that another model cut
    assert indexed(store, replace(MODEL, fingerprint="b"), [second])[0].passages == ()
