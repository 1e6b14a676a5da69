"""The questions of one size, in a process of its own: `python -m tests.benchmarks.growth_ask FOLDER`.

It does as the bot: the model is loaded, BLAS has one thread, and all blogs but a hidden one are named as visible. A
few other questions are asked before those that count.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from threadpoolctl import threadpool_limits

from retrieval import encoders
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, Embedder
from retrieval.model import Answer
from tests.benchmarks.growth_build import Timed
from tests.benchmarks.growth_figures import Answered, Asked, Asking, Memory, Places, Times
from tests.benchmarks.growth_sources import SPAN
from tests.benchmarks.squad import spaced

ASKERS = 8
NARROWED = 100
_WARMING = 8
_STRETCH = SPAN / 1_000

Ask = Callable[[Asked], Answer]


def timed(ask: Ask, one: Asked) -> tuple[float, Answer]:
    """Milliseconds, and the answer."""
    began = time.perf_counter()
    found = ask(one)
    return (time.perf_counter() - began) * 1000, found


def rank_of(one: Asked, answer: Answer) -> int | None:
    """The rank of the right entry, counted from 1; None where it is not among those told."""
    ids = [version.entry.id for version in answer.ranking]
    return ids.index(one.entry) + 1 if one.entry in ids else None


def within(ranks: Sequence[int | None], first: int) -> float:
    """The share of ranks up to `first`; 0 of none."""
    return statistics.fmean(rank is not None and rank <= first for rank in ranks) if ranks else 0.0


def times_of(ask: Ask, asked: Sequence[Asked]) -> Times:
    """Ask one after the other."""
    return Times.of([timed(ask, one)[0] for one in asked])


def answered(places: Places, asking: Asking, embedder: Embedder) -> Answered:
    """Open the archive and ask."""
    counted, before = Timed(embedder), Memory.now()
    began = time.perf_counter()
    with contextlib.closing(Archive.open(places.home, counted.name, lambda: counted)) as archive:
        archive.snapshot()
        opening = time.perf_counter() - began
        visible = frozenset(archive.blogs()) - {asking.hidden}

        def ask(one: Asked) -> Answer:
            return archive.ask(one.question, visible=visible)

        def ask_blog(one: Asked) -> Answer:
            return archive.ask(one.question, visible=visible, blog=one.blog)

        def ask_time(one: Asked) -> Answer:
            at = datetime.fromisoformat(one.time)
            return archive.ask(one.question, visible=visible, since=at - _STRETCH / 2, until=at + _STRETCH / 2)

        first = timed(ask, asking.several[-1])[0]
        times_of(ask, spaced(asking.several, _WARMING))
        counted.questions.clear()
        processor = time.process_time()
        found = [timed(ask, one) for one in asking.one]
        processor = time.process_time() - processor
        encoding = statistics.median(counted.questions) * 1000 if counted.questions else 0.0
        ranks = [rank_of(one, answer) for one, (_, answer) in zip(asking.one, found, strict=True) if answer.ranking]
        began = time.perf_counter()
        with ThreadPoolExecutor(ASKERS) as askers:
            several = [took for took, _ in askers.map(lambda one: timed(ask, one), asking.several)]
        rate = len(several) / (time.perf_counter() - began)
        narrowed = spaced(asking.several, NARROWED)
        return Answered(
            opening=opening,
            first=first,
            one=Times.of([took for took, _ in found]),
            encoding=encoding,
            processor=processor / len(found) * 1000,
            r1=within(ranks, 1),
            r3=within(ranks, 3),
            ranked=len(ranks),
            asked=len(found),
            several=Times.of(several),
            rate=rate,
            of_blog=times_of(ask_blog, narrowed),
            of_time=times_of(ask_time, narrowed),
            before=before,
            after=Memory.now(),
        )


def main() -> None:
    places = Places(folder=Path(sys.argv[1]))
    embedder = encoders.load(BUNDLED, places.model)
    embedder.encode_question("Which harbour did the ferry leave from?")
    threadpool_limits(limits=1, user_api="blas")
    places.write("answered", answered(places, Asking.read(places), embedder))


if __name__ == "__main__":
    main()
