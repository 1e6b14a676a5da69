"""Whom a verb of speech has for its subject, where the words leave no doubt.

There is none where they do: a passive, a participle that leans on what cannot be told, a name that something else of
the noun phrase leans on ("an aide to Orr"). Several speakers are a subject without a name. English only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from retrieval.model import Span
from retrieval.speech import people, phrases
from retrieval.speech.phrases import Item


class Kind(StrEnum):
    """What a subject is."""

    PERSON = "person"  # a name that may be a person's
    BODY = "body"  # a report, an office, somebody unnamed
    PRONOUN = "pronoun"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """Items [first, last) that name who speaks; `name` is None where it is not to be told who of them did."""

    first: int
    last: int
    kind: Kind
    name: Span | None


def subject_before(items: Sequence[Item], cue: int) -> Subject | None:
    last = cue - 1
    progressive = items[cue].word in phrases.PARTICIPLES
    be = False
    while last >= 0 and _is_auxiliary(items[last]):
        be = be or items[last].lower in phrases.BE
        last -= 1
    if last >= 0 and items[last].lower in people.DAYS and last and items[last - 1].lower == "on":
        last -= 2  # "Orr on Monday said"
    if last < 0 or be is not progressive:  # a passive, or a participle that leans on what we cannot tell
        return None
    if items[last].word == ")":
        while last >= 0 and items[last].word != "(":
            last -= 1
        last -= 1
    if last < 0 or items[last].is_quotation:
        return None
    item = items[last]
    if item.word == ",":
        return _before_apposition(items, last)
    if item.lower in {"and", "but", "then"}:
        return _of_main_clause(items, last)
    if item.word == "who":
        place = last - 1 - (last > 0 and items[last - 1].word == ",")
        subject = _run_back(items, place) if place >= 0 else None
        leans = subject is not None and subject.first > 0 and items[subject.first - 1].lower in phrases.LEANING
        return None if leans or subject is None or subject.kind is not Kind.PERSON else subject
    return _phrase_back(items, last) if item.is_word else None


def _is_auxiliary(item: Item) -> bool:
    lower = item.lower
    return (
        lower in phrases.AUXILIARIES
        or lower in phrases.BE
        or (item.word.islower() and lower.endswith("ly") and len(lower) > 4)
    )


def _phrase_back(items: Sequence[Item], last: int) -> Subject | None:
    """The subject that ends right before its verb."""
    item = items[last]
    if item.lower in people.PRONOUNS:
        plain = item.lower in {"he", "she", "it", "they"}
        kind = Kind.PRONOUN if plain else Kind.BODY
        return Subject(first=last, last=last + 1, kind=kind, name=(item.start, item.end) if plain else None)
    return _run_back(items, last) or _body_back(items, last)


def _run_back(items: Sequence[Item], last: int, floor: int = 0) -> Subject | None:
    """A name that ends with the item `last`; a body's where it has an article or a noun that it leans on."""
    if not _may_name(items[last]) or items[last].is_genitive or _is_common(items[last]):
        return None
    first = last
    while (
        first > floor
        and not items[first - 1].is_genitive
        and (
            _may_name(items[first - 1])
            or (people.is_particle(items[first - 1].word) and first - 1 > floor and _may_name(items[first - 2]))
        )
    ):
        first -= 1
    while first < last and _is_common(items[first]):
        first += 1
    opens_clause = first == 0 or not items[first - 1].is_word
    if last - first >= phrases.MOST_WORDS or (
        opens_clause and first < last and items[first].lower.endswith("ing") and first == 0
    ):
        return None
    name = last
    while name > first and not people.is_title(items[name - 1].word):
        name -= 1
    if people.is_title(items[last].word):
        return None
    while name > first and people.is_title(items[name - 1].word):
        name -= 1
    before = items[first - 1].lower if first > floor else ""
    span = (items[name].start, items[last].end)
    if before in phrases.LEANING or before in phrases.ARTICLES:
        return _body_back(items, last, floor)
    if before in {"and", "or", "&", "nor"} and _is_list(items, first - 1):
        while first > floor and (
            _may_name(items[first - 1]) or items[first - 1].lower in {"and", "or", "&", "nor", ","}
        ):
            first -= 1
        return Subject(first=first, last=last + 1, kind=Kind.PERSON, name=None)
    noun = first
    while noun > floor and (people.is_role(items[noun - 1].word) or items[noun - 1].word in {"chief", "executive"}):
        noun -= 1
    words = [one.word for one in items[name : last + 1]]
    is_body = people.name_of(" ".join(words)).is_body or any(_is_acronym(word) for word in words)
    return Subject(first=noun, last=last + 1, kind=Kind.BODY if is_body else Kind.PERSON, name=span)


