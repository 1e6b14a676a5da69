"""Store → snapshot: the second half of the one pipeline that `add` and `reindex` share.

Vectors are kept as they are encoded, batch by batch, and the snapshot is switched in last, at once. Whatever
stops it, the next run goes on from there, and nothing is embedded twice.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from retrieval import snapshot
from retrieval.embedding import Embedder
from retrieval.manifest import Manifest, ModelMark
from retrieval.model import Span, Version
from retrieval.passages import passages
from retrieval.snapshot import IndexedVersion
from retrieval.store import Store

_BATCH = 256

log = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Called with (passages encoded, passages to encode)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """What bringing the index up to date took."""

    manifest: Manifest
    embedded: int
    reused: int


def index(store: Store, folder: Path, embedder: Embedder, now: datetime, progress: Progress) -> Indexed:
    """Build a snapshot of every live entry's current version and switch it in. Nothing is embedded twice."""
    change = store.last_change()
    versions = [
        IndexedVersion(version=version, passages=tuple(_spans(version, embedder)))
        for version in store.live_versions()
    ]
    texts = [
        lead + one.version.text[start:end]
        for one in versions
        for lead in [_lead(one.version, embedder)]
        for start, end in one.passages
    ]
    keys = [hashlib.sha256(text.encode()).digest() for text in texts]
    held = store.vectors(embedder.fingerprint, keys)
    missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in held}
    held |= _encoded(store, embedder, missing, progress)
    vectors = np.frombuffer(b"".join(held[key] for key in keys), dtype="<f4").reshape(-1, embedder.dimension)
    mark = ModelMark(name=embedder.name, fingerprint=embedder.fingerprint, dimension=embedder.dimension)
    manifest = snapshot.build(folder, versions, vectors, mark, change, now)
    log.info("indexed snapshot=%s passages=%d embedded=%d", manifest.id, len(texts), len(missing))
    return Indexed(manifest=manifest, embedded=len(missing), reused=len(texts) - len(missing))


def _encoded(store: Store, embedder: Embedder, missing: dict[bytes, str], progress: Progress) -> dict[bytes, bytes]:
    """Encode what is missing, similar lengths together; each batch is kept before the next is begun."""
    pending = sorted(missing.items(), key=lambda pair: len(pair[1]))
    encoded: dict[bytes, bytes] = {}
    for start in range(0, len(pending), _BATCH):
        progress(start, len(pending))
        batch = pending[start : start + _BATCH]
        vectors = embedder.encode([text for _, text in batch]).astype("<f4")
        made = {key: vector.tobytes() for (key, _), vector in zip(batch, vectors, strict=True)}
        store.keep_vectors(embedder.fingerprint, made.items())
        encoded |= made
    progress(len(pending), len(pending))
    return encoded


def _spans(version: Version, embedder: Embedder) -> list[Span]:
    """A version's passages, each short enough for the model with the lead in front of it."""
    room = embedder.max_tokens - len(embedder.token_spans(_lead(version, embedder)))
    return passages(version.text, embedder.token_spans(version.text), room)


def _lead(version: Version, embedder: Embedder) -> str:
    """What is encoded in front of each passage: the title, unless it would take half of the model's room."""
    if not version.title or len(embedder.token_spans(version.title)) > embedder.max_tokens // 2:
        return ""
    return f"{version.title}\n"
