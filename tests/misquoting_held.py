"""Quotations of published words: as they are, in other typography, with declared gaps, without what turns them."""

from __future__ import annotations

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import replace

from retrieval.model import Span
from tests.misquoting_cases import Base, Case, Drawing, Maker, glued, is_plain
from tests.published import Text, collapsed

SIGNS = {
    "sign": " … ", "dots": " ... ", "bracketed": " […] ", "bracketed-dots": " [...] ", "glued": "…",
    "glued-dots": "... ",
}  # fmt: skip
_BRACKETED = ("the council", "he", "she", "Smith", "the prime minister", "they", "its new owner")


def _marks(opening: str, closing: str, single: str) -> Callable[[str, random.Random], str]:
    def form(words: str, chance: random.Random) -> str:
        del chance
        words = re.sub(r"(?<!\w)[“\"„«]", opening, words)
        words = re.sub(r"[“\"„«](?=\w)", opening, words)
        return re.sub(r"[’']", single, re.sub(r"[”\"»]", closing, words))

    return form


def _mapped(pattern: str, *into: str) -> Callable[[str, random.Random], str]:
    return lambda words, chance: re.sub(pattern, lambda found: found.expand(chance.choice(into)), words)


def _invisible(words: str, chance: random.Random) -> str:
    at = chance.randint(1, len(words) - 1)
    return words[:at] + chance.choice("\u00ad\u200b\u2060") + words[at:]


def _closing(words: str, chance: random.Random) -> str:
    bare = words.rstrip(".,;:")
    return bare + chance.choice([one for one in ".,;:" if not words.endswith(one)])


FORMS: dict[str, Callable[[str, random.Random], str]] = {
    "straight": _marks('"', '"', "'"),
    "curly": _marks("“", "”", "’"),
    "single": _marks("‘", "’", "’"),
    "doubled": _marks("''", "''", "'"),
    "german": _marks("„", "“", "’"),
    "angle": _marks("«", "»", "’"),
    "backtick": _marks("“", "”", "`"),
    "dash": _mapped(r" ?[–—] ?", "—", " – ", "–", " -- ", " - ", "--"),
    "hyphen": _mapped(r"(?<=[a-z])-(?=[a-z])", "‐", "‑", "–"),
    "space": _mapped(r"(?<=[a-z])([,;:]) (?=[a-z])", r"\1", r" \1 ", r" \1", r"\1  "),
    "stop": _mapped(r"(?<=[a-z])([.?!]) (?=[A-Z])", r"\1", r" \1 "),
    "spaced-end": _mapped(r"(?<=[a-z])([.?!])$", r" \1"),
    "unglued": _mapped(r"(?<=\d)(?=[a-z]{2})", " "),
    "glued": _mapped(r"(?<=\d) (?=[a-z]{2})", ""),
    "nfd": lambda words, _: unicodedata.normalize("NFD", words),
    "nfc": lambda words, _: unicodedata.normalize("NFC", words),
    "invisible": _invisible,
    "capital": lambda words, _: words[0].swapcase() + words[1:],
    "closing": _closing,
    "no-break": lambda words, chance: _closing(words.replace(" ", "\u00a0"), chance),
}

# ------------------------------------------------------------------------------------------------ makers


def exact_sentence(draw: Drawing, text: Text) -> Case | None:
    return draw.held(text.text[slice(*draw.random.choice(text.sentences))]) if text.sentences else None


def exact_fragment(draw: Drawing, text: Text) -> Case | None:
    base = draw.fragment(text)
    return draw.held(base.quote) if base else None


def exact_sentences(draw: Drawing, text: Text) -> Case | None:
    if len(text.sentences) < 2:
        return None
    first = draw.random.randrange(len(text.sentences) - 1)
    last = min(len(text.sentences) - 1, first + draw.random.randint(1, 3))
    words = text.text[text.sentences[first][0] : text.sentences[last][1]]
    return draw.held(draw.random.choice((words, collapsed(words), words.replace(" ", "  "))))


def of_form(form: Callable[[str, random.Random], str]) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        base = draw.random.choice((draw.sentence, draw.fragment))(text)
        if base is None:
            return None
        quote = form(base.quote, draw.random)
        return None if collapsed(quote) == collapsed(base.quote) else draw.held(quote)

    return make


def of_ellipsis(sign: str) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        sizes = [draw.random.randint(3, 8) for _ in range(2)]
        pieces = draw.pieces(text, [draw.random.choice(text.sentences)], sizes)
        return draw.elided(pieces, sign.join(one.quote for one in pieces)) if pieces else None

    return make


def several_gaps(draw: Drawing, text: Text) -> Case | None:
    pieces = draw.pieces(text, [draw.random.choice(text.sentences)], [3, 4, 3, 3][: draw.random.randint(3, 4)])
    if pieces is None:
        return None
    quote = pieces[0].quote
    for one in pieces[1:]:
        quote += draw.random.choice(list(SIGNS.values())) + one.quote
    return draw.elided(pieces, quote)


