"""Whose words are these: how words stand in one entry's text, and whether the entry says that somebody said them.

Both are read from the entry alone, and by what it says outside of all quotation marks. What it leaves open stays
open: to confirm a wrong speaker is the worst that can happen here.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from retrieval.model import Span
from retrieval.speech import people
from retrieval.speech.people import Name, name_of
from retrieval.speech.saying import Reading, Said, reading_of
from retrieval.speech.subjects import Kind, candidates
from retrieval.verdicts import Speaker, SpeakerVerdict, Speech

_REACH = 20_000
"""Characters of an entry that are read before the words, and after them. The longest paragraph counts too."""
_LONGEST_ENTRY = 200_000
"""Characters of an entry in which names are looked for; of a longer one nothing is confirmed."""
_LONGEST_TITLE = 20  # characters
_SCARE_WORDS = 2
"""So many words in marks may be no speech at all: the so-called “pier of shame”."""

_UNKNOWN = Speech(direct=None, said_by=None, name=None)


def speech_at(text: str, start: int, end: int, language: str = "en") -> Speech:
    """How the words [start, end) of an entry's text stand, and who says them; spans are of `text`, in code points.

    `said_by` names whoever stands beside the words; `name` is None where the entry does not plainly give the words to
    them, and a pronoun where it does not say in so many words who that is. Indirect speech ("Orr says the pier held")
    is the journalist's own wording, but has a speaker.
    In other languages than English only marks are read, and a name with a colon. Any text and any span is allowed.
    """
    if not 0 <= start < end <= len(text):
        return _UNKNOWN
    while start < end and not text[start].isalnum():
        start += 1
    while start < end and not text[end - 1].isalnum():
        end -= 1
    if start == end:
        return _UNKNOWN
    low, high = _window(text, start, end)
    if high - low > end - start + 4 * _REACH:
        return _UNKNOWN
    found = _speech(reading_of(text[low:high], language), start - low, end - low)
    return Speech(direct=found.direct, said_by=_moved(found.said_by, low), name=_moved(found.name, low))


def _window(text: str, start: int, end: int) -> Span:
    """The lines around [start, end), and as many more on either side as are looked at: the same ones for all words of
    one stretch of a long text, so that it is read once."""
    low = max(0, (start // _REACH - 1) * _REACH)
    if low:
        line = text.find("\n", low, start)
        low = line + 1 if line >= 0 else text.rfind("\n", 0, start) + 1
    high = (end // _REACH + 2) * _REACH
    if high < len(text):
        line = text.rfind("\n", end, high)
        high = line if line >= 0 else text.find("\n", end)
    return low, len(text) if high < 0 else min(high, len(text))


def _moved(span: Span | None, by: int) -> Span | None:
    return (span[0] + by, span[1] + by) if span else None


def _speech(reading: Reading, start: int, end: int) -> Speech:
    marks = reading.marked
    if marks.doubtful(start, end):
        return _UNKNOWN
    around = marks.around(start, end)
    if around is not None:
        if any(left <= start and end <= right for left, right in marks.nested):
            return Speech(direct=True, said_by=None, name=None)
        said = reading.of_quotation(around)
        words = reading.text[around.inner[0] : around.inner[1]]
        return _as_speech(None if _is_scare(words, said) else True, said)
    if marks.touching(start, end):
        return _as_speech(None, _of_all(reading, start, end))
    led = _led(reading, start, end)
    if led is not None:
        return led
    return _as_speech(False, reading.of_own_words(start, end))


def _as_speech(direct: bool | None, said: Said | None) -> Speech:
    return Speech(direct=direct, said_by=said.span if said else None, name=said.name if said else None)


def _is_scare(words: str, said: Said | None) -> bool:
    """Whether few words stand in marks, and not as a whole utterance: “Never,” he said."""
    return len(words.split()) <= _SCARE_WORDS and (said is None or words.rstrip()[-1:] not in tuple(",?!"))


def _of_all(reading: Reading, start: int, end: int) -> Said | None:
    """Who says words that stand partly in marks: whoever says each of their parts."""
    parts = [reading.of_quotation(one) for one in reading.marked.touching(start, end)]
    first = reading.marked.touching(start, end)[0]
    if start < first.start:
        own = next((at for at in range(first.start, start, -1) if reading.text[at - 1].isalnum()), start)
        parts.append(reading.of_own_words(start, max(own, start + 1)))
    if any(one is None or one.name is None for one in parts):
        return None
    return parts[0] if len({one.name for one in parts if one}) == 1 else None


def _led(reading: Reading, start: int, end: int) -> Speech | None:
    """Words without marks that a lead-in gives to somebody; None where none is in force."""
    number = reading.number_at(start)
    if reading.number_at(end - 1) != number:
        first = _led(reading, start, reading.sentences[number].end) if start < reading.sentences[number].end else None
        last = _led(reading, reading.sentences[reading.number_at(end - 1)].start, end)
        return first if first == last else _UNKNOWN
    for here in range(number, -1, -1):
        sentence = reading.sentences[here]
        said = reading.lead_in(here)
        if said is not None:
            colon = next(one for one in sentence.items if one.word == ":")
            tail = [one for one in sentence.items if one.start > colon.start]
            if here == number and (not tail or start < colon.end):
                return None
            if (tail and tail[0].is_quotation) or (tail and tail[0].word.islower() and here != number):
                return None
            return _as_led(reading, said, here, number)
        if here == number and sentence.says and any(one.subject for one in sentence.says):
            return None
        if any(one.is_quotation for one in sentence.items) or any(one.subject is not None for one in sentence.says):
            return None
    return None


def _as_led(reading: Reading, said: Said, first: int, last: int) -> Speech:
    """What a lead-in, the sentence `first`, makes of words in the sentence `last`: a label between them ends it, and
    beyond one paragraph only a document that is quoted from the entry's very start goes on, without a name."""
    between = reading.sentences[first + 1 : last + 1]
    if any(one.word == ":" for sentence in between for one in sentence.items):
        return _UNKNOWN
    lead = reading.sentences[first]
    paragraphs = sum(one.opens for one in between) - (lead.items[-1].word == ":")
    if paragraphs <= 0:
        colon = next(at for at, one in enumerate(lead.items) if one.word == ":")
        rest = [*lead.items[colon + 1 :], *(one for sentence in between for one in sentence.items)]
        others = any(one.cue > colon for one in lead.says) or any(sentence.says for sentence in between)
        doubtful = others or any(one.word in {":", "by", "–", "—"} for one in rest)
        return Speech(direct=True, said_by=said.span, name=None if doubtful else said.name)
    if first == 0 and said.kind is Kind.BODY:
        return Speech(direct=True, said_by=said.span, name=None)
    return _UNKNOWN


