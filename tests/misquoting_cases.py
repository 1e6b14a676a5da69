"""Quotations to be checked with what has to be found, and how the words for them are drawn from an archive.

What is expected follows from the rules of the verdicts alone and is judged with `published`: a change that happens to
make other published words is expected to be found there.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.model import Span
from tests.published import Kept, Published, Text, plain

SHORTEST = 6
"""Words of a text that is quoted from, and of a sentence that a change is put into."""
_LONGEST = 45
_DECLARING = re.compile(r"[\[\]…]|\.\s?\.\s?\.")
ANY_FAILING = frozenset({"altered", "spliced", "not_found"})
_CLOSE, _NEAR = 0.5, 0.3
"""The shares of its rows of three words that make another entry a likely, and a possible, place of a quotation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Characters of a quotation that were changed, and the kinds that this may be told as."""

    start: int
    end: int
    kinds: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Caution:
    """A caution that a check must give: its kind, the entry, and the words."""

    kind: str
    entry: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A quotation. Of each of `must` one entry at least is to be listed, of others only those of `may`; `passes` is
    None where the rules leave it open."""

    kind: str
    quote: str
    verdicts: frozenset[str]
    must: tuple[frozenset[str], ...] = ()
    may: frozenset[str] = frozenset()
    passes: bool | None = False
    changes: tuple[Change, ...] = ()
    cautions: tuple[Caution, ...] = ()


class Base:
    """Words of one text, cut at word boundaries, to be quoted."""

    def __init__(self, text: Text, start: int, end: int) -> None:
        self.text, self.start, self.end = text, start, end
        self.quote = text.text[start:end]
        self.words = [(a - start, b - start) for a, b in text.words_in((start, end))]

    @property
    def counted(self) -> int:
        """How many words a reader counts: `7th` is one."""
        return sum(not self.quote[max(0, start - 1) : start].isalnum() for start, _ in self.words)

    def word(self, at: int) -> str:
        return self.quote[slice(*self.words[at])]


Made = tuple[int, int, str, frozenset[str]]
"""Characters of the base, what stands there instead, and the kinds that this may be told as."""


class Chance:
    """Words drawn at random from a vocabulary, the same for the same seed."""

    def __init__(self, chance: random.Random, vocabulary: Sequence[str]) -> None:
        self.random = chance
        self._vocabulary = vocabulary

    def stranger_to(self, base: Base) -> str:
        """A plain word that the words do not hold."""
        while True:
            word = self.random.choice(self._vocabulary)
            if len(word) > 3 and word not in base.quote.casefold():
                return word

    def choice(self, among: Sequence[str]) -> str:
        return self.random.choice(among)


Changing = Callable[[Base, int, Chance], Made | None]
"""Changes one word of a base; None where the word does not lend itself to it."""


