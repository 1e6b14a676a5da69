"""Quotations of words that were not published so: changed, put together from parts, cut within a number, made up."""

from __future__ import annotations

import re
from dataclasses import replace

from retrieval.model import Span
from tests.misquoting_cases import SHORTEST, Base, Case, Changing, Drawing, Maker, glued, is_plain
from tests.misquoting_words import CHANGES, PUNCTUATION, addition, denied, substitution
from tests.published import Text, plain, turns

_UNIT = re.compile(
    r"(?<![\w.,])(?P<number>\d+(?:[.,]\d+)*)"
    r"(?:\s?(?:bn|m|k|tn|mn|%|per cent|percent|million|billion|thousand)|[^\W\d_]+)(?!\w)"
)
_SIGNED = re.compile(r"(?:(?<=[\s(])[-−–]|[<>~$£€])(?P<number>\d[\d.,]*)(?![\w-])")
_PREFIXED = re.compile(
    r"\b(?:un|non|anti|ex|semi|quasi|near|half|vice|deputy|mid|pre|post|self|co)[-‐‑](?P<word>[^\W\d_]+)",
    re.IGNORECASE,
)


def short_fragment(draw: Drawing, text: Text) -> Case | None:
    sizes = draw.random.choice(([2, 7], [7, 1], [5, 2, 5], [9, 2], [1, 8]))
    pieces = draw.pieces(text, [draw.random.choice(text.sentences)], sizes)
    return draw.not_elided(" … ".join(one.quote for one in pieces), pieces) if pieces else None


def wide_bracket(draw: Drawing, text: Text) -> Case | None:
    """A bracket of too many words, or for too many."""
    inside, outside = draw.random.choice(((6, 2), (2, 6), (8, 1), (1, 7)))
    words = " ".join(draw.random.choice(draw.published.vocabulary) for _ in range(inside))
    sentence = draw.random.choice(text.sentences)
    base = draw.cut(text, sentence, outside + 10, outside + 20)
    if base is None:
        return None
    first = draw.random.randint(5, len(base.words) - outside - 5)
    start, end = base.words[first][0], base.words[first + outside - 1][1]
    return draw.not_elided(f"{base.quote[:start]}[{words}]{base.quote[end:]}", [base])


def disorder(draw: Drawing, text: Text) -> Case | None:
    pieces = draw.pieces(text, text.sentences, [5, 5])
    if pieces is None:
        return None
    back = [pieces[1].quote, pieces[0].quote]
    return None if draw.published.in_order(back) else draw.not_elided(" … ".join(back), pieces)


def other_entries(draw: Drawing, text: Text) -> Case | None:
    other = draw.random.choice(draw.texts)
    pieces = [draw.fragment(one, 5, 9) for one in (text, other)]
    if other.entry == text.entry or pieces[0] is None or pieces[1] is None:
        return None
    quotes = [pieces[0].quote, pieces[1].quote]
    return None if draw.published.in_order(quotes) else draw.not_elided(" … ".join(quotes), [pieces[0], pieces[1]])


def of_change(change: Changing, place: str) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        put_beside = place != "middle" and change in (addition, denied)
        base = draw.random.choice((draw.sentence, draw.sentence, draw.long_fragment))(text)
        if base is None or (put_beside and (base.start, base.end) not in text.sentences):
            return None
        count = len(base.words)
        at = {"first": 0, "middle": draw.random.randint(1, count - 2), "last": count - 1}[place]
        tried = [at] if place != "middle" else [at, *draw.random.sample(range(1, count - 1), min(12, count - 2))]
        made = next((one for where in tried if (one := change(base, where, draw.chance))), None)
        return made and draw.changed(base, [made])

    return make


def two(draw: Drawing, text: Text) -> Case | None:
    base = draw.sentence(text)
    if base is None or len(base.words) < 12:
        return None
    kinds = draw.random.sample(sorted(CHANGES), 2)
    half = len(base.words) // 2
    made = []
    for kind, (low, high) in zip(kinds, ((1, half - 2), (half + 2, len(base.words) - 2)), strict=True):
        places = draw.random.sample(range(low, high + 1), high - low + 1)
        one = next((one for at in places if (one := CHANGES[kind](base, at, draw.chance))), None)
        if one is None:
            return None
        made.append(one)
    return draw.changed(base, made)