def _may_name(item: Item) -> bool:
    return item.is_word and (item.is_capital or (item.word[0].isalpha() and not item.word[0].islower()))


def _is_common(item: Item) -> bool:
    return item.lower in people.NEVER_NAMES or item.lower in people.DAYS


def _is_acronym(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word.isupper()


def _is_list(items: Sequence[Item], conjunction: int) -> bool:
    """Whether names are joined: "Orr and Pym", "Orr, Finch, and Pym"."""
    before = conjunction - 1
    if before > 0 and items[before].word == ",":
        before -= 1
    return before >= 0 and (_may_name(items[before]) or items[before].is_genitive or items[before].word == ")")


def _body_back(items: Sequence[Item], last: int, floor: int = 0) -> Subject | None:
    """The noun phrase that ends with the item `last`, whatever it names."""
    first = last
    while first > floor and last - first < phrases.LONGEST_PHRASE and _is_of_phrase(items[first - 1]):
        first -= 1
    leans = any(one.lower in phrases.PREPOSITIONS for one in items[first + 1 : last])
    if not leans or items[first].lower in phrases.PREPOSITIONS:
        heads = [at for at in range(first, last + 1) if items[at].lower in phrases.DETERMINERS]
        if heads and heads[-1] < last:
            first = heads[-1]
        elif items[first].lower in phrases.PREPOSITIONS:
            return None
    if items[first].lower in people.NEVER_NAMES - phrases.DETERMINERS:
        first += first < last
    return Subject(first=first, last=last + 1, kind=Kind.BODY, name=(items[first].start, items[last].end))


def _is_of_phrase(item: Item) -> bool:
    return (
        item.is_word
        and item.lower not in phrases.CONJUNCTIONS
        and item.lower not in phrases.SUBORDINATE
        and (item.word not in phrases.CUES)
    )


def _before_apposition(items: Sequence[Item], comma: int) -> Subject | None:
    """The name before what stands between commas: "Orr, a miller from Oban, says"."""
    at = _clause_start(items, comma)
    if any(one.lower == "according" for one in items[at:comma]):
        return None
    while at < comma:
        following = next((here for here in range(at, comma) if items[here].word == ","), comma)
        if following == comma:
            return None
        middle = items[following + 1]
        subject = _plain_name(items, at, following)
        if subject is not None and (middle.word.islower() or middle.word[:1].isdigit()):
            return subject
        owned = items[at].lower in phrases.DETERMINERS or any(one.is_genitive for one in items[at:following])
        if owned and people.is_role(items[following - 1].lower):
            apposed = _plain_name(items, following + 1, comma)
            if apposed is not None:
                return Subject(first=at, last=comma, kind=Kind.PERSON, name=apposed.name)
        at = following + 1
    return None


def _clause_start(items: Sequence[Item], end: int) -> int:
    for here in range(end - 1, -1, -1):
        if items[here].is_quotation or items[here].word in {";", ":", "—", "–"}:
            return here + 1
    return 0


def _plain_name(items: Sequence[Item], first: int, end: int) -> Subject | None:
    """A name that fills [first, end), but for "and" before it and where it is from after it: "Orr of Oban"."""
    if first < end and items[first].lower in {"and", "but"}:
        first += 1
    last = end
    for here in range(first + 1, end):
        if items[here].lower in {"of", "from"} and here > first + 1:
            last = here
            break
    subject = _run_back(items, last - 1, first) if last > first else None
    if subject is None or subject.kind is not Kind.PERSON or subject.first != first:
        return None
    return subject


def _of_main_clause(items: Sequence[Item], conjunction: int) -> Subject | None:
    """The subject of "Orr sat down and said", if nobody else could have said it."""
    first = _clause_start(items, conjunction)
    last = first
    if items[conjunction - 1].lower == "all":  # "all but said"
        return None
    while last < conjunction and (_may_name(items[last]) or people.is_particle(items[last].word)):
        last += 1
    if last in {first, conjunction} or not items[last].word.islower():
        return None
    for here in range(last, conjunction):
        item, before = items[here], items[here - 1]
        if (
            item.lower in phrases.SUBORDINATE
            or item.lower in people.PRONOUNS
            or item.is_quotation
            or item.word in phrases.CUES
        ):
            return None
        if (
            _may_name(item)
            and not _is_common(item)
            and not _may_name(before)
            and before.lower not in phrases.PREPOSITIONS
        ):
            return None
    item = items[first]
    if last == first + 1 and item.lower in {"he", "she"}:
        return Subject(first=first, last=last, kind=Kind.PRONOUN, name=(item.start, item.end))
    subject = _run_back(items, last - 1, first)
    return subject if subject is not None and subject.first == first else None


def subject_after(items: Sequence[Item], first: int) -> Subject | None:
    """The subject that follows its verb: "said the council’s leader, Ada Orr"."""
    last = first
    leans = False
    while last < len(items) and last - first < phrases.LONGEST_PHRASE and items[last].is_word:
        item = items[last]
        if last > first and item.lower in phrases.LEANING:
            if item.lower not in {"for", "of", "to"} or _may_name(items[last - 1]):
                break
            leans = True
        elif (
            item.lower in phrases.CONJUNCTIONS
            or item.lower in phrases.ENDS
            or item.word in phrases.CUES
            or _is_time(item)
            or item.lower in phrases.BE
            or item.word in phrases.VERBS
        ):
            break
        last += 1
    if last == first:
        return None
    if last == first + 1 and items[first].lower in people.PRONOUNS:
        return _phrase_back(items, first)
    whole = (items[first].start, items[last - 1].end)
    if last < len(items) and items[last].lower in {"and", "or", "&"} and not leans:
        following = items[last + 1] if last + 1 < len(items) else None
        if following is not None and (following.is_capital or following.lower in phrases.DETERMINERS):
            while last + 1 < len(items) and (
                items[last + 1].is_capital or items[last + 1].lower in phrases.DETERMINERS
            ):
                last += 1
            return Subject(first=first, last=last + 1, kind=Kind.PERSON, name=None)
    if not leans:
        named = _run_back(items, last - 1, first)
        if named is not None:
            return Subject(first=first, last=last, kind=named.kind, name=named.name)
        if last < len(items) and items[last].word == ",":
            end = last + 1
            while end < len(items) and _may_name(items[end]):
                end += 1
            apposed = _run_back(items, end - 1, last + 1) if end > last + 1 and _ends_apposition(items, end) else None
            if apposed is not None and apposed.kind is Kind.PERSON:
                return Subject(first=first, last=end, kind=Kind.PERSON, name=apposed.name)
    return Subject(first=first, last=last, kind=Kind.BODY, name=whole)


def _is_time(item: Item) -> bool:
    return item.lower in people.DAYS and item.lower not in {"may", "march", "april", "june", "august"}


def _ends_apposition(items: Sequence[Item], place: int) -> bool:
    return place >= len(items) or items[place].word in {",", ".", ";"} or items[place].is_quotation


def candidates(items: Sequence[Item]) -> list[Span | None]:
    """The names in a row of items that may be people's, and None for each common noun that stands for a person."""
    found: list[Span | None] = []
    at = 0
    while at < len(items):
        item = items[at]
        if people.is_role(item.lower) and not (item.is_capital and _is_of_name(items, at + 1)):
            apposed = at + 1 < len(items) and _is_of_name(items, at + 1)
            found += [] if apposed else [None]
        if not _is_of_name(items, at):
            at += 1
            continue
        first = at
        while at < len(items) and _is_of_name(items, at):
            at += 1
            if items[at - 1].is_genitive:
                break
        first = max([first, *(here + 1 for here in range(first, at - 1) if people.is_title(items[here].word))])
        folded = [people.fold(one.word) for one in items[first:at]]
        before = items[first - 1].lower if first else ""
        if people.is_title(items[at - 1].word) or before == "the":
            found.append(None)
        elif before != "in" and not all(word in people.PLACES for word in folded):
            found.append((items[first].start, items[at - 1].end))
    return found


def _is_of_name(items: Sequence[Item], at: int) -> bool:
    if at >= len(items) or not items[at].is_word or not items[at].is_capital:
        return False
    return items[at].lower not in people.NEVER_NAMES and items[at].lower not in people.DAYS
