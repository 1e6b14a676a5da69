"""The face of `retrieval`: an archive in a folder, to which everything is said and of which everything is asked."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Self

from retrieval.clock import parse_moment, zone
from retrieval.errors import DiskError, ForeignSnapshot, NoSnapshot, NothingIndexed, StoreBusy, UsageError
from retrieval.files import disk, writers_lock
from retrieval.model import Answer, Blog, Question, SourceOptions, Version, require_aware
from retrieval.store import BlogState, Store

if TYPE_CHECKING:
    from retrieval.asking import Asking
    from retrieval.embedding import Embedder
    from retrieval.indexing import Indexed, Progress
    from retrieval.ingest import SourceReport
    from retrieval.manifest import Manifest
    from retrieval.snapshot import Snapshot

_LOCK_SECONDS = 120
LONGEST_QUESTION = 2_000

Loader = Callable[[], "Embedder"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What `add` or `reindex` did."""

    sources: tuple[SourceReport, ...]
    skipped: tuple[str, ...]
    indexed: Indexed | None
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class ArchiveState:
    """What is indexed."""

    blogs: tuple[BlogState, ...]
    entries: int
    manifest: Manifest | None
    bytes: int


class Archive:
    """One archive. `load` gives the embedder `model_name`; it is called at the first need: it costs seconds."""

    def __init__(self, home: Path, store: Store, model_name: str, load: Loader, size_limit: int) -> None:
        self.home = home
        self.model_name = model_name
        self.store = store
        self._load = load
        self._size_limit = size_limit
        self._loading = threading.Lock()
        self._embedder: Embedder | None = None
        self._snapshot: Snapshot | None = None
        self._asking: Asking | None = None

    @classmethod
    def open(cls, home: Path, model_name: str, load: Loader, size_limit: int = 100_000_000) -> Self:
        """Open the archive in a folder, made where there is none. Raises StoreError, DiskError."""
        with disk(home):
            home.mkdir(parents=True, exist_ok=True)
        return cls(home, Store.open(home / "archive.db"), model_name, load, size_limit)

    def close(self) -> None:
        """Let the database go."""
        self.store.close()

    # ------------------------------------------------------------ changing

    def add(self, given: Sequence[str], options: SourceOptions, now: datetime, progress: Progress) -> Report:
        """Record sources and index what is new. A refused source is in the report; raises StetError."""
        from retrieval import ingest

        began = time.perf_counter()
        with self._writing():
            reports, skipped = ingest.take_all(self.store, given, options, self._size_limit, now)
            indexed = self._index(now, progress) if any(one.blog for one in reports) else None
        return Report(
            sources=tuple(reports), skipped=tuple(skipped), indexed=indexed, seconds=time.perf_counter() - began
        )

    def reindex(self, full: bool, now: datetime, progress: Progress) -> Report:
        """Read every registered source again and bring the index up to date; `full` rebuilds it regardless.

        Raises NothingIndexed where there is neither a source nor an entry."""
        from retrieval import ingest
        from retrieval.sources import STANDARD_INPUT

        began = time.perf_counter()
        with self._writing():
            registered = [source for _, source in self.store.sources()]
            if not registered:
                raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE")
            readable = [one for one in registered if one.locator != STANDARD_INPUT]
            reports = [
                report
                for one in readable
                for report in ingest.take_all(self.store, [one.locator], one.options, self._size_limit, now)[0]
            ]
            indexed = self._index(now, progress, full=full)
        return Report(sources=tuple(reports), skipped=(), indexed=indexed, seconds=time.perf_counter() - began)

    def ensure_indexed(self, now: datetime, progress: Progress) -> None:
        """Index what is recorded and not indexed: an `add` was stopped between. Raises NothingIndexed, SnapshotError.

        Where there is an index that is merely behind, and it cannot be brought up to date at once (another stet is
        at it, or the archive is read-only, or it was made with another model), it stays as it is."""
        from retrieval.manifest import read_manifest

        try:
            held = read_manifest(self.home / "index")
        except NoSnapshot:
            if not self.store.last_change():
                raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE") from None
            with self._writing():
                self._index(now, progress)
            return
        if held.change < self.store.last_change() and held.model.name == self.model_name:
            with contextlib.suppress(StoreBusy, DiskError), self._writing(wait=0):
                self._index(now, progress)

    def _index(self, now: datetime, progress: Progress, full: bool = False) -> Indexed:
        from retrieval import indexing

        folder = self.home / "index"
        return indexing.index(self.store, folder, self.model_name, lambda: self.embedder, now, progress, full=full)

    def _writing(self, wait: float | None = None) -> contextlib.AbstractContextManager[None]:
        """One writer at a time. Raises StoreBusy after `wait` seconds (by default two minutes), DiskError."""
        return writers_lock(self.home, _LOCK_SECONDS if wait is None else wait)

    # ------------------------------------------------------------ asking

    def ask(
        self,
        text: str,
        *,
        since: datetime | None = None,
        until: datetime | None = None,
        as_of: datetime | None = None,
        blog: str | None = None,
        limit: int = 3,
        visible: frozenset[str] | None = None,
    ) -> Answer:
        """The passages that answer, or an honest nothing. `visible`: the blogs that may be seen (None: all);
        `as_of`: a past moment, whose wordings are meant.

        Raises UsageError for an empty or over-long question, SnapshotError, NothingIndexed, ModelError."""
        from retrieval import asking

        require_aware(as_of, "as_of")
        question = Question(text=_question(text), since=since, until=until, as_of=as_of, blog=blog, limit=limit)
        if limit < 1:
            raise UsageError(f"{limit} passages cannot be shown", "ask for 1 or more")
        now = datetime.now(UTC)
        seen = asking.visible_now(self.store, visible, now)
        asking.admitted(self.store, blog, seen)  # what can be refused is refused before the model is loaded
        snapshot = self.snapshot()
        embedder = self.embedder
        if embedder.fingerprint != snapshot.manifest.model.fingerprint:
            raise ForeignSnapshot(
                f"the index was made with the model {snapshot.manifest.model.name}, now it is {embedder.name}",
                "run `stet reindex --full`, or set STET_MODEL back",
            )
        began = time.perf_counter()
        if self._asking is None:
            self._asking = asking.Asking(self.store)
        answer = self._asking.answer(question, snapshot, embedder, seen, now)
        return replace(answer, elapsed_ms=(time.perf_counter() - began) * 1000)

    def moment(self, text: str, blog: str | None, what: str) -> datetime:
        """A moment of the command line; without an offset it is in the one zone of the blogs that are meant."""
        blogs = self.store.blogs()
        meant = [blogs[blog]] if blog in blogs else list(blogs.values())
        names = {one.timezone for one in meant}
        only = names.pop() if len(names) == 1 else None
        default: tzinfo | None = zone(only) if only else None
        found = parse_moment(text, default, what)
        try:
            found.astimezone(UTC)
        except OverflowError:
            raise UsageError(f"{what} is {text!r}", "give a year between 1 and 9999") from None
        return found

    def check_blog(self, blog: str | None) -> None:
        """See that there is such a blog, and that it may be seen. Raises UsageError."""
        from retrieval.asking import admitted, visible_now

        admitted(self.store, blog, visible_now(self.store, None, datetime.now(UTC)))

    # ------------------------------------------------------------ looking

    def versions_of(self, whole_id: str) -> list[Version]:
        """All versions of an entry, the first one first. Raises UsageError where there is no such entry."""
        versions = self.store.versions_of(whole_id)
        if not versions:
            raise UsageError(
                f"there is no entry {whole_id!r}", "an entry's id is written BLOG/ID, as `stet ask --json` shows it"
            )
        embargo = versions[0].entry.blog.embargo_until
        if embargo is not None and embargo > datetime.now(UTC):
            raise UsageError(
                f"{whole_id} is under embargo until {embargo.isoformat()}",
                "wait, or add its blog again with an earlier --embargo-until",
            )
        return versions

    def blogs(self) -> dict[str, Blog]:
        """All blogs by id."""
        return self.store.blogs()

    def state(self) -> ArchiveState:
        """What is indexed; where there is no index yet, what is recorded. Raises SnapshotError."""
        from retrieval.manifest import read_manifest

        try:
            manifest = read_manifest(self.home / "index")
        except NoSnapshot:
            manifest = None
        blogs = tuple(self.store.blog_states())
        return ArchiveState(
            blogs=blogs, entries=sum(one.entries for one in blogs), manifest=manifest, bytes=_bytes_below(self.home)
        )

    def snapshot(self) -> Snapshot:
        """The snapshot in force, opened again only after a switch. Raises SnapshotError, NothingIndexed."""
        from retrieval.manifest import read_manifest
        from retrieval.snapshot import Snapshot

        folder = self.home / "index"
        try:
            newest = read_manifest(folder).id
        except NoSnapshot:
            if not self.store.last_change():
                raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE") from None
            raise
        held = self._snapshot
        if held is None or held.manifest.id != newest:
            held = self._snapshot = Snapshot.open(folder, held)
        return held

    @property
    def embedder(self) -> Embedder:
        """The embedder, loaded at the first need. Raises ModelError."""
        with self._loading:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder


def _bytes_below(folder: Path) -> int:
    """The size of all files in a folder; what another process removes meanwhile counts nothing."""
    whole = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                whole += os.stat(os.path.join(parent, name)).st_size  # noqa: PTH116, PTH118 (os.walk's own)
    return whole


def _question(text: str) -> str:
    words = text.strip()
    if not words:
        raise UsageError("the question is empty", 'ask something, as in: stet ask "What role did taxi drivers play?"')
    if len(words) > LONGEST_QUESTION:
        raise UsageError(
            f"the question has {len(words)} characters, at most {LONGEST_QUESTION} are taken", "ask it shorter"
        )
    return words.encode("utf-8", "replace").decode()
