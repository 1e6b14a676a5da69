"""One entry's text, read for who says what: its sentences, their quotations, their attributions.

Sentences are found with every quotation's words blotted out, so that no name within one is taken for evidence and no
full stop within one ends a sentence around it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from retrieval import languages
from retrieval.model import Span
from retrieval.sentences import sentences
from retrieval.speech import people, phrases, plain
from retrieval.speech.attribution import Attribution, attributions, closes, is_aside
from retrieval.speech.marks import Marked, Quotation, marked
from retrieval.speech.phrases import Item, items_of
from retrieval.speech.subjects import Kind

_LONGEST_CHAIN = 30  # quotations looked back on for one that says whose they are
_BOUNDARIES = people.listed(
    "who which whose where when after though although before because unlike while whereas despite titled entitled "
    "called slogan sign signs banner banners chant chants headline hashtag poster shirt t-shirt"
)
"""What between a verb of speech and a quotation may mean that the words are somebody else's."""
_MOMENTS = people.listed("when after before")
_OTHERS_WORDS = people.listed(
    "line lines letter email passage poem song lyric lyrics motto saying proverb text verse message "
    "claim claims remark remarks comment comments words call calls assertion allegation statement description "
    "criticism charge accusation tweet tweets question suggestion insistence promise pledge warning quote "
    "quotation phrase"
)
_LABELS = people.listed(
    "q a dear to from re update updated breaking video photo watch read via source note listen more credit"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """Who says something, and how sure that is: `name` is None where the words leave it open. `kind` as of a subject;
    `asks`: with a question, which somebody else may answer."""

    span: Span
    name: Span | None
    kind: Kind
    asks: bool = False
    inverted: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Sentence:
    """A sentence, [start, end), taken apart. `opens`: it is the first of its line."""

    start: int
    end: int
    items: tuple[Item, ...]
    says: tuple[Attribution, ...]
    opens: bool


class Reading:
    """A text read once, for any number of questions about its words."""

    def __init__(self, text: str, language: str) -> None:
        self.text = text
        self.marked: Marked = marked(text)
        self.english = languages.primary(language) == languages.ENGLISH
        self.blotted = _blotted(text, self.marked)
        spans = sentences(self.blotted, language)
        self._starts = [start for start, _ in spans]
        self.sentences = tuple(self._sentence(start, end) for start, end in spans)

    def _sentence(self, start: int, end: int) -> Sentence:
        inside = [
            (one.start, one.end) for one in self.marked.touching(start, end) if start <= one.start and one.end <= end
        ]
        items = items_of(self.blotted, start, end, inside)
        says = attributions(items) if self.english and not self.marked.doubtful(start, end) else ()
        opens = not self.text[self.text.rfind("\n", 0, start) + 1 : start].strip()
        return Sentence(start=start, end=end, items=items, says=says, opens=opens)

    def number_at(self, place: int) -> int:
        """The number of the sentence that holds a place, or of the one before it."""
        return max(0, bisect_right(self._starts, place) - 1)

    # Quotations

    def of_quotation(self, quotation: Quotation) -> Said | None:
        """Who says a quotation: by its own attribution, else by that of what it goes on from."""
        place = bisect_right(self.marked.quotations, quotation.start, key=lambda one: one.start) - 1
        for steps in range(_LONGEST_CHAIN):
            said, goes_back = self._own(place)
            if said is not None and steps and said.asks:
                return None
            if said is not None:
                sure = not (steps and self._is_parted(quotation)) and not self._is_signed(quotation)
                return said if sure else _nameless(said)
            if not goes_back or place == 0:
                return None
            place -= 1
        return None

    def _is_parted(self, quotation: Quotation) -> bool:
        """Whether a quotation that goes on from another may be somebody else's: more of its paragraph follows it, or
        it stands in a paragraph or clause of its own, though its marks do not carry on."""
        sentence = self.sentences[self.number_at(quotation.start)]
        line_end = self.text.find("\n", quotation.end)
        rest = self.text[quotation.end : line_end if line_end >= 0 else len(self.text)]
        alone = not any(one.is_word for one in sentence.items)
        return bool(rest.strip(" .")) or not alone or (sentence.opens and not quotation.carried)

    def _is_signed(self, quotation: Quotation) -> bool:
        """Whether what follows a quotation's sentence may name whose it is: a dash, or a name and nothing else."""
        number = self.number_at(quotation.start)
        while number + 1 < len(self.sentences):
            number += 1
            items = self.sentences[number].items
            words = [one for one in items if one.is_word]
            if items and not items[0].is_word and not items[0].is_quotation:
                return True
            if plain.takes_back(items):
                return True
            if words or any(not one.is_quotation for one in items):
                return not any(one.word.islower() for one in words) and not any(one.is_quotation for one in items)
        return False

    def _own(self, place: int) -> tuple[Said | None, bool]:
        """Who is said beside a quotation to say it; else whether whoever says the one before says this one too."""
        quotation = self.marked.quotations[place]
        number = self.number_at(quotation.start)
        sentence = self.sentences[number]
        here = next((at for at, one in enumerate(sentence.items) if one.start == quotation.start), None)
        if here is None:
            return None, False
        after, before = self._after(sentence, here), self._before(sentence, here)
        if after is not None:
            return (None if before is not None and before[1] else self._plainly(sentence, after, here)), False
        if before is not None:
            return self._plainly(sentence, before[0], here), False
        named = self._named_before_colon(sentence, here)
        if named is not None:
            return named, False
        if place and self._runs_on(sentence, here):
            return None, True
        if here == 0 and sentence.opens:
            led = self._led_in(number) if not quotation.carried else None
            if led is not None and any(one.is_word for one in sentence.items):
                led = _nameless(led)
            return led, led is None and place > 0 and self._follows(place)
        return None, place > 0 and here == 0 and self._continues(place, number)

    def _plainly(self, sentence: Sentence, attribution: Attribution, here: int) -> Said | None:
        """Who is said to say the quotation `here`: without a name where the sentence does not say it plainly."""
        said = self._said(sentence, attribution)
        plainly = said is None or plain.is_plain(
            sentence.items, attribution, here, self._is_part(sentence.items[here])
        )
        return said if plainly else _nameless(said)

    def _is_part(self, quotation: Item) -> bool:
        return self.text[quotation.start + 1 : quotation.start + 2].islower()

    def _after(self, sentence: Sentence, here: int) -> Attribution | None:
        """“…,” said Orr. “…” Orr said. “…”, according to Orr."""
        items = sentence.items
        first = here + 1
        comma = first < len(items) and items[first].word == ","
        inside = self.text[items[here].end - 2 : items[here].end - 1]
        if not comma and inside not in tuple(",.?!…—–"):
            comma = first < len(items) and items[first].lower == "according"
            if not comma and not (first < len(items) and items[first].lower in {"said", "says"}):
                return None
        first += first < len(items) and items[first].word == ","
        for one in sentence.says:
            begins = one.cue if one.inverted else one.subject.first if one.subject else one.cue
            if begins == first and (one.inverted or one.cue >= first):
                return one if one.subject is not None and closes(items, one) else None
        return None

    def _before(self, sentence: Sentence, here: int) -> tuple[Attribution, bool] | None:
        """The last verb of speech before a quotation of its sentence, and whether nothing stands between them."""
        items = sentence.items
        floor = max((at for at in range(here) if items[at].is_quotation), default=-1)
        found = [one for one in sentence.says if floor < one.cue < here]
        if not found:
            return None
        last = found[-1]
        end = last.subject.last if last.inverted and last.subject else last.cue + 1
        between = items[end:here]
        told = between[-1].lower == "that" if between else False
        if is_aside(items, last, here) or any(self._parts(between, at, told) for at in range(len(between))):
            last = Attribution(cue=last.cue, subject=None, span=None)
        return last, not any(one.is_word for one in between)

    def _parts(self, between: Sequence[Item], at: int, told: bool = False) -> bool:
        """Whether an item may part a verb from words after it; "that" right before them leads back to the verb."""
        item, before = between[at], between[at - 1] if at else None
        if item.word == ";" or (item.lower in _BOUNDARIES and not (told and item.lower in _MOMENTS)):
            return True
        if item.lower in {"and", "but", "as"} and before is not None and before.word == ",":
            return True
        if item.word == ":" and any(one.lower in phrases.BE for one in between):
            return True
        own = at > 1 and between[at - 2].lower == "in" and between[at - 1].lower in {"a", "an", "his", "her"}
        whose = between[at + 1].lower in {"from", "by", "of"} if at + 1 < len(between) else False
        return item.lower in _OTHERS_WORDS and (not own or whose)

    def _runs_on(self, sentence: Sentence, here: int) -> bool:
        """Whether a quotation goes on from an earlier one of its sentence: was “loud” and “late”."""
        floor = max((at for at in range(here) if sentence.items[at].is_quotation), default=None)
        if floor is None:
            return False
        between = sentence.items[floor + 1 : here]
        return 0 < len(between) <= 10 and not any(
            one.is_capital or one.lower in people.PRONOUNS or one.word in {";", ":"} or one.lower in _BOUNDARIES
            for one in between
        )

    def _follows(self, place: int) -> bool:
        """Whether a paragraph's quotation goes on from the one before: by its marks, or after a lead-in."""
        quotation, before = self.marked.quotations[place], self.marked.quotations[place - 1]
        if quotation.carried:
            return before.goes_on
        between = self.text[before.end : quotation.start]
        first = self.sentences[self.number_at(before.start)]
        last = self.sentences[self.number_at(quotation.start)]
        alone = all(len([one for one in each.items if one.is_word]) == 0 for each in (first, last))
        return alone and not between.strip() and first.opens and not self._asks(before)

    def _continues(self, place: int, number: int) -> bool:
        """Whether a sentence that is all quotation goes on from the last: “…,” said Orr. “…”"""
        sentence, before = self.sentences[number], self.marked.quotations[place - 1]
        if any(one.is_word for one in sentence.items) or number == 0:
            return False
        earlier = self.sentences[number - 1]
        if before.start < earlier.start or self._asks(before) or self._asks(self.marked.quotations[place]):
            return False
        ends = [at for at, one in enumerate(earlier.items) if one.is_quotation]
        after = self._after(earlier, ends[-1]) if ends else None
        following = self.sentences[number + 1] if number + 1 < len(self.sentences) else None
        closing = following is not None and not following.opens and any(
            closes(following.items, one) and one.cue <= 8 for one in following.says
        ) and not any(one.is_quotation for one in following.items)  # fmt: skip
        return after is not None and not after.asks and not closing

    def _asks(self, quotation: Quotation) -> bool:
        return self.text[quotation.inner[0] : quotation.inner[1]].rstrip().endswith("?")

    def _led_in(self, number: int) -> Said | None:
        """Who says what follows a line that ends with a colon."""
        return self.lead_in(number - 1) if number else None

    def lead_in(self, number: int) -> Said | None:
        """Whom a sentence that ends with a colon, or holds one before unmarked words, gives the word to."""
        items = self.sentences[number].items
        colon = next((at for at, one in enumerate(items) if one.word == ":" and not _is_clock(items, at)), None)
        if colon is None or any(one.is_quotation for one in items[: colon + 1]):
            return None
        says = [one for one in self.sentences[number].says if one.cue < colon]
        opening = {one.lower for one in items[: min(colon, 3)]}
        if not says or opening & {"here", "here’s", "here's", "what", "these"}:
            return None
        said = self._said(self.sentences[number], says[-1])
        plainly = said is None or plain.is_plain_lead_in(items, says[-1], colon)
        return said if plainly else _nameless(said)

    def _named_before_colon(self, sentence: Sentence, here: int) -> Said | None:
        """Orr: “…”, at the head of a line; in any language."""
        items = sentence.items
        names = items[: here - 1]
        if not sentence.opens or not 1 <= len(names) <= 5 or items[here - 1].word != ":":
            return None
        words = [one.word for one in names]
        if not all(one.is_word and one.is_capital for one in names) or {word.lower() for word in words} & _LABELS:
            return None
        if any(one.lower in people.NEVER_NAMES for one in names):
            return None
        span = (names[0].start, names[-1].end)
        kind = Kind.BODY if people.name_of(" ".join(words)).is_body else Kind.PERSON
        ends = not any(one.word not in {".", "!"} for one in items[here + 1 :])
        return Said(span=span, name=span if ends else None, kind=kind)

    # Words outside of quotations

    def of_own_words(self, start: int, end: int) -> Said | None:
        """Who is said to have said what the journalist's words [start, end) tell: "Orr said the pier held"."""
        sentence = self.sentences[self.number_at(start)]
        if not sentence.start <= start < end <= sentence.end:
            return None
        items = sentence.items
        first = next((at for at, one in enumerate(items) if one.end > start), len(items))
        last = next((at for at in range(len(items) - 1, -1, -1) if items[at].start < end), 0)
        before = [one for one in sentence.says if one.cue < first]
        if any(first <= one.cue <= last for one in sentence.says):
            return None
        if before:
            begins = before[-1].subject.last if before[-1].inverted and before[-1].subject else before[-1].cue + 1
            between = items[begins : last + 1]
            if any(self._parts(between, at) for at in range(len(between))):
                return None
            if is_aside(items, before[-1], first) or not before[-1].reports:
                return None
            if not before[-1].inverted:
                return self._told(sentence, before[-1])
        closing = [one for one in sentence.says if one.cue > last and closes(items, one) and one.subject]
        if len(closing) != 1 or before or len(sentence.says) > 1 or closing[0].subject is None:
            return None
        if not closing[0].reports:
            return None
        opens = closing[0].cue if closing[0].inverted else closing[0].subject.first
        return self._told(sentence, closing[0]) if opens and items[opens - 1].word == "," else None

    def _told(self, sentence: Sentence, attribution: Attribution) -> Said | None:
        said = self._said(sentence, attribution)
        plainly = said is None or plain.is_plainly_told(sentence.items, attribution)
        return said if plainly else _nameless(said)

    # Pronouns

    def _said(self, sentence: Sentence, attribution: Attribution) -> Said | None:
        subject, span = attribution.subject, attribution.span
        if subject is None or span is None:
            return None
        said = Said(
            span=span,
            name=subject.name,
            kind=subject.kind,
            asks=attribution.asks,
            inverted=attribution.inverted,
        )
        if subject.kind is not Kind.PRONOUN or subject.name is None:
            return said
        pronoun = sentence.items[subject.first]
        led = self._body_before(self.number_at(pronoun.start), said) if pronoun.lower == "it" else None
        return led or said  # he and she may be anybody whom the entry speaks of

    def _body_before(self, number: int, said: Said) -> Said | None:
        """The report, statement or office that spoke last, right before."""
        for sentence in reversed(self.sentences[max(0, number - 3) : number]):
            if sentence.says:
                last = sentence.says[-1]
                subject = last.subject
                if not last.reports or len(sentence.says) > 1 or last.span is None:
                    return None
                if subject is None or subject.kind is not Kind.BODY:
                    return None
                here = next((at for at, one in enumerate(sentence.items) if one.is_quotation), 0)
                if not (
                    plain.is_plain(sentence.items, last, here, part=False)
                    or plain.is_plainly_told(sentence.items, last)
                ):
                    return None
                if sentence.items[subject.last - 1].word.endswith("s") or subject.name is None:
                    return None
                return Said(span=last.span, name=subject.name, kind=Kind.BODY, asks=said.asks, inverted=said.inverted)
            if any(not one.is_quotation for one in sentence.items if one.is_word):
                return None
        return None


@lru_cache(maxsize=16)
def reading_of(text: str, language: str) -> Reading:
    """The reading of a text, kept for the next question about its words; no reading ever changes."""
    return Reading(text, language)


def _nameless(said: Said | None) -> Said | None:
    return replace(said, name=None) if said is not None else None


def _is_clock(items: Sequence[Item], at: int) -> bool:
    return bool(at) and at + 1 < len(items) and items[at - 1].word.isdigit() and items[at + 1].word.isdigit()


def _blotted(text: str, marks: Marked) -> str:
    """The text with an x for every character of a quotation, but for its last one before the closing mark."""
    parts: list[str] = []
    at = 0
    for one in marks.quotations:
        start, end = one.inner
        if end > start and start >= at:
            parts += [text[at:start], "X" + "x" * (end - start - 2) if end - start > 1 else "", text[end - 1 : end]]
            at = end
    parts.append(text[at:])
    return "".join(parts)
