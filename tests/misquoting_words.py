"""Changes of one word: each makes other words of published ones, and names the kinds that this may be told as."""

from __future__ import annotations

import re

from tests.misquoting_cases import Base, Chance, Changing, Made, glued
from tests.published import turns

PUNCTUATION = frozenset({"punctuation"})

_DIGITS = {
    word: str(value) for value, word in enumerate("two three four five six seven eight nine ten".split(), start=2)
}
_WORDS = {value: word for word, value in _DIGITS.items()}
_AUXILIARIES = frozenset("is are was were will would could should has have had did does do must".split())
_SHORT = {
    "is not": "isn't", "are not": "aren't", "was not": "wasn't", "were not": "weren't", "do not": "don't",
    "does not": "doesn't", "did not": "didn't", "has not": "hasn't", "have not": "haven't", "had not": "hadn't",
    "would not": "wouldn't", "could not": "couldn't", "should not": "shouldn't", "will not": "won't",
    "cannot": "can't", "it is": "it's", "that is": "that's", "he is": "he's", "she is": "she's", "we are": "we're",
    "they are": "they're", "i am": "I'm", "i have": "I've", "we have": "we've", "they have": "they've",
    "we will": "we'll", "he will": "he'll", "it will": "it'll", "there is": "there's", "you are": "you're",
}  # fmt: skip
_LONG = {short.casefold(): long for long, short in _SHORT.items()}
_SPELT = {
    "labour": "labor", "colour": "color", "honour": "honor", "favour": "favor", "neighbour": "neighbor",
    "behaviour": "behavior", "favourite": "favorite", "centre": "center", "defence": "defense", "offence": "offense",
    "theatre": "theater", "programme": "program", "organisation": "organization", "organise": "organize",
    "recognise": "recognize", "realise": "realize", "criticise": "criticize", "criticised": "criticized",
    "apologise": "apologize", "cancelled": "canceled", "travelling": "traveling", "towards": "toward",
    "among": "amongst", "while": "whilst", "grey": "gray", "cheque": "check", "analyse": "analyze", "tyre": "tire",
    "metres": "meters", "sceptical": "skeptical", "judgment": "judgement", "licence": "license",
}  # fmt: skip
_SPELLINGS = _SPELT | {american: british for british, american in _SPELT.items() if american not in {"check", "tire"}}


def _kinds(*kinds: str) -> frozenset[str]:
    return frozenset(kinds)


def _is_word(base: Base, at: int) -> bool:
    """Whether it is a word of letters that white space or marks part from the next, and that does not turn."""
    start, end = base.words[at]
    return (
        base.word(at).isalpha()
        and not turns(base.word(at))
        and not (glued(base.quote, start) or glued(base.quote, end))
    )


def substitution(base: Base, at: int, chance: Chance) -> Made | None:
    if not _is_word(base, at):
        return None
    word = chance.stranger_to(base)
    return *base.words[at], word.capitalize() if base.word(at)[0].isupper() else word, _kinds("substitution")


