"""What a peer is asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

DEPTH = 10
"""How many entries each peer is asked for: the most that `Answer.ranking` holds."""


class Peer(Protocol):
    """A system that ranks texts for a question. It has loaded its model before it is asked anything."""

    def index(self, texts: Sequence[str]) -> None:
        """Make texts ready to be asked about; a text's name is its place among them."""

    def rank(self, question: str) -> list[int]:
        """The places of the best texts for a question, the best first, at most DEPTH."""
