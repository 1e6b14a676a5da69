"""Where quotation marks open and close: curly, straight, angle, German and corner marks, double and single.

A mark is told by what stands before and after it, then paired within its paragraph with one of its own family.
Doubles are paired first; of the singles only what stands outside of them, since an apostrophe in somebody's speech is
none of ours. A quotation that runs over paragraphs opens anew in each and closes in the last. What cannot be paired
is told, and ends with its paragraph: a lost mark must not swallow the rest of a draft.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from retrieval.errors import SourceRefused
from retrieval.model import Span


class Loose(StrEnum):
    """Why a mark begins or ends no quotation."""

    UNCLOSED = "unclosed"
    UNOPENED = "unopened"
    APOSTROPHE = "apostrophe"
    MEASURE = "measure"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quoted:
    """A quotation, `[start, end)` with its marks. `pieces` are the spans between the marks, one a paragraph; any may
    be empty."""

    start: int
    end: int
    pieces: tuple[Span, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LooseMark:
    """A mark at `at`, outside of every quotation, that begins and ends none. `[start, end)` is what it stands by: of
    one that is unclosed or unopened all that it may have quoted, of others the word; the mark is part of it."""

    at: int
    start: int
    end: int
    reason: Loose


MOST_MARKS = 200_000
"""Quotation marks and apostrophes of one text; a novel has a quarter of that."""

_DOUBLES = ("“”„‟", '"＂', "«»", "‹›", "「」", "『』")
_SINGLES = ("‘’‚‛", "'")
_SINGLE_CHARS = frozenset("".join(_SINGLES))
_CHARS = frozenset("".join(_DOUBLES)) | _SINGLE_CHARS
_MARK = re.compile(f"[{re.escape(''.join(sorted(_CHARS)))}]")
_OPENING = _CHARS - frozenset("’」』")
_ONLY_OPEN, _ONLY_CLOSE = frozenset("„‟「『"), frozenset("」』")
_OPEN_OR_END = frozenset("“«‹")
"""They open in most languages, and close in German: „so“, »so«, ›so‹."""
_CLOSE_OR_BEGIN = frozenset("”»›")
"""They close in most languages; ” and » open as well in Swedish, » and › in German."""

_BRACKETS = frozenset("([{<¿¡/=")
_DASHES = frozenset("-‐‑‒–—―")
_PUNCTUATION = frozenset(".,;:!?…)]}>%")

# Words that open with an apostrophe, which word processors turn into an opening mark: 'tis, ‘em, ’n’ and ’90s.
_CLIPPED = frozenset("tis twas twere twill em til till cause cos coz bout round n neath nuff".split())
_DECADE = re.compile(r"\d0s?(?![^\W_])")
# Words that end in one: "the boys’ club", "th’ wall", "rockin’ on".
_CLIPPED_ENDS = frozenset("o ol th an n wi".split())
_HISSES = frozenset("sxzSXZ")

_WORD_AFTER = re.compile(r"[^\W_]{1,8}")
_WORD_BEFORE = re.compile(r"[^\W\d_]{1,8}\Z")
_LONGEST_WORD = 40
_NOT_OF_A_WORD = frozenset("“”„«»")
_MOST_MARKS_TOGETHER = 3


class _Role(StrEnum):
    """What a mark may do."""

    OPENS = "opens"
    CLOSES = "closes"
    EITHER = "closes what is open, or else opens"
    CLOSES_OR_CLIPS = "closes, or is the apostrophe at a word's end"
    OPENS_OR_CLIPS = "opens, or is the apostrophe before a word"
    CLIPS = "is the apostrophe before a word"
    MEASURES = "closes, or counts inches or feet"


_CLOSERS = frozenset({_Role.CLOSES, _Role.EITHER})


@dataclass(frozen=True, slots=True)
class _Mark:
    at: int
    role: _Role


@dataclass(slots=True)
class _Paired:
    """One family's marks in one paragraph. `open_at` is one that nothing closes; `first` is where the paragraph's
    first word would stand, if it is one of these marks and opens."""

    span: Span
    pairs: list[Span] = field(default_factory=list)
    loose: list[LooseMark] = field(default_factory=list)
    open_at: int | None = None
    first: int | None = None


def may_open(char: str) -> bool:
    """Whether a character may be a mark that opens a quotation."""
    return char in _OPENING


def quoted(text: str, paragraphs: Sequence[Span], blind: Sequence[Span] = ()) -> tuple[list[Quoted], list[LooseMark]]:
    """The quotations in marks of the given paragraphs (spans of `text`, in order), nested ones left out, in order and
    disjoint, and the marks beside them that belong to none. Marks in the `blind` spans (in order, disjoint) do not
    count, nor do those outside of the paragraphs.

    Any string is allowed; the time taken grows with its length, but for a logarithm. Raises SourceRefused where there
    are more than `MOST_MARKS`."""
    hidden = _Cover(blind)
    whole = (paragraphs[0][0], paragraphs[-1][1]) if paragraphs else (0, 0)
    marks = [found.start() for found in _MARK.finditer(text, *whole) if not hidden.holds(found.start())]
    if len(marks) > MOST_MARKS:
        raise SourceRefused(
            f"the draft holds more than {MOST_MARKS:,} quotation marks", "split it, and check the parts"
        )
    doubles, loose = _of_families(_DOUBLES, text, paragraphs, marks)
    spoken = _Cover([(one.start, one.end) for one in outermost(doubles)])
    singles, loose_singles = _of_families(
        _SINGLES, text, paragraphs, [mark for mark in marks if not spoken.holds(mark)]
    )
    found = outermost([*outermost(doubles), *singles])
    told = _outside(found, [*loose, *loose_singles])
    return found, sorted([*told, *_of_crossed(text, marks, found, told)], key=lambda one: one.at)


def outermost(found: Iterable[Quoted]) -> list[Quoted]:
    """Those that no other holds, in order; of two that overlap the one that begins first."""
    kept: list[Quoted] = []
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        if not kept or one.start >= kept[-1].end:
            kept.append(one)
    return kept


class _Cover:
    """Whether a place lies in one of some spans, which are in order and disjoint."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self._spans = spans
        self._starts = [start for start, _ in spans]

    def holds(self, at: int) -> bool:
        before = bisect_right(self._starts, at) - 1
        return before >= 0 and at < self._spans[before][1]


