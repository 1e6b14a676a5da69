"""A new entry, and a deletion, in an archive of one size: `python -m tests.benchmarks.growth_update FOLDER`.

The archive is open in two processes, as it is where a bot answers and a blog is followed. The one, which is started
with `refresh`, reads a blog's source again for each line on its standard input; this one changes the source, and asks
about what has changed until an answer knows of it. The clock starts when the source is changed.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from threadpoolctl import threadpool_limits

from retrieval import encoders
from retrieval.archive import Archive
from retrieval.embedding import BUNDLED, Embedder
from tests.benchmarks.growth_figures import Asking, Memory, Places, Updated
from tests.benchmarks.growth_sources import SPAN, START, line

_SHIPS = "Quorvane Breliska Tamurra Veldocke Syntharbe Olmerick Drassaway Fennilow Gurthmoor".split()
"""A ship a new entry: no other entry names it."""
_WARMING = 8
_PAUSE = 0.005
_PATIENCE = 120.0


class Refreshing:
    """The other process."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.growth_update", str(folder), "refresh"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.told()

    def begin(self, blog: str) -> None:
        """Have a blog's source read again."""
        self._pipe(self._process.stdin).write(f"{blog}\n")
        self._pipe(self._process.stdin).flush()

    def told(self) -> list[float]:
        """What it says when it is done: the seconds that it took, and the processor's. Raises ValueError where it
        has ended."""
        said = self._pipe(self._process.stdout).readline()
        if not said:
            raise ValueError("the process that refreshes has ended")
        return [float(one) for one in said.split()]

    def end(self) -> float:
        """Its memory at most, in MiB."""
        self._pipe(self._process.stdin).close()
        [memory] = self.told()
        self._process.wait()
        return memory

    def stop(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        if pipe is None:
            raise ValueError("the process was started without pipes")
        return pipe


def refresh(places: Places, embedder: Embedder) -> None:
    """The other process's part: ready, then a line for each blog that is told, then its memory."""
    with contextlib.closing(Archive.open(places.home, embedder.name, lambda: embedder)) as archive:
        archive.embedder.encode_question("Is it ready?")
        print(0.0, flush=True)
        for told in sys.stdin:
            began, processor = time.perf_counter(), time.process_time()
            archive.refresh(told.strip(), datetime.now(UTC), lambda *_: None)
            print(time.perf_counter() - began, time.process_time() - processor, flush=True)
        print(Memory.now().most, flush=True)


class Watching:
    """Asks until an answer knows of a change."""

    def __init__(self, archive: Archive, visible: frozenset[str]) -> None:
        self._archive, self._visible = archive, visible
        self.asked: list[float] = []

    def ids(self, question: str) -> list[str]:
        """The entries ranked, at most ten."""
        return [version.entry.id for version in self._archive.ask(question, visible=self._visible).ranking]

    def until(self, question: str, entry: str, *, there: bool) -> float:
        """Seconds until an entry is, or is not, among those ranked. Raises TimeoutError."""
        began = time.perf_counter()
        while time.perf_counter() - began < _PATIENCE:
            asked = time.perf_counter()
            found = self.ids(question)
            self.asked.append(time.perf_counter() - asked)
            if (entry in found) == there:
                return time.perf_counter() - began
            time.sleep(_PAUSE)
        raise TimeoutError(f"{_PATIENCE:.0f} s after the change no answer knew of {entry}")


def updated(places: Places, asking: Asking, embedder: Embedder) -> Updated:
    """Add an entry a ship to the last blog, then delete them, the last one first."""
    source = max(places.sources.iterdir())
    whole = source.read_text(encoding="utf-8")
    new, deleted, refreshing = [], [], []
    other = Refreshing(places.folder)
    with contextlib.ExitStack() as closing:
        closing.callback(other.stop)
        archive = closing.enter_context(
            contextlib.closing(Archive.open(places.home, embedder.name, lambda: embedder))
        )
        blog = max(archive.blogs())
        watching = Watching(archive, frozenset(archive.blogs()) - {asking.hidden})
        for one in asking.several[:_WARMING]:
            watching.ids(one.question)
        texts = [whole]
        for number, ship in enumerate(_SHIPS):
            text = f"The ferry {ship} has reached the harbour with {number + 40} passengers, its captain said."
            texts.append(texts[-1] + line(f"new-{number}", START + SPAN, text))
            source.write_text(texts[-1], encoding="utf-8")
            other.begin(blog)
            new.append(watching.until(f"Where is the ferry {ship}?", f"new-{number}", there=True))
            refreshing.append(other.told())
        for number in reversed(range(len(_SHIPS))):
            source.write_text(texts[number], encoding="utf-8")
            other.begin(blog)
            deleted.append(watching.until(f"Where is the ferry {_SHIPS[number]}?", f"new-{number}", there=False))
            refreshing.append(other.told())
        memory = other.end()
    return Updated(
        new=statistics.median(new),
        new_first=new[0],
        new_longest=max(new),
        deleted=statistics.median(deleted),
        deleted_longest=max(deleted),
        refreshing=statistics.median(took for took, _ in refreshing),
        processor=statistics.median(worked for _, worked in refreshing),
        asking_longest=max(watching.asked) * 1000,
        memory=memory,
    )


def main() -> None:
    places = Places(folder=Path(sys.argv[1]))
    embedder = encoders.load(BUNDLED, places.model)
    threadpool_limits(limits=1, user_api="blas")
    if sys.argv[2:] == ["refresh"]:
        refresh(places, embedder)
    else:
        places.write("updated", updated(places, Asking.read(places), embedder))


if __name__ == "__main__":
    main()
