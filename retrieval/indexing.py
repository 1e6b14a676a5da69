"""Store → snapshot: the second half of the one pipeline that `add` and `reindex` share.

The passages of every version, superseded ones too, are cut once and kept in the store with their encodings; the
snapshot holds those of the current ones. Encodings are kept as they are made, batch by batch, and the snapshot is
switched in last, at once. Whatever stops it, the next run goes on from there, and nothing is embedded twice. The
model is loaded only where there is something to cut or encode, or no snapshot that names it.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from pathlib import Path

from retrieval import building
from retrieval.building import Update
from retrieval.contents import indexed, to_kept
from retrieval.embedding import Embedder, Encoded, Reading
from retrieval.errors import DamagedSnapshot, SnapshotError
from retrieval.index_records import KeptPassage
from retrieval.languages import primary
from retrieval.manifest import Manifest, ModelMark, read_manifest
from retrieval.model import Span, Version
from retrieval.passages import stretches
from retrieval.segment_writer import Contents
from retrieval.snapshot import verify
from retrieval.spreading import Processes
from retrieval.store import Store

BATCH = 512
"""Stretches that are encoded and kept at once; those of similar length side by side."""
_WINDOW = 5_000
"""Versions that are cut and encoded together, whatever source they are from, so that many of similar length are."""
_AT_ONCE = 1_000
"""Versions that are put into a segment at once."""

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (passages encoded, passages to encode, as far as is known)."""
Spread = Callable[[Embedder, int], Processes | None]
"""Gives the processes that encode so many texts as an embedder does, None where it had better do so itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """What bringing the index up to date took, in passages: encoded, and found encoded already."""

    manifest: Manifest
    embedded: int
    reused: int


def in_force(folder: Path, model_name: str) -> Manifest | None:
    """The snapshot in force, where its files are whole and it was made with the model of that name."""
    try:
        manifest = read_manifest(folder)
        verify(folder, manifest)
    except SnapshotError:
        return None
    return manifest if manifest.model.name == model_name else None


def index(
    store: Store,
    folder: Path,
    model_name: str,
    load: Callable[[], Embedder],
    now: datetime,
    progress: Progress,
    *,
    full: bool = False,
    spread: Spread | None = None,
) -> Indexed:
    """Bring the snapshot up to every live entry's current version and switch it in; `full` cuts every version again
    and builds all anew. Nothing is embedded twice; `spread` gives the processes that encode, None: there are to be
    none. Raises ModelError, StoreError, DiskError."""
    with closing(_Work(store, load, progress, spread)) as work:
        return _index(work, folder, model_name, now, full)


def _index(work: _Work, folder: Path, model_name: str, now: datetime, full: bool) -> Indexed:
    store, held = work.store, None if full else in_force(folder, model_name)
    mark = held.model if held else _mark(work.embedder)
    anew = store.every_version() if full else store.versions_of_blogs(_of_another_language(store, held))
    cut_anew = work.cut(anew)
    work.cut(store.versions_without_passages(mark.fingerprint, held.change if held else 0))
    if held and work.mark not in (None, mark):  # another model under the same name
        held, mark = None, _mark(work.embedder)
        work.cut(store.versions_without_passages(mark.fingerprint))
    change = store.last_change()
    manifest = _extended(work, folder, held, cut_anew, change, now) if held else None
    if manifest is None:
        manifest = building.build(folder, work.contents(mark, store.live_versions()), mark, change, now)
    log.info("indexed snapshot=%s passages=%d embedded=%d", manifest.id, manifest.passages, work.embedded)
    return Indexed(manifest=manifest, embedded=work.embedded, reused=max(0, manifest.passages - work.embedded))


def _mark(embedder: Embedder) -> ModelMark:
    return ModelMark(
        name=embedder.name, fingerprint=embedder.fingerprint, dimension=embedder.dimension, width=embedder.width
    )


def _windows(versions: Iterable[Version], size: int) -> Iterator[list[Version]]:
    """Versions, so many at a time."""
    rest = iter(versions)
    while window := list(islice(rest, size)):
        yield window


def _languages(store: Store) -> dict[str, str]:
    return {id_: primary(one.language) for id_, one in store.blogs().items()}


def _of_another_language(store: Store, held: Manifest | None) -> set[str]:
    """The blogs whose language is another now than when their words were indexed."""
    now = _languages(store)
    marks = held.segments if held else ()
    return {id_ for mark in marks for id_, language in mark.blogs.items() if now.get(id_, language) != language}


def _extended(
    work: _Work, folder: Path, held: Manifest, anew: frozenset[int], change: int, now: datetime
) -> Manifest | None:
    """The snapshot with what changed since, and what was cut `anew`; None where what it holds cannot be read."""
    if held.change == change and not anew:
        return held
    store = work.store
    touched = store.stale_versions(held.change) | anew
    update = Update(
        live=store.posted_of_live(touched),
        touched=touched,
        erased=store.erased_versions(),
        anew=anew,
        languages=_languages(store),
    )

    try:
        return building.extend(folder, held, update, lambda keys: work.contents_of(held.model, keys), change, now)
    except DamagedSnapshot:
        return None


def compact(store: Store, folder: Path, writing: Callable[[], AbstractContextManager[None]], now: datetime) -> bool:
    """Rewrite the segments of the snapshot that had better be one; see `building.compact`. Nothing is encoded, and no
    model is loaded. Raises SnapshotError, StoreError, DiskError."""
    mark = read_manifest(folder).model

    def contents(keys: Sequence[int]) -> Contents:
        for some in _windows(store.versions_in_order(keys), _AT_ONCE):
            yield indexed(store, mark, some)

    return building.compact(folder, contents, store.erased_versions, writing, now)


class _Work:
    """The embedder, loaded at the first need, and what it was needed for; and the processes that encode, where there
    is much to encode."""

    def __init__(self, store: Store, load: Callable[[], Embedder], progress: Progress, spread: Spread | None) -> None:
        self.store = store
        self.embedded = 0
        self._load = load
        self._progress = progress
        self._embedder: Embedder | None = None
        self._spread = spread
        self._processes: Processes | None = None

    def close(self) -> None:
        """End what was started."""
        if self._processes is not None:
            self._processes.close()

    @property
    def embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = self._load()
        return self._embedder

    @property
    def mark(self) -> ModelMark | None:
        """The embedder's, where it was needed."""
        return None if self._embedder is None else _mark(self._embedder)

    def cut(self, versions: Iterable[Version]) -> frozenset[int]:
        """Keep the passages of versions, and how they are encoded; the keys of all versions given."""
        keys: set[int] = set()
        for window in _windows(versions, _WINDOW):
            keys.update(one.key for one in window)
            worded = {one.key: one for one in window if one.text.strip()}
            if worded:
                kept = {key: _cut(one, self.embedder) for key, one in worded.items()}
                self._complete(_mark(self.embedder), worded, kept)
                self.store.keep_passages(self.embedder.fingerprint, kept)
        return frozenset(keys)

    def contents(self, mark: ModelMark, versions: Iterable[Version]) -> Contents:
        """Versions with their passages and how these are encoded, as a segment takes them."""
        for some in _windows(versions, _AT_ONCE):
            kept = self.store.passages_of(mark.fingerprint, [one.key for one in some])
            self._complete(mark, {one.key: one for one in some}, kept)
            yield indexed(self.store, mark, some)

    def contents_of(self, mark: ModelMark, keys: Sequence[int]) -> Contents:
        """Likewise, by their keys."""
        return self.contents(mark, self.store.versions_in_order(keys))

    def _complete(
        self, mark: ModelMark, versions: Mapping[int, Version], kept: Mapping[int, Sequence[KeptPassage]]
    ) -> None:
        """Encode what of the kept passages is not, similar lengths together; each batch is kept before the next is
        begun."""
        digests = {passage.digest for of_version in kept.values() for passage in of_version}
        encoded = self.store.encoded(mark.fingerprint, digests)
        missing: dict[bytes, Reading] = {}
        for key, of_version in kept.items() if digests != encoded else ():
            for digest, of_stretch in _by_stretch(of_version):
                if digest not in encoded:
                    missing[digest] = _reading(versions[key], of_stretch, self.embedder)
        pending = sorted(missing.items(), key=lambda pair: len(pair[1].text))
        whole = self.embedded + sum(len(one.passages) for _, one in pending)
        batches = [pending[start : start + BATCH] for start in range(0, len(pending), BATCH)]
        if pending:
            self._progress(self.embedded, whole)
        made = self._encoded([[reading for _, reading in batch] for batch in batches])
        for batch, encodings in zip(batches, made, strict=True):
            self.store.keep_encodings(
                mark.fingerprint, {digest: to_kept(one) for (digest, _), one in zip(batch, encodings, strict=True)}
            )
            self.embedded += sum(len(reading.passages) for _, reading in batch)
            self._progress(self.embedded, whole)

    def _encoded(self, batches: Sequence[Sequence[Reading]]) -> Iterator[list[Encoded]]:
        """Each batch, encoded, by processes from when there is much to encode."""
        if self._processes is None and self._spread is not None and batches:
            self._processes = self._spread(self.embedder, sum(map(len, batches)))
        if self._processes is None:
            return map(self.embedder.encode, batches)
        return self._processes.encode_each(batches)