def _of_crossed(
    text: str, marks: Iterable[int], found: Sequence[Quoted], told: Iterable[LooseMark]
) -> Iterator[LooseMark]:
    """The double marks that belong to no quotation and are not told yet: those of a pair that crosses another."""
    within = _Cover([(one.start, one.end) for one in found])
    ends = sorted((one.start, one.end) for one in told)
    reach = number = 0
    for at in marks:
        while number < len(ends) and ends[number][0] <= at:
            reach, number = max(reach, ends[number][1]), number + 1
        if at >= reach and text[at] not in _SINGLE_CHARS and not within.holds(at):
            reason = Loose.UNCLOSED if text[at] in _OPENING else Loose.UNOPENED
            yield LooseMark(at=at, start=at, end=at + 1, reason=reason)


def _unclosed(piece: Span) -> LooseMark:
    start = piece[0] - 1
    return LooseMark(at=start, start=start, end=piece[1], reason=Loose.UNCLOSED)


def _outside(found: Sequence[Quoted], loose: Iterable[LooseMark]) -> list[LooseMark]:
    """The marks that stand in no quotation, what they stand by cut off where a quotation begins or ends."""
    within = _Cover([(one.start, one.end) for one in found])
    starts = [one.start for one in found]
    kept = []
    for one in sorted(loose, key=lambda one: one.at):
        if within.holds(one.at):
            continue
        following = bisect_right(starts, one.at)
        start = max(one.start, found[following - 1].end) if following else one.start
        end = min(one.end, starts[following]) if following < len(starts) else one.end
        kept.append(LooseMark(at=one.at, start=start, end=end, reason=one.reason))
    return kept


def _of_families(
    families: Iterable[str], text: str, paragraphs: Sequence[Span], marks: Sequence[int]
) -> tuple[list[Quoted], list[LooseMark]]:
    found: list[Quoted] = []
    loose: list[LooseMark] = []
    starts = [start for start, _ in paragraphs]
    for family in families:
        by_paragraph: dict[int, list[int]] = {}
        for mark in marks:
            if text[mark] in family:
                number = bisect_right(starts, mark) - 1
                if number >= 0 and mark < paragraphs[number][1]:
                    by_paragraph.setdefault(number, []).append(mark)
        chain = _Chain(found, loose)
        for number, places in by_paragraph.items():
            span = paragraphs[number]
            follows = number - 1 in by_paragraph and not text[paragraphs[number - 1][1] : span[0]].strip()
            chain.take(_paired(text, span, places), follows)
        chain.end()
    return found, loose


