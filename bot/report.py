"""A draft and the checks of its quotations → the report: one page of HTML that needs nothing beside it.

It shows the draft with every quotation marked, and each quotation's finding: the draft's words on one side, what was
published on the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from bot import wording
from bot.checked import checked, compared
from bot.differences import struck
from bot.hypertext import element, part, pieces, text
from bot.marked_draft import anchors, marked_draft
from bot.pieces import Asked, Formatted, Given, Line, Part, Piece, Role, Words, say, time
from bot.render import length
from retrieval.drafts.finding import Draft, DraftQuotation, SkipReason
from retrieval.verdicts import PASSING, QuoteCheck, SpeakerVerdict, Verdict

if TYPE_CHECKING:
    from retrieval.store import Coverage

_PLACES = 6_000
"""Characters that the places of one quotation may have on the page; those that do not fit are counted. The command
line shows all of them."""

_SHOWN_OF_SKIPPED = 80
"""Characters shown of words that are not checked; they stand whole in the draft."""

_UNSEEN = "no_verdict"

_SET_OUT_AS = {
    wording.PASSES: "passes",
    wording.FAILS: "fails",
    wording.NOT_CURRENT: "fails",
    wording.SPEAKERS[SpeakerVerdict.DIFFERENT].partition("{")[0]: "loud",
}
"""How a line of the verdict is set out, by what it begins with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Finding:
    """A quotation of the draft and its check, where it could be checked."""

    number: int
    quotation: DraftQuotation
    found: QuoteCheck | None

    @property
    def verdict(self) -> str:
        return _UNSEEN if self.found is None else self.found.verdict.value

    @property
    def passes(self) -> bool:
        return self.found is not None and self.found.passes

    @property
    def names_another(self) -> bool:
        speaker = None if self.found is None else self.found.speaker
        return speaker is not None and speaker.verdict is SpeakerVerdict.DIFFERENT

    @property
    def notes(self) -> Iterator[str]:
        """What stands beside the verdict wherever it is named: the verdict alone may look like a pass."""
        if self.found is not None and self.found.cautions:
            yield wording.WITH_CAUTION
        if self.found is not None and self.found.verdict in PASSING and not _stands(self.found):
            yield wording.NOT_STANDING
        if self.names_another:
            yield wording.OTHER_SPEAKER


def _stands(found: QuoteCheck) -> bool:
    return any(one.version.current for one in found.matches)


def page(
    draft: Draft, checks: Sequence[QuoteCheck | None], name: str, now: datetime, covered: Coverage | None = None
) -> str:
    """The report, to be stored as UTF-8. `checks` are those of the draft's quotations, in their order, None for one
    that could not be checked; `name` is the draft's; `covered` says what it was compared with.

    Raises ValueError where there are more or fewer checks than quotations."""
    findings = [
        _Finding(number=number, quotation=quotation, found=found)
        for number, (quotation, found) in enumerate(zip(draft.quotations, checks, strict=True), start=1)
    ]
    title = say(wording.REPORT_TITLE, name=Asked(name))
    head = [say(wording.CHECKED_AT, time=time(now)), *_compared_with(covered)]
    main = [_summary(findings, draft), _draft(draft, findings), _findings(findings), _skipped(draft)]
    return _frame(
        "".join(one.text for one in title.pieces),
        element("a", text(wording.SKIP_TO_FINDINGS), class_="skip", href="#findings")
        + element("header", element("h1", pieces(title.pieces)) + "".join(map(part, head)))
        + element("main", "".join(main)),
    )


def _compared_with(covered: Coverage | None) -> list[Line]:
    if covered is None or covered.first is None or covered.last is None:
        return []
    ends = {"first": time(covered.first), "last": time(covered.last)}
    return [say(wording.COMPARED_WITH, blogs=covered.blogs, entries=covered.entries, **ends)]


def _section(name: str, title: str, within: str) -> str:
    heading = element("h2", text(title), id=f"{name}-title")
    return element("section", heading + within, id=name, tabindex="-1", aria_labelledby=f"{name}-title")


# ------------------------------------------------------------------------------------------------ the summary


def _summary(findings: Sequence[_Finding], draft: Draft) -> str:
    lists = [
        _links(wording.NOT_PASSING_ARE, "fails", [one for one in findings if not one.passes]),
        _links(wording.OTHER_SPEAKERS_ARE, "loud", [one for one in findings if one.names_another]),
    ]
    unread = [say(wording.UNREAD_PARTS, count=len(draft.warnings))] if draft.warnings else []
    return _section("summary", wording.SUMMARY, _table(findings) + "".join([*lists, *map(part, unread)]))


