"""What a segment holds of its versions, as arrays: on disk, mapped into memory, or in memory alone. The tokens, most
of all that there is, are read from the disk.

passages.npy     version, start, end, and how many terms and tokens it has; in the order of versions.npy
versions.npy     version, time of posting, blog, its passages, and how many terms and tokens its title has
terms.npy        the hashed terms of each version, its title's first, then those of its passages in order
tokens.npy       the vectors of its tokens, a byte a number, likewise
vectors.npy      the vectors of its passages, see `vectors`
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.bm25 import HASH, flattened
from retrieval.clock import microseconds
from retrieval.errors import DamagedSnapshot
from retrieval.files import sha256
from retrieval.growing import Rows
from retrieval.languages import primary
from retrieval.lexical import LexicalDocument, terms
from retrieval.manifest import REBUILD, ModelMark, SegmentMark
from retrieval.model import Blog, Span, Version
from retrieval.stored import Runs, Stored, mapped

_PASSAGE = np.dtype([("version", "<i8"), ("start", "<i4"), ("end", "<i4"), ("terms", "<i4"), ("tokens", "<i4")])
_VERSION = np.dtype(
    [
        ("version", "<i8"),
        ("posted", "<i8"),
        ("first", "<i4"),
        ("count", "<i4"),
        ("blog", "<i4"),
        ("terms", "<i4"),
        ("tokens", "<i4"),
    ]
)
_BYTE = np.dtype("i1")
VECTOR = np.dtype("<f4")
_HASHED_UP_TO = 64_000_000
"""Bytes of a segment whose digests are compared when it is opened: 64 MB took under 0.1 s. Damage to a smaller one
is found before tantivy or FAISS reads it; a larger one's is left to `stet doctor`."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class IndexedVersion:
    """A version and the passages of it that are indexed: their vectors, shape (passages, dimension); and the tokens
    of its title and then of its passages, shape (tokens, width), with their numbers, the title's first."""

    version: Version
    passages: tuple[Span, ...]
    vectors: NDArray[np.float32]
    tokens: NDArray[np.int8]
    counts: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tables:
    """A segment's arrays, and its blogs' ids."""

    passages: NDArray[Any]
    versions: NDArray[Any]
    terms: NDArray[np.uint64]
    tokens: Runs
    blogs: tuple[str, ...]


def kinds(model: ModelMark) -> dict[str, tuple[np.dtype[Any], tuple[int, ...]]]:
    """Each table's type, and the shape of a row; the vectors' besides."""
    return {
        "passages": (_PASSAGE, ()),
        "versions": (_VERSION, ()),
        "terms": (HASH, ()),
        "tokens": (_BYTE, (model.width,)),
        "vectors": (VECTOR, (model.dimension,)),
    }


class Tabulating:
    """Versions → rows of a segment's tables, and the versions as documents for the word index, a few at a time."""

    def __init__(self, rows: Mapping[str, Rows]) -> None:
        """`rows` takes those of each table; see `kinds`."""
        self._rows = rows
        self._blogs: dict[str, str] = {}
        self._numbers: dict[str, int] = {}
        self._versions = 0
        self._passages = 0

    @property
    def blogs(self) -> dict[str, str]:
        """The blogs by id, in the order of their numbers, with the languages by which their words were read."""
        return self._blogs

    def add(self, versions: Sequence[IndexedVersion]) -> list[LexicalDocument]:
        """Take the next versions; the documents that they are. Raises OSError."""
        of_versions: list[tuple[int, ...]] = []
        of_passages: list[tuple[int, ...]] = []
        documents: list[LexicalDocument] = []
        every_term: list[str] = []
        for one in versions:
            version, language = one.version, one.version.entry.blog.language
            posted = microseconds(version.entry.posted_at)
            title = terms(version.title or "", language) if one.passages else []
            texts = [terms(version.text[start:end], language) for start, end in one.passages]
            text = [term for some in texts for term in some]
            blog = self._number(version.entry.blog)
            first = self._passages + len(of_passages)
            of_versions.append((version.key, posted, first, len(texts), blog, len(title), one.counts[0]))
            of_passages += [
                (version.key, start, end, len(some), tokens)
                for (start, end), some, tokens in zip(one.passages, texts, one.counts[1:], strict=True)
            ]
            row = self._versions + len(documents)
            documents.append(
                LexicalDocument(row=row, posted=posted, blog=version.entry.blog.id, title=title, text=text)
            )
            every_term += [*title, *text]
        self._versions += len(of_versions)
        self._passages += len(of_passages)
        self._rows["versions"].extend(np.array(of_versions, dtype=_VERSION))
        self._rows["passages"].extend(np.array(of_passages, dtype=_PASSAGE))
        self._rows["terms"].extend(flattened(every_term))
        for one in versions:
            self._rows["tokens"].extend(one.tokens)
            self._rows["vectors"].extend(one.vectors)
        return documents

    def _number(self, blog: Blog) -> int:
        self._blogs.setdefault(blog.id, primary(blog.language))
        return self._numbers.setdefault(blog.id, len(self._numbers))


