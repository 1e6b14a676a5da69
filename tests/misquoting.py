"""Quotations made from published texts, right and wrong ones, and what of a check of them is not as it has to be.

Pure, and the same for the same seed. The makers stand in `misquoting_held`, `misquoting_wrong` and `misquoting_past`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from retrieval.verdicts import PASSING, QuoteCheck, Verdict
from tests import misquoting_held as held
from tests import misquoting_past as past
from tests import misquoting_wrong as wrong
from tests.misquoting_cases import Case, Caution, Change, Drawing, Maker
from tests.misquoting_words import CHANGES
from tests.published import Published, Text

__all__ = ["MAKERS", "Case", "Fault", "Generator", "faults"]

_TRIES = 40
"""Texts that a kind is tried with, until one has something for it (a number, a dash)."""
_TURNING = ("negation", "number", "hedge", "attribution")

MAKERS: Mapping[str, Maker] = {
    "exact/sentence": held.exact_sentence,
    "exact/fragment": held.exact_fragment,
    "exact/sentences": held.exact_sentences,
    **{f"typographic/{kind}": held.of_form(form) for kind, form in held.FORMS.items()},
    **{f"elided/{kind}": held.of_ellipsis(sign) for kind, sign in held.SIGNS.items()},
    "elided/several": held.several_gaps,
    "elided/across": held.across,
    "elided/bracket": held.bracket,
    "elided/bracket-end": held.bracket_end,
    "elided/capital": held.capital,
    "elided/sic": held.sic,
    "undeclared/short-fragment": wrong.short_fragment,
    "undeclared/wide-bracket": wrong.wide_bracket,
    "undeclared/disorder": wrong.disorder,
    "undeclared/other-entries": wrong.other_entries,
    **{
        f"altered/{kind}/{place}": wrong.of_change(change, place)
        for kind, change in CHANGES.items()
        for place in ("first", "middle", "last")
    },
    "altered/short": wrong.short,
    "altered/gap": wrong.gap,
    "altered/final-mark": wrong.final_mark,
    "altered/clipped-number": wrong.clipped_number,
    "altered/clipped-word": wrong.clipped_word,
    "clipped/unit": wrong.clipped_unit,
    "clipped/sign": wrong.clipped_sign,
    "clipped/prefix": wrong.clipped_prefix,
    "clipped/question": wrong.clipped_question,
    "altered/pronoun": wrong.pronoun,
    "spliced/two": wrong.of_splice(2),
    "spliced/three": wrong.of_splice(3),
    "spliced/order": wrong.order,
    "spliced/gap": wrong.wide_gap,
    "not_found/stranger": wrong.stranger,
    "not_found/scrambled": wrong.scrambled,
    **{f"altered/two/{number}": wrong.two for number in range(4)},
    **{
        f"caution/{way}-{kind}": maker
        for kind in _TURNING
        for way, maker in (
            ("clip", held.of_clip(kind)),
            ("gap", held.of_hidden(kind, bracket=False)),
            ("bracket", held.of_hidden(kind, bracket=True)),
        )
    },
    "superseded/sentence": past.sentence,
    "superseded/edited": past.edited,
    "superseded/elided": past.elided,
    "superseded/altered": past.altered,
    "superseded/stands": past.stands,
    "deleted/sentence": past.deleted_sentence,
    "deleted/fragment": past.deleted_fragment,
    "deleted/altered": past.deleted_altered,
}
"""The maker of each kind of case."""


class Generator:
    """Makes cases of all kinds in turn, each from another entry."""

    def __init__(
        self, published: Published, strangers: Sequence[str], seed: int, makers: Mapping[str, Maker] = MAKERS
    ) -> None:
        self._drawing = Drawing(published, strangers, seed)
        self._makers = makers
        self._left: list[Text] = []

    def cases(self, count: int) -> Iterator[Case]:
        """So many cases."""
        made = 0
        while made < count:
            for kind, maker in self._makers.items():
                case = self._made(maker)
                if case is not None:
                    yield replace(case, kind=kind)
                    made += 1
                if made == count:
                    return

    def _made(self, maker: Maker) -> Case | None:
        for _ in range(_TRIES):
            if not self._left:
                self._left = self._drawing.random.sample(self._drawing.texts, len(self._drawing.texts))
            case = maker(self._drawing, self._left.pop())
            if case is not None and case.quote.strip():
                return case
        return None


# ------------------------------------------------------------------------------------------------ what was found


class Fault(StrEnum):
    """What of a check is not as it has to be."""

    PASSES = "passes and must not"
    VERDICT = "verdict"
    MISSING = "an entry is missing"
    EXTRA = "an entry too many"
    CHANGE = "a change is not listed"
    KIND = "the kind of a change"
    CAUTION = "a caution is missing"
    HELD_BACK = "does not pass and may"


def faults(case: Case, found: QuoteCheck) -> frozenset[Fault]:
    """What of a check is not as the case wants it. Of a check with another verdict no more is asked than whether it
    passes."""
    wrong_ones = {Fault.PASSES} if case.passes is False and found.passes else set()
    if found.verdict.value not in case.verdicts:
        return frozenset(wrong_ones | {Fault.VERDICT})
    listed = {one.version.entry.whole_id for one in found.matches}
    if any(listed.isdisjoint(wanted) for wanted in case.must):
        wrong_ones.add(Fault.MISSING)
    if listed - case.may:
        wrong_ones.add(Fault.EXTRA)
    if case.passes and not found.passes:
        wrong_ones.add(Fault.HELD_BACK)
    if found.verdict is Verdict.ALTERED:
        wrong_ones |= {fault for change in case.changes if (fault := _told(change, found))}
    if found.verdict in PASSING and not all(_is_given(caution, found) for caution in case.cautions):
        wrong_ones.add(Fault.CAUTION)
    return frozenset(wrong_ones)


def _told(change: Change, found: QuoteCheck) -> Fault | None:
    """Whether a match of every listed entry tells of a change, by a kind that it may be told as: its title may have
    the words with another. Where only something was taken out, no place in the quotation is asked for."""
    near: dict[str, set[str]] = {one.version.entry.whole_id: set() for one in found.matches}
    for match in found.matches:
        for edit in match.edits:
            beside = edit.quote_span[0] <= change.end + 2 and change.start - 2 <= edit.quote_span[1]
            if beside or change.start == change.end:
                near[match.version.entry.whole_id].add(edit.kind.value)
    if not all(near.values()):
        return Fault.CHANGE
    return Fault.KIND if any(kinds.isdisjoint(change.kinds) for kinds in near.values()) else None


def _is_given(wanted: Caution, found: QuoteCheck) -> bool:
    return any(
        one.kind.value == wanted.kind
        and found.matches[one.match].version.entry.whole_id == wanted.entry
        and one.start <= wanted.start
        and wanted.end <= one.end
        for one in found.cautions
    )