def _cut(version: Version, embedder: Embedder) -> list[KeptPassage]:
    """A version's passages, in stretches short enough for the model with the title in front of them."""
    room = embedder.max_tokens - len(embedder.token_spans(_title(version, embedder)))
    language = version.entry.blog.language
    kept: list[KeptPassage] = []
    for one in stretches(version.text, embedder.token_spans(version.text), room, language):
        digest = _digest(_reading(version, one.passages, embedder))
        kept += [KeptPassage(start=start, end=end, stretch=one.start, digest=digest) for start, end in one.passages]
    return kept


def _by_stretch(kept: Sequence[KeptPassage]) -> Iterator[tuple[bytes, list[Span]]]:
    """The passages of a version that are encoded together, with the digest of what is encoded."""
    for _, some in groupby(kept, key=lambda one: one.stretch):
        together = list(some)
        yield together[0].digest, [(one.start, one.end) for one in together]


def _reading(version: Version, passages: Sequence[Span], embedder: Embedder) -> Reading:
    """What the model reads of a version at once."""
    first, last = passages[0][0], passages[-1][1]
    return Reading(
        title=_title(version, embedder),
        text=version.text[first:last],
        passages=tuple((start - first, end - first) for start, end in passages),
    )


def _digest(reading: Reading) -> bytes:
    whole = json.dumps([reading.title, reading.text, reading.passages])
    return hashlib.sha256(whole.encode()).digest()


def _title(version: Version, embedder: Embedder) -> str:
    """What is read in front of each stretch: the title, unless it would take half of the model's room."""
    if not version.title or len(embedder.token_spans(version.title)) > embedder.max_tokens // 2:
        return ""
    return f"{version.title}\n"