def across(draw: Drawing, text: Text) -> Case | None:
    first = draw.random.randrange(len(text.sentences))
    spans = text.sentences[first : first + draw.random.randint(2, 4)]
    pieces = draw.pieces(text, spans, [draw.random.randint(3, 7) for _ in range(2)])
    return draw.elided(pieces, " … ".join(one.quote for one in pieces)) if pieces else None


def bracket(draw: Drawing, text: Text) -> Case | None:
    base = draw.fragment(text, 10, 24)
    if base is None or len(base.words) < 10:
        return None
    size = draw.random.randint(1, 4)
    first = draw.random.randint(4, len(base.words) - size - 4) if len(base.words) >= size + 8 else 0
    return _bracketed(draw, base, first, first + size, draw.random.choice(_BRACKETED)) if first else None


def _bracketed(draw: Drawing, base: Base, first: int, last: int, words: str) -> Case | None:
    start, end = base.words[first][0], base.words[last - 1][1]
    pieces = [
        Base(base.text, base.start, base.start + base.words[first - 1][1]),
        Base(base.text, base.start + base.words[last][0], base.end),
    ]
    quote = f"{base.quote[:start]}[{words}]{base.quote[end:]}"
    marks = base.quote[pieces[0].end - base.start : start] + base.quote[end : pieces[1].start - base.start]
    if marks.strip() or any(glued(base.quote, at) for at in (start, end)):
        return None
    return draw.elided(pieces, quote, inserted=(base.start + start, base.start + end))


def bracket_end(draw: Drawing, text: Text) -> Case | None:
    base = draw.sentence(text)
    if base is None:
        return None
    size = draw.random.randint(1, 3)
    at = base.words[size][0]
    if base.quote[base.words[size - 1][1] : at].strip() or base.words[0][0] or glued(base.quote, at):
        return None
    piece = Base(text, base.start + at, base.end)
    words = draw.random.choice(_BRACKETED)
    case = draw.elided([piece], f"[{words}] {piece.quote}", inserted=(base.start, base.start + base.words[0][1]))
    return case and replace(case, cautions=())


def capital(draw: Drawing, text: Text) -> Case | None:
    base = draw.random.choice((draw.sentence, draw.fragment))(text)
    if base is None or not base.quote[0].isalpha() or len(base.word(0)) == 1:
        return None
    case = draw.elided([base], f"[{base.quote[0].swapcase()}]{base.quote[1:]}")
    return case and replace(case, verdicts=frozenset({"elided", "typographic"}))


def sic(draw: Drawing, text: Text) -> Case | None:
    base = draw.fragment(text, 6, 20)
    if base is None:
        return None
    at = base.words[draw.random.randint(2, len(base.words) - 2)][1]
    if glued(base.quote, at) or base.quote[at : at + 1] != " ":
        return None
    return draw.elided([base], f"{base.quote[:at]} [sic]{base.quote[at:]}")


def _telling(draw: Drawing, text: Text, kind: str) -> tuple[Span, Span] | None:
    """A word that has to be cautioned about where it is left out, and its sentence."""
    found = [
        ((one.start, one.end), sentence)
        for sentence in text.sentences
        for one in text.left_out([(sentence[0], sentence[0] + 1)])
        if one.kind == kind and sentence[0] <= one.start < sentence[1] and one.start > sentence[0]
    ]
    return draw.random.choice(found) if found else None


def of_clip(kind: str) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        told = _telling(draw, text, kind)
        if told is None:
            return None
        word, sentence = told
        after, before = text.words_in((word[1], sentence[1])), text.words_in((sentence[0], word[0]))
        rest = draw.random.choice((after, before))
        if len(rest) < 4:
            return None
        size = draw.random.randint(4, min(12, len(rest)))
        chosen = rest[:size] if rest is after else rest[-size:]
        span = chosen[0][0], chosen[-1][1]
        fine = not any(glued(text.text, at) for at in span) and is_plain(text, span)
        return draw.held(text.text[slice(*span)]) if fine else None

    return make


def of_hidden(kind: str, *, bracket: bool) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        told = _telling(draw, text, kind)
        if told is None:
            return None
        word, sentence = told
        before, after = text.words_in((sentence[0], word[0])), text.words_in((word[1], sentence[1]))
        if len(before) < 4 or len(after) < 4:
            return None
        start = before[-draw.random.randint(4, min(9, len(before)))][0]
        end = after[draw.random.randint(3, min(8, len(after) - 1))][1]
        ends = (start, before[-1][1], after[0][0], end)
        if any(glued(text.text, place) for place in ends) or not is_plain(text, (start, end)):
            return None
        base = Base(text, start, end)
        at = base.words.index((word[0] - start, word[1] - start))
        if bracket:
            return _bracketed(draw, base, at, at + 1, draw.random.choice(_BRACKETED))
        pieces = [Base(text, start, before[-1][1]), Base(text, after[0][0], end)]
        return draw.elided(pieces, draw.random.choice(list(SIGNS.values())).join(one.quote for one in pieces))

    return make