def opened(folder: Path, mark: SegmentMark, width: int) -> Tables:
    """A segment's tables, mapped into memory. Raises DamagedSnapshot."""
    tables = Tables(
        passages=_table(folder / "passages.npy", _PASSAGE, (mark.passages,)),
        versions=np.array(keys_of(folder, mark)),
        terms=_table(folder / "terms.npy", HASH, (mark.terms,)),
        tokens=Stored(folder / "tokens.npy", _BYTE, (mark.tokens, width)),
        blogs=tuple(mark.blogs),
    )
    if not _belong_together(tables):
        raise DamagedSnapshot(f"the tables in {folder} contradict each other", REBUILD)
    return tables


def keys_of(folder: Path, mark: SegmentMark) -> NDArray[Any]:
    """A segment's versions, as `versions.npy` has them; nothing else is opened. Raises DamagedSnapshot."""
    return _table(folder / "versions.npy", _VERSION, (mark.entries,))


def _table(path: Path, kind: np.dtype[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """A table of a segment, mapped into memory, as a plain array: slices of it cost a fifth."""
    return np.asarray(mapped(path, kind, shape))


def _belong_together(tables: Tables) -> bool:
    """Whether every passage is a span, the versions' passages follow one another and are all there are, and so are
    their terms and tokens."""
    passages, versions = tables.passages, tables.versions
    counts = versions["count"].astype(np.int64)
    ends = np.cumsum(counts)
    held = {"terms": len(tables.terms), "tokens": tables.tokens.shape[0]}
    return bool(
        (counts >= 0).all()
        and (versions["first"] == ends - counts).all()
        and counts.sum() == len(passages)
        and (np.repeat(versions["version"], counts) == passages["version"]).all()
        and ((passages["start"] >= 0) & (passages["start"] < passages["end"])).all()
        and ((versions["blog"] >= 0) & (versions["blog"] < len(tables.blogs))).all()
        and all((some[field] >= 0).all() for some in (passages, versions) for field in held)
        and all(
            passages[field].sum(dtype=np.int64) + versions[field].sum(dtype=np.int64) == whole
            for field, whole in held.items()
        )
    )


def check_files(folder: Path, mark: SegmentMark) -> None:
    """Compare a segment's files with what the manifest says of them: sizes, and digests where it is small.

    Raises DamagedSnapshot."""
    hashed = sum(file["bytes"] for file in mark.files.values()) <= _HASHED_UP_TO
    for name, file in mark.files.items():
        path = folder / name
        try:
            size = path.stat().st_size
            if size != file["bytes"]:
                raise DamagedSnapshot(f"{path} has {size} bytes, not {file['bytes']}", REBUILD)
            if hashed and sha256(path) != file["sha256"]:
                raise DamagedSnapshot(f"{path} was changed after it was written", REBUILD)
        except FileNotFoundError:
            raise DamagedSnapshot(f"the index lacks {path}", REBUILD) from None
        except OSError as error:
            raise DamagedSnapshot(f"{path} cannot be read: {error.strerror}", REBUILD) from error