class _Chain:
    """A family's paragraphs, one after the other: quotations that open in one and close in a later one.

    That each paragraph opens the quotation anew and only the last closes it is what newspapers and the Chicago Manual
    of Style (13.32) have in common."""

    def __init__(self, found: list[Quoted], loose: list[LooseMark]) -> None:
        self._found, self._loose = found, loose
        self._pieces: list[Span] = []

    def take(self, one: _Paired, follows: bool) -> None:
        """`follows`: no paragraph stands between this one and that before."""
        self._found += [Quoted(start=a, end=b, pieces=((a + 1, b - 1),)) for a, b in one.pairs]
        self._loose += one.loose
        goes_on = bool(self._pieces) and follows and one.first is not None
        if goes_on and one.pairs and one.pairs[0][0] == one.first:
            last = one.pairs[0]
            pieces = (*self._pieces, (last[0] + 1, last[1] - 1))
            self._found.append(Quoted(start=pieces[0][0] - 1, end=last[1], pieces=pieces))
            self._pieces = []
        elif not (goes_on and one.open_at == one.first):
            self.end()
        if one.open_at is not None:
            self._pieces.append((one.open_at + 1, one.span[1]))

    def end(self) -> None:
        """What is open is not closed any more."""
        self._loose += [_unclosed(piece) for piece in self._pieces]
        self._pieces = []


def _paired(text: str, span: Span, places: Sequence[int]) -> _Paired:
    marks = [_Mark(at, role) for at in places if (role := _role(text, at, span)) is not None]
    is_single = text[places[0]] in _SINGLE_CHARS
    closed_later = _closed_later(marks)
    one = _Paired(span)
    nested = 0
    for number, mark in enumerate(marks):
        role = _decided(marks, number, one.open_at is not None, closed_later[number])
        if role is _Role.CLIPS:
            one.loose.append(_by_its_word(text, span, mark.at, Loose.APOSTROPHE))
        elif role is _Role.MEASURES:
            one.loose.append(_by_its_word(text, span, mark.at, Loose.MEASURE))
        elif role is _Role.OPENS and one.open_at is not None:
            if [following.role in _CLOSERS for following in marks[number + 1 : number + 3]] == [True, True]:
                nested += 1
            else:
                one.loose.append(LooseMark(at=one.open_at, start=one.open_at, end=mark.at, reason=Loose.UNCLOSED))
                one.open_at, nested = mark.at, 0
        elif role is _Role.OPENS:
            one.open_at = mark.at
            if not text[span[0] : mark.at].strip():
                one.first = mark.at
        elif one.open_at is None:
            if is_single:
                one.loose.append(_by_its_word(text, span, mark.at, Loose.APOSTROPHE))
            else:
                start = one.pairs[-1][1] if one.pairs else span[0]
                one.loose.append(LooseMark(at=mark.at, start=start, end=mark.at + 1, reason=Loose.UNOPENED))
        elif nested:
            nested -= 1
        else:
            one.pairs.append((one.open_at, mark.at + 1))
            one.open_at = None
    return one


def _decided(marks: Sequence[_Mark], number: int, is_open: bool, closed_later: bool) -> _Role:
    """What a mark does, given whether its family has one open and whether a better one closes it."""
    role = marks[number].role
    if role is _Role.EITHER:
        return _Role.CLOSES if is_open else _Role.OPENS
    if role is _Role.CLOSES_OR_CLIPS:
        return _Role.CLOSES if is_open and not closed_later else _Role.CLIPS
    if role is _Role.OPENS_OR_CLIPS:
        return _Role.OPENS if closed_later and not is_open else _Role.CLIPS
    if role is _Role.MEASURES and is_open:
        following = marks[number + 1].role if number + 1 < len(marks) else None
        return role if following in (_Role.CLOSES, _Role.MEASURES) else _Role.CLOSES
    return role


