"""A process that encodes for another one: `python -m retrieval.encoder_process`, started by `spreading`.

It is told on standard input which model to load, then what to encode, and answers on standard output; see `frames`.
It ends when standard input does, whatever it is at: so it never outlives the process that started it, even one that
was killed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import IO

from retrieval import encoders, frames
from retrieval.encoding import Embedder
from retrieval.errors import StetError


def main() -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches every process of a terminal: the other one decides
    with _answering() as answers:
        asked = _asked(os.fdopen(os.dup(sys.stdin.fileno()), "rb"))  # Python's own is locked at its end
        try:
            embedder = _loaded(frames.words_of(asked.get()))
            frames.write_words(answers, {"fingerprint": embedder.fingerprint})
            while True:
                readings = frames.readings_of(frames.words_of(asked.get()))
                frames.write_encoded(answers, embedder.encode(readings))
        except StetError as error:
            frames.write_words(answers, {"error": error.message, "hint": error.hint})
            return 1


def _answering() -> IO[bytes]:
    """Standard output for the answers alone: what a library prints goes to standard error from now on."""
    own = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return os.fdopen(own, "wb")


def _asked(given: IO[bytes]) -> SimpleQueue[bytes]:
    """The frames that come in, read in a thread, which ends the process with them."""
    asked: SimpleQueue[bytes] = SimpleQueue()

    def hear() -> None:
        with contextlib.suppress(EOFError, OSError, frames.BrokenFrame):
            while True:
                asked.put(frames.read(given))
        os._exit(0)

    threading.Thread(target=hear, name="asked", daemon=True).start()
    return asked


def _loaded(told: frames.Json) -> Embedder:
    """Raises ModelError, DiskError."""
    return encoders.load(
        told["name"], Path(told["verified"]), told["device"], told["encoder"], told["precision"], told["threads"]
    )


if __name__ == "__main__":
    sys.exit(main())
