"""The archive of one size, built in a process of its own: `python -m tests.benchmarks.growth_build FOLDER`."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from retrieval import encoders
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, Embedder, Encoded, EncodedQuestion, Reading
from retrieval.files import bytes_below
from retrieval.model import SourceOptions, Span
from tests.benchmarks.growth_figures import Asking, Built, Memory, Places, Written
from tests.benchmarks.growth_vectors import Base, Perturbed, Varied


class Timed:
    """Another embedder, and the seconds that each call of its encoding took."""

    def __init__(self, inner: Embedder) -> None:
        self._inner = inner
        self.documents: list[float] = []
        self.questions: list[float] = []
        self.name, self.fingerprint = inner.name, inner.fingerprint
        self.dimension, self.width, self.max_tokens = inner.dimension, inner.width, inner.max_tokens

    def token_spans(self, text: str) -> list[Span]:
        return self._inner.token_spans(text)

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        began = time.perf_counter()
        found = self._inner.encode(readings)
        self.documents.append(time.perf_counter() - began)
        return found

    def encode_question(self, text: str) -> EncodedQuestion:
        began = time.perf_counter()
        found = self._inner.encode_question(text)
        self.questions.append(time.perf_counter() - began)
        return found


def build(places: Places, written: Written, hidden: str, embedder: Embedder) -> Built:
    """Add all sources at once. Raises ValueError where Stet did not take them as they were meant."""
    timed = Timed(embedder)
    files = sorted(map(str, places.sources.iterdir()))
    with contextlib.closing(Archive.open(places.home, timed.name, lambda: timed)) as archive:
        began, processor = time.perf_counter(), time.process_time()
        report = archive.add(files, SourceOptions(), datetime.now(UTC), lambda *_: None)
        seconds, processor = time.perf_counter() - began, time.process_time() - processor
        taken = sum(one.added for one in report.sources)
        if taken != written.entries or hidden not in archive.blogs():
            raise ValueError(f"{taken} of {written.entries} entries were taken, in {len(archive.blogs())} blogs")
        manifest = archive.snapshot().manifest
    return Built(
        seconds=seconds,
        encoding=sum(timed.documents),
        processor=processor,
        passages=manifest.passages,
        database=sum(path.stat().st_size for path in places.home.glob("archive.db*")),
        index=bytes_below(places.home / "index"),
        vectors=sum(path.stat().st_size for path in places.home.glob("index/segments/*/vectors.*")),
        segments=len(manifest.segments),
        memory=Memory.now().most,
    )


def main() -> None:
    places = Places(folder=Path(sys.argv[1]))
    model = encoders.load(BUNDLED, places.model)
    perturbed = Perturbed(model, Base.load(places.base), Varied.load(places.varied))
    places.write("built", build(places, Written(**places.read("written")), Asking.read(places).hidden, perturbed))


if __name__ == "__main__":
    main()
