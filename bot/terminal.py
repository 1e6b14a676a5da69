"""What a person at a terminal sees: the same replies as in Slack, highlights in bold where there is colour."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.output import safe
from bot.pieces import Asked, Line, Link, Part, Piece, Reply, Role, Slice, Stored
from retrieval.clock import label
from retrieval.model import Cause

if TYPE_CHECKING:
    from retrieval.finding import Found
    from retrieval.model import Version
    from retrieval.reports import ArchiveState, Report

_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"
_CITING = (Role.CITATION, Role.ALSO)
_STRUCK, _INSERTED = "\x1b[9;31m", "\x1b[4;32m"


def reply(parts: Reply) -> str:
    """A reply, its quotations indented, a blank line around each passage."""
    colour = sys.stdout.isatty()
    lines: list[str] = []
    before = None
    for part in parts:
        role = part.role if isinstance(part, Line) else None
        if (before in _CITING and role is not Role.ALSO) or (before is Role.HEADING and role is not Role.HEADING):
            lines.append("")
        lines += _set_out(part, "".join(_piece(piece, colour) for piece in part.pieces), colour)
        before = role
    return "\n".join(lines)


def _set_out(part: Part, text: str, colour: bool) -> list[str]:
    if not isinstance(part, Line):
        return [f"  {line}" for line in text.split("\n")]
    if part.role in (*_CITING, Role.DETAIL, Role.FOOT) and colour:
        text = f"{_DIM}{text}{_OFF}"
    return [f"  {text}" if part.role in (*_CITING, Role.DETAIL) else text]


def _piece(piece: Piece, colour: bool) -> str:
    if isinstance(piece, Link):
        return f"{piece.text}: {safe(piece.url)}"
    text = safe(piece.text)
    return f"{style}{text}{_OFF}" if colour and (style := _style(piece)) else text


def _style(piece: Piece) -> str:
    """What was published and left out is struck and red, what stands in its place green and underlined."""
    if isinstance(piece, Slice | Stored):
        return _STRUCK if piece.struck else _BOLD if piece.bold else ""
    return _INSERTED if isinstance(piece, Asked) and piece.inserted else ""


def report(done: Report) -> Iterator[str]:
    """What `add` or `reindex` did, a line a source."""
    for one in done.sources:
        if one.blog is None:
            continue
        yield safe(
            f"{one.blog}: {one.entries} entries read as {one.format} "
            f"({one.added} added, {one.edited} edited, {one.deleted} deleted, {one.unchanged} unchanged)"
        )
    yield from (f"skipped, no live blog: {safe(name)}" for name in done.skipped)
    if done.indexed:
        yield (
            f"{done.indexed.manifest.passages} passages indexed "
            f"({done.indexed.embedded} embedded, {done.indexed.reused} reused) in {done.seconds:.1f} s"
        )


def problems(done: Report) -> Iterator[str]:
    """Refusals, warnings and what was taken from where, for standard error."""
    for one in done.sources:
        yield from (f"{one.blog}: {note}" for note in one.notes)
        for refusal in one.refused:
            where = f"{one.source}: {refusal.entry}: " if one.blog else ""
            yield f"refused: {where}{refusal.reason}"
        yield from (f"warning: {one.blog}: {warning}" for warning in one.warnings)


def locator(read_from: str) -> str:
    """Where a source is read from, as it may be printed."""
    if "://" not in read_from:  # a file: the formats, whose import takes a tenth of a second, are not needed
        return read_from
    from retrieval.sources import printable

    return printable(read_from)


def state(found: ArchiveState) -> Iterator[str]:
    """What is indexed, blog by blog."""
    for one in found.blogs:
        covers = f"{label(one.first)} to {label(one.last)}" if one.first and one.last else "no entries"
        yield safe(f"{one.blog.id}: {one.blog.title}")
        yield f"  {one.entries} entries, {one.versions} versions, {covers}"
        yield safe(f"  {one.source.format} from {locator(one.source.locator)}, read {label(one.updated)}")
        if one.blog.visibility or one.blog.sensitive or one.blog.embargo_until:
            shown = ", ".join(one.blog.visibility) or "public"
            embargo = f", embargo until {label(one.blog.embargo_until)}" if one.blog.embargo_until else ""
            yield safe(f"  visibility {shown}{', sensitive' if one.blog.sensitive else ''}{embargo}")
    for name, until in found.held:
        yield safe(f"held: {name}" + (f" until {label(until)}" if until else ""))
    for name in found.erasing:
        yield safe(f"erasing: {name} (taken down; the next command that writes erases what is left)")
    if found.manifest:
        yield (
            f"{found.entries} entries, {found.manifest.passages} passages, snapshot {found.manifest.id}, "
            f"model {found.manifest.model.name}, {found.bytes / 1e6:.1f} MB"
        )
    else:
        yield "no index yet: run stet reindex"


def entry(versions: list[Version]) -> Iterator[str]:
    """One entry as it is now; of one that was deleted, its last wording."""
    last = last_wording(versions)
    yield from _head(versions, last, _standing(versions[-1]))
    yield safe(last.text)


def last_wording(versions: list[Version]) -> Version:
    """The newest version that has words: a deletion has none."""
    return next((one for one in reversed(versions) if _worded(one)), versions[-1])


def versions(found: list[Version]) -> Iterator[str]:
    """The first wording of an entry, and for every later one the paragraphs that it took out (-) and put in (+), and
    which of their words, and of the title and the author's name, differ (~)."""
    before = None
    for after in found:
        if after is not found[0]:
            yield ""
        yield from _head(found, after, _standing(after))
        if not _worded(after):
            continue
        if before is None:
            yield safe(after.text)
        else:
            yield from (f"{mark} {safe(line)}" for mark, line in _changes(before, after))
        before = after


