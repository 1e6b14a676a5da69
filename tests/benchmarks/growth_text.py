"""More entries than there are: paragraphs of SQuAD 2.0 dev, then variations of them.

A variation says of others what its paragraph says: names, numbers, and of the longer words half are swapped for
others of the same kind (of a name's or a number's form, of the same last letters), which are drawn from the
paragraphs as often as they stand there, so that common words stay common and rare ones rare. One name in five is
coined of two, and as many numbers of three digits and more are drawn anew, so that the vocabulary grows with the
entries. Within an entry the same word is always swapped for the same. A variation has as many sentences as its
paragraph, and as many words in each. The same number gives the same one.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from retrieval.lexicon import FUNCTION_WORDS
from retrieval.model import Span
from retrieval.sentences import sentences
from tests.benchmarks.squad import Paragraph, spaced

_SEED = 20140826
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_NAME, _ACRONYM = "name", "acronym"
_LETTERS = re.compile(r"[^\W\d_]{3,}(?:['’-][^\W\d_]+)*")
"""Shorter ones are initials, and what stands before their full stop would not end a sentence."""
_LONGER = 5
_ENDING = 2
"""Letters of a word that may be swapped, and at its end those that the other one has, too."""
_SWAPPED = 0.5
_NEW = 0.2
_TRIES = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class Made:
    """An entry's text and its sentences; the place of its paragraph, and whether it is a variation of that."""

    text: str
    sentences: tuple[Span, ...]
    paragraph: int
    varied: bool


def words_of(text: str) -> list[str]:
    """The words and numbers of a text, without the signs about them: all that a model's tokens say something of."""
    return _WORD.findall(text)


def word_starts(text: str) -> list[int]:
    """Where they begin."""
    return [one.start() for one in _WORD.finditer(text)]


def digest(text: str) -> int:
    """64 bits of a text: with 10 million texts, two are alike by chance in one run of a million."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


class Varying:
    """Makes variations of texts, with words of the texts' own."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._made = [_made(text, place, varied=False) for place, text in enumerate(texts)]
        written = [word for one in texts for word in words_of(one)]
        common = {word for word in written if word.islower()}
        self._kinds = {word: kind for word in set(written) if (kind := _kind(word, common))}
        self._held: dict[str, list[str]] = {}
        for word in written:
            if word in self._kinds:
                self._held.setdefault(self._kinds[word], []).append(word)

    def real(self, place: int) -> Made:
        """A text as it is, by its place."""
        return self._made[place]

    def varied(self, place: int, number: int) -> Made | None:
        """Variation `number` of a text, by its place; None where it would be cut otherwise than the text is, or be
        the same."""
        chance = random.Random(f"{_SEED} {place} {number}")
        chosen: dict[str, str] = {}

        def swapped(found: re.Match[str]) -> str:
            word = found[0]
            if word not in chosen:
                chosen[word] = self._other(word, chance)
            return chosen[word]

        real = self._made[place]
        made = _made(_WORD.sub(swapped, real.text), place, varied=True)
        return made if made.text != real.text and _shape(made) == _shape(real) else None

    def _other(self, word: str, chance: random.Random) -> str:
        kind = self._kinds.get(word)
        if kind is None or (word.islower() and chance.random() >= _SWAPPED):
            return word
        held, new = self._held[kind], chance.random() < _NEW
        if new and kind == _NAME:
            first, last = chance.choice(held), chance.choice(held)
            return first[: len(first) // 2 + 1] + last[len(last) // 2 :].lower()
        if new and kind.count("0") > 2:
            return "".join(chance.choice("123456789") if sign == "0" else sign for sign in kind)
        return chance.choice(held)


def _kind(word: str, common: set[str]) -> str | None:
    """What words may stand in a word's place; None where none may. A capital that a sentence gives makes no name of
    a `common` word."""
    if word[0].isdigit():
        return re.sub(r"\d", "0", word)
    if word[0].isupper() and _LETTERS.fullmatch(word) and word.lower() not in common:
        return _ACRONYM if word.isupper() else _NAME
    if word.islower() and len(word) >= _LONGER and word not in FUNCTION_WORDS:
        return word[-_ENDING:]
    return None


def _made(text: str, place: int, *, varied: bool) -> Made:
    return Made(text=text, sentences=tuple(sentences(text)), paragraph=place, varied=varied)


def _shape(one: Made) -> list[int]:
    """How many words each sentence has."""
    return [len(words_of(one.text[start:end])) for start, end in one.sentences]


class Entries:
    """As many entries as have so many sentences, or just over: paragraphs, evenly spaced, while there are enough;
    beyond, all of them, evenly spaced among variations."""

    def __init__(self, held: Sequence[Paragraph], passages: int, varied_from: Sequence[int]) -> None:
        """`varied_from`: the places of the paragraphs that variations may be made of."""
        self._varying = Varying([one.text for one in held])
        sizes = [len(self._varying.real(place).sentences) for place in range(len(held))]
        whole = sum(sizes)
        count = min(len(held), max(1, round(len(held) * passages / whole)))
        self.real = spaced(range(len(held)), count)
        """The places of the paragraphs that are among them."""
        self._order = random.Random(_SEED).sample(varied_from, len(varied_from))
        self.varied = 0
        while whole < passages:
            whole += sizes[self._order[self.varied % len(self._order)]]
            self.varied += 1

    def __len__(self) -> int:
        return len(self.real) + self.varied

    def slots(self) -> dict[int, int]:
        """Which entry each paragraph is, by the paragraph's place."""
        return {place: number * len(self) // len(self.real) for number, place in enumerate(self.real)}

    def __iter__(self) -> Iterator[Made]:
        """Every entry, no two alike; one is held at a time, and 8 bytes of each that was."""
        places = {slot: place for place, slot in self.slots().items()}
        seen = {digest(self._varying.real(place).text) for place in self.real}
        number = 0
        for slot in range(len(self)):
            if slot in places:
                yield self._varying.real(places[slot])
                continue
            made = self._new(number, seen)
            seen.add(digest(made.text))
            number += 1
            yield made

    def _new(self, number: int, seen: set[int]) -> Made:
        """A variation that is not among those seen: of the paragraph whose turn it is, else of the next ones."""
        for step in range(_TRIES):
            made = self._varying.varied(self._order[(number + step) % len(self._order)], number)
            if made is not None and digest(made.text) not in seen:
                return made
        raise ValueError(f"{_TRIES} paragraphs in a row have no variation {number} that is new")