def _closed_later(marks: Sequence[_Mark]) -> list[bool]:
    """Of each mark, whether one that can only be a closing one follows before another opens."""
    known = False
    whether = []
    for mark in reversed(marks):
        whether.append(known)
        if mark.role is _Role.OPENS:
            known = False
        elif mark.role in _CLOSERS:
            known = True
    return whether[::-1]


def _role(text: str, at: int, span: Span) -> _Role | None:
    """What a mark may do by what stands around it; None for an apostrophe within a word and for a lone mark."""
    char = text[at]
    before, after = _neighbour(text, at, span, -1), _neighbour(text, at, span, 1)
    begins = (before.isspace() or before in _BRACKETS or before in _DASHES) and not after.isspace()
    ends = not before.isspace() and before not in _BRACKETS
    ends = ends and (after.isspace() or after in _PUNCTUATION or after in _DASHES)
    if char in _ONLY_OPEN:
        return _Role.OPENS
    if char in _ONLY_CLOSE:
        return _Role.CLOSES
    if char in _OPEN_OR_END:
        return _Role.EITHER if ends else _Role.OPENS
    if char in _CLOSE_OR_BEGIN:
        if before.isdigit() and char == "”":
            return _Role.MEASURES
        return _Role.EITHER if begins and after not in _PUNCTUATION else _Role.CLOSES
    if char in _DOUBLES[1]:
        return _role_of_a_straight_double(before, after, begins, ends)
    return _role_of_a_single(text, at, span, begins, ends)


def _role_of_a_straight_double(before: str, after: str, begins: bool, ends: bool) -> _Role:
    if begins and (before.isspace() or not ends):
        return _Role.OPENS
    if ends:
        return _Role.MEASURES if before.isdigit() else _Role.CLOSES
    return _Role.EITHER


def _role_of_a_single(text: str, at: int, span: Span, begins: bool, ends: bool) -> _Role | None:
    char = text[at]
    if span[0] < at and text[at - 1].isalnum() and text[at + 1 : min(at + 2, span[1])].isalnum():
        return None
    if begins and (not ends or _neighbour(text, at, span, -1).isspace()):
        if char == "’":
            return _Role.CLIPS
        following = _WORD_AFTER.match(text, at + 1, span[1])
        is_clipped = following is not None and following[0].lower() in _CLIPPED
        return _Role.OPENS_OR_CLIPS if is_clipped or _DECADE.match(text, at + 1, span[1]) else _Role.OPENS
    if _neighbour(text, at, span, -1).isspace() or char in "‚‛":
        return _Role.OPENS if char == "‘" else None
    if char == "'" and text[at - 1].isdigit():
        return _Role.MEASURES
    if char == "‘":
        return _Role.EITHER if ends else _Role.OPENS
    return _Role.CLOSES_OR_CLIPS if _may_clip(text, at, span) else _Role.CLOSES


def _may_clip(text: str, at: int, span: Span) -> bool:
    """Whether a single mark may be the apostrophe at a word's end: another word follows after a space."""
    if not (text[at + 1 : at + 2].isspace() and text[at + 2 : min(at + 3, span[1])].isalnum()):
        return False
    found = _WORD_BEFORE.search(text[max(span[0], at - _LONGEST_WORD) : at])
    word = found[0].lower() if found else ""
    return text[at - 1] in _HISSES or word in _CLIPPED_ENDS or word.endswith("in")


def _neighbour(text: str, at: int, span: Span, step: int) -> str:
    """The character beside a mark, other marks between them passed over; a blank beyond the paragraph's ends."""
    for _ in range(_MOST_MARKS_TOGETHER):
        at += step
        if not span[0] <= at < span[1]:
            return " "
        if text[at] not in _CHARS:
            break
    return text[at]


def _by_its_word(text: str, span: Span, at: int, reason: Loose) -> LooseMark:
    low, high = max(span[0], at - _LONGEST_WORD), min(span[1], at + 1 + _LONGEST_WORD)
    start, end = at, at + 1
    while start > low and _is_of_a_word(text[start - 1]):
        start -= 1
    while end < high and _is_of_a_word(text[end]):
        end += 1
    return LooseMark(at=at, start=start, end=end, reason=reason)


def _is_of_a_word(char: str) -> bool:
    return not char.isspace() and char not in _NOT_OF_A_WORD
