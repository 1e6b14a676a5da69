"""The face of `retrieval`: an archive in a folder, to which everything is said and of which everything is asked."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Self

from retrieval.admission import admitted, visible_now
from retrieval.background import Compactor
from retrieval.clock import parse_moment, zone
from retrieval.confidence import Prefer
from retrieval.erasing import Custody, Withdraw, nothing_beside
from retrieval.errors import (
    DiskError,
    ForeignSnapshot,
    NoSnapshot,
    NothingIndexed,
    OlderSnapshot,
    SnapshotError,
    StoreBusy,
    UsageError,
)
from retrieval.files import MODELS, bytes_below, disk, writers_lock
from retrieval.manifest import read_manifest
from retrieval.model import Answer, Blog, Question, SourceOptions, require_aware
from retrieval.reports import ArchiveState, Report
from retrieval.store import Store

if TYPE_CHECKING:
    from retrieval.asking import Asking
    from retrieval.checking import Checking
    from retrieval.embedding import Embedder
    from retrieval.indexing import Indexed, Progress, Spread
    from retrieval.loading import Loading
    from retrieval.manifest import ModelMark
    from retrieval.opening import Opened
    from retrieval.reranking import Reranking
    from retrieval.snapshot import Snapshot

_LOCK_SECONDS = 120

Loader = Callable[[], "Embedder"]
NamedLoader = Callable[[str], "Embedder"]
RerankingLoader = Callable[[], "Reranking"]


class Archive(Custody):
    """One archive. `load` gives the embedder `model_name`; it is called at the first need: it costs seconds."""

    def __init__(
        self,
        home: Path,
        store: Store,
        model_name: str,
        load: Loader,
        size_limit: int,
        allow_local: bool,
        withdraw: Withdraw,
        prefer: Prefer,
        load_reranking: RerankingLoader | None,
        load_named: NamedLoader | None,
        spread: Spread | None,
    ) -> None:
        super().__init__(home, store, withdraw)
        self.model_name = model_name
        self._load = load
        self._size_limit = size_limit
        self._allow_local = allow_local
        self._prefer = prefer
        self._load_reranking = load_reranking
        self._load_named = load_named
        self._spread = spread
        self._answered = False
        self._models_lock = threading.Lock()
        self._embedder: Embedder | None = None
        self._reranking: Reranking | None = None
        self._opened: Opened | None = None
        self._compactor = Compactor(home)
        self._asking: Asking | None = None

    @classmethod
    def open(
        cls,
        home: Path,
        model_name: str,
        load: Loader,
        size_limit: int = 100_000_000,
        allow_local: bool = False,
        withdraw: Withdraw = nothing_beside,
        prefer: Prefer = Prefer.BALANCED,
        load_reranking: RerankingLoader | None = None,
        load_named: NamedLoader | None = None,
        spread: Spread | None = None,
    ) -> Self:
        """Open the archive in a folder, made where there is none. Sources of at most `size_limit` bytes are read;
        `allow_local` admits addresses of this machine and its network; `withdraw` takes what was taken down out of
        what is kept beside the archive; `prefer` says what to do where an answer is in doubt; `load_reranking`
        gives the cross-encoder, where one is to read the best entries again, at the first need, too; `load_named` the
        embedder of another name, for the day when the index is built anew with that while this archive is answering;
        `spread` gives the processes that encode where there is much to. Raises StoreError, DiskError."""
        with disk(home):
            home.mkdir(parents=True, exist_ok=True)
        store = Store.open(home / "archive.db")
        return cls(
            home,
            store,
            model_name,
            load,
            size_limit,
            allow_local,
            withdraw,
            prefer,
            load_reranking,
            load_named,
            spread,
        )

    def close(self) -> None:
        """Let the database go, and what is done in the background."""
        self._compactor.stop()
        self.store.close()

    # ------------------------------------------------------------ changing

    def add(
        self,
        given: Sequence[str],
        options: SourceOptions,
        now: datetime,
        progress: Progress,
        *,
        accept_deletions: bool = False,
    ) -> Report:
        """Record sources and index what is new. A refused source is in the report; raises StetError."""
        from retrieval import compacting, ingest

        began = time.perf_counter()
        fetched = self._loading().fetched_before(given, {}, self.store.sources)
        with self._writing():
            reports, skipped = ingest.take_all(
                self.store, given, options, fetched.locked(), now, accept_deletions=accept_deletions
            )
            indexed = self._index(now, progress) if any(one.blog for one in reports) else None
            self._finish_erasing(now, progress)
        if indexed is not None:
            compacting.compact(self.home, self.store, now)
        return Report(
            sources=tuple(reports), skipped=tuple(skipped), indexed=indexed, seconds=time.perf_counter() - began
        )

    def reindex(self, full: bool, now: datetime, progress: Progress, *, accept_deletions: bool = False) -> Report:
        """Read every registered source again and bring the index up to date; `full` reads what servers say is
        unchanged, too, and rebuilds the index regardless.

        Raises NothingIndexed where there is neither a source nor an entry."""
        from retrieval import compacting, ingest
        from retrieval.sources import STANDARD_INPUT

        began = time.perf_counter()
        registered = self.store.sources()
        if not registered:
            raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE")
        readable = [(blog, source) for blog, source in registered if source.locator != STANDARD_INPUT]
        fetched = self._loading().fetched_again(readable, self.store.sources, whole=full)
        with self._writing():
            load = fetched.locked()
            reports = [
                ingest.take_again(self.store, blog, source, load, now, accept_deletions=accept_deletions)
                for blog, source in readable
            ]
            indexed = self._index(now, progress, full=full)
            self._finish_erasing(now, progress)
        compacting.compact(self.home, self.store, now)
        return Report(sources=tuple(reports), skipped=(), indexed=indexed, seconds=time.perf_counter() - began)

    def refresh(self, blog: str, now: datetime, progress: Progress) -> Report:
        """Read one registered blog's source again and index what changed. A refused reading is in the report.

        Raises SourceMissing, SourceUnreachable where the source cannot be had, StetError."""
        from retrieval import ingest
        from retrieval.sources import NotModified

        began = time.perf_counter()
        source = next((source for name, source in self.store.sources() if name == blog), None)
        if source is None:
            raise UsageError(f"there is no blog {blog!r}", "see `stet status` for the blogs and their ids")
        fetched = self._loading().fetched_again([(blog, source)], self.store.sources)
        loaded = fetched.load(source.locator)
        same = isinstance(loaded, NotModified) or loaded.sha256 == source.sha256
        report, indexed = ingest.unmodified(self.store, blog, source, source.locator), None
        if not same or self._unfinished():
            if self._answered:
                with contextlib.suppress(SnapshotError):  # what is damaged is mended below
                    self._embedder_of(read_manifest(self.home / "index").model)
            with self._writing():
                if not same:
                    report = ingest.take_again(self.store, blog, source, fetched.locked(), now)
                indexed = self._index(now, progress) if self._unfinished() else None
                self._finish_erasing(now, progress)
        if indexed is not None:
            self._compactor.start(indexed.manifest)
        return Report(sources=(report,), skipped=(), indexed=indexed, seconds=time.perf_counter() - began)

    def ensure_indexed(self, now: datetime, progress: Progress) -> None:
        """Index what is recorded and not indexed: an `add` was stopped between. Raises NothingIndexed, SnapshotError.

        Where there is an index that is merely behind, and it cannot be brought up to date at once (another stet is
        at it, or the archive is read-only, or it was made with another model), it stays as it is."""
        try:
            held = read_manifest(self.home / "index")
        except (NoSnapshot, OlderSnapshot):
            self._refuse_empty()
            with self._writing():
                self._index(now, progress)
                self._finish_erasing(now, progress)
            return
        if held.change < self.store.last_change() and held.model.name == self.model_name:
            with contextlib.suppress(StoreBusy, DiskError), self._writing(wait=0):
                self._index(now, progress)
        self._catch_up(now, progress)

    def _unfinished(self) -> bool:
        """Is something recorded and not indexed, or taken down and not erased? A command may be stopped between."""
        try:
            behind = read_manifest(self.home / "index").change < self.store.last_change()
        except SnapshotError:
            return True
        return behind or not all(one.erased for one in self.store.tombstones())

    def _index(self, now: datetime, progress: Progress, full: bool = False) -> Indexed:
        from retrieval import indexing

        store, folder = self.store, self.home / "index"
        return indexing.index(
            store, folder, self.model_name, lambda: self.embedder, now, progress, full=full, spread=self._spread
        )

    def _loading(self) -> Loading:
        from retrieval.loading import Loading

        return Loading(size_limit=self._size_limit, allow_local=self._allow_local)

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
        limit: int | None = None,
        visible: frozenset[str] | None = None,
    ) -> Answer:
        """The passages that answer, or an honest nothing. `visible`: the blogs that may be seen (None: all);
        `as_of`: a past moment, whose wordings are meant; `limit`: at most so many entries (None: three, or as many as
        the question asks for).

        Raises UsageError for an empty or over-long question, SnapshotError, NothingIndexed, ModelError."""
        from retrieval.asking import Asking
        from retrieval.questions import worded

        require_aware(as_of, "as_of")
        question = Question(text=worded(text), since=since, until=until, as_of=as_of, blog=blog, most=limit)
        if limit is not None and limit < 1:
            raise UsageError(f"{limit} passages cannot be shown", "ask for 1 or more")
        if self._embedder is None:  # what can be refused is refused before the model is loaded, which takes seconds
            blogs = self.store.blogs()
            admitted(blogs, blog, visible_now(blogs, visible, datetime.now(UTC)))
            self.snapshot()
        snapshot, now = self.snapshot(), datetime.now(UTC)
        embedder = self._embedder_of(snapshot.manifest.model)
        stamp = self.store.stamp(now)
        seen = visible_now(stamp.by_id, visible, now)
        self._answered = True
        began = time.perf_counter()
        if self._asking is None:
            self._asking = Asking(self.store, self._prefer, lambda: self.reranking)
        answer = self._asking.answer(question, stamp, snapshot, embedder, seen, now)
        return replace(answer, elapsed_ms=(time.perf_counter() - began) * 1000)

    @contextlib.contextmanager
    def checking(
        self,
        *,
        as_of: datetime | None = None,
        blog: str | None = None,
        visible: frozenset[str] | None = None,
    ) -> Iterator[Checking]:
        """Check quotations against one moment of the archive; it needs neither the index nor the model. `visible`:
        the blogs that may be seen (None: all); `as_of`: a past moment, whose wordings are meant.

        Raises UsageError, NothingIndexed, StoreError."""
        from retrieval.checking import checking

        require_aware(as_of, "as_of")
        with checking(self.store, as_of=as_of, blog=blog, visible=visible, now=datetime.now(UTC)) as found:
            yield found

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
        blogs = self.store.blogs()
        admitted(blogs, blog, visible_now(blogs, None, datetime.now(UTC)))

    # ------------------------------------------------------------ looking

    def blogs(self) -> dict[str, Blog]:
        """All blogs by id."""
        return self.store.blogs()

    def state(self) -> ArchiveState:
        """What is indexed; where there is none of this version yet, what is recorded. Raises SnapshotError."""
        try:
            manifest = read_manifest(self.home / "index")
        except (NoSnapshot, OlderSnapshot):
            manifest = None
        blogs = tuple(self.store.blog_states())
        return ArchiveState(
            blogs=blogs,
            entries=sum(one.entries for one in blogs),
            manifest=manifest,
            bytes=bytes_below(self.home, besides=MODELS),
            held=tuple(self.store.holds(datetime.now(UTC))),
            erasing=tuple(f"{one.blog}/{one.entry}" for one in self.store.tombstones() if not one.erased),
        )

    def snapshot(self) -> Snapshot:
        """The snapshot in force, opened again only after a switch. Raises SnapshotError, NothingIndexed."""
        from retrieval.opening import Opened

        if self._opened is None:
            self._opened = Opened(self.home / "index")
        try:
            found = self._opened.current()
        except NoSnapshot:
            self._refuse_empty()
            raise
        if self._asking is not None:
            self._asking.keep_only(found)
        return found

    def _refuse_empty(self) -> None:
        if not self.store.last_change():
            raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE") from None

    def _embedder_of(self, model: ModelMark) -> Embedder:
        """The embedder of a snapshot's model: another one than before where another process has built the snapshot
        anew with that while this archive was answering. Raises ForeignSnapshot, ModelError."""
        embedder = self.embedder
        if embedder.fingerprint != model.fingerprint and self._answered and self._load_named is not None:
            embedder = self._load_named(model.name)
        if embedder.fingerprint != model.fingerprint:
            raise ForeignSnapshot(
                f"the index was made with the model {model.name}, now it is {embedder.name}",
                "run `stet reindex --full`, or set STET_MODEL back",
            )
        self._embedder, self.model_name = embedder, model.name
        return embedder

    @property
    def embedder(self) -> Embedder:
        """The embedder, loaded at the first need. Raises ModelError."""
        with self._models_lock:
            if self._embedder is None:
                self._embedder = self._load()
            return self._embedder

    @property
    def reranking(self) -> Reranking | None:
        """The cross-encoder, where there is to be one, loaded at the first question that it is to rank for. Raises
        ModelError."""
        with self._models_lock:
            if self._reranking is None and self._load_reranking is not None:
                self._reranking = self._load_reranking()
            return self._reranking
