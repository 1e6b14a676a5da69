"""What the store keeps of versions → what a segment is made of, and an encoding → what the store keeps of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import numpy as np

from retrieval.embedding import TITLE, Encoded
from retrieval.index_records import KeptEncoding, KeptPassage
from retrieval.manifest import ModelMark
from retrieval.model import Version
from retrieval.projection import rounded
from retrieval.store import Store
from retrieval.tables import IndexedVersion


def to_kept(one: Encoded) -> KeptEncoding:
    """An encoding as the store keeps it."""
    return KeptEncoding(
        vectors=one.vectors.astype("<f4").tobytes(),
        tokens=rounded(one.tokens).tobytes(),
        owners=one.owners.astype("<i4").tobytes(),
    )


def indexed(store: Store, model: ModelMark, versions: Sequence[Version]) -> list[IndexedVersion]:
    """Versions as a segment takes them; one whose passages are not all kept encoded has none."""
    kept = store.passages_of(model.fingerprint, [one.key for one in versions])
    digests = {passage.digest for of_version in kept.values() for passage in of_version}
    encodings = store.encodings(model.fingerprint, digests)
    return [_indexed(one, kept.get(one.key, ()), encodings, model) for one in versions]


def _indexed(
    version: Version, kept: Sequence[KeptPassage], encodings: dict[bytes, KeptEncoding], model: ModelMark
) -> IndexedVersion:
    whole = all(one.digest in encodings for one in kept)
    vectors = [np.empty((0, model.dimension), np.float32)]
    title = np.empty((0, model.width), np.int8)
    tokens: list[np.ndarray[tuple[int, int], np.dtype[np.int8]]] = []
    for number, (_, some) in enumerate(groupby(kept if whole else (), key=lambda one: one.stretch)):
        together = list(some)
        encoding = encodings[together[0].digest]
        vectors.append(np.frombuffer(encoding.vectors, "<f4").reshape(-1, model.dimension))
        rows = np.frombuffer(encoding.tokens, np.int8).reshape(-1, model.width)
        owners = np.frombuffer(encoding.owners, "<i4")
        if number == 0:  # each stretch was read with the title before it: once is enough
            title = rows[owners == TITLE]
        tokens += [rows[owners == passage] for passage in range(len(together))]
    return IndexedVersion(
        version=version,
        passages=tuple((one.start, one.end) for one in kept) if whole else (),
        vectors=np.concatenate(vectors),
        tokens=np.concatenate([title, *tokens]),
        counts=(len(title), *map(len, tokens)),
    )
