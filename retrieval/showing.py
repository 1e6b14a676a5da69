"""What of an entry is shown: the shortest run of whole sentences that answers and can be understood.

It begins with the passage that ranks the entry, a window of two sentences, and the highlight in it. Beside a
highlight that holds half of the question or more, a sentence of the window that holds no term of it is left out,
unless it goes on from the highlight. Then the run is widened to the left where it begins with a sentence that cannot
stand alone, and to the right where it ends within a quotation, whose speaker is often named only where it closes.

What is shown of an entry is one slice. Where several of its passages answer, far apart, the one that ranks best is
shown: a second would push other entries out of the message, and stands one click away.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from retrieval import languages
from retrieval.highlighting import highlight
from retrieval.lexical import terms
from retrieval.model import Passage, Ranked, Shown, Span, Version
from retrieval.search import covered
from retrieval.sentences import sentences
from retrieval.speech.marks import Marked, marked

_WIDENED = 3
"""Sentences that are looked through on either side for one that the run can begin, or end, with. Where there is none,
the run stays as it is: the entry's opening sentence goes with it anyway."""
_LONGEST = 1_200
"""Characters of a run that is widened: what makes it understood must not keep it out of a message."""
_TELLING = 0.5
"""The share of the question's terms that a highlight holds, at least, where a sentence beside it is left out. On
SQuAD 2.0 dev (2,945 questions, windows chosen by terms alone) what is shown then holds the answer in .923 of the
right paragraphs, in 349 characters; with nothing left out it would in .926, in 381; the windows do in .918, in 339.
"""
_NEIGHBOURS = 4
"""Sentences on either side that are shown of what stands around a passage."""
_OPENING = 4


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_POINTING = _listed(
    "he she it they him her them his hers its their theirs himself herself itself themselves "
    "this that these those such another others both neither"
)
"""Pronouns and demonstratives of English that point to what was said before; "I" and "we" are whoever speaks."""
_LINKING = _listed(
    "and but or nor so yet however therefore thus hence moreover furthermore also besides instead nevertheless "
    "nonetheless otherwise consequently accordingly likewise similarly then still too rather indeed"
)
_LINKING_PHRASES = (
    "as a result", "as a consequence", "in addition", "in contrast", "by contrast", "on the contrary", "for example",
    "for instance", "in turn", "in other words", "on the other hand", "at the same time", "even so", "the former",
    "the latter", "the same", "the other", "the others",
)  # fmt: skip
_SUBORDINATING = _listed("when while as after before because although though since until if once asked why how where")
"""Before a pronoun these make a sentence point back all the same: "When they came"."""

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_ITEM = re.compile(r"\s*(?:[•◦▪▫●○■□‣►▶·*–—-]\s|(?:\d{1,2}|[a-zA-Z])[.)]\s)")
"""What a line of a list begins with."""
_CLOSING = "\"'”’»)] \t\r\f\v"


def shown(ranked: Ranked, weights: dict[str, float]) -> Shown:
    """What is shown of an entry for the passage that ranks it. `weights`: the question's terms in the language of the
    entry's blog, with their rarity. It is made of whole sentences and holds the highlight; the opening sentence is
    its `lead`, or part of it where it stands right before."""
    page = _Page(ranked.passage.version)
    window = page.touched(ranked.passage.span)
    among = page.spans[window[0] : window[1] + 1]
    lit = page.touched(ranked.highlight or highlight(page.version, among, weights))
    first, last = page.understood(*page.telling(window, lit, weights))
    if first == 1 and page.fits(0, last):
        first = 0  # the opening stands right before it: one slice tells both
    return Shown(
        passage=page.run(first, last),
        highlights=(page.run(*lit).span,),
        lead=page.run(0, 0) if first else None,
        score=ranked.score,
    )


def opening(version: Version) -> Passage:
    """The first sentences of an entry."""
    page = _Page(version)
    return page.run(0, min(_OPENING, len(page.spans)) - 1)


def whole_sentences(version: Version, span: Span) -> Passage:
    """The whole sentences that a span touches."""
    page = _Page(version)
    return page.run(*page.touched(span))


def stretch(version: Version, at: int, most: int) -> Passage | None:
    """One slice of the whole sentences from the one that holds, or follows, offset `at` on, as many as have at most
    `most` characters together, and at least one; None where there are none from there on."""
    page = _Page(version)
    first = next((number for number, one in enumerate(page.spans) if one[1] > at), None)
    if first is None:
        return None
    last = first
    while last + 1 < len(page.spans) and page.length(first, last + 1) <= most:
        last += 1
    return page.run(first, last)


def is_whole(passage: Passage) -> bool:
    """Whether nothing of the entry stands around a passage."""
    spans = _Page(passage.version).spans
    return passage.start <= spans[0][0] and spans[-1][1] <= passage.end


