"""(archive, request, document) → what its check found: a summary that fits into a message, and a report as a page.

Nothing of a document is kept: it is bytes in memory until its reply is made."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from bot import wording
from bot.checked import checked
from bot.downloads import LARGEST, MOST_FILES, SentFile, Standing
from bot.pieces import Asked, Line, Part, Role, Words, say
from bot.render import TEXT_BUDGET, length
from bot.replies import Request, Response, Section, only
from bot.requested import Wanted, left_alone
from bot.verifying import Verified, fitted, looking
from retrieval.archive import Archive
from retrieval.drafts import draft_of
from retrieval.drafts.finding import Draft
from retrieval.errors import NothingIndexed, SourceError, SourceMissing, StetError, UsageError
from retrieval.model import Passage
from retrieval.verdicts import QuoteCheck, Verdict

MOST_IN_DOCUMENT = 500
"""Quotations of a document that are checked in Slack: a long book has more, and is a task for the command line."""

Page = Callable[[Draft, Sequence[QuoteCheck], str, datetime], str]
"""A draft, the checks of its quotations in their order, its title and the time now → the report, as HTML."""

_LONGEST_NAME = 200

_REFUSALS = {
    Standing.OTHER_KIND: wording.FILE_KIND,
    Standing.ELSEWHERE: wording.FILE_ELSEWHERE,
    Standing.GONE: wording.FILE_GONE,
}

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """What a document gets: the message, and the report for a file named `file_name`, where there is one."""

    response: Response
    report: str | None = None
    file_name: str = ""
    quoted: tuple[Passage, ...] = ()
    """What the report shows of entries."""


def refused(files: Sequence[SentFile]) -> list[Section]:
    """A line for each file that is not read; all are refused where they are too many."""
    if len(files) > MOST_FILES:
        return [Section(reply=(say(wording.TOO_MANY_FILES, most=MOST_FILES, count=len(files)),))]
    return [Section(reply=(_refusal(one),)) for one in files if one.standing is not Standing.READABLE]


def readable(files: Sequence[SentFile]) -> list[SentFile]:
    """The files that are read."""
    return [one for one in files if one.standing is Standing.READABLE and len(files) <= MOST_FILES]


def examine(
    archive: Archive, request: Request, file: SentFile, fetch: Callable[[], bytes], page: Page, now: datetime
) -> Document:
    """Check every quotation of a document; what is wrong with it is said in its message. `fetch` gets its bytes; it
    raises as `downloads.fetch` does."""
    try:
        data = fetch()
    except UsageError:
        return _line(wording.FILE_TOO_LARGE, file, most=LARGEST // 1_000_000)
    except SourceMissing:
        return _line(wording.FILE_GONE, file)
    except SourceError as error:
        log.error("a document was not had: %s", error)
        return _line(wording.FILE_NOT_HAD, file)
    try:
        draft = draft_of(data, f"document{file.suffix}", LARGEST)
    except (UsageError, SourceError) as error:
        log.warning("a document was not read: %s", error)
        return _line(wording.FILE_UNREADABLE, file)
    try:
        return _examined(archive, request, file, draft, page, now)
    except NothingIndexed:
        return Document(response=only(say(wording.EMPTY_INDEX)))
    except StetError as error:
        log.error("a document was not checked: %s", error)
        return Document(response=only(say(wording.INDEX_TROUBLE)))


def _examined(
    archive: Archive, request: Request, file: SentFile, draft: Draft, page: Page, now: datetime
) -> Document:
    count = len(draft.quotations)
    if count > MOST_IN_DOCUMENT:
        return _line(wording.TOO_MANY_IN, file, count=count, most=MOST_IN_DOCUMENT)
    with looking(archive, request) as look:
        every = [(one, look(Wanted(quote=one.text, speaker=one.speaker_name))) for one in draft.quotations]
    pairs = [(one, result) for one, result in every if result.found is not None]
    results = [result for _, result in pairs]
    shown = replace(draft, quotations=tuple(one for one, _ in pairs))
    foot = _foot(left_alone(draft) + count - len(results), len(draft.warnings))
    if not results:
        return Document(response=_response([say(wording.NO_QUOTATIONS_IN, name=_name(file))], [], foot))
    head = _head(file, results)
    replies = fitted(results, TEXT_BUDGET - length([*head, *foot, say(wording.SEE_THE_REPORT, count=count)]))
    if len(replies) < len(results):
        foot.insert(0, say(wording.SEE_THE_REPORT, Role.FOOT, count=len(results) - len(replies)))
    response = _response(head, [Section(reply=one) for one in replies.values()], foot)
    checks = [result.found for result in results if result.found is not None]
    report = page(shown, checks, file.name or wording.NAMELESS, now)
    whole = Response(sections=tuple(Section(reply=checked(one)) for one in checks))
    name = f"{PurePath(file.name).stem or 'document'}.html"
    return Document(response=response, report=report, file_name=name, quoted=whole.shown)


def _head(file: SentFile, results: Sequence[Verified]) -> list[Part]:
    """How many quotations there are, and how many of each verdict."""
    counts = Counter(result.found.verdict for result in results if result.found is not None)
    lines = [say(wording.COUNTED[verdict], count=counts[verdict]) for verdict in Verdict if counts[verdict]]
    pieces = [piece for line in lines for piece in (Words(wording.SEPARATOR), *line.pieces)]
    passing = sum(result.passes for result in results)
    head = say(wording.CHECKED_DOCUMENT, name=_name(file), count=len(results), passing=passing)
    return [head, Line(tuple(pieces[1:]), Role.DETAIL)]


def _foot(skipped: int, unread: int) -> list[Part]:
    foot: list[Part] = []
    if skipped:
        foot.append(say(wording.LEFT_ALONE, Role.FOOT, count=skipped))
    if unread:
        foot.append(say(wording.UNREAD_PARTS, Role.FOOT, count=unread))
    return foot


def _response(head: Sequence[Part], sections: Sequence[Section], foot: Sequence[Part]) -> Response:
    return Response(sections=(Section(reply=tuple(head)), *sections, *([Section(reply=tuple(foot))] if foot else [])))


def _refusal(file: SentFile) -> Line:
    if file.standing is Standing.TOO_LARGE:
        return say(wording.FILE_TOO_LARGE, name=_name(file), most=LARGEST // 1_000_000)
    return say(_REFUSALS[file.standing], name=_name(file))


def trouble(file: SentFile) -> Document:
    """What is said where something went wrong that nobody foresaw."""
    return _line(wording.FILE_TROUBLE, file)


def _line(phrase: str, file: SentFile, **slots: int) -> Document:
    return Document(response=only(say(phrase, name=_name(file), **slots)))


def _name(file: SentFile) -> Asked | Words:
    """The name that its sender gave it."""
    return Asked(file.name[:_LONGEST_NAME]) if file.name else Words(wording.NAMELESS)