def _worded(one: Version) -> bool:
    return one.cause not in (Cause.DELETED, Cause.TAKEN_DOWN)


def _head(versions: list[Version], one: Version, standing: str) -> Iterator[str]:
    yield safe(f"{one.entry.blog.title}, {label(one.entry.posted_at)}")
    yield safe(f"{one.entry.whole_id}, version {one.number} of {len(versions)}, {standing}{_since(one)}")
    if one.title:
        yield safe(one.title)
    yield ""


def _standing(one: Version) -> str:
    """What a version is now: the entry's status where it is in force, else why it is not."""
    if one.cause is Cause.DELETED:
        return f"deleted from its source, seen {label(one.seen_at)}"
    if one.cause is Cause.TAKEN_DOWN:
        return "taken down"
    return one.entry.status.value if one.current else "superseded"


def _since(one: Version) -> str:
    """When the source edited it; of a later version whose source does not say, when it was first seen."""
    if one.edited_at is not None:
        return f", edited {label(one.edited_at)}"
    return f", seen {label(one.seen_at)}" if one.number > 1 and _worded(one) else ""


def _changes(before: Version, after: Version) -> Iterator[tuple[str, str]]:
    """The title and the author's name where they differ (~); the paragraphs that do, whole, in the order of the text;
    and their words that do (~)."""
    for field in ("title", "author"):
        old_one, new_one = getattr(before, field), getattr(after, field)
        if old_one != new_one:
            yield "~", f"{field}: {old_one or '∅'} → {new_one or '∅'}"
    old, new = before.text.split("\n"), after.text.split("\n")
    for operation, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation != "equal":
            yield from (("-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m])
        if operation == "replace":
            yield from (("~", words) for words in _word_changes(" ".join(old[i:j]), " ".join(new[k:m])))


def _word_changes(before: str, after: str) -> Iterator[str]:
    old, new = before.split(), after.split()
    for operation, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation != "equal":
            yield f"{' '.join(old[i:j]) or '∅'} → {' '.join(new[k:m]) or '∅'}"


def found(one: Found) -> Iterator[str]:
    """One place that holds the words looked for: where it is, and the sentences or the field that hold them. Of what
    is held or under embargo, nothing is quoted."""
    version, entry = one.version, one.version.entry
    yield safe(
        f"{entry.whole_id}, version {version.number}, {_standing(version)}, {one.field}, {label(entry.posted_at)}"
    )
    if not one.hidden:
        yield from (f"  {safe(line)}" for line in _holding(one))


def _holding(one: Found) -> list[str]:
    if one.field != "text":
        return [str(getattr(one.version, one.field))]
    text = one.version.text
    from retrieval.sentences import sentences

    held = [(start, end) for start, end in sentences(text) if any(a < end and start < b for a, b in one.spans)]
    return [line for start, end in held for line in text[start:end].split("\n")]


def erasable(versions: list[Version]) -> Iterator[str]:
    """What a take-down would erase; its words are for `stet show`."""
    for one in versions:
        title = f", “{one.title}”" if one.title else ""
        yield (
            f"{one.entry.whole_id}, version {one.number}, {_standing(one)}, {label(one.entry.posted_at)}{title}: "
            f"{counted(len(one.text.split()), 'word', 'words')}"
        )


def counted(count: int, one: str, many: str) -> str:
    """`1 entry is`, `5 entries are`."""
    return f"{count} {one if count == 1 else many}"


@contextmanager
def progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, where that is a terminal; else nothing."""
    if not sys.stderr.isatty():
        yield lambda done, whole: None
        return
    from rich.console import Console
    from rich.progress import Progress

    # left to itself, it would take standard output for its own and print an answer to standard error
    with Progress(console=Console(stderr=True), transient=True, redirect_stdout=False, redirect_stderr=False) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, whole: bars.update(task, completed=done, total=whole)