def _table(findings: Sequence[_Finding]) -> str:
    """How many quotations there are of each verdict, and how many of them pass."""
    counts, passing = Counter(one.verdict for one in findings), Counter(one.verdict for one in findings if one.passes)
    verdicts = [*Verdict, *([_UNSEEN] if counts[_UNSEEN] else [])]
    rows = [_row(_badge(verdict), counts[verdict], passing[verdict]) for verdict in verdicts]
    heads = (wording.VERDICT, wording.QUOTATIONS, wording.PASSING)
    head = element("tr", "".join(element("th", text(one), scope="col") for one in heads))
    whole = _row(text(wording.ALL_VERDICTS), len(findings), passing.total())
    return element(
        "table",
        element("caption", text(wording.BY_VERDICT))
        + element("thead", head)
        + element("tbody", "".join(rows))
        + element("tfoot", whole),
    )


def _row(heading: str, *counts: int) -> str:
    cells = "".join(element("td", pieces([Formatted(f"{count:,}")])) for count in counts)
    return element("tr", element("th", heading, scope="row") + cells)


def _badge(verdict: str) -> str:
    return element("span", text(_name(verdict)), class_=f"badge {verdict}")


def _name(verdict: str) -> str:
    return wording.NO_VERDICT if verdict == _UNSEEN else wording.VERDICT_NAMES[verdict]


def _links(phrase: str, kind: str, findings: Sequence[_Finding]) -> str:
    if not findings:
        return ""
    links = [element("a", pieces([Formatted(f"{one.number:,}")]), href=f"#f{one.number}") for one in findings]
    return element("p", text(phrase) + text(wording.SEPARATOR).join(links), class_=kind)


# ------------------------------------------------------------------------------------------------ the draft


def _draft(draft: Draft, findings: Sequence[_Finding]) -> str:
    badges = [_way_to(one) for one in findings]
    within = marked_draft(draft, [one.verdict for one in findings], badges)
    return _section("draft", wording.THE_DRAFT, element("div", within, class_="text", dir="auto"))


def _way_to(one: _Finding) -> str:
    """The verdict beside a quotation in the draft, which leads to its finding."""
    number = pieces([Formatted(f"{one.number:,}"), Words(wording.SPACE)])
    return element("a", number + _named(one), class_=_kind(one), href=f"#f{one.number}", dir="ltr")


def _kind(one: _Finding) -> str:
    return f"badge {one.verdict}" + (" stands_out" if any(one.notes) else "")


def _named(one: _Finding) -> str:
    return text(wording.SEPARATOR.join([_name(one.verdict), *one.notes]))


def _skipped(draft: Draft) -> str:
    """What stands in quotation marks and was not checked, by reason, each with its place in the draft."""
    if not draft.skipped:
        return ""
    shown, items = anchors(draft), []
    for reason in SkipReason:
        some = [number for number, one in enumerate(draft.skipped) if one.reason is reason]
        if some:
            line = pieces(say(wording.SKIPPED[reason], count=len(some)).pieces)
            ways = "".join(_way_to_skipped(draft, number, shown[number]) for number in some if number in shown)
            items.append(element("li", line + (element("ul", ways) if ways else "")))
    return _section("skipped", wording.NOT_CHECKED, element("ul", "".join(items)))


def _way_to_skipped(draft: Draft, number: int, anchor: str) -> str:
    one = draft.skipped[number]
    words = pieces([Asked(_beginning(draft.text[one.start : one.end]))])
    return element("li", element("a", words, href=f"#{anchor}"))


def _beginning(words: str) -> str:
    if len(words) <= _SHOWN_OF_SKIPPED:
        return words
    return words[:_SHOWN_OF_SKIPPED].rpartition(" ")[0] or words[:_SHOWN_OF_SKIPPED]


# ------------------------------------------------------------------------------------------------ findings


def _findings(findings: Sequence[_Finding]) -> str:
    within = "".join(_finding(one, len(findings)) for one in findings)
    if not findings:
        within = part(say(wording.NO_QUOTATIONS_IN, name=Words(wording.THE_DRAFT)))
    return _section("findings", wording.FINDINGS, within)