def short(draw: Drawing, text: Text) -> Case | None:
    """A word changed in a quotation of five to seven words: so little may be anybody's."""
    base = draw.fragment(text, 5, 7)
    if base is None:
        return None
    made = substitution(base, draw.random.randint(1, len(base.words) - 2), draw.chance)
    case = draw.changed(base, [made]) if made else None
    if case is None or "altered" not in case.verdicts:
        return case
    return replace(case, verdicts=frozenset({"altered", "not_found"}), must=())


def gap(draw: Drawing, text: Text) -> Case | None:
    """One to eight words left out without a sign."""
    size = draw.random.randint(1, 8)
    base = draw.cut(text, (0, len(text.text)), size + 10, size + 24)
    if base is None:
        return None
    first = draw.random.randint(5, len(base.words) - size - 5)
    start, end = base.words[first - 1][1], base.words[first + size - 1][1]
    out = {base.word(at) for at in range(first, first + size)}
    kinds = frozenset({"deletion"} | ({"negation", "number"} if any(map(turns, out)) else set()))
    return draw.changed(base, [(start, end, "", kinds)])


def final_mark(draw: Drawing, text: Text) -> Case | None:
    base = draw.random.choice((draw.sentence, draw.long_fragment))(text)
    if base is None:
        return None
    asks = [one for one in text.sentences if text.text[one[1] - 1] in "?!" and len(text.words_in(one)) >= SHORTEST]
    if asks and draw.random.random() < 0.7:
        base = Base(text, *draw.random.choice(asks))
        last = base.quote[-1]
        mark = draw.random.choice([one for one in ".,;:?!" if one != last])
    else:
        mark = draw.random.choice("?!")
    if not is_plain(text, (base.start, base.end)):
        return None
    end = len(base.quote) - (base.quote[-1] in ".,;:?!")
    return draw.changed(base, [(end, len(base.quote), mark, PUNCTUATION)])


def clipped_number(draw: Drawing, text: Text) -> Case | None:
    """`1,400 girls` as `400 girls`, `17.5 per cent` as `5 per cent`."""
    cut = [one for one in text.words if re.fullmatch(r"\d+[.,]\d+", text.text[slice(*one)])]
    if not cut:
        return None
    word = draw.random.choice(cut)
    start = word[0] + re.split(r"[.,]", text.text[slice(*word)])[0].__len__() + 1
    sentence = text.reach([word])[0]
    after = [one for one in text.words_in(sentence) if one[0] > word[0]][: draw.random.randint(6, 12)]
    if len(after) < 6 or not is_plain(text, (start, after[-1][1])) or glued(text.text, word[1]):
        return None
    return draw.not_elided(
        text.text[start : after[-1][1]], [Base(text, word[0], after[-1][1])], frozenset({"altered"})
    )


def clipped_unit(draw: Drawing, text: Text) -> Case | None:
    """`£1.5bn` as `£1.5`, `5%` as `5`: what makes a number another is left out."""
    found = draw.random.choice([*_UNIT.finditer(text.text), None])
    if found is None:
        return None
    sentence = text.reach([found.span()])[0]
    before = text.words_in((sentence[0], found.start()))[-draw.random.randint(5, 10) :]
    return _misleading(draw, text, (before[0][0], found.end("number"))) if len(before) >= 5 else None


def clipped_sign(draw: Drawing, text: Text) -> Case | None:
    """`-5 degrees` as `5 degrees`."""
    found = draw.random.choice([*_SIGNED.finditer(text.text), None])
    if found is None:
        return None
    sentence = text.reach([found.span()])[0]
    after = text.words_in((found.start("number"), sentence[1]))[: draw.random.randint(6, 12)]
    return _misleading(draw, text, (found.start("number"), after[-1][1])) if len(after) >= 6 else None


def clipped_prefix(draw: Drawing, text: Text) -> Case | None:
    """`semi-final` as `final`."""
    found = draw.random.choice([*_PREFIXED.finditer(text.text), None])
    if found is None:
        return None
    sentence = text.reach([found.span()])[0]
    after = text.words_in((found.start("word"), sentence[1]))[: draw.random.randint(4, 10)]
    return _misleading(draw, text, (found.start("word"), after[-1][1])) if len(after) >= 4 else None


def clipped_question(draw: Drawing, text: Text) -> Case | None:
    """Words of a question without its beginning and its mark: what was asked was not said."""
    asked = [one for one in text.sentences if text.text[one[1] - 1] == "?" and len(text.words_in(one)) >= SHORTEST]
    if not asked:
        return None
    words = text.words_in(draw.random.choice(asked))
    last = draw.random.randint(0, 1)
    start, end = words[draw.random.randint(1, len(words) - 4)][0], words[len(words) - 1 - last][1]
    return None if glued(text.text, start) or glued(text.text, end) else _misleading(draw, text, (start, end))


def _misleading(draw: Drawing, text: Text, span: Span) -> Case | None:
    if not is_plain(text, span) or len(draw.published.holding(text.text[slice(*span)])) > 1:
        return None
    verdicts = frozenset({"exact", "altered", "not_found"})
    return Case(kind="", quote=text.text[slice(*span)], verdicts=verdicts, may=frozenset({text.entry}), passes=False)


def clipped_word(draw: Drawing, text: Text) -> Case | None:
    """A quotation that begins or ends within a word."""
    base = draw.fragment(text, 8, 16)
    if base is None or len(base.word(0)) < 5 or not base.word(0).isalpha():
        return None
    quote = base.quote[draw.random.randint(1, 3) :]
    return draw.not_elided(quote, [base], frozenset({"altered"}))


def pronoun(draw: Drawing, text: Text) -> Case | None:
    """`[H]e` where the text has `She`, `[t]hey` where it has `The`: a letter in brackets that changes the word."""
    base = draw.sentence(text)
    others = {"She": "[H]e", "He": "[S]he", "The": "[T]hey", "They": "[T]he", "It": "[H]e", "We": "[T]hey"}
    if base is None or base.word(0) not in others or base.words[0][0]:
        return None
    return draw.not_elided(
        others[base.word(0)] + base.quote[base.words[0][1] :], [base], frozenset({"altered", "elided"})
    )


def of_splice(count: int) -> Maker:
    def make(draw: Drawing, text: Text) -> Case | None:
        texts = [text, *draw.random.sample(draw.texts, count - 1)]
        parts = [draw.fragment(one, 4, 9) for one in texts]
        whole = [one for one in parts if one is not None]
        if len(whole) < count or len({one.text.entry for one in whole}) < count:
            return None
        return draw.spliced(whole)

    return make


def order(draw: Drawing, text: Text) -> Case | None:
    if len(text.sentences) < 3:
        return None
    first, last = sorted(draw.random.sample(range(len(text.sentences)), 2))
    one, other = (draw.cut(text, text.sentences[at], 5, 9) for at in (first, last))
    if one is None or other is None or draw.published.in_order([other.quote, one.quote]):
        return None
    return draw.spliced([other, one])


def wide_gap(draw: Drawing, text: Text) -> Case | None:
    gap = draw.random.randint(9, 25)
    base = draw.cut(text, (0, len(text.text)), gap + 10, gap + 18)
    if base is None:
        return None
    first = draw.random.randint(5, len(base.words) - gap - 5)
    start, end = base.start + base.words[first - 1][1], base.start + base.words[first + gap][0]
    parts = [Base(text, base.start, start), Base(text, end, base.end)]
    form = plain(text.text)
    alone = all(form.count(plain(one.quote)) == 1 for one in parts)
    nearer = plain(f"{base.word(first - 1)} {base.word(first + gap)}")
    return draw.spliced(parts) if alone and form.count(nearer) == 0 else None


def stranger(draw: Drawing, text: Text) -> Case | None:
    del text
    quote = draw.random.choice(draw.strangers)
    if any(share > 0.2 for share in draw.published.sharing(quote, 3).values()):
        return None
    return Case(kind="", quote=quote, verdicts=frozenset({"not_found"}), passes=False)


def scrambled(draw: Drawing, text: Text) -> Case | None:
    """Published words of one text, none beside the one that it stands beside."""
    words = [text.text[slice(*one)] for one in draw.random.sample(text.words, min(12, len(text.words)))]
    quote = " ".join(words)
    if len(words) < 8 or any(draw.published.sharing(quote, 2 + 1).values()):
        return None
    return Case(
        kind="", quote=quote, verdicts=frozenset({"not_found", "altered"}), may=frozenset({text.entry}), passes=False
    )
