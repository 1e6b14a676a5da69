"""What is measured of an archive of one size, and the files through which its processes hand that on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.peers.figures import percentile


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where the files of one size lie, in a folder of their own; those of all sizes beside it."""

    folder: Path

    @property
    def model(self) -> Path:
        """What remembers that the model's weights were compared; beside it lies what is converted."""
        return self.folder.parent / "model.json"

    @property
    def base(self) -> Path:
        """The vectors of the real paragraphs."""
        return self.folder.parent / "base.npz"

    @property
    def sources(self) -> Path:
        """A file a blog."""
        return self.folder / "sources"

    @property
    def home(self) -> Path:
        """The archive."""
        return self.folder / "home"

    @property
    def varied(self) -> Path:
        """Which sentence each sentence of a variation is made of."""
        return self.folder / "varied.npz"

    def write(self, name: str, found: Any) -> None:
        """Hand on a dataclass."""
        (self.folder / f"{name}.json").write_text(json.dumps(asdict(found)))

    def read(self, name: str) -> dict[str, Any]:
        """What was handed on."""
        found: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_text())
        return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A question, the id of the entry that its paragraph is, that entry's blog, and its time in ISO form."""

    question: str
    entry: str
    blog: str
    time: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Asking:
    """What is asked: by one asker, and by several; `hidden`: the blog that none of them may see."""

    hidden: str
    one: list[Asked]
    several: list[Asked]

    @classmethod
    def read(cls, places: Places) -> Asking:
        """What was handed on."""
        held = places.read("asking")
        return cls(
            hidden=held["hidden"], **{name: [Asked(**one) for one in held[name]] for name in ("one", "several")}
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What the sources hold: entries, how many of them are variations, different words, blogs."""

    entries: int
    varied: int
    words: int
    blogs: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """Milliseconds: half of them, 95 and 99 in 100 of them at most that, and the longest."""

    p50: float
    p95: float
    p99: float
    longest: float

    @classmethod
    def of(cls, milliseconds: Sequence[float]) -> Times:
        """Of at least one."""
        return cls(
            p50=percentile(milliseconds, 50),
            p95=percentile(milliseconds, 95),
            p99=percentile(milliseconds, 99),
            longest=max(milliseconds),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """Of this process in MiB, as Linux tells it: resident now, of that what is its own and what is of files that are
    mapped, and the most that was ever resident."""

    resident: float
    own: float
    files: float
    most: float

    @classmethod
    def now(cls) -> Memory:
        lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
        held = {words[0]: int(words[1]) / 1024 for words in lines if words[0] in _TOLD}
        resident, own, files, most = (held[name] for name in _TOLD)
        return cls(resident=resident, own=own, files=files, most=most)


_TOLD = ("VmRSS:", "RssAnon:", "RssFile:", "VmHWM:")


@dataclass(frozen=True, kw_only=True, slots=True)
class Built:
    """Seconds of `Archive.add`, of that the making of vectors; of the processor; passages; bytes of the database, of
    the index, and of what finds its vectors; segments; memory at most, in MiB."""

    seconds: float
    encoding: float
    processor: float
    passages: int
    database: int
    index: int
    vectors: int
    segments: int
    memory: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Answered:
    """Seconds until the archive is open, milliseconds of its first question; of one asker's questions: their times,
    the median of their encoding and the mean of the processor's milliseconds, the shares whose entry is the first, or
    among the first three, of those that were ranked, and how many were; of several askers' questions the times and
    how many a second; of questions narrowed to a blog, and to a thousandth of the time; memory with the model before
    the archive is opened, and after all."""

    opening: float
    first: float
    one: Times
    encoding: float
    processor: float
    r1: float
    r3: float
    ranked: int
    asked: int
    several: Times
    rate: float
    of_blog: Times
    of_time: Times
    before: Memory
    after: Memory


@dataclass(frozen=True, kw_only=True, slots=True)
class Updated:
    """Seconds from the change of a source to the first answer, in another process, that knows it, the median and the
    longest: of entries that are new, of which the first finds nothing ready, and of entries deleted; seconds that the
    refreshing itself took, and the processor's, medians; the longest question meanwhile, in milliseconds; memory of
    the process that refreshes at most, in MiB."""

    new: float
    new_first: float
    new_longest: float
    deleted: float
    deleted_longest: float
    refreshing: float
    processor: float
    asking_longest: float
    memory: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Recalled:
    """The share of the ten nearest passages to real questions that the vector index finds, and what it says itself:
    by segment its kind, lists, lists looked into, and recall as measured when it was built."""

    recall: float
    questions: int
    told: list[dict[str, Any]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """All of one size: for `wanted` passages, on a machine as described, on which `load` processes were running on
    average when it began. It holds no text."""

    wanted: int
    machine: str
    load: float
    written: Written
    built: Built
    answered: Answered
    updated: Updated
    recalled: Recalled

    @classmethod
    def of(cls, held: dict[str, Any]) -> Size:
        """The same, from what `asdict` made of it."""
        answered = held["answered"]
        times = {name: Times(**answered[name]) for name in ("one", "several", "of_blog", "of_time")}
        memory = {name: Memory(**answered[name]) for name in ("before", "after")}
        return cls(
            wanted=held["wanted"],
            machine=held["machine"],
            load=held["load"],
            written=Written(**held["written"]),
            built=Built(**held["built"]),
            answered=Answered(**{**answered, **times, **memory}),
            updated=Updated(**held["updated"]),
            recalled=Recalled(**held["recalled"]),
        )
