"""How a bot answers while its index is built anew: `python -m tests.benchmarks.reindexing [--rate N] [--seconds N]`.

`stet serve` in a process of its own, over the loopback Slack in this one; four questions a second, first with nothing
beside it for half a minute, then beside `stet reindex --full` with another model, then again with nothing, by when it
answers with the other model. The other model is the bundled one, of which one matrix is a hundredth stronger: so
every text is read and encoded anew. The archive is SQuAD 2.0 dev's paragraphs where the shared data is there, else
the sample live blog.
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from safetensors.numpy import load_file, save_file

from retrieval.manifest import read_manifest
from retrieval.model_files import bundled_folder
from tests.benchmarks.slack_load import CHANNELS, archive_of, ask, milliseconds, posted_at, wait_for_all
from tests.serving import ROOT, key_of, served
from tests.slack_sent import Sent
from tests.slack_server import LoopbackSlack

_MATRIX = "encoder.layer.5.output.dense.weight"
_STRONGER = 1.01
_WEIGHTS = "model.safetensors"

Asked = list[tuple[float, Sent]]
"""Questions, and when each was put."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rate", type=float, default=4.0, help="questions a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="before and after the reindexing, each")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home, other = Path(folder) / "home", _other_model(Path(folder))
        questions = archive_of(home)
        with LoopbackSlack() as slack, served(slack, home):
            with _asking(slack, questions, given.rate) as sent:
                time.sleep(given.seconds)
                began, before = time.monotonic(), read_manifest(home / "index")
                _reindex(home, other)
                ended = time.monotonic()
                time.sleep(given.seconds)
            wait_for_all(slack, [one for _, one in sent])
            after = read_manifest(home / "index")
            print(f"passages: {before.passages}, then {after.passages}; another model: {before.model != after.model}")
            _tell(slack, sent, began, ended)


def _other_model(folder: Path) -> Path:
    """A model of another fingerprint, which costs as much."""
    made = folder / "model"
    shutil.copytree(bundled_folder(folder / "verified.json"), made)
    weights = load_file(made / _WEIGHTS)
    save_file(weights | {_MATRIX: weights[_MATRIX] * _STRONGER}, made / _WEIGHTS, metadata={"format": "pt"})
    return made


def _reindex(home: Path, model: Path) -> None:
    """Build the index anew with another model, as an admin does. Raises CalledProcessError."""
    command = [sys.executable, "-m", "bot", "--home", str(home), "reindex", "--full"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "STET_MODEL": str(model)}, check=True)


@contextmanager
def _asking(slack: LoopbackSlack, questions: Sequence[str], rate: float) -> Iterator[Asked]:
    """Put question after question, until it is enough."""
    sent: Asked = []
    enough = threading.Event()

    def run() -> None:
        begin = time.monotonic()
        for number, question in enumerate(itertools.cycle(questions)):
            if enough.wait(max(0.0, begin + number / rate - time.monotonic())):
                return
            sent.append((time.monotonic(), ask(slack, number, question, CHANNELS)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield sent
    finally:
        enough.set()
        thread.join()


def _tell(slack: LoopbackSlack, sent: Asked, began: float, ended: float) -> None:
    posted = posted_at(slack)
    print(f"reindexing: {ended - began:.0f} s; asked: {len(sent)}, answered: {len(posted)}")
    stretches = {"before": (0.0, began), "beside": (began, ended), "after": (ended, float("inf"))}
    for name, (start, end) in stretches.items():
        own = [(at, key_of(one)) for at, one in sent if start <= at < end]
        took = [posted[key] - at for at, key in own if key in posted]
        told = ", ".join(f"p{percent} {milliseconds(took, percent)}" for percent in (50, 95, 99))
        print(f"{name}: {told}, slowest {max(took) * 1000:.0f} ms, of {len(own)}")


if __name__ == "__main__":
    main()
