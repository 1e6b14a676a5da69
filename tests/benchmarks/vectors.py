"""The vector index by size: how long it takes to build, to open and to search, how large it is, and what it finds.

    python -m tests.benchmarks.vectors [--sizes 10000,100000,1000000] [--questions N] [--keep FILE]

Real are the vectors of all sentences of SQuAD 2.0 dev, 6,234, as Stet reads them, and those of its questions. What a
size needs beyond is made of them: a sentence moved at random by up to half the way to another one of its article, and
by 0.4 / sqrt(2) of the difference between two of one other article. As many made as there are real ones lie as those
do: a question's tenth nearest has a median cosine of .45 to .47 (real: .47), a sentence's nearest .75 to .83 (.84),
and the intrinsic dimension about a question, by its hundred nearest, is 19 to 20 (18).

Recall is of the ten nearest, against all vectors compared; a filter of selectivity 1/s admits each vector by chance.
Searches are for `--limit` vectors, by one thread; the times include reading what is compared exactly. Memory is what
a process of its own grows by from before opening to after all searches.
`--keep` names a file that holds the real vectors from one run to the next: encoding them takes minutes.
Data: `squad2-dev.json.gz` (CC BY-SA 4.0) in the folder named by STET_TEST_DATA, or ../shared/data.
"""

from __future__ import annotations

import argparse
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrieval.embedding import BUNDLED, Reading, SentenceTransformerEmbedder
from retrieval.passages import stretches
from retrieval.vectors import Admitted, Ids, Scores, VectorIndex, open_index, write_index
from tests.benchmarks.squad import paragraphs, spaced

SIZES = (10_000, 100_000, 1_000_000)
SELECTIVITIES = (1, 10, 100, 1_000, 10_000)
NEAREST = 10
_SEED = 20140826
_HALF_WAY, _MOVED = 0.5, 0.4 / 2**0.5
_AT_ONCE = 16_384


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Real:
    """Sentences' unit vectors, shape (sentences, dimension), the number of each one's article, in ascending order,
    and questions' vectors, shape (questions, dimension)."""

    vectors: Scores
    articles: Ids
    questions: Scores


def encoded(questions: int) -> Real:
    """All sentences, and so many questions, evenly spaced."""
    with tempfile.TemporaryDirectory() as folder:
        embedder = SentenceTransformerEmbedder.load(BUNDLED, Path(folder) / "model.json")
        readings, articles = [], []
        for one in paragraphs():
            for part in stretches(one.text, embedder.token_spans(one.text), embedder.max_tokens):
                spans = tuple((start - part.start, end - part.start) for start, end in part.passages)
                readings.append(Reading(title="", text=one.text[part.start : part.end], passages=spans))
                articles += [one.article] * len(spans)
        vectors = np.concatenate([one.vectors for one in embedder.encode(readings)])
        asked = spaced(list(chain.from_iterable(one.questions for one in paragraphs())), questions)
        return Real(
            vectors=vectors,
            articles=np.array(articles, dtype=np.int64),
            questions=np.stack([embedder.encode_question(one).vector for one in asked]),
        )


def kept(path: Path | None, questions: int) -> Real:
    """What is encoded, or what was in an earlier run."""
    if path is not None and path.exists():
        with np.load(path, allow_pickle=False) as held:
            return Real(vectors=held["vectors"], articles=held["articles"], questions=held["questions"][:questions])
    real = encoded(questions)
    if path is not None:
        np.savez(path, vectors=real.vectors, articles=real.articles, questions=real.questions)
    return real


def write_vectors(path: Path, real: Real, size: int) -> None:
    """Write so many vectors, the real ones among them in random order, a part at a time."""
    drawn = np.random.default_rng(_SEED)
    held, count = real.vectors, len(real.vectors)
    first = np.searchsorted(real.articles, real.articles, "left")
    after = np.searchsorted(real.articles, real.articles, "right")

    def of_its_article(ids: Ids) -> Ids:
        return first[ids] + (drawn.random(len(ids)) * (after - first)[ids]).astype(np.int64)

    order = drawn.permutation(count)[:size]
    out = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(size, held.shape[1]))
    out[: len(order)] = held[order]
    for start in range(len(order), size, _AT_ONCE):
        some = min(_AT_ONCE, size - start)
        one, elsewhere = drawn.integers(count, size=some), drawn.integers(count, size=some)
        way = (_HALF_WAY * drawn.random((some, 1))).astype(np.float32)
        moved = (1 - way) * held[one] + way * held[of_its_article(one)]
        moved += np.float32(_MOVED) * (held[elsewhere] - held[of_its_article(elsewhere)])
        out[start : start + some] = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    out.flush()


