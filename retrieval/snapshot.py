"""A snapshot: a manifest that names immutable segments, and what of them is deleted since.

    index/manifest.json           the snapshot in force; replacing this file is the switch
    index/segments/<id>/          see `segment`

Readers keep the segments that they opened, so a switch needs no lock. `building` writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from operator import add
from pathlib import Path

import numpy as np

from retrieval.bm25 import Statistics
from retrieval.errors import DamagedSnapshot
from retrieval.evidence import Evidence, Probe
from retrieval.fusion import best_of
from retrieval.manifest import Manifest, read_manifest
from retrieval.memo import Memo
from retrieval.model import Filter
from retrieval.segment import Hit, SeenSegment, Segment
from retrieval.tables import check_files

NOTHING: frozenset[int] = frozenset()
_TERMS = 4_096
"""Terms for which it is kept how many versions hold them: each question asks of each of its own several times."""


class Snapshot:
    """One complete, consistent index, open for reading. Immutable; safe to share between threads."""

    def __init__(self, manifest: Manifest, segments: Mapping[str, Segment]) -> None:
        self.manifest = manifest
        self._segments = segments

    @classmethod
    def open(cls, folder: Path, previous: Snapshot | None = None) -> Snapshot:
        """Open the snapshot in force, with the segments that `previous` has open already.

        The manifest and all sizes are checked, and a small segment's digests. Raises SnapshotError."""
        manifest = read_manifest(folder)
        opened = {} if previous is None or previous.manifest.model != manifest.model else previous._segments
        try:
            return cls(
                manifest,
                {
                    one.id: opened.get(one.id) or Segment.open(folder / "segments" / one.id, one, manifest.model)
                    for one in manifest.segments
                },
            )
        except DamagedSnapshot:
            newer = read_manifest(folder)
            if newer.id == manifest.id:
                raise
        return cls.open(folder, previous)  # a switch came between reading the manifest and opening its files

    def view(
        self,
        visible: frozenset[str] | None = None,
        without: frozenset[int] = NOTHING,
        besides: Sequence[Segment] = (),
    ) -> View:
        """What may be seen of it: the blogs `visible` (None: all), without some versions, and what is put `besides`
        it: segments of versions that it does not hold."""
        held = [self._segments[one.id].seen(without.union(one.deleted), visible) for one in self.manifest.segments]
        return View([*held, *(one.seen(NOTHING, visible) for one in besides)])

    def versions(self) -> frozenset[int]:
        """The keys of the versions that it holds."""
        return frozenset(
            key
            for one in self.manifest.segments
            for key in np.setdiff1d(self._segments[one.id].versions, one.deleted).tolist()
        )


class View:
    """What one asker may see of a snapshot. Scores, rarity and counts depend on nothing else: not on what was
    deleted, on what others may see, or on how the segments came about."""

    def __init__(self, segments: Sequence[SeenSegment]) -> None:
        self._segments = segments
        empty = Statistics(versions=0, lengths=(0, 0))
        self._held: Memo[str, tuple[int, int]] = Memo(_TERMS)
        self._statistics = reduce(add, (one.statistics for one in segments), empty)

    def retrieve(self, probe: Probe, limit: int, within: Filter, most: int | None = None) -> list[Hit]:
        """The versions with the passages nearest to a question's vector, and the best for its terms, `limit` of each
        kind, each with both its scores: `most` of them (None: all), the best by both together, each min-max scaled.
        A filter narrows what is found, not how it is scored. Raises DamagedSnapshot."""
        weights = {
            term: self._statistics.weights(held)
            for term in dict.fromkeys(probe.terms)
            if any(held := self._holding(term))
        }
        found = [one.retrieve(probe, weights, limit, within, self._statistics) for one in self._segments]
        return best_of(found, limit, most)

    @staticmethod
    def evidence(hits: Sequence[Hit], probe: Probe) -> list[tuple[list[Hit], Evidence]]:
        """What of a question the passages of the hits hold: those of one segment together, in the order of the hits.
        Raises DamagedSnapshot."""
        found = []
        for segment in dict.fromkeys(hit.segment for hit in hits):
            own = [hit for hit in hits if hit.segment is segment]
            found.append((own, segment.evidence(np.array([hit.row for hit in own], dtype=np.int64), probe)))
        return found

    def count(self, within: Filter) -> int:
        """How many passages a filter admits."""
        return sum(one.count(within) for one in self._segments)

    def entries(self, within: Filter) -> int:
        """How many entries a filter admits."""
        return sum(one.entries(within) for one in self._segments)

    def rarity(self, term: str) -> float:
        """0 to 1: how rare a term is."""
        return self._statistics.rarity(self._holding(term))

    def most(self, terms: Sequence[str]) -> float:
        """What the BM25 score of a text that holds all the terms comes near to."""
        return sum(self._statistics.most(self._holding(term)) for term in terms)

    def _holding(self, term: str) -> tuple[int, int]:
        return self._held.get(term, lambda: self._counted(term))

    def _counted(self, term: str) -> tuple[int, int]:
        each = [one.holding(term) for one in self._segments]
        return sum(title for title, _ in each), sum(text for _, text in each)


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare a snapshot's files with its manifest, as opening it does, and open none. Raises DamagedSnapshot."""
    for one in manifest.segments:
        check_files(folder / "segments" / one.id, one)
