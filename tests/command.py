"""The `stet` command under test: run in this process with the model that is loaded, or as a process of its own.

Loading the model costs seconds, so most tests run the command here; what is about the process itself (signals,
limits, what it imports) runs in one of its own.
"""

from __future__ import annotations

import ctypes
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot import cli
from retrieval import encoders
from retrieval.encoding import Embedder
from retrieval.model_files import BUNDLED
from tests import converted_model

ROOT = Path(__file__).parents[1]
FOOTER = "FacebookTwitterGoogle plusShareShare this postFacebookTwitterGoogle plusclose"

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str

    def object(self) -> Json:
        """The one JSON object on standard output, with nothing beside it. Raises AssertionError."""
        [found] = self.objects()
        return found

    def objects(self) -> list[Json]:
        """The JSON Lines on standard output. Raises AssertionError."""
        assert self.out.endswith("\n"), (self.out, self.err)
        found = [json.loads(line) for line in self.out.splitlines()]
        assert all(isinstance(one, dict) for one in found)
        return found

    def refusal(self) -> str:
        """The one line on standard error of a command that was refused. Raises AssertionError."""
        assert self.status == 2, (self.status, self.out, self.err)
        assert self.err.startswith("stet: ")
        assert self.err.endswith("\n")
        assert self.err.count("\n") == 1, self.err
        assert "Traceback" not in self.err
        assert "error of Stet's own" not in self.err, self.err
        return self.err.removeprefix("stet: ").rstrip("\n")


class Command:
    """`stet --home HOME …` in this process."""

    def __init__(self, home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch) -> None:
        self.home = home
        self._monkeypatch = monkeypatch
        load = encoders.load

        def loaded(name: str, verified: Path, *settings: Any) -> Embedder:
            return embedder if name == BUNDLED else load(name, verified, *settings)

        monkeypatch.setattr(encoders, "load", loaded)

    def __call__(self, *words: str | Path, stdin: bytes = b"") -> Finished:
        return self.bare("--home", self.home, *words, stdin=stdin)

    def bare(self, *words: str | Path, stdin: bytes = b"") -> Finished:
        """`stet …` without `--home`."""
        out, err = io.BytesIO(), io.BytesIO()
        with self._monkeypatch.context() as patch:
            patch.setattr(sys, "argv", ["stet", *map(str, words)])
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", io.TextIOWrapper(out))
            patch.setattr(sys, "stderr", io.TextIOWrapper(err))
            status = cli.run()
            sys.stdout.flush()
            sys.stderr.flush()
            return Finished(status=status, out=out.getvalue().decode(), err=err.getvalue().decode())


def environment(**more: str) -> dict[str, str]:
    """This process's environment, with ours first on the path of imports."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


def start(*words: str | Path, **options: Any) -> subprocess.Popen[str]:
    """`stet …` as a process of its own, its output captured. Where it encodes, its archive has the model."""
    if "--home" in words and not {"add", "ask", "reindex", "watch"}.isdisjoint(map(str, words)):
        converted_model.give(Path(words[words.index("--home") + 1]))
    return _start("-m", "bot", *words, **options)


def _start(*words: str | Path, **options: Any) -> subprocess.Popen[str]:
    settings: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "env": environment(),
        "encoding": "utf-8",
        **options,
    }
    return subprocess.Popen([sys.executable, *map(str, words)], **settings)


def finish(process: subprocess.Popen[str]) -> Finished:
    """Wait for a process of `start`."""
    out, err = process.communicate(timeout=120)
    return Finished(status=process.returncode, out=out or "", err=err or "")


def start_python(code: str, *words: str | Path, **options: Any) -> subprocess.Popen[str]:
    """Python code as a process of its own, its output captured."""
    return _start("-c", code, *words, **options)


def obey_permissions() -> None:
    """For `preexec_fn`: take from root the right to read and write what its permissions forbid."""
    if os.geteuid() == 0:
        drop_from_bounding_set = 24
        for capability in (1, 2):  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            if ctypes.CDLL(None, use_errno=True).prctl(drop_from_bounding_set, capability, 0, 0, 0) != 0:
                raise OSError(ctypes.get_errno(), "prctl")


# ------------------------------------------------------------------------------------------------ documents


def ndjson(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """Write a live blog, an entry a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def scrape(path: Path, *posts: tuple[str, str]) -> Path:
    """Write a live blog as a scrape; a post is its header, such as `5.03pm GMT17:03`, and its body."""
    path.write_text("".join(f"{header}{body}{FOOTER}" for header, body in posts), encoding="utf-8")
    return path


REGATTA: tuple[Json, ...] = (
    {
        "id": "r1",
        "time": "2031-06-14T09:05:00+01:00",
        "title": "Gates open",
        "author": "Tamsin Orrell",
        "url": "https://news.example/regatta#r1",
        "text": "The gates of the Quillhaven regatta opened at nine. The harbour master, Odo Pentreath, "
        "expects forty boats. Fog is lifting from the estuary.",
    },
    {
        "id": "r2",
        "time": "2031-06-14T11:30:00+01:00",
        "title": "Mast breaks",
        "author": None,
        "url": None,
        "text": "The schooner Larkspur lost her mast off Gannet Point. Nobody was hurt. Her skipper, Ines Varga, "
        "blamed a worn shackle and said that the crew would row home.",
    },
    {
        "id": "r3",
        "time": "2031-06-14T13:15:00+01:00",
        "title": None,
        "author": None,
        "url": None,
        "text": "Lunch is late, since the bakery's van is stuck behind a herd of goats on Saltpan Road.",
    },
    {
        "id": "r4",
        "time": "2031-06-14T16:40:00+01:00",
        "title": "Winner",
        "author": "Tamsin Orrell",
        "url": "https://news.example/regatta#r4",
        "text": "The cutter Bramble has won the Quillhaven cup by eleven seconds. It is her third victory.",
    },
)
"""A live blog of four entries, fiction, in one fixed zone."""

ORCHARD: tuple[Json, ...] = (
    {
        "id": "o1",
        "time": "2031-10-02T08:00:00-04:00",
        "text": "Picking has begun in the Maple Hollow orchards. The first bins hold russet apples.",
    },
    {
        "id": "o2",
        "time": "2031-10-02T15:45:00-04:00",
        "text": "A tractor has overturned beside the cider press. Its driver, Lemuel Stace, walked away.",
    },
)
"""Another one, in another zone."""


def two_blogs(stet: Command) -> Command:
    """Add both, each in its zone: `regatta-2031-06-14` and `orchard-2031-10-02`."""
    for name, rows, zone in (("regatta", REGATTA, "Europe/London"), ("orchard", ORCHARD, "America/New_York")):
        added = stet("add", ndjson(stet.home.with_name(f"{name}.ndjson"), rows), "--timezone", zone)
        assert added.status == 0, added.err
    return stet
