"""The words of entries: how a text becomes terms, and tantivy, which finds the entries that hold them.

One document a version, its title and its text. tantivy chooses the candidates, of all that it holds, deleted ones
included; their scores are made by `bm25`, since tantivy's own count what was deleted and what the asker may not see.
Queries are built from analysed terms, never parsed: tantivy's query language raises on most of what people type.

<folder>/rows.npy    where each document lies: `addresses` of the versions by their rows
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from retrieval import arrays, languages
from retrieval.bm25 import FIELDS, idf
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot, DiskError
from retrieval.files import disk
from retrieval.model import Filter

_SPLIT_AT_BLANKS = "whitespace"
_LONGEST_TERM = 60
MOST_TERMS = 64
"""Terms of a question that are looked for in each language: the first ones."""
_HEAP_BYTES = 64_000_000
_WORD = r"[\p{L}\p{M}\p{N}]+"
"""A word with its marks: in many scripts vowels are marks, at which tantivy's simple tokenizer would split."""
_DOTLESS = frozenset({"tr", "az"})
"""Languages whose capital of ı is I, and of i is İ."""
_ROWS = "rows.npy"

Addresses = NDArray[np.uint64]
_MIN_POSTED, _MAX_POSTED = -(2**62), 2**62


@dataclass(frozen=True, kw_only=True, slots=True)
class LexicalDocument:
    """A version as it goes into the index, under its number in the segment: the terms of its title and of its text.
    `posted` in microseconds since 1970."""

    row: int
    posted: int
    blog: str
    title: Sequence[str]
    text: Sequence[str]


@cache
def _analyser(language: str) -> tantivy.TextAnalyzer:
    """By a language's primary code. English is folded before it is stemmed, as it was when it was measured; others
    after, since an accent tells endings apart. An unknown one is neither stemmed nor rid of stop words."""
    rules = languages.known(language)
    if language == languages.ENGLISH:
        builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        builder = builder.filter(tantivy.Filter.remove_long(_LONGEST_TERM)).filter(tantivy.Filter.lowercase())
        builder = builder.filter(tantivy.Filter.ascii_fold()).filter(tantivy.Filter.stopword("english"))
        builder = builder.filter(tantivy.Filter.custom_stopword(_QUESTION_WORDS))
        return builder.filter(tantivy.Filter.stemmer("english")).build()
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(_WORD))
    builder = builder.filter(tantivy.Filter.remove_long(_LONGEST_TERM)).filter(tantivy.Filter.lowercase())
    if rules is not None and rules.stops:
        builder = builder.filter(tantivy.Filter.stopword(rules.stemmer))
    if rules is not None:
        builder = builder.filter(tantivy.Filter.stemmer(rules.stemmer))
    return builder.filter(tantivy.Filter.ascii_fold()).build()


# Words of asking, not of the matter; and what the tokenizer leaves of "don't" and "council's".
_QUESTION_WORDS = (
    "about am any been can could did do does doing from had has have having he her him his how i its ll m "
    "me my our re s said say she should so some t tell us ve we were what when where which who whom whose "
    "why would you your"
).split()  # fmt: skip


def terms(text: str, language: str = languages.ENGLISH) -> list[str]:
    """The text's terms as they are indexed: lower case, folded, without stop words, stemmed; in order.

    Those of other languages than English bear its code, so that words which only look alike are kept apart."""
    code = languages.primary(language)
    composed = unicodedata.normalize("NFC", text)
    if code in _DOTLESS:
        composed = composed.replace("İ", "i").replace("I", "ı")
    found = _analyser(code).analyze(composed)
    return list(found) if code == languages.ENGLISH else [f"{code}:{term}" for term in found]


@cache
def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("row", fast=True)
    builder.add_integer_field("posted", indexed=True, fast=True)
    builder.add_text_field("blog", tokenizer_name="raw", index_option="basic")
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name=_SPLIT_AT_BLANKS, index_option="freq")
    return builder.build()


@contextmanager
def _mapped(folder: Path | None) -> Iterator[None]:
    """tantivy raises ValueError, OSError or RuntimeError for a disk that is full and for damaged files alike; some
    damage makes it panic."""
    if folder is None:
        yield
        return
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