def judge(text: str, speech: Speech, speaker: str, title: str | None) -> Speaker:
    """Whether an entry, of this text and title, says that `speaker` said what stands so in it.

    Confirmed or different only where the entry names the speaker so that no other can be meant; the evidence is the
    slice of `text` that names them.
    """
    unclear = Speaker(verdict=SpeakerVerdict.UNCLEAR, evidence=speech.said_by)
    asked = name_of(speaker)
    if speech.name is None or not people.is_askable(asked) or len(text) > _LONGEST_ENTRY:
        return unclear
    start, end = speech.name
    if not 0 <= start < end <= len(text):
        return unclear
    said = name_of(text[start:end])
    if not people.is_askable(said):
        return unclear
    evidence = speech.said_by or speech.name
    if _is_common(text[start:end], said):
        same = asked.every == said.every and _is_definite(text[start:end])
        return Speaker(verdict=SpeakerVerdict.CONFIRMED, evidence=evidence) if same else unclear
    reading = reading_of(text, "en")
    if people.speaks_of_forgery(f"{title or ''} {reading.blotted}"):
        return unclear
    mentions = _mentions(text, title)
    if _is_same(asked, said, text, title, mentions, start):
        return Speaker(verdict=SpeakerVerdict.CONFIRMED, evidence=evidence)
    labels = text[end : end + 2].strip().startswith(":") and not any(
        at != start and people.agree(said, name) for at, name in mentions
    )  # "Exclusive Interview:"
    if not labels and _is_another(asked, said, text, mentions, start):
        return Speaker(verdict=SpeakerVerdict.DIFFERENT, evidence=evidence)
    return unclear


def _is_common(words: str, said: Name) -> bool:
    """Whether it is no proper name of a person: "the report", "aides to Orr", "the Wend Gazette"."""
    first = words.split(maxsplit=1)[0].casefold()
    plain = [word for word in words.split() if not people.is_particle(word)]
    return said.is_body or first in {"the", "a", "an"} or any(word[:1].islower() for word in plain)


def _is_definite(words: str) -> bool:
    """Whether it tells one from others: "the report" or "police", not "a man"."""
    return words.split(maxsplit=1)[0].casefold() not in {"a", "an", "some", "one", "two", "many", "several", "other"}


_Mention = tuple[int, Name]


