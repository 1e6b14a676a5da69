"""What a check of a quotation costs in archives of 1,000, 10,000 and 100,000 made-up entries; see `quotations`.

Words are drawn by Zipf's law from a vocabulary of English function words and invented others, so that rare and common
rows of words stand to each other as in a language while no sentence is like another. Each size is filled by one
process and checked by another, so that the memory of the filling does not count. No model is loaded.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from pathlib import Path

from retrieval.checking import checking
from retrieval.lexicon import FUNCTION_WORDS
from retrieval.model import ReadBlog, ReadEntry, SourceOptions
from retrieval.rows import Source
from retrieval.sentences import sentences
from retrieval.store import Store

SIZES = (1_000, 10_000, 100_000)
EACH = 60
"""Checks of each kind."""
DRAFT = 200
"""Quotations of a draft."""
_SEED = 20140826
_VOCABULARY = 40_000
_RARE = 500
"""The rank from which on a word is in few sentences."""
_CHUNK = 1_000
"""Entries of a blog."""
_START = datetime(2031, 1, 1, tzinfo=UTC)
_ONSETS = "b bl br c ch d dr f fl g gr h j k kl l m n p pl pr qu r s sh st t tr v w z".split()
_VOWELS = "a e i o u ai ea oo ou".split()
_CODAS = ["", "n", "r", "l", "s", "t", "m", "d", "nd", "st", "ck"]
_MIXED = ("exact", "exact", "typographic", "elided", "altered", "spliced", "not found")
_DRAFTED = ("exact", "typographic", "exact", "altered")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """Checks of one kind: median, the ninth tenth and the longest in milliseconds; how many had the verdict that
    they were made for."""

    median: float
    ninth: float
    longest: float
    right: int
    checks: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """One size. Memory is that of the process that checks, in MiB: after its first check, and by how much more at
    most."""

    checks: dict[str, Timed]
    draft_seconds: float
    memory: float
    growth: float


def report() -> None:
    """Print every size's figures and how they grow."""
    found: dict[int, Measured] = {}
    with tempfile.TemporaryDirectory() as folder:
        for size in SIZES:
            home = Path(folder) / str(size)
            began = time.perf_counter()
            _child("fill", home, size)
            filled = time.perf_counter() - began
            found[size] = _read(_child("check", home, size))
            _print(size, filled, (home / "archive.db").stat().st_size / 2**20, found[size])
    least, most = found[SIZES[0]], found[SIZES[-1]]
    print(f"growth from {SIZES[0]:,} to {SIZES[-1]:,} entries, medians")
    for kind, timed in most.checks.items():
        print(f"  {kind:14} {timed.median / least.checks[kind].median:.1f} times")
    print(f"  {'a draft':14} {most.draft_seconds / least.draft_seconds:.1f} times")


def _print(size: int, filled: float, bytes_: float, one: Measured) -> None:
    print(f"{size:,} entries (filled in {filled:.0f} s, {bytes_:.0f} MiB)")
    for kind, timed in one.checks.items():
        spread = f"median {timed.median:6.1f} ms, 90 % within {timed.ninth:6.1f}, longest {timed.longest:6.1f}"
        print(f"  {kind:14} {spread}; verdict as made {timed.right} of {timed.checks}")
    print(f"  {'a draft':14} of {DRAFT} quotations {one.draft_seconds:.2f} s")
    print(f"  {'memory':14} {one.memory:.0f} MiB after the first check, {one.growth:.1f} MiB more at most")