class Drawing:
    """Draws words of an archive's texts, and says what a check of them has to find.

    `texts` are those that were never edited, `superseded` and `deleted` those that stood once, `standing` the present
    texts of the entries that were edited, by entry; `strangers` are sentences that were published nowhere."""

    def __init__(self, published: Published, strangers: Sequence[str], seed: int) -> None:
        self.random = random.Random(seed)
        self.published = published
        self.strangers = strangers
        self.chance = Chance(self.random, published.vocabulary)
        quoted = [one for one in published.texts if not one.is_title and len(one.words) >= SHORTEST]
        self.texts = [one for one in quoted if one.entry not in published.revised]
        self.standing = {one.entry: one for one in quoted if one.current and one.entry in published.revised}
        past = [one for one in quoted if not one.current]
        self.superseded = [one for one in past if one.entry in self.standing]
        self.deleted = [one for one in past if one.entry not in self.standing]

    # ---------------------------------------------------------------- what is expected

    def held(self, quote: str) -> Case | None:
        """The case of a quotation that is published as it is; None where it is not."""
        places = self.published.holding(quote)
        if not places:
            return None
        standing = [one for one in places if one.text.current] or places
        verdict = "exact" if any(one.same for one in standing) else "typographic"
        entries = frozenset(one.text.entry for one in places)
        return Case(
            kind="",
            quote=quote,
            verdicts=frozenset({verdict}),
            must=tuple(frozenset({one}) for one in sorted(entries)),
            may=entries,
            passes=_passes(places),
            cautions=_cautions(places) if len(places) == 1 else (),
        )

    def altered(self, quote: str, base: Base, changes: Sequence[Change]) -> Case:
        """What was made of published words and is published nowhere, unless it is after all."""
        held = self.held(quote)
        if held is not None:
            return held
        original = frozenset(one.text.entry for one in self.published.holding(base.quote))
        shares = self.published.sharing(quote, 3)
        rivals = frozenset(entry for entry, share in shares.items() if share >= _NEAR and entry not in original)
        near = any(shares[entry] >= _CLOSE for entry in rivals)
        return Case(
            kind="",
            quote=quote,
            verdicts=frozenset({"altered"}),
            must=(original | rivals,) if near else tuple(frozenset({one}) for one in sorted(original)),
            may=original | rivals,
            changes=() if near or base.text.entry in self.standing else tuple(changes),
        )

    def elided(self, pieces: Sequence[Base], quote: str, *, inserted: Span | None = None) -> Case | None:
        """The case of pieces of one text, its gaps declared. Where the pieces stand elsewhere too, what is left out
        is another matter there."""
        held = self.held(quote)
        if held is not None:
            return held
        fragments = [one.quote for one in pieces]
        texts = self.published.in_order(fragments)
        entries = frozenset(one.entry for one in texts)
        text = pieces[0].text
        kept = [(one.start, one.end) for one in pieces]
        alone = len(texts) == 1 and all(plain(text.text).count(plain(one)) == 1 for one in fragments)
        left = text.left_out(kept)
        cautions = [Caution(kind=one.kind, entry=text.entry, start=one.start, end=one.end) for one in left]
        if inserted is not None:
            cautions.append(Caution(kind="insertion", entry=text.entry, start=inserted[0], end=inserted[1]))
        passes = None if not alone or (text.may_turn(kept) and not cautions) else not cautions
        if inserted is not None or not any(one.current for one in texts):
            passes = False
        return Case(
            kind="",
            quote=quote,
            verdicts=frozenset({"elided"}),
            must=tuple(frozenset({one}) for one in sorted(entries))
            if inserted is None
            else (frozenset({text.entry}),),
            may=entries,
            passes=passes,
            cautions=tuple(cautions) if alone else (),
        )

    def not_elided(self, quote: str, pieces: Sequence[Base], verdicts: frozenset[str] = ANY_FAILING) -> Case | None:
        if self.held(quote) is not None:
            return None
        may = frozenset(self.published.sharing(quote, 3)) | {one.text.entry for one in pieces}
        return Case(kind="", quote=quote, verdicts=verdicts, may=may, passes=False)

    def spliced(self, parts: Sequence[Base]) -> Case | None:
        quote = " ".join(one.quote for one in parts)
        held = self.held(quote)
        if held is not None:
            return held
        holders = [frozenset(one.text.entry for one in self.published.holding(part.quote)) for part in parts]
        shares = self.published.sharing(quote, 3)
        may = frozenset(self.published.sharing(quote, 4)).union(*holders)
        if any(share >= _CLOSE for share in shares.values()):  # an entry happens to hold it but for few words, too
            may |= {entry for entry, share in shares.items() if share >= _NEAR}
            return Case(kind="", quote=quote, verdicts=frozenset({"spliced", "altered"}), may=may, passes=False)
        return Case(kind="", quote=quote, verdicts=frozenset({"spliced"}), must=tuple(holders), may=may, passes=False)

    def changed(self, base: Base, made: Sequence[Made]) -> Case | None:
        quote, changes = base.quote, []
        shift = 0
        for start, end, words, kinds in sorted(made):
            quote = quote[: start + shift] + words + quote[end + shift :]
            changes.append(Change(start=start + shift, end=start + shift + len(words), kinds=kinds))
            shift += len(words) - (end - start)
        return None if plain(quote) == plain(base.quote) else self.altered(quote, base, changes)

    # ---------------------------------------------------------------- what is quoted

    def sentence(self, text: Text) -> Base | None:
        fitting = [
            one
            for one in text.sentences
            if SHORTEST + 2 <= len(text.words_in(one)) <= _LONGEST and is_plain(text, one)
        ]
        return Base(text, *self.random.choice(fitting)) if fitting else None

    def fragment(self, text: Text, low: int = 4, high: int = 16) -> Base | None:
        """Some words of one sentence, from the start of a word to the end of another."""
        return self.cut(text, self.random.choice(text.sentences), low, high)

    def long_fragment(self, text: Text) -> Base | None:
        return self.fragment(text, 8, 20)

    def cut(self, text: Text, span: Span, low: int, high: int) -> Base | None:
        words = text.words_in(span)
        if len(words) < low:
            return None
        size = self.random.randint(low, min(high, len(words)))
        first = self.random.randint(0, len(words) - size)
        start, end = words[first][0], words[first + size - 1][1]
        clean = not glued(text.text, start) and not glued(text.text, end) and is_plain(text, (start, end))
        return Base(text, start, end) if clean else None

    def pieces(self, text: Text, spans: Sequence[Span], sizes: Sequence[int]) -> list[Base] | None:
        """Rows of words of given sizes, in order and apart, within some characters."""
        words = [word for span in spans for word in text.words_in(span)]
        spare = len(words) - sum(sizes) - (len(sizes) - 1)
        if spare < 0:
            return None
        cuts = sorted(self.random.randint(0, spare) for _ in sizes)
        found, at = [], 0
        for number, size in enumerate(sizes):
            first = at + cuts[number] - (cuts[number - 1] if number else 0)
            start, end = words[first][0], words[first + size - 1][1]
            if glued(text.text, start) or glued(text.text, end) or not is_plain(text, (start, end)):
                return None
            found.append(Base(text, start, end))
            if found[-1].counted < size:
                return None
            at = first + size + 1
        return found


Maker = Callable[[Drawing, Text], Case | None]
"""Makes a case of a text; None where the text has nothing for it."""


def is_plain(text: Text, span: Span) -> bool:
    """Whether nothing in the words reads as a gap that a quotation declares."""
    return _DECLARING.search(text.text[slice(*span)]) is None


def glued(text: str, at: int) -> bool:
    """Whether no white space or mark parts what stands before and after a place."""
    near = text[max(0, at - 1) : at + 1]
    joined = near.isalnum() or any(one in "_@#/&'’-‐‑=%$£€" for one in near)
    return len(near) == 2 and joined and " " not in near


def _passes(places: Sequence[Kept]) -> bool | None:
    """Whether words may pass that stand at these places: nowhere but where they stand still."""
    turned = [bool(one.text.left_out([(one.start, one.end)])) for one in places if one.text.current]
    if all(turned):
        return False
    return None if any(one.text.may_turn([(one.start, one.end)]) for one in places) else True


def _cautions(places: Sequence[Kept]) -> tuple[Caution, ...]:
    return tuple(
        Caution(kind=left.kind, entry=one.text.entry, start=left.start, end=left.end)
        for one in places
        for left in one.text.left_out([(one.start, one.end)])
    )
