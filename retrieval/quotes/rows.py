"""A text as a row of tokens with the words among them, as they are compared and weighed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from itertools import accumulate

from retrieval.folding import Token, tokens
from retrieval.lexicon import is_function_word
from retrieval.quotes.spelling import plain_spelling

_FUNCTION_WEIGHT = 0.3
"""Evidence of a function word, where a telling one counts 1."""


class Row:
    """A text's tokens, made once, and the words among them."""

    def __init__(self, text: str, language: str, given: Sequence[Token] | None = None) -> None:
        self.text = text
        self.language = language
        self.tokens = tokens(text) if given is None else given

    @cached_property
    def words(self) -> list[int]:
        """The places of the words among the tokens."""
        return [place for place, token in enumerate(self.tokens) if token.is_word]

    @cached_property
    def keys(self) -> list[str]:
        """Each word as it is aligned: without case, British and American spelling alike."""
        return [plain_spelling(self.tokens[place].folded) for place in self.words]

    @cached_property
    def weights(self) -> list[float]:
        """Each word's evidence."""
        return [
            _FUNCTION_WEIGHT if is_function_word(self.tokens[place].folded, self.language) else 1.0
            for place in self.words
        ]

    @cached_property
    def places_by_key(self) -> dict[str, list[int]]:
        """Where each key stands, as places among the words."""
        places: dict[str, list[int]] = defaultdict(list)
        for place, key in enumerate(self.keys):
            places[key].append(place)
        return dict(places)

    @cached_property
    def places_by_form(self) -> dict[str, list[int]]:
        """Where each word stands, whatever its case, as places among the tokens."""
        places: dict[str, list[int]] = defaultdict(list)
        for place in self.words:
            places[self.tokens[place].folded].append(place)
        return dict(places)

    def within(self, start: int, end: int) -> Sequence[Token]:
        """The tokens of some characters."""
        first = bisect_left(self.tokens, start, key=lambda token: token.start)
        return self.tokens[first : bisect_right(self.tokens, end, key=lambda token: token.end)]

    @cached_property
    def _counted(self) -> list[int]:
        counted = accumulate(self.tokens[place].is_counted for place in self.words)
        return [0, *counted]

    def count(self, start: int, end: int) -> int:
        """How many words a reader counts from one place among the words to another: `£22m` is one."""
        return self._counted[end] - self._counted[start]