class LexicalWriter:
    """Writes an index into a new folder. Raises DiskError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with _mapped(folder):
            folder.mkdir()
            self._index = tantivy.Index(_schema(), path=str(folder))
            self._writer = _writer(self._index)

    def add(self, documents: Iterable[LexicalDocument]) -> None:
        """Add documents, in the order of their rows."""
        with _mapped(self._folder):
            for one in documents:
                self._writer.add_document(_document(one))

    def close(self) -> None:
        """Complete the index."""
        with _mapped(self._folder):
            addresses = _completed(self._index, self._writer)
            with (self._folder / _ROWS).open("xb") as file:
                np.save(file, addresses, allow_pickle=False)


class LexicalIndex:
    """One immutable index, on disk or in memory."""

    def __init__(self, folder: Path | None, index: tantivy.Index, addresses: Addresses) -> None:
        """`addresses` are those of the documents by their rows; see `_address`."""
        self._folder = folder
        self._searcher = index.searcher()
        in_order = bool((addresses[:-1] < addresses[1:]).all())
        self._order = None if in_order else np.argsort(addresses)
        self._addresses = addresses if self._order is None else addresses[self._order]

    @classmethod
    def in_memory(cls, documents: Iterable[LexicalDocument]) -> LexicalIndex:
        """An index of the documents that leaves nothing on the disk."""
        index = tantivy.Index(_schema())
        writer = _writer(index)
        for one in documents:
            writer.add_document(_document(one))
        return cls(None, index, _completed(index, writer))

    @classmethod
    def open(cls, folder: Path) -> LexicalIndex:
        """Open an index for reading. Raises DamagedSnapshot."""
        with _mapped(folder):
            index = tantivy.Index.open(str(folder))
            index.reload()
            try:
                addresses = arrays.read(folder / _ROWS)
            except arrays.DAMAGED as error:
                raise ValueError(f"{_ROWS}: {error}") from error
            if addresses.dtype != np.uint64 or addresses.shape != (index.searcher().num_docs,):
                raise ValueError(f"{_ROWS} is of another index")
            return cls(folder, index, addresses)

    def candidates(self, weights: Mapping[str, Sequence[float]], limit: int, within: Filter) -> NDArray[np.int64]:
        """The rows of the versions that fit the terms best, the best first. `weights` are the terms' idf for each
        field: they take the place of this index's own, which know nothing of the other segments. Raises
        DamagedSnapshot."""
        with _mapped(self._folder):
            clauses = [
                (tantivy.Occur.Should, self._weighted(field, term, weight))
                for term, of_field in weights.items()
                for field, weight in zip(FIELDS, of_field, strict=True)
            ]
            if not clauses:
                return np.empty(0, np.int64)
            query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, tantivy.Query.boolean_query(clauses)), *_conditions(within)]
            )
            found = self._searcher.search(query, limit, count=False).hits
            return self._rows([_address(address) for _, address in found])

    def _rows(self, addresses: Sequence[int]) -> NDArray[np.int64]:
        wanted = np.array(addresses, dtype=np.uint64)
        places = np.searchsorted(self._addresses, wanted)
        if not np.array_equal(self._addresses[np.minimum(places, len(self._addresses) - 1)], wanted):
            raise ValueError(f"{_ROWS} is of another index")
        return places if self._order is None else self._order[places]

    def _weighted(self, field: str, term: str, weight: float) -> tantivy.Query:
        query = tantivy.Query.term_query(_schema(), field, term, "freq")
        return tantivy.Query.boost_query(query, weight / idf(self.size, self.holding(field, term)))

    @property
    def size(self) -> int:
        """How many versions it has."""
        return self._searcher.num_docs

    def holding(self, field: str, term: str) -> int:
        """How many versions hold the term in a field, deleted ones too."""
        with _mapped(self._folder):
            return self._searcher.doc_freq(field, term)


def _writer(index: tantivy.Index) -> tantivy.IndexWriter:
    return index.writer(heap_size=_HEAP_BYTES, num_threads=1)


def _completed(index: tantivy.Index, writer: tantivy.IndexWriter) -> Addresses:
    """Complete an index; the addresses of its documents by their rows."""
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()
    everything = tantivy.Query.all_query()
    found = searcher.search(everything, max(searcher.num_docs, 1), order_by_field="row", order=tantivy.Order.Asc)
    return np.array([_address(address) for _, address in found.hits], dtype=np.uint64)


def _address(address: tantivy.DocAddress) -> int:
    """Where a document lies in an index that does not change, as one number. To read its stored fields instead took
    2 µs a document, six times as long as to find it."""
    return address.segment_ord << 32 | address.doc


def _document(one: LexicalDocument) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("row", one.row)
    document.add_integer("posted", one.posted)
    document.add_text("blog", one.blog)
    document.add_text("title", " ".join(one.title))
    document.add_text("text", " ".join(one.text))
    return document


def _conditions(within: Filter) -> list[tuple[tantivy.Occur, tantivy.Query]]:
    """The filter as clauses that must match, or must not, and add nothing to the score."""
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
    return [(tantivy.Occur.Must, tantivy.Query.const_score_query(one, 0.0)) for one in conditions]
