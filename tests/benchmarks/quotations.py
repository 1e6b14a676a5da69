"""How checks of quotations do, and what they cost: `python -m tests.benchmarks.quotations [--generated N] [--scale]`.

Reads the gold quotations on the customer's document, the natural pairs of two outlets' quotations (each pair's second
an archive of its own) and, with `--generated`, so many made of all the live blogs, from STET_TEST_DATA or
../shared/data. `--scale` times checks in made-up archives of 1,000, 10,000 and 100,000 entries: see `scaling`.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from retrieval import ingest
from retrieval.checking import checking
from retrieval.loading import Loading
from retrieval.model import ReadBlog, ReadEntry, SourceOptions
from retrieval.rows import Source
from retrieval.store import Store
from retrieval.verdicts import QuoteCheck
from tests.benchmarks import scaling
from tests.data_folder import DATA, SEED
from tests.misquoting import Case, Fault, Generator, faults
from tests.misquoting_archive import NOW, told

GOLD = DATA / "gold" / "seed-quotes.jsonl"
PAIRS = DATA / "misquotes" / "natural-pairs.jsonl"
_SIZE_LIMIT = 100_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--generated", type=int, default=0, metavar="N", help="check N made-up misquotations")
    parser.add_argument("--seed", type=int, default=20140826, help="of the generator")
    parser.add_argument("--scale", action="store_true", help="time checks in archives of up to 100,000 entries")
    given = parser.parse_args()
    gold()
    pairs()
    if given.generated:
        generated(given.generated, given.seed)
    if given.scale:
        scaling.report()


# ------------------------------------------------------------------------------------------------ gold


def gold() -> None:
    """Verdict, entries' times, kind of the change; whether it passes, where the gold tells."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    missed: list[str] = []
    with _store() as store:
        ingest.take_all(store, [str(SEED)], SourceOptions(), _load, NOW)
        for wanted in _lines(GOLD):
            wrong = _misses(wanted, _checked(store, wanted["quote"]))
            total[wanted["kind"]] += 1
            right[wanted["kind"]] += not wrong
            missed += [f"  {wanted['kind']}: {', '.join(wrong)}: {wanted['quote']}"] if wrong else []
    print(f"gold quotations          {right.total()} of {total.total()}")
    print("  " + ", ".join(f"{kind} {right[kind]}/{count}" for kind, count in total.items()))
    print(*missed, sep="\n", end="\n" if missed else "")


def _misses(wanted: dict[str, Any], found: QuoteCheck) -> list[str]:
    times = sorted({f"{one.version.entry.posted_at:%H:%M}" for one in found.matches})
    kinds = {edit.kind.value for match in found.matches for edit in match.edits}
    asked = {
        "verdict": found.verdict.value == wanted["verdict"],
        "entry": times == sorted(wanted["times"]),
        "kind": wanted["verdict"] != "altered" or wanted["kind"] in kinds,
        "passes": found.passes is wanted.get("passes", found.passes),
    }
    return [name for name, is_right in asked.items() if not is_right]


# ------------------------------------------------------------------------------------------------ natural pairs


def pairs() -> None:
    """The verdicts on each label's quotations."""
    verdicts: dict[str, Counter[str]] = defaultdict(Counter)
    passing: Counter[str] = Counter()
    for pair in _lines(PAIRS):
        with _store() as store:
            _publish(store, pair["b"])
            found = _checked(store, pair["a"])
        verdicts[pair["label"]][found.verdict.value] += 1
        passing[pair["label"]] += found.passes
    print(f"natural pairs            {sum(one.total() for one in verdicts.values())}")
    for label, counted in sorted(verdicts.items()):
        told_as = ", ".join(f"{verdict} {count}" for verdict, count in counted.most_common())
        print(f"  {label:28} {told_as}; {passing[label]} pass")


def _publish(store: Store, text: str) -> None:
    entry = ReadEntry(id="1", posted_at=NOW, title=None, author=None, url=None, text=text, raw=text)
    store.record(
        blog_id="pair",
        default_title="Pair",
        source=Source(locator="/pair.ndjson", format="ndjson", sha256="", options=SourceOptions(), read_at=NOW),
        read=ReadBlog(format="ndjson", id="pair", title=None, url=None, timezone="UTC", entries=(entry,)),
        now=NOW,
    )


# ------------------------------------------------------------------------------------------------ generated


def generated(count: int, seed: int) -> None:
    """How many cases of each kind are right, whole; which faults the others have; every forbidden pass."""
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    wrong: dict[str, Counter[str]] = defaultdict(Counter)
    elapsed: list[float] = []
    forbidden: list[Case] = []
    with tempfile.TemporaryDirectory() as folder:
        archive = told(Path(folder), seed)
        for case in Generator(archive.published, archive.strangers, seed).cases(count):
            found = _checked(archive.store, case.quote)
            elapsed.append(found.elapsed_ms)
            having = faults(case, found)
            total[case.kind] += 1
            right[case.kind] += not having - {Fault.HELD_BACK}
            wrong[case.kind].update(one.value for one in having)
            forbidden += [case] if Fault.PASSES in having else []
        archive.store.close()
    print(f"generated quotations     {right.total()} of {total.total()} right ({right.total() / total.total():.2%})")
    print(f"  passes that must not   {len(forbidden)}")
    print(*(f"    {case.kind}: {case.quote}" for case in forbidden), sep="\n", end="\n" if forbidden else "")
    for family in dict.fromkeys(map(_family, total)):
        kinds = [kind for kind in total if _family(kind) == family]
        of_family = sum((wrong[kind] for kind in kinds), Counter[str]())
        print(f"  {family:24} {_share(sum(right[one] for one in kinds), sum(total[one] for one in kinds))}"
              + "".join(f"; {fault} {number}" for fault, number in of_family.items()))  # fmt: skip
    worst = sorted(total, key=lambda kind: right[kind] / total[kind])[:8]
    print("  worst kinds            " + ", ".join(f"{kind} {right[kind]}/{total[kind]}" for kind in worst))
    all_wrong = sum(wrong.values(), Counter[str]())
    for name, those in (
        ("verdict", {Fault.VERDICT}),
        ("entries", {Fault.MISSING, Fault.EXTRA}),
        ("changes", {Fault.CHANGE, Fault.KIND}),
        ("cautions", {Fault.CAUTION}),
    ):
        print(f"  {name + ' right':22} {1 - sum(all_wrong[one.value] for one in those) / count:.2%}")
    print(f"  a check                {_spread(elapsed)}")


def _family(kind: str) -> str:
    return "/".join(kind.split("/")[: 2 if kind.startswith("altered") else 1])


def _share(right: int, total: int) -> str:
    return f"{right:5} of {total:5} ({right / total:6.1%})"


def _spread(elapsed: Sequence[float]) -> str:
    ninth = statistics.quantiles(elapsed, n=10)[-1]
    return f"median {statistics.median(elapsed):.1f} ms, 90 % within {ninth:.1f}, longest {max(elapsed):.0f}"


# ------------------------------------------------------------------------------------------------ shared


_load = Loading(size_limit=_SIZE_LIMIT, allow_local=False).load


@contextmanager
def _store() -> Iterator[Store]:
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "archive.db")
        yield store
        store.close()


def _checked(store: Store, quote: str) -> QuoteCheck:
    with checking(store, as_of=None, blog=None, visible=None, now=NOW + timedelta(hours=2)) as look:
        return look.check(quote)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text().splitlines():
        yield json.loads(line)


if __name__ == "__main__":
    main()
