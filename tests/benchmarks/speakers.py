"""Who said it, on hand-made attributions: `python -m tests.benchmarks.speakers`.

Reads the running stories of the `ap` folder of STET_TEST_DATA or ../shared/data with their annotations (brat:
source, cue and content as spans of the file). Each content is asked for with the name of whom the annotation says it
is, to be confirmed, and with every other person of that file, to be different. Prints both halves: the rules were
written on the one, and mended for one wrong verdict on the other.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from retrieval.model import Span
from retrieval.speech import judge, speech_at
from retrieval.speech.people import is_title, name_of
from retrieval.verdicts import SpeakerVerdict, Speech
from tests.data_folder import DATA

AP = DATA / "ap"
SEEN = ("2016-01-05", "2016-02-20", "2016-10-25")
"""The files that were read while the rules were written."""
_ANTECEDENTS: dict[tuple[str, str], Span] = {
    ("breitbart_2016-02-20_the-latest-hillary-clinton-tells", "E115"): (16969, 16980),
}
"""By file and event, where its source is named that is a pronoun there, a surname of two people, or a description."""
_PIECE = re.compile("“([^“”]+)”")
_PRONOUNS = frozenset("he she they it who his her".split())


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A content of an annotation, or a piece of it in marks, as [start, end) of the entry's text; who said it, if the
    annotation names a person, and the other people of its file; where its source stands."""

    doc: str
    event: str
    text: str
    start: int
    end: int
    in_marks: bool
    speaker: str | None
    others: tuple[str, ...]
    source: Span | None
    antecedent: Span | None


@dataclass(kw_only=True, slots=True)
class Tally:
    """What came of a number of cases."""

    cases: int = 0
    named: int = 0
    others: int = 0
    confirmed: int = 0
    confirmed_wrongly: int = 0
    different: int = 0
    different_wrongly: int = 0
    direct: int = 0
    sources: int = 0
    said_by: int = 0
    said_by_source: int = 0
    errors: list[str] = field(default_factory=list)

    @property
    def given(self) -> int:
        return self.confirmed + self.confirmed_wrongly + self.different + self.different_wrongly

    @property
    def right(self) -> float:
        """The share of verdicts other than unclear that are right."""
        return (self.confirmed + self.different) / self.given if self.given else 1.0

    def add(self, case: Case, speech: Speech) -> None:
        self.cases += 1
        self.direct += speech.direct is True
        self.sources += case.source is not None
        if speech.said_by is not None and case.source is not None:
            self.said_by += 1
            places = [case.source] + ([case.antecedent] if case.antecedent else [])
            right = any(speech.said_by[0] < last and first < speech.said_by[1] for first, last in places)
            self.said_by_source += right
            if not right:
                self.errors.append(f"{case.doc} {case.event}: said_by {speech.said_by}, source {case.source}")
        if case.speaker is not None:
            self._ask(case, speech)

    def _ask(self, case: Case, speech: Speech) -> None:
        self.named += 1
        verdict = judge(case.text, speech, case.speaker or "", None).verdict
        self.confirmed += verdict is SpeakerVerdict.CONFIRMED
        self.different_wrongly += verdict is SpeakerVerdict.DIFFERENT
        if verdict is SpeakerVerdict.DIFFERENT:
            self.errors.append(f"{case.doc} {case.event}: wrongly different")
        for other in case.others:
            self.others += 1
            verdict = judge(case.text, speech, other, None).verdict
            self.different += verdict is SpeakerVerdict.DIFFERENT
            self.confirmed_wrongly += verdict is SpeakerVerdict.CONFIRMED
            if verdict is SpeakerVerdict.CONFIRMED:
                self.errors.append(f"{case.doc} {case.event}: wrongly confirmed")

    def report(self) -> str:
        return (
            f"{self.cases} cases, {self.direct} direct; right {self.right:.1%} of {self.given} verdicts; "
            f"confirmed {self.confirmed} of {self.named} ({self.confirmed / (self.named or 1):.0%}), "
            f"wrongly {self.confirmed_wrongly}; different {self.different} of {self.others} "
            f"({self.different / (self.others or 1):.0%}), wrongly {self.different_wrongly}; said_by given "
            f"{self.said_by} of {self.sources}, overlaps the source {self.said_by_source}"
        )


def main() -> None:
    for name, files in (("seen", True), ("held out", False), ("all", None)):
        for in_marks in (True, False):
            tally = measured(in_marks, files)
            print(f"{name}, {'in marks' if in_marks else 'all contents'}: {tally.report()}")
            if files is not None:
                print(*(f"  {line}" for line in tally.errors), sep="\n")