def _child(task: str, home: Path, size: int) -> str:
    command = [sys.executable, "-m", "tests.benchmarks.scaling", task, str(home), str(size)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _read(printed: str) -> Measured:
    held = json.loads(printed)
    return Measured(**held | {"checks": {kind: Timed(**one) for kind, one in held["checks"].items()}})


# ------------------------------------------------------------------------------------------------ made-up entries


class Language:
    """Invented words, and sentences of them."""

    def __init__(self, chance: random.Random) -> None:
        self.random = chance
        words = sorted(FUNCTION_WORDS)
        chance.shuffle(words)
        known = set(words)
        while len(words) < _VOCABULARY:
            word = "".join(self._syllable() for _ in range(chance.choice((1, 2, 2, 3, 3, 4))))
            if word not in known:
                known.add(word)
                words.append(word)
        self.words = words
        self._weights = list(accumulate(1 / (rank + 2.7) for rank in range(len(words))))

    def _syllable(self) -> str:
        return "".join(self.random.choice(part) for part in (_ONSETS, _VOWELS, _CODAS))

    def draw(self, count: int) -> list[str]:
        """Words by Zipf's law (Mandelbrot's form)."""
        return self.random.choices(self.words, cum_weights=self._weights, k=count)

    def sentence(self) -> str:
        words = self.draw(self.random.randint(8, 28))
        if self.random.random() < 0.3:
            words[self.random.randrange(1, len(words) - 1)] = f"{self.random.randint(2, 9_999):,}"
        if self.random.random() < 0.5:
            words[self.random.randrange(2, len(words) - 2)] += ","
        return words[0].capitalize() + " " + " ".join(words[1:]) + "."

    def entry(self) -> str:
        """About a hundred words."""
        return " ".join(self.sentence() for _ in range(self.random.randint(4, 7)))


def fill(home: Path, size: int) -> None:
    """Record an archive of so many entries, a thousand a blog, through the store alone."""
    home.mkdir()
    store = Store.open(home / "archive.db")
    language = Language(random.Random(_SEED))
    for first in range(0, size, _CHUNK):
        entries = []
        for number in range(first, min(size, first + _CHUNK)):
            text, posted = language.entry(), _START + timedelta(minutes=number)
            entries.append(
                ReadEntry(id=str(number), posted_at=posted, title=None, author=None, url=None, text=text, raw=text)
            )
        blog = f"blog-{first // _CHUNK}"
        store.record(
            blog_id=blog,
            default_title=blog,
            source=Source(
                locator=f"/{blog}.ndjson", format="ndjson", sha256="", options=SourceOptions(), read_at=_START
            ),
            read=ReadBlog(format="ndjson", id=blog, title=None, url=None, timezone="UTC", entries=tuple(entries)),
            now=_START,
        )
    store.close()


# ------------------------------------------------------------------------------------------------ quotations


class Quoting:
    """Makes quotations of an archive's sentences."""

    def __init__(self, texts: Sequence[str], language: Language) -> None:
        self._texts = texts
        self._language = language
        self._random = language.random

    def _words(self, low: int, high: int) -> list[str]:
        """Words in a row of one sentence."""
        while True:
            text = self._random.choice(self._texts)
            start, end = self._random.choice(sentences(text))
            words = text[start:end].split()
            if len(words) >= low:
                size = self._random.randint(low, min(high, len(words)))
                first = self._random.randint(0, len(words) - size)
                return words[first : first + size]

    def exact(self) -> str:
        return " ".join(self._words(8, 24))

    def typographic(self) -> str:
        first, *rest = self._words(8, 24)
        return " ".join([first[0].swapcase() + first[1:], *rest]).replace(" ", "\u00a0", 1) + ";"

    def elided(self) -> str:
        words = self._words(12, 28)
        cut = self._random.randint(4, len(words) - 7)
        return " ".join([*words[:cut], "…", *words[cut + 2 :]])

    def altered(self) -> str:
        words = self._words(10, 24)
        words[self._random.randint(3, len(words) - 3)] = self._random.choice(self._language.words[_RARE:])
        return " ".join(words)

    def spliced(self) -> str:
        return " ".join([*self._words(5, 9), *self._words(5, 9)])

    def not_found(self) -> str:
        return " ".join(self._language.draw(self._random.randint(8, 20)))

    def common(self) -> str:
        """The commonest words of all, in no order that was published."""
        return " ".join(self._random.choices(self._language.words[:30], k=10))

    def made(self, kind: str) -> str:
        return self._makers()[kind]()

    def _makers(self) -> dict[str, Callable[[], str]]:
        return {
            "exact": self.exact,
            "typographic": self.typographic,
            "elided": self.elided,
            "altered": self.altered,
            "spliced": self.spliced,
            "not found": self.not_found,
            "common words": self.common,
        }


KINDS = ("exact", "typographic", "elided", "altered", "spliced", "not found", "common words", "mixed")


def measure(home: Path, size: int) -> Measured:
    """Check quotations of each kind, each within a look of its own, then a draft within one."""
    store = Store.open(home / "archive.db")
    language = Language(random.Random(_SEED))
    chance = random.Random(_SEED + 1)
    language.random = chance
    keys = chance.sample(range(1, size + 1), min(size, 2_000))
    quoting = Quoting([one.text for one in store.versions(keys).values()], language)
    _check(store, quoting.exact())  # the first check of a process pays for what later ones find ready
    before = _memory("VmRSS")
    found = {kind: _timed(store, quoting, kind) for kind in KINDS}
    drafted = [quoting.made(_DRAFTED[number % len(_DRAFTED)]) for number in range(DRAFT)]
    began = time.perf_counter()
    with checking(store, as_of=None, blog=None, visible=None, now=_now()) as look:
        for quote in drafted:
            look.check(quote)
    seconds = time.perf_counter() - began
    store.close()
    assert "torch" not in sys.modules
    return Measured(checks=found, draft_seconds=seconds, memory=before, growth=_memory("VmHWM") - before)


def _timed(store: Store, quoting: Quoting, kind: str) -> Timed:
    elapsed: list[float] = []
    right = 0
    for number in range(EACH):
        own = _MIXED[number % len(_MIXED)] if kind == "mixed" else kind
        took, verdict = _check(store, quoting.made(own))
        elapsed.append(took)
        right += verdict == (own.replace(" ", "_") if own != "common words" else "not_found")
    return Timed(
        median=statistics.median(elapsed),
        ninth=statistics.quantiles(elapsed, n=10)[-1],
        longest=max(elapsed),
        right=right,
        checks=EACH,
    )


def _check(store: Store, quote: str) -> tuple[float, str]:
    """How long a check takes, its look included, in milliseconds; and its verdict."""
    began = time.perf_counter()
    with checking(store, as_of=None, blog=None, visible=None, now=_now()) as look:
        found = look.check(quote)
    return (time.perf_counter() - began) * 1000, found.verdict.value


def _now() -> datetime:
    return _START + timedelta(days=365)


def _memory(what: str) -> float:
    """Resident memory now (VmRSS) or at most (VmHWM), in MiB, as Linux tells it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{what}:")) / 1024


def main() -> None:
    task, home, size = sys.argv[1:]
    if task == "fill":
        fill(Path(home), int(size))
    else:
        print(json.dumps(asdict(measure(Path(home), int(size)))))


if __name__ == "__main__":
    main()
