"""All that an archive has published, and what holds a quotation: judged by plain means of our own, for the tests.

Two texts are the same but for typography where their plain forms are: see `plain`. Nothing here calls the engine; of
the product only the sentences are used, since what a whole sentence is they alone say.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from retrieval.model import Span
from retrieval.sentences import sentences

WORD = re.compile(r"\d[\d,.]*\d|\d|[^\W\d_]+(?:['’ʼ´`][^\W\d_]+)*")
"""A number or a word."""

_QUOTES = "'’‘ʼ‛′`´‚‹›\"“”„‟″«»"
_DASHES = "-‐‑‒–—―−"
_UNSEEN = "\u00ad\u200b\u2060\ufeff"
_ELLIPSIS = re.compile(r"…|\.(?: ?\.){2,}")
_DOUBLED = re.compile(r"''|``|--+")
_CLOSING = ".,;:"

_NEGATIONS = frozenset("not no never nobody none nothing neither nor cannot without".split())
_NUMBERS = frozenset(
    "two three four five six seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million "
    "billion".split()
)
_HEDGES = frozenset("alleged allegedly might approximately possibly perhaps probably reportedly apparently".split())
_DOUBTFUL = frozenset(
    "one once twice nowhere seldom first second third fourth fifth sixth seventh eighth ninth tenth half "
    "quarter dozen double couple pair zero may could likely unlikely about around some almost nearly roughly if "
    "unless whether hardly scarcely barely rarely few fewer little less least mostly partly often sometimes "
    "usually generally largely maybe possible potentially according".split()
)
_DOUBTFUL_STEMS = (
    "alleg claim den refus fail reject suspect report suggest appear seem believ thought think sa[iy] told tell add "
    "argu announc assert comment conclu confirm declar describ estimat expla fear insist maintain not[ei] predict "
    "promis quot repl respon reveal stat stress testif threat tweet urg vow warn writ wrot un in[a-z]+ible non anti "
    "lack stop avoid prevent rule dismiss false wrong unable presum ostens arguab purport suppos conceiv accord"
)
_COUNTING = tuple("hundred thousand million billion dozen doubl tripl quart thir score pair hal per".split())
_DOUBTFUL_STEM = re.compile("|".join(_DOUBTFUL_STEMS.split()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """A place that holds words: characters of one text, and whether they are the very same."""

    text: Text
    start: int
    end: int
    same: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A word that a quotation leaves out, and why its meaning may turn: negation, number, hedge, attribution."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True, kw_only=True)
class Text:
    """An entry's text, or its title."""

    entry: str
    text: str
    language: str = "en"
    is_title: bool = False
    current: bool = True
    """It stands still: it was not edited, nor its entry deleted."""

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        return ((0, len(self.text)),) if self.is_title else sentences(self.text, self.language)

    @cached_property
    def words(self) -> list[Span]:
        return [found.span() for found in WORD.finditer(self.text)]

    @cached_property
    def _inside(self) -> frozenset[int]:
        return frozenset(place for start, end in self.words for place in range(start + 1, end))

    def cuts(self, place: int) -> bool:
        """Whether a place is within a word or number."""
        return place in self._inside

    def words_in(self, span: Span) -> list[Span]:
        starts, ends = self._bounds
        return self.words[bisect_left(starts, span[0]) : bisect_right(ends, span[1])]

    @cached_property
    def _bounds(self) -> tuple[list[int], list[int]]:
        return [start for start, _ in self.words], [end for _, end in self.words]

    def reach(self, kept: Sequence[Span]) -> list[Span]:
        """The sentences that the kept words stand in."""
        return [one for one in self.sentences if any(start < one[1] and one[0] < end for start, end in kept)]

    def left_out(self, kept: Sequence[Span]) -> list[LeftOut]:
        """What is left out of the sentences of the kept words and certainly asks for a caution."""
        found = []
        for sentence in self.reach(kept):
            spoken = re.search(rf"[{_QUOTES}:]", self.text[slice(*sentence)]) is not None
            for start, end in self.words_in(sentence):
                if not any(first <= start and end <= last for first, last in kept):
                    kind = self._turns(start, end, spoken=spoken)
                    found += [LeftOut(kind=kind, start=start, end=end)] if kind else []
        return found

    def may_turn(self, kept: Sequence[Span]) -> bool:
        """Whether what is left out might ask for a caution."""
        return self.asks(kept) or any(
            self.text[start].isdigit() or _may_turn(self.text[start:end].casefold().replace("’", "'"))
            for sentence in self.reach(kept)
            for start, end in self.words_in(sentence)
            if not any(first <= start and end <= last for first, last in kept)
        )

    def asks(self, kept: Sequence[Span]) -> bool:
        """Whether the kept words are of a question, without its beginning or its mark."""
        asked = [one for one in self.reach(kept) if re.search(rf"\?[{_QUOTES})\s]*$", self.text[slice(*one)])]
        return any(self.words_in((start, kept[0][0])) or kept[-1][1] < end for start, end in asked)

    def _turns(self, start: int, end: int, *, spoken: bool) -> str | None:
        word = self.text[start:end].casefold().replace("’", "'")
        after = self.text[end : end + 2]
        if (word in _NEGATIONS and not re.match(r"\.|.?\d", after)) or word.endswith("n't"):
            return "negation"
        glued = (
            self.text[start - 1 : start].isalnum() or after[:1].isalnum() or self.text[start - 1 : start] in "/_#@"
        )
        if (word[0].isdigit() and not glued) or word in _NUMBERS:
            return "number"
        if word in _HEDGES:
            return "hedge"
        return "attribution" if word in ("said", "told") and not spoken else None