def nearest(vectors: Scores, questions: Scores, masks: Sequence[NDArray[np.bool_]]) -> list[Scores]:
    """For each mask, the least cosine that counts among each question's nearest, shape (questions,)."""
    found = [np.full((len(questions), NEAREST), -np.inf, np.float32) for _ in masks]
    for start in range(0, len(vectors), _AT_ONCE):
        cosines = questions @ vectors[start : start + _AT_ONCE].T
        for number, mask in enumerate(masks):
            both = np.hstack([found[number], cosines[:, mask[start : start + _AT_ONCE]]])
            found[number] = -np.partition(-both, NEAREST - 1, axis=1)[:, :NEAREST]
    return [one.min(axis=1) for one in found]


def resident() -> float:
    """What of this process is in memory, in MB, mapped files included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 1e6


def searched(index: VectorIndex, questions: Scores, limit: int, admitted: Admitted | None, least: Scores) -> str:
    """One line: median and 95th percentile in milliseconds, the median of the processor's, and recall."""
    took, worked, held, wanted = [], [], 0, 0
    for question, cosine in zip(questions, least, strict=True):
        began, processor = time.perf_counter(), time.thread_time()
        _, cosines = index.search(question, limit, admitted)
        took.append(time.perf_counter() - began)
        worked.append(time.thread_time() - processor)
        there = NEAREST if admitted is None else min(NEAREST, admitted.count)
        held += min(int((cosines >= cosine - 1e-6).sum()), there)
        wanted += there
    middle, late = np.quantile(took, [0.5, 0.95]) * 1e3
    return f"{middle:8.2f} {late:8.2f} {np.median(worked) * 1e3:8.2f} {held / max(wanted, 1):8.4f}"


def measure(folder: Path, real: Real, size: int, limit: int) -> None:
    """Print one size's lines."""
    write_vectors(folder / "vectors.npy", real, size)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r")
    began, processor = time.perf_counter(), time.process_time()
    facts = write_index(folder, vectors)
    built, processor = time.perf_counter() - began, time.process_time() - processor
    file = folder / "vectors.faiss"
    drawn = np.random.default_rng(_SEED)
    masks = [drawn.random(size) < 1 / selectivity for selectivity in SELECTIVITIES]
    least = nearest(vectors, real.questions, masks)
    dimension = vectors.shape[1]
    del vectors
    task = Task(
        folder=folder, size=size, dimension=dimension, facts=facts, questions=real.questions, limit=limit, least=least
    )
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:  # what building takes does not count
        opened, memory, lines = pool.submit(asked_of, task, masks).result()
    told = {key: value for key, value in facts.items() if key != "sha256"}
    print(
        f"{size:,}: {told}, built in {built:.1f} s ({processor:.1f} s of processor), "
        f"{file.stat().st_size / 1e6 if file.exists() else 0:.0f} MB beside the vectors, "
        f"opened in {opened * 1e3:.0f} ms, memory +{memory:.0f} MB"
    )
    print("\n".join(lines), flush=True)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Task:
    """What an index is asked. `least`: see `nearest`, one for each selectivity."""

    folder: Path
    size: int
    dimension: int
    facts: dict[str, Any]
    questions: Scores
    limit: int
    least: Sequence[Scores]


def asked_of(task: Task, masks: Sequence[NDArray[np.bool_]]) -> tuple[float, float, list[str]]:
    """Seconds that opening took, memory in MB, and a line for each selectivity."""
    import faiss  # its import is not what opening takes

    faiss.omp_set_num_threads(1)
    before, began = resident(), time.perf_counter()
    index = open_index(task.folder, task.size, task.dimension, task.facts)
    opened = time.perf_counter() - began
    lines = []
    for selectivity, mask, cosines in zip(SELECTIVITIES, masks, task.least, strict=True):
        admitted = None if selectivity == 1 else Admitted(mask)
        line = searched(index, task.questions, task.limit, admitted, cosines)
        lines.append(f"{task.size:>9,} 1/{selectivity:<6} {line}")
    return opened, resident() - before, lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)), help="how many vectors, with commas between")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--limit", type=int, default=200, help="how many are searched for; Stet asks for 200")
    parser.add_argument("--keep", type=Path, help="an .npz file for the real vectors")
    given = parser.parse_args()
    real = kept(given.keep, given.questions)
    print(f"{'vectors':>9} {'filter':<8} {'p50 ms':>8} {'p95 ms':>8} {'CPU ms':>8} {'recall':>8}")
    for size in map(int, given.sizes.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            measure(Path(folder), real, size, given.limit)


if __name__ == "__main__":
    main()
