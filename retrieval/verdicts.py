"""What a check of a quotation found: verdicts, edits, cautions, matches. Frozen, keyword-only, standard library only.

As in `model`, nothing here holds words of its own: edits, cautions and matches are spans of the quotation that was
given and of a stored version's text or title.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from retrieval.model import Span, Version, digest


class Verdict(StrEnum):
    """How a quotation stands to what was published."""

    EXACT = "exact"
    TYPOGRAPHIC = "typographic"
    ELIDED = "elided"
    ALTERED = "altered"
    SPLICED = "spliced"
    NOT_FOUND = "not_found"


PASSING = frozenset({Verdict.EXACT, Verdict.TYPOGRAPHIC, Verdict.ELIDED})
"""The verdicts with which a quotation passes, where no caution goes with it and a current version holds it."""


class Op(StrEnum):
    """What the quotation does to the source: an insertion has an empty source span, a deletion an empty one in the
    quotation."""

    REPLACE = "replace"
    INSERT = "insert"
    DELETE = "delete"
    MOVE = "move"


class Kind(StrEnum):
    """What an edit touches."""

    NUMBER = "number"
    NEGATION = "negation"
    SUBSTITUTION = "substitution"
    DELETION = "deletion"
    ADDITION = "addition"
    ORDER = "order"
    CASE = "case"
    SPELLING = "spelling"
    CONTRACTION = "contraction"
    PUNCTUATION = "punctuation"


class Warns(StrEnum):
    """What a caution is about."""

    NEGATION = "negation"
    NUMBER = "number"
    HEDGE = "hedge"
    ATTRIBUTION = "attribution"
    INSERTION = "insertion"


class Field(StrEnum):
    """Where in a version a match stands."""

    TEXT = "text"
    TITLE = "title"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """One change, as spans of the quotation and of the matched field."""

    op: Op
    kind: Kind
    quote_span: Span
    source_span: Span


@dataclass(frozen=True, kw_only=True, slots=True)
class Speech:
    """How words stand in an entry. `direct`: in somebody's direct speech, in the journalist's own words (false), or
    not to be told (None). `said_by` is the slice that names the speaker, its cue included ("the report said");
    `name` is the part of it that names them, alone."""

    direct: bool | None
    said_by: Span | None
    name: Span | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """Words of a version, or of its title, that a quotation was found to be, whole or as one of its fragments.

    Spans are into that field; `sentence` is the whole sentence (or sentences) around the words. Raises ValueError
    where the words are not inside the field."""

    version: Version
    field: Field
    start: int
    end: int
    sentence: Span
    speech: Speech
    place: int = 0
    fragment: int = 0
    edits: tuple[Edit, ...] = ()

    def __post_init__(self) -> None:
        if not self.sentence[0] <= self.start < self.end <= self.sentence[1] <= len(self.source):
            raise ValueError(f"[{self.start}, {self.end}) is no slice of {self.version.entry.whole_id}")

    @property
    def source(self) -> str:
        """The whole text, or the title."""
        return self.version.text if self.field is Field.TEXT else self.version.title or ""

    @property
    def text(self) -> str:
        return self.source[self.start : self.end]

    @property
    def sha256(self) -> str:
        return digest(self.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caution:
    """Words of a match's sentence that the quotation leaves out, or that words in its brackets stand for (an empty
    span where they stand for none), so that its meaning may turn. `match` is the match's place in the list."""

    kind: Warns
    match: int
    start: int
    end: int


class SpeakerVerdict(StrEnum):
    """Whether the one who is said to have said it did, by what the entry says."""

    CONFIRMED = "confirmed"
    DIFFERENT = "different"
    UNCLEAR = "unclear"


@dataclass(frozen=True, kw_only=True, slots=True)
class Speaker:
    """The verdict on a speaker, and the words of the first match's field that show it; None where none do."""

    verdict: SpeakerVerdict
    evidence: Span | None


@dataclass(frozen=True, kw_only=True, slots=True)
class QuoteCheck:
    """What a check found. `quote` are the asker's own words. `matches` hold the places, the best first, fragment by
    fragment; `nearest` what comes near: of words that were found, how they read elsewhere, or now."""

    quote: str
    verdict: Verdict
    matches: tuple[Match, ...] = ()
    cautions: tuple[Caution, ...] = ()
    nearest: tuple[Match, ...] = ()
    speaker: Speaker | None = None
    unlisted: int = 0
    """How many more places hold the words than are listed."""
    unheld: int = 0
    """As of a past moment: how many entries existed then while their wording is not held."""
    elapsed_ms: float = field(compare=False, default=0.0)

    @property
    def passes(self) -> bool:
        """Whether the words may stand as they are: published so, whole in meaning, and standing still."""
        current = any(one.version.current for one in self.matches)
        return self.verdict in PASSING and not self.cautions and current
