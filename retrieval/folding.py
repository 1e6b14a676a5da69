"""Texts as rows of tokens that compare as PRODUCT's verdicts say, each with its place in the text as it is.

Two texts have the same tokens where they differ only in the form of quotation marks, apostrophes, dashes and
ellipses, in white space beside punctuation or between letter and digit, and in canonically equal Unicode. Characters
that nobody sees (soft hyphen, zero-width space, word joiner, byte order mark) count as nothing.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

import regex

from retrieval import languages

APOSTROPHE = "'"
DASH = "-"
ELLIPSIS = "…"
FEET, INCHES = "′", "″"
QUOTATION_MARKS = frozenset((APOSTROPHE, FEET, INCHES))
"""Forms of what may close a quotation; after a number single and double marks differ: they may be a measure."""
QUESTIONS = frozenset("?？؟⁇⁈⁉‽⸮՞")
FINAL = QUESTIONS | frozenset("!！")
"""Marks that say that a sentence asks or exclaims; in Greek a semicolon asks, see `asks`."""

_INVISIBLE = "\u00ad\u200b\u2060\ufeff"
_APOSTROPHES = "'’‘ʼ‛′`´＇"
_SINGLES = _APOSTROPHES + "‚‹›"
_DOUBLES = '"“”„‟″«»〝〞〟＂'
_DASHES = "-‐‑‒–—―−⸺⸻﹘－"
# Written without spaces between words, so each character with its marks is a word of its own.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"

_TOKEN = regex.compile(
    rf"""
      (?P<number>\p{{Nd}}{{1,3}}(?:,\p{{Nd}}{{3}})++(?!\p{{Nd}})(?:\.\p{{Nd}}++)?+
        | \p{{Nd}}[\p{{Nd}}{_INVISIBLE}]*+(?:\.\p{{Nd}}++)?+
        | [\p{{Nl}}\p{{No}}])
    | (?P<unspaced>[[{_UNSPACED}]&&\p{{L}}][\p{{M}}{_INVISIBLE}]*+)
    | (?P<word>[\p{{L}}--[{_UNSPACED}]]
        (?:[[\p{{L}}\p{{M}}{_INVISIBLE}]--[{_UNSPACED}]]|[{_APOSTROPHES}](?=\p{{L}}))*+)
    | (?P<symbol>[\p{{Sc}}%‰])
    | (?P<ellipsis>…|\.(?:\ ?\.){{2,}}+)
    | (?P<dash>-{{2,}}+|[{regex.escape(_DASHES, special_only=False)}])
    | (?P<quote>''|``|,,|[{_SINGLES}{_DOUBLES}])
    | [{_INVISIBLE}]++ (*SKIP)(*FAIL)
    | (?P<other>[\S--[\x1c-\x1f]])
    """,
    regex.VERBOSE | regex.V1,
)
_UNSEEN = str.maketrans("", "", _INVISIBLE)
_ONE_APOSTROPHE = str.maketrans(dict.fromkeys(_APOSTROPHES, APOSTROPHE))
_WORDS = frozenset(("number", "unspaced", "word", "symbol"))
_GLUING = _WORDS - {"unspaced"}


class Token(NamedTuple):
    """A word, a number, a sign of money or percentage, or a mark at `[start, end)`.

    `form` is what is compared; `folded`, of all but marks, the same without its case. `spaced`: white space stands
    before it; `glued`: it is part of one word with what stands before it, as the `m` of `£5m`; `recased`: brackets
    declare that its capital was changed."""

    start: int
    end: int
    form: str
    folded: str
    spaced: bool
    glued: bool = False
    recased: bool = False

    @property
    def is_word(self) -> bool:
        return bool(self.folded)

    @property
    def is_counted(self) -> bool:
        """Whether a reader counts it as a word, or as the beginning of one."""
        return bool(self.folded) and not self.glued

    @property
    def is_roman(self) -> bool:
        """Whether it may be a number in Roman figures."""
        return len(self.form) > 1 and set(self.form) <= set("IVXLCDM")

    @property
    def is_number(self) -> bool:
        return self.form[0].isnumeric()


def tokens(text: str) -> list[Token]:
    """The tokens of any string, in order. Linear in its length."""
    found: list[Token] = []
    before = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        kind, written = match.lastgroup or "other", match[0]
        between = text[before:start]
        spaced = between == " " or (between != "" and between.translate(_UNSEEN) != "")
        # most are plain words, of which there is nothing to fold but the case
        form = written if kind == "word" and written.isalpha() and written.isascii() else _form(kind, written)
        if kind == "quote" and found and found[-1].is_number and not spaced:
            form = FEET if written in _SINGLES else INCHES
        glued = not spaced and kind in _GLUING and bool(found) and found[-1].is_word
        found.append(Token(start, end, form, form.casefold() if kind in _WORDS else "", spaced, glued))
        before = end
    return found


def _form(kind: str, written: str) -> str:
    if kind == "quote":
        return APOSTROPHE
    if kind == "dash":
        return DASH
    if kind == "ellipsis":
        return ELLIPSIS
    if kind in ("word", "number") and not written.isascii():
        written = written.translate(_UNSEEN).translate(_ONE_APOSTROPHE)
    elif kind == "word":
        written = written.replace("`", APOSTROPHE)
    return written if written.isascii() else unicodedata.normalize("NFC", written)


def asks(token: Token, language: str) -> bool:
    """Whether a mark makes a question."""
    return token.form in QUESTIONS or (token.form == ";" and languages.primary(language) == "el")


def search_words(row: Sequence[Token]) -> list[str]:
    """The words of a row as they are searched for: without case, apostrophes and the marks within numbers, so that
    `don’t`, `dont`, `1,400` and `1400` are found by each other."""
    return [searched for one in row if (searched := _searched(one))]


def _searched(token: Token) -> str:
    folded = token.folded
    return folded if folded.isalnum() else "".join(filter(str.isalnum, unicodedata.normalize("NFC", folded)))


def same_words(text: str) -> str:
    """A text with each run of white space as one space, and none at its ends: equal for what is `exact`."""
    return " ".join(text.split())