@lru_cache(maxsize=16)
def _mentions(text: str, title: str | None) -> tuple[_Mention, ...]:
    """Every name in the title, as at −1, and in the text outside of quotations."""
    found: list[_Mention] = []
    for words, offset in ((title or "", -1), (text, 0)):
        reading = reading_of(words[:_LONGEST_ENTRY], "en")
        for sentence in reading.sentences:
            for span in candidates(sentence.items):
                if span is not None:
                    start = _with_titles(words, span[0])
                    found.append((offset if offset < 0 else span[0], name_of(words[start : span[1]])))
    return tuple(found)


def _with_titles(words: str, start: int) -> int:
    """Where a name starts, its last title counted: "Mrs Orr"."""
    before = words[max(0, start - _LONGEST_TITLE) : start].split()
    return words.rindex(before[-1], 0, start) if before and people.is_title(before[-1]) else start


def _bearers(name: Name, mentions: Sequence[_Mention]) -> list[_Mention]:
    """Full names that end with a surname."""
    return [one for one in mentions if one[1].full and one[1].surname == name.surname]


def _full(said: Name, text: str, title: str | None, mentions: Sequence[_Mention], start: int) -> Name | None:
    """The full name of the one who spoke: as it is said, or as the entry gave it before, to one person only."""
    if said.full:
        return said
    named = [(at, name) for at, name in mentions if name.surname == said.surname]
    bearers = _bearers(said, mentions)
    earlier = [name for at, name in bearers if at < start]
    if not earlier or people.speaks_of_kin(f"{title or ''} {text}"):
        return None
    first = next((name for at, name in named if at >= 0 or name.full), said)
    if not first.full or any(people.clash(said, name) for _, name in named):
        return None  # somebody of that surname came before the one who is named in full
    last = earlier[-1]
    if people.is_shared(text, last) or people.is_shared(title or "", last):
        return None
    if any(not people.agree(last, other) for _, other in bearers) or people.clash(said, last):
        return None
    if (said.suffix != last.suffix and said.suffix) or (last.sex is None and _is_crossed(said, text)):
        return None
    return last


def _is_crossed(said: Name, text: str) -> bool:
    """Whether the text speaks of somebody of the other sex than the title of the one who spoke tells."""
    return said.sex is not None and any(people.sex_of(word) not in {None, said.sex} for word in text.split())


def _is_same(asked: Name, said: Name, text: str, title: str | None, mentions: Sequence[_Mention], start: int) -> bool:
    full = _full(said, text, title, mentions, start)
    if asked.full and asked.royal and asked.every != said.every:
        return False
    if asked.full:
        others = [one for _, one in _bearers(said, mentions) if one.words[0] == asked.words[0]]
        return full is not None and people.agree(asked, full) and all(people.agree(asked, one) for one in others)
    if asked.royal or said.royal:
        return asked.every == said.every
    if said.full and _opens(text, start) and not any(at != start and people.agree(said, one) for at, one in mentions):
        return False  # a word with a capital only because a sentence starts with it: "Pretend Orr said"
    if people.is_shared(text, full or said) or people.is_shared(title or "", full or said):
        return False
    if asked.surname != said.surname or people.clash(asked, said) or asked.suffix != said.suffix:
        return False
    if any(initial not in said.initials for initial in asked.initials):
        return False
    bearers = [one for _, one in _bearers(said, mentions)]
    if full is None and (bearers or people.speaks_of_kin(f"{title or ''} {text}")):
        return False
    return all(people.agree(one, other) for one in bearers for other in bearers[:1]) and not (
        full is not None and people.clash(asked, full)
    )


def _opens(text: str, start: int) -> bool:
    """Whether a sentence, or a line, starts there."""
    before = text[max(0, start - _LONGEST_TITLE) : start].rstrip(" ")
    return not before or not before[-1].isalnum()


def _is_another(asked: Name, said: Name, text: str, mentions: Sequence[_Mention], start: int) -> bool:
    bearers = [name for at, name in _bearers(said, mentions) if at < start]
    full = said if said.full else bearers[-1] if bearers else said
    if not people.is_person(full) or asked.is_body or asked.royal or people.speaks_of_aliases(text):
        return False
    if not asked.full and not full.full:
        return False
    if not any(people.akin(asked, name) for name in {said, full, *bearers}):
        return True
    # one surname, two people: only where the entry itself names both in full
    named = any(people.agree(asked, name) for _, name in mentions)
    return (
        asked.full
        and said.full
        and named
        and asked.surname == said.surname
        and asked.words[0] not in said.words
        and not people.akin(Name(words=asked.words[:1]), Name(words=said.words[:1]))
    )
