"""What replies are made of: pieces of known origin.

Every piece says where its characters come from, so that nothing else can get into a reply: a slice of a stored
version, a stored field, a formatted number or time, the asker's words, or a phrase of `wording`.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from retrieval.clock import label
from retrieval.model import Passage, Span


@dataclass(frozen=True, slots=True)
class Words:
    """A phrase of `wording`, or a part of one between its slots."""

    text: str


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored field: a title, an author's name, a blog's title; or a part of one. `bold`, `struck`: as of slices."""

    text: str
    bold: bool = False
    struck: bool = False


@dataclass(frozen=True, slots=True)
class Formatted:
    """A number or a time."""

    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The asker's own words; `inserted`: those that stand where others were published, or none."""

    text: str
    inserted: bool = False


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign of `wording` around changed words, for where they cannot be struck out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """A stored address under a phrase of `wording`."""

    url: str
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """Part of a quoted passage: published words, as they are; `struck`: shown as left out of a quotation."""

    passage: Passage
    span: Span
    bold: bool
    struck: bool = False

    @property
    def text(self) -> str:
        return self.passage.version.text[self.span[0] : self.span[1]]


@dataclass(frozen=True, slots=True)
class Mention:
    """A person, a user group or a channel of Slack's, by id, shown there by its name."""

    id: str

    @property
    def text(self) -> str:
        """As Slack's own text writes it, which tells whom it names."""
        kind = {"C": "#", "G": "#", "S": "!subteam^"}.get(self.id[:1], "@")
        return f"<{kind}{self.id}>"


Piece = Words | Stored | Formatted | Asked | Link | Slice | Mark | Mention


class Role(StrEnum):
    """What a line is for, so that each surface can set it out."""

    HEADING = "heading"
    LEADS_IN = "leads_in"
    DETAIL = "detail"
    CITATION = "citation"
    ALSO = "also"
    FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Line:
    """A line of Stet's: phrases, fields, times. `cites`: what it cites without its words being shown."""

    pieces: tuple[Piece, ...]
    role: Role = Role.HEADING
    cites: Passage | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """Published words, set apart."""

    pieces: tuple[Slice, ...]


@dataclass(frozen=True, slots=True)
class Given:
    """The asker's own words, set apart, with what was published in their place."""

    pieces: tuple[Piece, ...]


Part = Line | Quote | Given
Reply = tuple[Part, ...]


def say(phrase: str, role: Role = Role.HEADING, /, **slots: Piece | str | int) -> Line:
    """A phrase of `wording` with its slots filled. Strings fill as stored fields, numbers as numbers."""
    pieces: list[Piece] = []
    for words, slot, _, _ in string.Formatter().parse(phrase):
        if words:
            pieces.append(Words(words))
        if slot is not None:
            value = slots[slot]
            if isinstance(value, int):
                value = Formatted(f"{value:,}")
            pieces.append(Stored(value) if isinstance(value, str) else value)
    return Line(tuple(pieces), role)


def time(moment: datetime) -> Formatted:
    """A time, always absolute and with its zone."""
    return Formatted(label(moment))
