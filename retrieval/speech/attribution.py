"""Who is said to speak within one sentence: its verbs of speech, each with its subject.

Of quotations nothing is looked at: a name inside one is no evidence. Where speech is denied, rumoured, supposed or
told at second hand ("Orr said Pym told him"), the subject stays without a name. English only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from retrieval.model import Span
from retrieval.speech import people, phrases, subjects
from retrieval.speech.phrases import Item
from retrieval.speech.subjects import Kind, Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribution:
    """A verb of speech, the item `cue`, with its subject; None where that is in doubt. `span`: both, where they
    touch; `inverted`: the verb comes first."""

    cue: int
    subject: Subject | None
    span: Span | None
    inverted: bool = False
    asks: bool = False
    reports: bool = False
    """Whether the verb takes what was said for its object, and so may report it without marks."""


def attributions(items: Sequence[Item]) -> tuple[Attribution, ...]:
    """Every verb of speech of a sentence, in order, outside of its quotations."""
    found: list[Attribution] = []
    for place, item in enumerate(items):
        if item.lower == "according" and place + 1 < len(items) and items[place + 1].lower == "to":
            subject = subjects.subject_after(items, place + 2)
            found.append(_attributed(items, place, subject, inverted=True))
        elif item.word in phrases.CUES | phrases.PLURALS | phrases.PARTICIPLES:
            found.append(_read(items, place, found))
    if len(found) > 1 and any(items[one.cue].lower == "according" for one in found):
        return tuple(_nameless(one) for one in found)  # said by one, as another tells
    return tuple(found)


def _nameless(attribution: Attribution) -> Attribution:
    subject = attribution.subject
    return replace(attribution, subject=replace(subject, name=None)) if subject is not None else attribution


def _read(items: Sequence[Item], cue: int, earlier: Sequence[Attribution]) -> Attribution:
    verb = items[cue].word
    before = items[cue - 1] if cue else None
    if before is not None and verb in phrases.SAYING and (before.is_quotation or before.word == ","):
        subject = subjects.subject_after(items, cue + 1)
        if subject is not None and (before.is_quotation or _ends(items, subject.last)):
            return _attributed(items, cue, subject, inverted=True)
    if verb == "adding" and before is not None and before.word == "," and earlier:
        last = earlier[-1]
        if last.subject is not None and max(last.cue + 1, last.subject.last) == cue - 1:
            return Attribution(cue=cue, subject=last.subject, span=last.span)
    subject = subjects.subject_before(items, cue)
    if subject is not None and subject.kind is Kind.BODY and verb in phrases.NAMING:
        subject = None
    if subject is not None and (_doubtful(items, cue, subject) or _is_within_speech(items, subject, earlier)):
        subject = Subject(first=subject.first, last=subject.last, kind=subject.kind, name=None)
    return _attributed(items, cue, subject)


def _attributed(items: Sequence[Item], cue: int, subject: Subject | None, inverted: bool = False) -> Attribution:
    span = None
    if subject is not None:
        first, last = (cue, subject.last) if inverted else (subject.first, cue + 1)
        parts = items[first:last]
        near = inverted or len(parts) <= phrases.LONGEST_PHRASE + phrases.MOST_WORDS
        if near and first < last and not any(one.is_quotation for one in parts):
            span = (parts[0].start, parts[-1].end)
        else:
            span = (items[subject.first].start, items[subject.last - 1].end)
    return Attribution(
        cue=cue,
        subject=subject,
        span=span,
        inverted=inverted,
        asks=items[cue].lower in phrases.ASKING,
        reports=items[cue].word in phrases.REPORTING,
    )


def _closes(items: Sequence[Item], place: int) -> bool:
    """Whether nothing follows, or what follows a closing attribution: "said the report.", "he said on Monday"."""
    if place >= len(items):
        return True
    item = items[place]
    return item.is_quotation or not item.is_word or item.lower in phrases.ENDS or item.lower in people.DAYS


def _ends(items: Sequence[Item], place: int) -> bool:
    """Whether the sentence is over."""
    return not any(one.is_word or one.is_quotation for one in items[place:])


def closes(items: Sequence[Item], attribution: Attribution) -> bool:
    """Whether an attribution after its quotation ends there: "she said.", not "she said the bridge was shut"."""
    if attribution.inverted:
        return attribution.subject is not None and _closes(items, attribution.subject.last)
    told = items[attribution.cue].word in {"told", "tells"}
    return told or _closes(items, attribution.cue + 1)


def is_aside(items: Sequence[Item], attribution: Attribution, end: int) -> bool:
    """Whether its clause leans on another, which begins before `end`: "After Orr said so, Pym …"."""
    if attribution.subject is None:
        return True
    first = min(attribution.subject.first, attribution.cue)
    leans = items[0].lower in phrases.SUBORDINATE or (
        first > 0 and items[first - 1].lower in phrases.SUBORDINATE - {"that"}
    )
    return leans and any(one.word == "," for one in items[max(attribution.cue, attribution.subject.last) : end])


def _doubtful(items: Sequence[Item], cue: int, subject: Subject) -> bool:
    """Whether it is denied, supposed or asked rather than stated that the subject spoke."""
    before = items[subject.first - 1].lower if subject.first else ""
    verb = items[cue].word
    return (
        verb in {"denied", "denies"}
        or not _stands_free(items, subject)
        or any(one.lower in phrases.DENIALS or one.lower in phrases.RUMOURS for one in items[subject.last : cue])
        or before in phrases.CONDITIONS
        or items[0].lower in phrases.CONDITIONS
        or (verb in phrases.PLURALS and subject.kind is Kind.PERSON)
    )


def _stands_free(items: Sequence[Item], subject: Subject) -> bool:
    """Whether nothing before a subject may govern it: not "a fake Orr said", "it is false that Orr said"."""
    if not subject.first or subject.kind is Kind.BODY:
        return True
    before, further = items[subject.first - 1], items[subject.first - 2] if subject.first > 1 else None
    if not before.is_word or before.is_capital or before.is_genitive or before.lower in people.DAYS:
        return before.lower not in {"that", "as"} or further is None
    if before.word == "as":
        return further is None or not further.is_word
    return before.word in phrases.BEFORE_SUBJECTS or (subject.kind is Kind.PERSON and _is_office(before.word))


def _is_office(word: str) -> bool:
    """Whether a common noun may stand before a name for what the person does: "miller Ada Orr"."""
    return people.is_role(word) or people.is_title(word) or word.endswith(("er", "or", "ist", "ian", "man", "woman"))


def _is_within_speech(items: Sequence[Item], subject: Subject, earlier: Sequence[Attribution]) -> bool:
    """Whether somebody else is said to say that the subject spoke."""
    before = items[subject.first - 1] if subject.first else None
    if not earlier or before is None:
        return False
    others = [one for one in earlier if one.cue < subject.first]
    if not others or (before.word == "," and all(one.cue == 0 for one in others)):
        return False
    if before.lower in {"and", "but", "while"} or before.is_quotation or before.word == ";":
        return False
    opens = items[0].lower in phrases.SUBORDINATE
    return not (before.word == "," and opens)