def _may_turn(word: str) -> bool:
    certain = word in _NEGATIONS or word in _NUMBERS or word in _HEDGES or word.endswith("n't")
    return certain or word in _DOUBTFUL or word.startswith(_COUNTING) or _DOUBTFUL_STEM.match(word) is not None


def turns(word: str) -> bool:
    """Whether a word is a number or a negation, or might be: no word to change where another kind is meant."""
    folded = word.casefold().replace("’", "'")
    certain = folded in _NEGATIONS or folded in _NUMBERS or folded.endswith("n't") or word[0].isdigit()
    return certain or folded in _DOUBTFUL or folded.startswith(_COUNTING)


def vocabulary(texts: Iterable[Text]) -> list[str]:
    """Plain words in lower case that stand in texts, in order."""
    found = {one.text[start:end] for one in texts for start, end in one.words}
    return sorted(word for word in found if word.isascii() and word.isalpha() and word.islower() and not turns(word))


# ------------------------------------------------------------------------------------------------ plain forms


def collapsed(text: str) -> str:
    return " ".join(text.split())


def plain(text: str) -> str:
    """A text without all that is typography: one form of quotation marks, apostrophes, dashes and ellipses, no space
    beside a mark or between letter and digit, Unicode composed."""
    return plain_with_places(text)[0]


def plain_with_places(text: str) -> tuple[str, list[Span]]:
    """The plain form, and for each of its characters those of the text that it stands for."""
    chars: list[str] = []
    spans: list[Span] = []
    place = 0
    while place < len(text):
        found = _ELLIPSIS.match(text, place) or _DOUBLED.match(text, place)
        end = found.end() if found else place + 1
        char = text[place] if found is None else "…" if found[0][0] in "…." else found[0][0]
        _take(chars, spans, char, (place, end))
        place = end
    kept = [place for place in range(len(chars)) if not _is_idle(chars, place)]
    return "".join(chars[place] for place in kept), [spans[place] for place in kept]


def _take(chars: list[str], spans: list[Span], char: str, span: Span) -> None:
    """One character more: in the one form of its kind, white space only once, an accent with its letter."""
    if char in _UNSEEN:
        return
    if unicodedata.combining(char) and chars:
        whole = unicodedata.normalize("NFC", chars[-1] + char)
        if len(whole) == 1:
            chars[-1], spans[-1] = whole, (spans[-1][0], span[1])
            return
    one = " " if char.isspace() else "'" if char in _QUOTES else "-" if char in _DASHES else char
    if one != " " or (chars and chars[-1] != " "):
        chars.append(unicodedata.normalize("NFC", one))
        spans.append(span)


