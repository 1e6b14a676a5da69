"""Encoding spread over processes, where there is much to encode: Python's own share of it, which is pooling and
projecting, holds one interpreter's lock.

With OpenVINO that share is a fourteenth of the processor's time (0.7 of 9.4 seconds), so that a second core gains
little by it, and many would gain more: the share bounds one process to fourteen cores' worth, however many there are.
Measured by `python -m tests.benchmarks.encoding --processes 2` on two cores, of which another program had one, 120
paragraphs of SQuAD 2.0 dev, medians of five turns, one process and two, the start of these included: 9.7 and 10.9
seconds with OpenVINO (of the processor 9.3 and 10.3, of which 2.0 the start), 22 and 35 with torch (20 and 30, of
which 19 the start). In two like runs with torch of 300 paragraphs one process took 77 and 56 seconds, two 25 and 47
(of the processor 53 and 51, 42 and 45). More than two cores were not measured.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import IO, Any, Protocol

from retrieval import frames
from retrieval.embedding import Precision
from retrieval.encoders import Encoder
from retrieval.encoding import Embedder, Encoded, PooledEmbedder, Reading
from retrieval.errors import ModelError
from retrieval.serving import is_served

LEAST = 2_000
"""Texts left to encode from which processes are started: with OpenVINO two took 2 seconds to start where so many
paragraphs take one of them some 150."""
_FEW_CORES, _MOST = 4, 8
"""A process takes 0.3 GB of memory with OpenVINO, 0.6 with torch: no more of them than anyone asked for."""
_TEXTS, _CHARACTERS = 32, 16_000
"""What is handed to a process at once, at most, though always a text: a third of a second to two for a core, so that
all end at about the same time."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "RAYON_NUM_THREADS")
"""Where the libraries are told how many threads to take; OpenVINO reads none of them."""
_SAID = 2_000
"""Bytes that are held of what a process said on standard error: the last."""
_LAST_SECONDS = 5.0
"""What a process has that answers no more, to say on standard error why."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Spreading:
    """How encoding is spread: over `count` processes, None: as many as pay here; each loads the model as `verified`,
    `device`, `encoder` and `precision` say (see `encoders.load`), for the archive in `home`."""

    home: Path
    verified: Path
    device: str | None
    encoder: Encoder
    precision: Precision
    count: int | None

    def started(self, embedder: Embedder, texts: int) -> Processes | None:
        """Processes that encode as this embedder does, where so many texts are worth their start. Raises
        DiskError."""
        if texts < LEAST:
            return None
        count = self.count or self._paying(embedder)
        if count == 1:
            return None
        threads = max(1, cores() // count)
        told: frames.Json = {
            "name": embedder.name,
            "verified": str(self.verified.absolute()),
            "device": self.device,
            "encoder": self.encoder,
            "precision": self.precision,
            "threads": threads,
        }
        log.info("encoding by %d processes of %d threads", count, threads)
        return Processes(embedder, told, count, threads)

    def _paying(self, embedder: Embedder) -> int:
        """How many processes encode sooner than one does. Raises DiskError."""
        alone = not isinstance(embedder, PooledEmbedder) or not embedder.on_processor or is_served(self.home)
        return 1 if alone else paying(cores())


def cores() -> int:
    """The cores that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def paying(count: int) -> int:
    """How many processes of two threads or more had better encode on so many cores. On two it was measured that one
    is as good with OpenVINO; above, the rule is reckoned from Python's share, and is not measured."""
    return 1 if count < _FEW_CORES else min(count // 2, _MOST)


class Encodes(Protocol):
    """An embedder, or a process that does its work."""

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """Readings, encoded, in their order."""


class Processes:
    """Processes that encode as an embedder does. To be closed, whatever happens; where this process is killed, they
    end by themselves."""

    def __init__(self, own: Embedder, told: frames.Json, count: int, threads: int) -> None:
        """Start so many. One that cannot be started, or ends, has its work done by `own`."""
        self._own = own
        self._closing = False
        self._ahead = 1 + count // 8
        self._free: SimpleQueue[Encodes] = SimpleQueue()
        self._hands = ThreadPoolExecutor(count, thread_name_prefix="encoding")
        self._started: list[EncoderProcess] = []
        for _ in range(count):
            self._free.put(self._start(told, threads))

    def _start(self, told: frames.Json, threads: int) -> Encodes:
        try:
            self._started.append(EncoderProcess(self._own, told, threads))
        except OSError as error:
            log.warning("a process that encodes cannot be started: %s", error)
            return self._own
        return self._started[-1]

    @property
    def ids(self) -> list[int]:
        """The processes' numbers."""
        return [one.id for one in self._started]

    def encode_each(self, batches: Iterable[Sequence[Reading]]) -> Iterator[list[Encoded]]:
        """Each batch, encoded, in their order; the next ones are begun meanwhile. Raises ModelError."""
        handed: deque[list[Future[list[Encoded]]]] = deque()
        for batch in batches:
            handed.append([self._hands.submit(self._encode, part) for part in _parts(batch)])
            if len(handed) > self._ahead:
                yield _joined(handed.popleft())
        while handed:
            yield _joined(handed.popleft())

    def close(self) -> None:
        """End the processes, whatever they are at."""
        self._closing = True
        for one in self._started:
            one.kill()
        self._hands.shutdown(cancel_futures=True)
        for one in self._started:
            one.close()

    def _encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """By whoever is free; a process that ended is replaced by this one's own embedder."""
        free = self._free.get()
        try:
            return free.encode(readings)
        except Ended as ended:
            if self._closing:
                raise
            log.warning("%s; its work is done by this one", ended)
            free = self._own
            return free.encode(readings)
        finally:
            self._free.put(free)


def _parts(readings: Sequence[Reading]) -> Iterator[list[Reading]]:
    """Readings in their order, as many as are handed to a process at once."""
    part: list[Reading] = []
    characters = 0
    for one in readings:
        length = len(one.title) + len(one.text)
        if part and (len(part) == _TEXTS or characters + length > _CHARACTERS):
            yield part
            part, characters = [], 0
        part.append(one)
        characters += length
    if part:
        yield part


def _joined(parts: Iterable[Future[list[Encoded]]]) -> list[Encoded]:
    return [one for part in parts for one in part.result()]


class Ended(Exception):
    """A process that encodes is no more, or makes no sense."""


class EncoderProcess:
    """`python -m retrieval.encoder_process`, on so many threads, with the priority that this process has. One thread
    at a time may use it."""

    def __init__(self, own: Embedder, told: frames.Json, threads: int) -> None:
        """Start it; it loads the model while this one goes on. Raises OSError."""
        self._own = own
        self._greeted = False
        self._said = b""
        started: Any = subprocess.Popen(  # noqa: S603 (our own module)
            [sys.executable, *_as_this_one(), "-m", "retrieval.encoder_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **dict.fromkeys(_THREADS, str(threads))},
        )
        self.id: int = started.pid
        self._process: subprocess.Popen[bytes] = started
        self._asks: IO[bytes] = started.stdin
        self._answers: IO[bytes] = started.stdout
        self._errors: IO[bytes] = started.stderr
        self._hearing = threading.Thread(target=self._hear, name="errors", daemon=True)
        self._hearing.start()
        with contextlib.suppress(OSError):  # it has ended: who asks it will notice
            frames.write_words(self._asks, told)

    def encode(self, readings: Sequence[Reading]) -> list[Encoded]:
        """Raises Ended; ModelError where it says that it cannot."""
        try:
            if not self._greeted:
                self._greet()
            frames.write_readings(self._asks, readings)
            words = self._answer()
            return frames.read_encoded(self._answers, words, self._own.dimension, self._own.width)
        except (EOFError, OSError, frames.BrokenFrame) as error:
            raise Ended(f"a process that encodes {self._end()}: {self._last_words() or error}") from None

    def _greet(self) -> None:
        found = self._answer().get("fingerprint")
        if found != self._own.fingerprint:
            raise ModelError(
                f"a process that encodes has loaded another model: its fingerprint is {found}, and should be "
                f"{self._own.fingerprint}",
                "run the same command again, when the model's files are no longer changed",
            )
        self._greeted = True

    def _answer(self) -> frames.Json:
        """Raises EOFError, OSError, BrokenFrame; ModelError where it says that it cannot go on."""
        words = frames.read_words(self._answers)
        if "error" in words:
            hint = f"{words.get('hint')}; or set STET_PROCESSES to 1"
            raise ModelError(f"a process that encodes failed: {words['error']}", hint)
        return words

    def kill(self) -> None:
        """End it, whatever it is at."""
        self._process.kill()

    def _end(self) -> str:
        """How it ended, by itself or else by force."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_LAST_SECONDS)
        self.kill()
        return _how(self._process.wait())

    def close(self) -> None:
        """Let go of what was killed."""
        self._process.wait()
        self._hearing.join(_LAST_SECONDS)
        for one in (self._asks, self._answers, self._errors):
            with contextlib.suppress(OSError):  # what was not yet written reaches nobody
                one.close()

    def _hear(self) -> None:
        with contextlib.suppress(OSError):
            while said := os.read(self._errors.fileno(), _SAID):
                self._said = (self._said + said)[-_SAID:]

    def _last_words(self) -> str:
        """The last line on standard error."""
        self._hearing.join(_LAST_SECONDS)
        return self._said.decode(errors="replace").strip().rpartition("\n")[2]


def _how(status: int) -> str:
    """How a process ended, by its exit status."""
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"


def _as_this_one() -> list[str]:
    """Options of Python's: it takes modules from the folder that one is in only where this process does."""
    return [] if {"", str(Path.cwd())} & set(sys.path) else ["-P"]