def around(passage: Passage, most: int) -> Passage:
    """One slice of the sentences that a passage touches and of those before and after it, the nearest first, as far
    as they have at most `most` characters together."""
    page = _Page(passage.version)
    first, last = page.touched(passage.span)
    least, end = max(first - _NEIGHBOURS, 0), min(last + _NEIGHBOURS, len(page.spans) - 1)
    grows = True
    while grows:
        grows = False
        if first > least and page.length(first - 1, last) <= most:
            first, grows = first - 1, True
        if last < end and page.length(first, last + 1) <= most:
            last, grows = last + 1, True
    return page.run(first, last)


class _Page:
    """The sentences of one version, by number."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self._language = version.entry.blog.language
        self.spans: Sequence[Span] = sentences(version.text, self._language)

    @cached_property
    def _marks(self) -> Marked:
        return marked(self.version.text)

    def run(self, first: int, last: int) -> Passage:
        return Passage(version=self.version, start=self.spans[first][0], end=self.spans[last][1])

    def length(self, first: int, last: int) -> int:
        return self.spans[last][1] - self.spans[first][0]

    def fits(self, first: int, last: int) -> bool:
        return self.length(first, last) <= _LONGEST

    def touched(self, span: Span) -> tuple[int, int]:
        """The first and last sentence that a span touches: what is shown never begins or ends inside one."""
        numbers = [number for number, one in enumerate(self.spans) if one[0] < span[1] and span[0] < one[1]]
        return numbers[0], numbers[-1]

    def telling(self, window: tuple[int, int], lit: tuple[int, int], weights: dict[str, float]) -> tuple[int, int]:
        """The window without the sentences at its ends that add nothing to the highlighted ones."""
        first, last = window
        held = set(terms(self.run(*lit).text, self._language))
        if covered(held, weights) < _TELLING:
            return window
        while first < lit[0] and not self._asked_for(first, weights):
            first += 1
        while last > lit[1] and self._stands_alone(last) and not self._asked_for(last, weights):
            last -= 1
        return first, last

    def understood(self, first: int, last: int) -> tuple[int, int]:
        """The run, widened to where it can begin and end; as it is where that is too far."""
        end = next((at for at in range(last, self._reach(last)) if not self._within_quotation(at)), last)
        last = end if self.fits(first, end) else last
        begin = next((at for at in range(first, max(first - _WIDENED, 0) - 1, -1) if self._stands_alone(at)), first)
        first = begin if self.fits(begin, last) else first
        return first, last

    def _reach(self, last: int) -> int:
        return min(last + _WIDENED + 1, len(self.spans))

    def _text(self, at: int) -> str:
        start, end = self.spans[at]
        return self.version.text[start:end]

    def _asked_for(self, at: int, weights: dict[str, float]) -> bool:
        return not weights.keys().isdisjoint(terms(self._text(at), self._language))

    def _ends_with(self, at: int, mark: str) -> bool:
        return self._text(at).rstrip(_CLOSING).endswith(mark)

    # ------------------------------------------------------------ what can stand alone

    def _stands_alone(self, at: int) -> bool:
        """Whether a sentence can be understood without the one before it, as far as its form shows."""
        if at == 0:
            return True
        if self._announced(at) or self._ends_with(at - 1, "?") or self._goes_on(at):
            return False
        words = [one[0] for one in _WORD.finditer(self._text(at)[:200])][:4]
        if not words:
            return False
        if words[0].islower() and not self._in_item(at):
            return False
        return languages.primary(self._language) != languages.ENGLISH or not _points_back(words)

    def _announced(self, at: int) -> bool:
        """Whether the line before announces it, with a colon: at once, or as an item of a list."""
        before = at - 1
        while self._in_item(at) and before > 0 and self._in_item(before):
            before -= 1
        return self._ends_with(before, ":")

    def _in_item(self, at: int) -> bool:
        return _ITEM.match(self.version.text, self._line(at)) is not None

    def _line(self, at: int) -> int:
        return self.version.text.rfind("\n", 0, self.spans[at][0]) + 1

    def _goes_on(self, at: int) -> bool:
        """Whether a sentence begins within a quotation that was opened before it."""
        start = self.spans[at][0]
        if self._marks.around(start, start + 1) is not None:
            return True
        return any(one.carried and one.start == start for one in self._marks.touching(start, start + 2))

    def _within_quotation(self, at: int) -> bool:
        """Whether a sentence ends within a quotation that closes after it."""
        end = self.spans[at][1]
        held = self._marks.around(end - 1, end)
        return held is not None and (held.goes_on or end < held.inner[1])


def _points_back(words: Sequence[str]) -> bool:
    """Whether English words that begin a sentence point to one before it."""
    folded = [one.casefold().replace("’", "'").partition("'")[0] for one in words]
    if folded[0] in _POINTING or folded[0] in _LINKING or " ".join(folded).startswith(_LINKING_PHRASES):
        return True
    return folded[0] in _SUBORDINATING and len(folded) > 1 and folded[1] in _POINTING
