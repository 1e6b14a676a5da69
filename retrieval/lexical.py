"""The BM25 side: tantivy, one document a passage, its entry's title indexed with its text.

Queries are built from analysed terms, never parsed: tantivy's query language raises on most of what people type.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import tantivy

from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.files import disk
from retrieval.model import Filter

_ANALYSER = "stet"
_FIELDS = ("title", "text")
_LONGEST_TERM = 60
_MOST_TERMS = 64
_HEAP_BYTES = 64_000_000
_MIN_POSTED, _MAX_POSTED = -(2**62), 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class LexicalDocument:
    """A passage as it goes into the index, under its number. `posted` in microseconds since 1970."""

    passage: int
    posted: int
    blog: str
    title: str | None
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Hit:
    """A passage's number and its BM25 score."""

    passage: int
    score: float


@cache
def _analyser() -> tantivy.TextAnalyzer:
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(_LONGEST_TERM))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stopword("english"))
        .filter(tantivy.Filter.custom_stopword(_QUESTION_WORDS))
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


# Words of asking, not of the matter; and what the tokenizer leaves of "don't" and "council's".
_QUESTION_WORDS = (
    "about am any been can could did do does doing from had has have having he her him his how i its ll m "
    "me my our re s said say she should so some t tell us ve we were what when where which who whom whose "
    "why would you your"
).split()  # fmt: skip


def terms(text: str) -> list[str]:
    """The text's terms as they are indexed: lower case, folded, without stop words, stemmed; in order."""
    return list(_analyser().analyze(text))


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("passage", stored=True, indexed=True, fast=True)
    builder.add_integer_field("posted", indexed=True, fast=True)
    builder.add_text_field("blog", tokenizer_name="raw", index_option="basic")
    for field in _FIELDS:
        builder.add_text_field(field, tokenizer_name=_ANALYSER, index_option="freq")
    return builder.build()


@contextmanager
def _mapped(folder: Path) -> Iterator[None]:
    """tantivy raises ValueError, OSError or RuntimeError for a disk that is full and for damaged files alike; some
    damage makes it panic."""
    try:
        with disk(folder):
            yield
    except _failures() as error:
        said = str(error)
        if "os error 28" in said or "No space left" in said or "File too large" in said:
            raise DiskError(
                f"no space is left to write {folder}",
                "free some space on the disk, then run the same command again",
            ) from error
        raise DamagedSnapshot(
            f"the word index in {folder} cannot be used: {said}", "run `stet reindex --full`"
        ) from error


def _failures() -> tuple[type[BaseException], ...]:
    """What tantivy raises besides OSError. The class of a panic is no Exception and cannot be imported, but is
    there once it was raised, which is when an `except` asks."""
    panics = (kind for kind in BaseException.__subclasses__() if kind.__module__ == "pyo3_runtime")
    return (ValueError, RuntimeError, *panics)


class LexicalIndex:
    """One immutable index on disk."""

    def __init__(self, folder: Path, index: tantivy.Index) -> None:
        self._folder = folder
        self._searcher = index.searcher()

    @classmethod
    def build(cls, folder: Path, documents: Sequence[LexicalDocument]) -> None:
        """Write an index of the documents into an empty folder. Raises DiskError."""
        with _mapped(folder):
            folder.mkdir()
            index = tantivy.Index(_schema(), path=str(folder))
            index.register_tokenizer(_ANALYSER, _analyser())
            writer = index.writer(heap_size=_HEAP_BYTES, num_threads=1)
            for one in documents:
                writer.add_document(_document(one))
            writer.commit()
            writer.wait_merging_threads()

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open an index for reading. Raises DamagedSnapshot."""
        with _mapped(folder):
            index = tantivy.Index.open(str(folder))
            index.register_tokenizer(_ANALYSER, _analyser())
            index.reload()
            return cls(folder, index)

    def search(self, wanted: Sequence[str], limit: int, within: Filter) -> list[Hit]:
        """The best passages for the terms, best first, those that the filter admits."""
        if not wanted:
            return []
        clauses = [
            (tantivy.Occur.Should, tantivy.Query.term_query(_schema(), field, term, "freq"))
            for term in dict.fromkeys(wanted[:_MOST_TERMS])
            for field in _FIELDS
        ]
        query = tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, tantivy.Query.boolean_query(clauses)), *_conditions(within)]
        )
        with _mapped(self._folder):
            found = self._searcher.search(query, limit, count=False).hits
            return [
                Hit(passage=int(self._searcher.doc(address)["passage"][0]), score=float(score))
                for score, address in found
            ]

    def rarity(self, term: str) -> float:
        """0 to 1: how few passages hold the term; 1 where none does, whatever the archive's size."""
        with _mapped(self._folder):
            count = self._searcher.num_docs
            held = max(self._searcher.doc_freq(field, term) for field in _FIELDS)
        return math.log((count + 1) / (held + 0.5)) / math.log((count + 1) / 0.5)


def _document(one: LexicalDocument) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("passage", one.passage)
    document.add_integer("posted", one.posted)
    document.add_text("blog", one.blog)
    document.add_text("title", one.title or "")
    document.add_text("text", one.text)
    return document


def _conditions(within: Filter) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    """The filter as clauses that must match and add nothing to the score."""
    conditions: list[tantivy.Query] = []
    if within.since is not None or within.until is not None:
        since = _MIN_POSTED if within.since is None else microseconds(within.since)
        until = _MAX_POSTED if within.until is None else microseconds(within.until)
        conditions.append(
            tantivy.Query.range_query(
                _schema(), "posted", tantivy.FieldType.Integer, since, until, include_lower=True, include_upper=False
            )
        )
    if within.blogs is not None:
        conditions.append(tantivy.Query.term_set_query(_schema(), "blog", sorted(within.blogs)))
    return [(tantivy.Occur.Must, tantivy.Query.const_score_query(condition, 0.0)) for condition in conditions]
