"""Quotations of all the shared live blogs by the thousand, right and wrong ones: what a check must find of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from retrieval.checking import checking
from retrieval.verdicts import QuoteCheck
from tests.data_folder import DATA
from tests.misquoting import MAKERS, Case, Fault, Generator, faults
from tests.misquoting_archive import NOW, STRANGERS, Told, told
from tests.misquoting_cases import Caution, Change
from tests.published import Published, Text
from tests.quoting import checked, published

COUNT = 1_500
SEED = 20140826
AT = NOW + timedelta(hours=2)

FLOORS = {
    "exact": 1.0,
    "typographic": 0.99,
    "elided": 0.98,
    "undeclared": 0.98,
    "clipped": 1.0,
    "caution": 0.98,
    "superseded": 0.98,
    "deleted": 0.98,
    "altered": 0.98,
    "spliced": 0.96,
    "not_found": 0.98,
}
"""The share of each family's cases of which all must be right: verdict, entries, changes with kind and place,
cautions. No kind is below `LOWEST`."""
LOWEST = 0.8
FEWEST = 8
"""Cases of a kind for which a share says something."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """A case, what a check of it found, and what is wrong with that."""

    case: Case
    found: QuoteCheck
    faults: frozenset[Fault]

    @property
    def right(self) -> bool:
        return not self.faults - {Fault.HELD_BACK}

    def __str__(self) -> str:
        wrong, wanted = ", ".join(sorted(self.faults)), " or ".join(sorted(self.case.verdicts))
        return f"{self.case.kind}: {self.case.quote!r} is {self.found.verdict.value}, wanted {wanted}: {wrong}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    if not STRANGERS.exists():
        pytest.skip(f"{DATA} is missing: set STET_TEST_DATA to the folder with the shared data")
    made = told(tmp_path_factory.mktemp("misquotes"), SEED)
    yield made
    made.store.close()


@pytest.fixture(scope="module")
def judged(archive: Told) -> list[Judged]:
    """All cases, checked within one look as those of a draft are."""
    with checking(archive.store, as_of=None, blog=None, visible=None, now=AT) as look:
        cases = Generator(archive.published, archive.strangers, SEED).cases(COUNT)
        found = [(case, look.check(case.quote)) for case in cases]
    return [Judged(case=case, found=one, faults=faults(case, one)) for case, one in found]


def test_nothing_passes_that_must_not(judged: list[Judged]) -> None:
    assert [str(one) for one in judged if Fault.PASSES in one.faults] == []
    assert sum(one.case.passes is False for one in judged) > COUNT / 2


def test_verdicts_and_entries_are_right(judged: list[Judged]) -> None:
    wrong = [one for one in judged if Fault.VERDICT in one.faults]
    assert len(wrong) <= 0.02 * COUNT, "\n".join(map(str, wrong))
    astray = [one for one in judged if one.faults & {Fault.MISSING, Fault.EXTRA}]
    assert len(astray) <= 0.01 * COUNT, "\n".join(map(str, astray))


def test_what_may_pass_passes(judged: list[Judged]) -> None:
    held_back = [one for one in judged if Fault.HELD_BACK in one.faults]
    assert len(held_back) <= 0.02 * sum(one.case.passes is True for one in judged), "\n".join(map(str, held_back))


@pytest.mark.parametrize("family", FLOORS)
def test_each_family_of_misquotations_is_told(judged: list[Judged], family: str) -> None:
    of_family = [one for one in judged if one.case.kind.split("/")[0] == family]
    wrong = [one for one in of_family if not one.right]
    assert len(wrong) <= (1 - FLOORS[family]) * len(of_family), "\n".join(map(str, wrong))


def test_no_kind_is_told_badly(judged: list[Judged]) -> None:
    kinds: dict[str, list[Judged]] = defaultdict(list)
    for one in judged:
        kinds[one.case.kind].append(one)
    shares = {kind: sum(one.right for one in made) / len(made) for kind, made in kinds.items() if len(made) >= FEWEST}
    assert {kind: share for kind, share in shares.items() if share < LOWEST} == {}
    assert {kind.split("/")[0] for kind in MAKERS} == {kind.split("/")[0] for kind in shares} == set(FLOORS)
    assert len(shares) > 0.85 * len(MAKERS)


def test_words_that_were_edited_away_are_held_and_do_not_pass(archive: Told, judged: list[Judged]) -> None:
    """The check still knows them, says that they stand no more, and shows how they read now."""
    assert len(archive.published.revised) > 40
    gone = [one for one in judged if one.case.kind == "superseded/edited" and one.case.verdicts == {"exact"}]
    assert len(gone) >= FEWEST
    for one in gone:
        assert (one.found.verdict.value, one.found.passes) == ("exact", False), one
        assert not any(match.version.current for match in one.found.matches), one
    shown = sum(any(match.version.current for match in one.found.nearest) for one in gone)
    assert shown >= 0.7 * len(gone)


def test_the_cases_are_the_same_for_the_same_seed(archive: Told) -> None:
    def first(seed: int) -> Counter[str]:
        return Counter(case.quote for case in Generator(archive.published, archive.strangers, seed).cases(60))

    assert first(SEED) == first(SEED) != first(SEED + 1)


# ------------------------------------------------------------------------------------------------ the judge itself

FLOOD = "No homes were lost, said Ottoline Brask. About 1,400 sandbags lay on the therapist’s lawn – all of them wet!"
FERRY = "The ferry stayed in the harbour all night."


def test_what_is_wrong_with_a_check_is_seen(tmp_path: Path) -> None:
    store = published(tmp_path, FLOOD, FERRY, FERRY)
    clipped, altered, twice = (
        checked(store, quote)
        for quote in ("homes were lost", "The ferry stayed in the harbour all day", "The ferry stayed in the harbour")
    )
    store.close()
    first = frozenset({"flood/0"})
    negation = Caution(kind="negation", entry="flood/0", start=0, end=2)
    wanted = Case(kind="", quote="", verdicts=frozenset({"exact"}), must=(first,), may=first, cautions=(negation,))
    assert faults(wanted, clipped) == set()
    assert faults(wanted, replace(clipped, cautions=())) == {Fault.PASSES, Fault.CAUTION}
    assert faults(replace(wanted, passes=True), clipped) == {Fault.HELD_BACK}
    assert faults(replace(wanted, cautions=()), twice) == {Fault.PASSES, Fault.MISSING, Fault.EXTRA}
    assert faults(wanted, altered) == {Fault.VERDICT}
    both = frozenset({"flood/1", "flood/2"})
    told_as = Change(start=36, end=39, kinds=frozenset({"substitution"}))
    changed = Case(kind="", quote="", verdicts=frozenset({"altered"}), must=(both,), may=both, changes=(told_as,))
    assert faults(changed, altered) == set()
    assert faults(replace(changed, changes=(replace(told_as, kinds=frozenset({"number"})),)), altered) == {Fault.KIND}
    assert faults(replace(changed, changes=(replace(told_as, start=4, end=9),)), altered) == {Fault.CHANGE}


@pytest.mark.parametrize(
    ("quote", "same"),
    [
        ("About 1,400 sandbags lay", True),
        ("about 1,400 sandbags lay", False),
        ("the therapist's lawn -- all of them", False),
        ("lay on the therapist’s lawn – all of them wet!", True),
        ("lay on the therapist’s lawn – all of them wet.", None),
        ("No homes were lost;", False),
        ("rapist’s lawn", None),
        ("About 1400 sandbags lay", None),
        ("400 sandbags lay", None),
        ("No Homes were lost", None),
    ],
)
def test_the_judge_knows_what_is_published(quote: str, same: bool | None) -> None:
    """By its own means: None where the words stand nowhere."""
    held = Published([Text(entry="flood/0", text=FLOOD)]).holding(quote)
    assert [one.same for one in held] == ([] if same is None else [same])