def measured(in_marks: bool, seen: bool | None = None) -> Tally:
    """What comes of the pieces in marks, or of all contents; of the files seen, held out, or all."""
    tally = Tally()
    for case in cases():
        if case.in_marks is in_marks and seen in {None, _is_seen(case.doc)}:
            tally.add(case, speech_at(case.text, case.start, case.end))
    return tally


def _is_seen(doc: str) -> bool:
    return any(day in doc for day in SEEN)


@cache
def cases() -> tuple[Case, ...]:
    """Every case of every file."""
    entries = defaultdict(list)
    for line in (AP / "entries.jsonl").read_text().splitlines():
        entry = json.loads(line)
        entries[entry["doc"]].append(entry["text"])
    return tuple(case for doc, texts in sorted(entries.items()) for case in _of_file(doc, texts))


def _of_file(doc: str, texts: list[str]) -> Iterator[Case]:
    raw = (AP / f"{doc}.txt").read_text()
    [path] = AP.glob(f"{doc}_*.ann")
    events = list(_events(path))
    places = list(_aligned(raw, texts))
    people = {name for _, source, _ in events if source and (name := _person(raw[slice(*source)]))}
    full = sorted({name for name in people if " " in name})
    for event, source, content in events:
        found = next((one for one in places if one.holds(content)), None)
        if found is None:
            continue
        antecedent = _ANTECEDENTS.get((doc, event))
        speaker = _speaker(raw, source, antecedent, full)
        others = tuple(name for name in full if name != speaker) if speaker else ()
        spans = [(content, False)]
        spans += [((content[0] + one.start(1), content[0] + one.end(1)), True)
                  for one in _PIECE.finditer(raw[slice(*content)])]  # fmt: skip
        for span, in_marks in spans:
            start, end = _solid(raw, *span)
            yield Case(
                doc=doc,
                event=event,
                text=found.text,
                start=found.at(start),
                end=found.at(end - 1) + 1,
                in_marks=in_marks,
                speaker=speaker,
                others=others,
                source=(found.at(source[0]), found.at(source[1] - 1) + 1) if source and found.holds(source) else None,
                antecedent=(found.at(antecedent[0]), found.at(antecedent[1] - 1) + 1)
                if antecedent and found.holds(antecedent)
                else None,
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Place:
    """Where the characters of an entry stand in its file, white space left out."""

    text: str
    own: dict[int, int]

    def holds(self, span: Span) -> bool:
        return span[0] in self.own and span[1] - 1 in self.own

    def at(self, place: int) -> int:
        return self.own[place]


def _aligned(raw: str, texts: list[str]) -> Iterator[_Place]:
    solid = [place for place, char in enumerate(raw) if not char.isspace()]
    letters = "".join(raw[place] for place in solid)
    at = 0
    for text in texts:
        own = [place for place, char in enumerate(text) if not char.isspace()]
        at = letters.index("".join(text[place] for place in own), at)
        yield _Place(text=text, own=dict(zip(solid[at : at + len(own)], own, strict=True)))


def _events(path: Path) -> Iterator[tuple[str, Span | None, Span]]:
    """Each event's id, the span of its source, that of its content."""
    spans: dict[str, Span] = {}
    lines = path.read_text().splitlines()
    for line in lines:
        if line.startswith("T"):
            number, place, _ = line.split("\t", 2)
            figures = re.findall(r"\d+", place.split(" ", 1)[1])
            spans[number] = int(figures[0]), int(figures[-1])
    for line in lines:
        if line.startswith("E"):
            number, roles = line.split("\t", 1)
            held = dict(one.split(":", 1) for one in roles.split())
            if "Content" in held:
                yield number, spans.get(held.get("Source", "")), spans[held["Content"]]


def _solid(raw: str, start: int, end: int) -> Span:
    words = raw[start:end]
    return start + len(words) - len(words.lstrip()), end - len(words) + len(words.rstrip())


def _speaker(raw: str, source: Span | None, antecedent: Span | None, full: list[str]) -> str | None:
    """The full name of whom a source names; None where it names no person, or a surname that two bear."""
    if source is None:
        return None
    name = _person(raw[slice(*(antecedent or source))])
    if name is None or " " in name:
        return name
    bearers = [one for one in full if name_of(one).surname == name_of(name).surname]
    return bearers[0] if len(bearers) == 1 else None


def _person(source: str) -> str | None:
    """The name at the head of a source: two words of a full one, or a surname."""
    head = re.split(r",| (?:of|from|who|and|to|for|in) ", source.strip())[0]
    words = re.sub(r"[’']s?$", "", head).split()
    run: list[str] = []
    while words and words[-1][:1].isupper() and not is_title(words[-1]):
        run.insert(0, words.pop())
    if not run or run[0].lower() in _PRONOUNS or run[0] == "The" or name_of(" ".join(run)).is_body:
        return None
    return " ".join(run[-2:])


if __name__ == "__main__":
    main()
