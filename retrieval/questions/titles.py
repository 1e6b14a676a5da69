"""Which live blog a question names: "in the River Wend flood blog", "on the Rotherham live blog"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from retrieval.lexical import terms
from retrieval.model import Span

_BLOG = re.compile(r"\b(?:live[ -]?)?blog\b(?![-’'\w])", re.IGNORECASE)
_WITHIN = re.compile(
    r"(?<![\w-])(?:according to|in|on|from|of|within|(?P<subject>did|does|do|has|have|had)) "
    r"(?:(?:the|our|this|that) )?",
    re.IGNORECASE,
)
_FARTHEST = 100
_MOST_PLACES = 6
_UNTELLING = frozenset(terms("live blog liveblog latest updates update coverage as it happened news today day"))
"""What many titles say, and no title is told by."""


def named(words: str, titles: Mapping[str, str]) -> tuple[str, Span] | None:
    """The id of the one blog that a question names by telling words of its title, and where it does. `titles` are
    those of the blogs that the asker may see, by id. None where it names none, or more than one could be meant. Where
    the blog is said to do something, it stays a blog when its title is cut out."""
    for blog in list(_BLOG.finditer(words))[:_MOST_PLACES]:
        near = max(0, blog.start() - _FARTHEST)
        for place in list(_WITHIN.finditer(words, near, blog.start()))[-_MOST_PLACES:]:
            if (found := _meant(words[place.end() : blog.start()], titles)) is not None:
                return found, (place.end(), blog.start()) if place["subject"] else (place.start(), blog.end())
    return None


def _meant(said: str, titles: Mapping[str, str]) -> str | None:
    """The blog whose title holds all that is said of it; of several the one whose title says nothing more."""
    telling = _telling(said)
    if not telling or not re.search(r"\w$", said.strip()):
        return None
    holding = {id_: own for id_, title in titles.items() if telling <= (own := _telling(title))}
    if len(holding) > 1:
        holding = {id_: own for id_, own in holding.items() if own == telling}
    return next(iter(holding)) if len(holding) == 1 else None


def _telling(words: str) -> set[str]:
    return set(terms(words)) - _UNTELLING
