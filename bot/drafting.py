"""The check of a whole draft from the command line: every quotation of it, on the screen, as JSON, as a page."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from bot import objects, output, terminal, wording
from bot.checked import checked
from bot.pieces import Asked, Given, Line, Piece, Reply, Role, Words, say
from retrieval.admission import visible_now
from retrieval.archive import Archive
from retrieval.drafts import read_draft
from retrieval.drafts.finding import Draft, DraftQuotation, SkipReason
from retrieval.errors import DiskError, UsageError
from retrieval.files import write_atomically
from retrieval.model import Filter
from retrieval.verdicts import QuoteCheck, SpeakerVerdict, Verdict

Result = QuoteCheck | UsageError
"""What the check of one quotation found, or why it cannot be checked."""


def run(archive: Archive, path: Path, size_limit: int, *, report: Path | None, as_json: bool) -> bool:
    """Check the draft in a file of at most `size_limit` bytes and print what was found; write the report to a file,
    where one is named. Whether there are quotations and all pass.

    Raises UsageError, SourceError where the draft cannot be read, NothingIndexed, StoreError, DiskError."""
    began = time.perf_counter()
    draft, name = read_draft(path, size_limit), path.name
    results = _checked(archive, draft)
    counts = _counts(results)
    if report is not None:
        _write(report, _page(archive, draft, results, name))
    for warning in draft.warnings:
        output.warn(f"{name}: {warning}")
    if as_json:
        elapsed_ms = (time.perf_counter() - began) * 1000
        output.say(output.json_line(objects.draft(name, draft, results, counts, elapsed_ms)))
    else:
        for lines in _told(draft, results, name):
            output.say(lines)
        output.say(terminal.reply((_summary(draft, counts),)))
        if report is not None:
            output.say(terminal.reply((say(wording.REPORT_WRITTEN, name=Asked(str(report))),)))
    return 0 < counts["quotations"] == counts["passing"]


def _checked(archive: Archive, draft: Draft) -> list[Result]:
    results: list[Result] = []
    with archive.checking() as checking, terminal.progress("Checking") as progress:
        for number, one in enumerate(draft.quotations, start=1):
            try:
                results.append(checking.check(one.text, one.speaker_name))
            except UsageError as error:
                results.append(error)
            progress(number, len(draft.quotations))
    return results


def _counts(results: Sequence[Result]) -> dict[str, int]:
    found = [one for one in results if isinstance(one, QuoteCheck)]
    verdicts = Counter(one.verdict for one in found)
    return {
        "quotations": len(results),
        "passing": sum(one.passes for one in found),
        "different_speakers": sum(_names_another(one) for one in found),
        **{verdict.value: verdicts[verdict] for verdict in Verdict},
        "no_verdict": len(results) - len(found),
    }


def _names_another(found: QuoteCheck) -> bool:
    return found.speaker is not None and found.speaker.verdict is SpeakerVerdict.DIFFERENT


# ------------------------------------------------------------------------------------------------ the report


def _page(archive: Archive, draft: Draft, results: Sequence[Result], name: str) -> bytes:
    from bot.report import page

    now = datetime.now(UTC)
    covered = archive.store.coverage(Filter(blogs=visible_now(archive.blogs(), None, now)))
    checks = [one if isinstance(one, QuoteCheck) else None for one in results]
    return page(draft, checks, name, now, covered).encode()


def _write(path: Path, page: bytes) -> None:
    try:
        write_atomically(path, page)
    except DiskError as error:
        raise DiskError(f"the report was not written: {error.message}", "name another file with --html") from None


# ------------------------------------------------------------------------------------------------ the screen


def _told(draft: Draft, results: Sequence[Result], name: str) -> Iterator[str]:
    """Each quotation, in the draft's order: in full, or in one line where it passes."""
    if not results:
        yield terminal.reply((say(wording.NO_QUOTATIONS_IN, name=Asked(name)),))
        return
    after_full = False
    for number, (one, result) in enumerate(zip(draft.quotations, results, strict=True), start=1):
        is_short = isinstance(result, QuoteCheck) and result.passes and not _names_another(result)
        if number > 1 and not (is_short and not after_full):
            yield ""
        yield terminal.reply(_numbered(number, one, result, is_short=is_short))
        after_full = not is_short
    yield ""


def _numbered(number: int, one: DraftQuotation, result: Result, *, is_short: bool) -> Reply:
    if isinstance(result, UsageError):
        line = Line((*say(wording.NUMBER, number=number).pieces, Words(wording.UNCHECKABLE)))
        return line, Given((Asked(one.text),))
    reply = checked(result, speaker=one.speaker_name)
    if is_short:
        cited = next(part for part in reply if isinstance(part, Line) and part.role is Role.CITATION)
        words = Asked(" ".join(one.text.split()))
        held = say(wording.HELD, number=number, verdict=Words(wording.VERDICT_NAMES[result.verdict]), words=words)
        return (Line((*held.pieces, *cited.pieces)),)
    return Line((*say(wording.NUMBER, number=number).pieces, *reply[0].pieces)), *reply[1:]


def _summary(draft: Draft, counts: dict[str, int]) -> Line:
    """One line: how many quotations there are, how many pass, of which verdicts, what was not checked and why."""
    pieces: list[Piece] = list(say(wording.TALLY, count=counts["quotations"], passing=counts["passing"]).pieces)
    phrases = {**wording.COUNTED, "no_verdict": wording.NO_VERDICTS}
    verdicts = [say(phrase, count=counts[key]) for key, phrase in phrases.items() if counts[key]]
    if verdicts:
        pieces += _listed(wording.SPACE, verdicts, wording.STOP)
    if counts["different_speakers"]:
        pieces += [Words(wording.SPACE), *say(wording.OTHER_SPEAKERS, count=counts["different_speakers"]).pieces]
    if draft.skipped:
        skipped = Counter(one.reason for one in draft.skipped)
        pieces += [Words(wording.SPACE), *say(wording.NOT_CHECKED_HERE, count=len(draft.skipped)).pieces]
        reasons = [say(wording.SKIPPED[one], count=skipped[one]) for one in SkipReason if skipped[one]]
        pieces += _listed(wording.OPENING, reasons, wording.CLOSING)
    return Line(tuple(pieces))


def _listed(opening: str, lines: Sequence[Line], closing: str) -> list[Piece]:
    pieces: list[Piece] = []
    for line in lines:
        pieces += [Words(wording.SEPARATOR if pieces else opening), *line.pieces]
    return [*pieces, Words(closing)]
