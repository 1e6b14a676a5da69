"""What the vector index of one size finds: `python -m tests.benchmarks.growth_recall FOLDER`.

Segment by segment it is opened by `open_index`, as the archive does, and asked for as many passages as a question
asks it for. What counts is a cosine that is among the ten greatest of all vectors, compared one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval import encoders
from retrieval.embedding import BUNDLED
from retrieval.manifest import Manifest, read_manifest
from retrieval.vectors import Scores, open_index
from tests.benchmarks.growth_figures import Asking, Places, Recalled
from tests.benchmarks.squad import spaced

NEAREST = 10
QUESTIONS = 200
_LIMIT = 200
"""Passages that a question asks the index for: see `retrieval.search`."""
_AT_ONCE = 16_384
_ALIKE = 1e-6
"""Cosines of one vector may differ by so much, as they are summed in another order."""


def exact(folder: Path, manifest: Manifest, questions: Scores) -> Scores:
    """For each question the greatest cosines of all, shape (questions, NEAREST), unordered."""
    found = np.full((len(questions), NEAREST), -np.inf, np.float32)
    for one in manifest.segments:
        vectors = np.load(folder / "segments" / one.id / "vectors.npy", mmap_mode="r", allow_pickle=False)
        for start in range(0, len(vectors), _AT_ONCE):
            both = np.hstack([found, questions @ vectors[start : start + _AT_ONCE].T])
            found = -np.partition(-both, NEAREST - 1, axis=1)[:, :NEAREST]
    return found


def searched(folder: Path, manifest: Manifest, questions: Scores) -> Scores:
    """For each question the greatest cosines of those that the segments' indexes find, best first, likewise."""
    indexes = [
        open_index(folder / "segments" / one.id, one.passages, manifest.model.dimension, one.vectors)
        for one in manifest.segments
    ]
    found = np.full((len(questions), NEAREST), -np.inf, np.float32)
    for number, question in enumerate(questions):
        cosines = np.concatenate([one.search(question, _LIMIT, None)[1] for one in indexes])
        best = np.sort(cosines)[::-1][:NEAREST]
        found[number, : len(best)] = best
    return found


def share(found: Scores, wanted: Scores) -> float:
    """How many of what is found is among what is wanted, shape (questions, NEAREST) each."""
    least = wanted.min(axis=1, keepdims=True) - _ALIKE
    return float((found >= least).mean())


def recalled(folder: Path, questions: Scores) -> Recalled:
    """Of the index in a folder."""
    manifest = read_manifest(folder)
    told = [{key: value for key, value in one.vectors.items() if key != "sha256"} for one in manifest.segments]
    recall = share(searched(folder, manifest, questions), exact(folder, manifest, questions))
    return Recalled(recall=recall, questions=len(questions), told=told)


def asked(asking: Asking) -> Sequence[str]:
    """Questions of both kinds, evenly spaced."""
    return [one.question for one in spaced([*asking.one, *asking.several], QUESTIONS)]


def main() -> None:
    places = Places(folder=Path(sys.argv[1]))
    embedder = encoders.load(BUNDLED, places.model)
    questions = asked(Asking.read(places))
    vectors = np.stack([embedder.encode_question(one).vector for one in questions])
    places.write("recalled", recalled(places.home / "index", vectors))


if __name__ == "__main__":
    main()