def _is_idle(chars: Sequence[str], place: int) -> bool:
    """Whether it is a space that does not part two words, or two numbers."""
    if chars[place] != " ":
        return False
    if place in (0, len(chars) - 1):
        return True
    before, after = chars[place - 1], chars[place + 1]
    return not (before.isalnum() and after.isalnum() and before.isdigit() == after.isdigit())


# ------------------------------------------------------------------------------------------------ the archive


class Published:
    """Every text and title, searched as one string."""

    def __init__(self, texts: Iterable[Text]) -> None:
        self.texts = tuple(texts)
        self._plain: list[str] = []
        self._places: list[list[Span]] = []
        self._starts: list[int] = []
        at = 0
        for one in self.texts:
            form, places = plain_with_places(one.text)
            self._plain.append(form)
            self._places.append(places)
            self._starts.append(at)
            at += len(form) + 1
        self._all = "\0".join(self._plain)
        self._grams: dict[tuple[str, ...], set[str]] = defaultdict(set)
        for one in self.texts:
            for size in (3, 4):
                for gram in grams(one.text, size):
                    self._grams[gram].add(one.entry)

    @cached_property
    def vocabulary(self) -> list[str]:
        return vocabulary(self.texts)

    @cached_property
    def revised(self) -> frozenset[str]:
        """The entries that were edited or deleted."""
        return frozenset(one.entry for one in self.texts if not one.current)

    def holding(self, quote: str) -> list[Kept]:
        """Every place that holds a quotation, but for typography."""
        form = plain(quote)
        bare = form[:-1] if form[-1:] in _CLOSING and form[:-1] else form
        found: dict[tuple[int, int], Kept] = {}
        for wanted in {form, bare}:
            for number, start, end in self._found(wanted):
                kept = self._kept(quote, number, start, end, closed=wanted != form)
                if kept is not None:
                    known = found.get((number, start))
                    if known is None or kept.same:
                        found[number, start] = kept
        return list(found.values())

    def in_order(self, fragments: Sequence[str]) -> list[Text]:
        """The texts that hold all fragments, one after the other."""
        forms = [plain(one) for one in fragments]
        return [text for text, form in zip(self.texts, self._plain, strict=True) if _in_order(forms, form)]

    def sharing(self, quote: str, size: int) -> dict[str, float]:
        """The entries that share rows of `size` words with a quotation, and the share of its rows that they hold."""
        wanted = list(grams(quote, size))
        counts: dict[str, float] = defaultdict(float)
        for gram in wanted:
            for entry in self._grams.get(gram, ()):
                counts[entry] += 1 / len(wanted)
        return dict(counts)

    def _found(self, wanted: str) -> Iterator[tuple[int, int, int]]:
        """Where a plain form stands, whatever the case of its first letter: text, start and end there."""
        rest = wanted[1:]
        for first in {wanted[0], wanted[0].swapcase()}:
            at = self._all.find(first + rest)
            while at >= 0:
                end = at + len(wanted)
                number = self._number(at)
                yield number, at - self._starts[number], end - self._starts[number]
                at = self._all.find(first + rest, at + 1)

    def _number(self, at: int) -> int:
        low, high = 0, len(self._starts)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self._starts[middle] <= at else (low, middle)
        return low

    def _kept(self, quote: str, number: int, start: int, end: int, *, closed: bool) -> Kept | None:
        """`closed`: the quotation's closing mark was taken off; what asks or exclaims is not closed so."""
        text, form, places = self.texts[number], self._plain[number], self._places[number]
        first, last = places[start][0], places[end - 1][1]
        if (closed and form[end : end + 1] in ("?", "!")) or text.cuts(first) or text.cuts(last):
            return None
        same = not closed and collapsed(text.text[first:last]) == collapsed(quote)
        return Kept(text=text, start=first, end=last, same=same)


def _in_order(fragments: Sequence[str], form: str) -> bool:
    at = 0
    for one in fragments:
        places = [form.find(first + one[1:], at) for first in {one[0], one[0].swapcase()}]
        found = [place for place in places if place >= 0]
        if not found:
            return False
        at = min(found) + len(one)
    return True


def grams(text: str, size: int) -> list[tuple[str, ...]]:
    """Rows of words in lower case."""
    words = [found[0].casefold().replace("’", "'") for found in WORD.finditer(text)]
    return [tuple(words[at : at + size]) for at in range(len(words) - size + 1)]