def _finding(one: _Finding, count: int) -> str:
    """One quotation: its verdict, then the draft's words beside the archive's."""
    badge = element("span", _named(one), class_=_kind(one))
    title = badge + pieces([Words(wording.SPACE), *_numbered(one.number, count)])
    heading = element("h3", title, id=f"t{one.number}")
    if one.found is None:
        within = part(say(wording.UNCHECKABLE)) + _side(wording.IN_THE_DRAFT, _given(one, None) + _way_back(one))
    else:
        within = _compared(one, one.found)
    return element(
        "article",
        heading + within,
        id=f"f{one.number}",
        class_=f"finding {one.verdict}",
        tabindex="-1",
        aria_labelledby=f"t{one.number}",
    )


def _numbered(number: int, count: int) -> tuple[Piece, ...]:
    return say(wording.NUMBERED, number=number, count=count).pieces


def _compared(one: _Finding, found: QuoteCheck) -> str:
    told = _Told.of(checked(found, speaker=one.quotation.speaker_name))
    verdict = "".join(map(_verdict, told.verdict))
    ours = _side(wording.IN_THE_DRAFT, _given(one, found) + _changes(told.changes) + _way_back(one))
    places = "".join(_places([*struck(found, told.places)]))
    theirs = _side(wording.IN_THE_ARCHIVE, places) if places else ""
    return verdict + element("div", ours + theirs, class_="sides")


def _verdict(line: Part) -> str:
    return element("p", pieces(line.pieces), class_=_SET_OUT_AS.get(line.pieces[0].text, "verdict"))


def _side(title: str, within: str) -> str:
    return element("div", element("h4", text(title)) + within, class_="side")


def _given(one: _Finding, found: QuoteCheck | None) -> str:
    """The draft's words, those marked that were not published so."""
    words: tuple[Piece, ...] = (Asked(one.quotation.text),)
    if found is not None and found.matches:
        words = tuple(piece for piece in compared(found.quote, found.matches[0]) if isinstance(piece, Asked))
    return part(Given(words))


def _way_back(one: _Finding) -> str:
    """To where the quotation stands in the draft."""
    phrase = pieces(say(wording.SHOW_IN_THE_DRAFT, number=one.number).pieces)
    return element("p", element("a", phrase, href=f"#q{one.number}"), class_="back")


def _changes(changes: Sequence[Part]) -> str:
    items = "".join(element("li", pieces(one.pieces)) for one in changes)
    return element("ul", items, class_="changes") if items else ""


def _places(parts: Sequence[Part]) -> Iterator[str]:
    """What was published, place by place, as far as there is room, and what is said of the other places."""
    ends = [at + 1 for at, one in enumerate(parts) if isinstance(one, Line) and one.role is Role.CITATION]
    room = _PLACES
    for shown, (start, end) in enumerate(pairwise([0, *ends])):
        room -= length(parts[start:end])
        if room < 0 and shown:
            yield part(say(wording.LEFT_OUT, Role.FOOT, count=len(ends) - shown))
            break
        yield element("div", "".join(map(part, parts[start:end])), class_="place")
    yield from map(part, parts[ends[-1] :] if ends else parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """The reply to a check, cut where the page sets it out: the verdict's lines, the changes, the places."""

    verdict: Sequence[Part]
    changes: Sequence[Part]
    places: Sequence[Part]

    @classmethod
    def of(cls, reply: Sequence[Part]) -> _Told:
        given = next(at for at, one in enumerate(reply) if isinstance(one, Given))
        end = given + 1
        while end < len(reply) and _is_change(reply[end]):
            end += 1
        return cls(verdict=reply[: given - 1], changes=reply[given + 1 : end], places=reply[end:])


_OPENS_A_PLACE = tuple(
    say(phrase, Role.LEADS_IN) for phrase in (wording.IN_ITS_SENTENCE, wording.IN_ITS_TITLE, wording.TOO_LONG_HERE)
)


def _is_change(one: Part) -> bool:
    return isinstance(one, Line) and one.role is Role.LEADS_IN and one not in _OPENS_A_PLACE


# ------------------------------------------------------------------------------------------------ the frame


@cache
def _styles() -> str:
    return Path(__file__).with_name("report.css").read_text(encoding="utf-8")


def _frame(title: str, body: str) -> str:
    """The whole page. Its own styles are all that it may load; nothing in it runs."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(title)}</title>\n<style>\n{_styles()}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )
