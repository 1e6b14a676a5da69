"""Quotations of what stood once: of entries that were edited, about the words that changed, and of deleted ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from retrieval.model import Span
from tests.misquoting_cases import Base, Case, Drawing, glued, is_plain
from tests.misquoting_words import substitution
from tests.published import Text

_SHORTEST_QUOTED, _LONGEST_QUOTED = 6, 14
"""Words that are quoted about a change."""


def sentence(draw: Drawing, text: Text) -> Case | None:
    """A sentence of a wording that was superseded, the changed one or another: if it stands still, it may pass."""
    del text
    base = _of(draw, draw.superseded, draw.sentence)
    return draw.held(base.quote) if base else None


def edited(draw: Drawing, text: Text) -> Case | None:
    """The superseded words where the edit was made."""
    del text
    old = _one(draw, draw.superseded)
    base = _about(draw, old, draw.standing[old.entry]) if old else None
    return draw.held(base.quote) if base else None


def stands(draw: Drawing, text: Text) -> Case | None:
    """The words that stand where the edit was made."""
    del text
    old = _one(draw, draw.superseded)
    base = _about(draw, draw.standing[old.entry], old) if old else None
    return draw.held(base.quote) if base else None


def elided(draw: Drawing, text: Text) -> Case | None:
    """The superseded words where the edit was made, with a declared gap before or after them."""
    del text
    old = _one(draw, draw.superseded)
    base = _about(draw, old, draw.standing[old.entry]) if old else None
    if old is None or base is None:
        return None
    [around] = old.reach([(base.start, base.end)])[:1]
    before, after = old.words_in((around[0], base.start)), old.words_in((base.end, around[1]))
    if len(after) > 3:
        pieces = [base, Base(old, after[1][0], after[-1][1])]
    elif len(before) > 3:
        pieces = [Base(old, before[0][0], before[-2][1]), base]
    else:
        return None
    if not all(_is_clean(old, (one.start, one.end)) for one in pieces):
        return None
    return draw.elided(pieces, " … ".join(one.quote for one in pieces))


def altered(draw: Drawing, text: Text) -> Case | None:
    """A word changed in a wording that was superseded."""
    del text
    return _substituted(draw, draw.superseded)


def deleted_sentence(draw: Drawing, text: Text) -> Case | None:
    """A sentence of an entry that was deleted."""
    del text
    base = _of(draw, draw.deleted, draw.sentence)
    return draw.held(base.quote) if base else None


def deleted_fragment(draw: Drawing, text: Text) -> Case | None:
    """Some words of an entry that was deleted."""
    del text
    base = _of(draw, draw.deleted, draw.fragment)
    return draw.held(base.quote) if base else None


def deleted_altered(draw: Drawing, text: Text) -> Case | None:
    """A word changed in an entry that was deleted."""
    del text
    return _substituted(draw, draw.deleted)


def _substituted(draw: Drawing, texts: Sequence[Text]) -> Case | None:
    base = _of(draw, texts, draw.sentence)
    if base is None:
        return None
    made = substitution(base, draw.random.randint(1, len(base.words) - 2), draw.chance)
    return draw.changed(base, [made]) if made else None


def _one(draw: Drawing, texts: Sequence[Text]) -> Text | None:
    return draw.random.choice(texts) if texts else None


def _of(draw: Drawing, texts: Sequence[Text], drawn: Callable[[Text], Base | None]) -> Base | None:
    text = _one(draw, texts)
    return drawn(text) if text else None


def _about(draw: Drawing, text: Text, other: Text) -> Base | None:
    """Some words of a text about the place where another wording of it first differs."""
    place = _first_difference(text.text, other.text)
    around = next((one for one in text.sentences if one[0] <= place < one[1]), None)
    words = text.words_in(around) if around else []
    if len(words) < _SHORTEST_QUOTED:
        return None
    at = next((number for number, word in enumerate(words) if word[1] > place), len(words) - 1)
    size = draw.random.randint(_SHORTEST_QUOTED, min(_LONGEST_QUOTED, len(words)))
    first = min(max(0, at - draw.random.randint(1, size - 2)), len(words) - size)
    span = words[first][0], words[first + size - 1][1]
    return Base(text, *span) if _is_clean(text, span) else None


def _first_difference(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (mine, theirs) in pairs if mine != theirs), min(len(one), len(other)))


def _is_clean(text: Text, span: Span) -> bool:
    return is_plain(text, span) and not any(glued(text.text, at) for at in span)