def digit(base: Base, at: int, chance: Chance) -> Made | None:
    start, end = base.words[at]
    digits = [place for place in range(start, end) if base.quote[place].isdecimal()]
    if not base.word(at)[0].isdigit() or not digits:
        return None
    place = digits[len(digits) // 2]
    other = chance.choice([one for one in "123456789" if one != base.quote[place]])
    return start, end, base.quote[start:place] + other + base.quote[place + 1 : end], _kinds("number")


def _number_form(base: Base, at: int, chance: Chance) -> Made | None:
    """Words for digits and back, 1,400 and 1400."""
    del chance
    word = base.word(at)
    if any(glued(base.quote, place) for place in base.words[at]):
        return None
    if re.fullmatch(r"\d{1,3}(,\d{3})+", word):
        return *base.words[at], word.replace(",", ""), _kinds("number")
    if re.fullmatch(r"\d{4,6}", word):
        return *base.words[at], f"{int(word):,}", _kinds("number")
    other = _DIGITS.get(word) or _WORDS.get(word)
    return (*base.words[at], other, _kinds("number")) if other else None


def _per_cent(base: Base, at: int, chance: Chance) -> Made | None:
    start, end = base.words[at]
    kinds = _kinds("number", "spelling", "substitution", "punctuation")
    if base.word(at) == "per" and base.quote[start:].startswith("per cent"):
        return start, start + len("per cent"), chance.choice(("percent", "%")), kinds
    if base.word(at) == "percent":
        return start, end, "per cent", kinds
    if base.word(at)[0].isdigit() and base.quote[end : end + 1] == "%":
        return end, end + 1, chance.choice((" per cent", " percent")), kinds
    return None


def denied(base: Base, at: int, chance: Chance) -> Made | None:
    start, end = base.words[at]
    word = base.word(at)
    if word in _AUXILIARIES and not glued(base.quote, end):
        short = {"will": "won't"}.get(word, f"{word}n't")
        return start, end, chance.choice((f"{word} not", short, f"{word} never")), _kinds("negation")
    if not _is_word(base, at) or word[0].isupper():
        return None
    return start, start, chance.choice(("not ", "never ", "no ")), _kinds("negation")


def undenied(base: Base, at: int, chance: Chance) -> Made | None:
    del chance
    start, end = base.words[at]
    word = base.word(at)
    if word in ("not", "never", "no") and base.quote[end : end + 1] == " " and not glued(base.quote, start):
        return start, end + 1, "", _kinds("negation")
    if word.endswith(("n't", "n’t")) and word[:-3] in _AUXILIARIES:
        return start, end, word[:-3], _kinds("negation")
    return None


def deletion(base: Base, at: int, chance: Chance) -> Made | None:
    """A word within; without the first or last the rest is as it was."""
    del chance
    at = min(max(at, 1), len(base.words) - 2)
    start, end = base.words[at]
    if not _is_word(base, at) or base.quote[end : end + 1] != " ":
        return None
    return start, end + 1, "", _kinds("deletion")


def addition(base: Base, at: int, chance: Chance) -> Made | None:
    start, end = base.words[at]
    if not _is_word(base, at):
        return None
    word = chance.stranger_to(base)
    if at == len(base.words) - 1:
        return end, end, f" {word}", _kinds("addition")
    return start, start, f"{word} ", _kinds("addition")


def _swap(base: Base, at: int, chance: Chance) -> Made | None:
    """Two neighbours, or two words with a few between."""
    del chance
    other = min(len(base.words) - 1, at + 1 + at % 3)
    one, two = base.word(at), base.word(other)
    if other <= at or not (_is_word(base, at) and _is_word(base, other)) or one.casefold() == two.casefold():
        return None
    between = base.quote[base.words[at][1] : base.words[other][0]]
    if between.count(" ") != other - at or not re.fullmatch(r"[\w ]+", between):
        return None
    return base.words[at][0], base.words[other][1], f"{two}{between}{one}", _kinds("order")


def _case(base: Base, at: int, chance: Chance) -> Made | None:
    word = base.word(at)
    if not _is_word(base, at) or len(word) < 3:
        return None
    ways = [word.upper(), word.swapcase()] if at == 0 else [word.upper(), word[0].swapcase() + word[1:]]
    fitting = [one for one in ways if one[1:] != word[1:] or (at and one != word)]
    return (*base.words[at], chance.choice(fitting), _kinds("case")) if fitting else None


def _spelling(base: Base, at: int, chance: Chance) -> Made | None:
    del chance
    word = base.word(at)
    other = _SPELLINGS.get(word.lower())
    if other is None or any(glued(base.quote, place) for place in base.words[at]):
        return None
    return *base.words[at], other.capitalize() if word[0].isupper() else other, _kinds("spelling")


def _misspelling(base: Base, at: int, chance: Chance) -> Made | None:
    del chance
    word = base.word(at)
    if not _is_word(base, at) or len(word) < 6 or word[2] == word[3]:
        return None
    return *base.words[at], word[:2] + word[3] + word[2] + word[4:], _kinds("spelling", "substitution")


def _contraction(base: Base, at: int, chance: Chance) -> Made | None:
    del chance
    start, end = base.words[at]
    word = base.word(at).replace("’", "'").casefold()
    if word in _LONG and word != "i'm":
        long = _LONG[word]
        return start, end, long.capitalize() if base.quote[start].isupper() else long, _kinds("contraction")
    if word == "cannot":
        return start, end, "can't", _kinds("contraction")
    if at + 1 < len(base.words):
        pair = base.quote[start : base.words[at + 1][1]]
        short = _SHORT.get(pair.casefold())
        if short is not None:
            return (
                start,
                base.words[at + 1][1],
                short.capitalize() if pair[0].isupper() else short,
                _kinds("contraction"),
            )
    return None


def _punctuation(base: Base, at: int, chance: Chance) -> Made | None:
    """A comma put in, taken out, or made another mark; a hyphen, an apostrophe, quotation marks taken out."""
    if at + 1 >= len(base.words):
        return None
    start, end = base.words[at][1], base.words[at + 1][0]
    between = base.quote[start:end]
    if between in (", ", "; ", ": "):
        return start, start + 1, chance.choice(["", *(one for one in ",;:" if one != between[0])]), PUNCTUATION
    if between == " " and base.word(at).isalpha() and base.word(at + 1).isalpha():
        return start, start, chance.choice((",", ";", ":")), PUNCTUATION
    if between == "-" and base.word(at).isalpha() and base.word(at + 1).isalpha():
        return start, end, " ", _kinds("punctuation", "spelling")
    if between in (" “", " ‘", '" ', "” "):
        return start, end, " ", PUNCTUATION
    return None


def _apostrophe(base: Base, at: int, chance: Chance) -> Made | None:
    del chance
    word = base.word(at)
    if "’" not in word and "'" not in word:
        return None
    return *base.words[at], re.sub("[’']", "", word), _kinds("punctuation", "spelling", "contraction")


CHANGES: dict[str, Changing] = {
    "digit": digit,
    "number-form": _number_form,
    "per-cent": _per_cent,
    "negation-in": denied,
    "negation-out": undenied,
    "substitution": substitution,
    "deletion": deletion,
    "addition": addition,
    "order": _swap,
    "case": _case,
    "spelling": _spelling,
    "misspelling": _misspelling,
    "contraction": _contraction,
    "punctuation": _punctuation,
    "apostrophe": _apostrophe,
}
