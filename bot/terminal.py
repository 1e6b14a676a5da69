"""What a person at a terminal sees: the same replies as in Slack, highlights in bold where there is colour."""

from __future__ import annotations

import difflib
import itertools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.output import safe
from bot.render import Line, Link, Piece, Quote, Reply, Role, Slice
from retrieval.clock import label

if TYPE_CHECKING:
    from retrieval.archive import ArchiveState, Report
    from retrieval.model import Version

_BOLD, _DIM, _OFF = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def reply(parts: Reply) -> str:
    """A reply, its quotations indented, a blank line around each passage."""
    colour = sys.stdout.isatty()
    lines: list[str] = []
    before = None
    for part in parts:
        role = part.role if isinstance(part, Line) else None
        if before is Role.CITATION or (before is Role.HEADING and role is not Role.HEADING):
            lines.append("")
        lines += _set_out(part, "".join(_piece(piece, colour) for piece in part.pieces), colour)
        before = role
    return "\n".join(lines)


def _set_out(part: Line | Quote, text: str, colour: bool) -> list[str]:
    if isinstance(part, Quote):
        return [f"  {line}" for line in text.split("\n")]
    if part.role in (Role.CITATION, Role.FOOT) and colour:
        text = f"{_DIM}{text}{_OFF}"
    return [f"  {text}" if part.role is Role.CITATION else text]


def _piece(piece: Piece, colour: bool) -> str:
    if isinstance(piece, Link):
        return f"{piece.text}: {safe(piece.url)}"
    text = safe(piece.text)
    return f"{_BOLD}{text}{_OFF}" if colour and isinstance(piece, Slice) and piece.bold else text


def report(done: Report) -> Iterator[str]:
    """What `add` or `reindex` did, a line a source."""
    for one in done.sources:
        if one.blog is None:
            continue
        yield safe(
            f"{one.blog}: {one.entries} entries read as {one.format} "
            f"({one.added} added, {one.edited} edited, {one.unchanged} unchanged)"
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
        yield from (f"warning: {warning}" for warning in one.warnings)


def state(found: ArchiveState) -> Iterator[str]:
    """What is indexed, blog by blog."""
    for one in found.blogs:
        covers = f"{label(one.first)} to {label(one.last)}" if one.first and one.last else "no entries"
        yield safe(f"{one.blog.id}: {one.blog.title}")
        yield f"  {one.entries} entries, {one.versions} versions, {covers}"
        yield safe(f"  {one.source.format} from {one.source.locator}, read {label(one.updated)}")
        if one.blog.visibility or one.blog.sensitive or one.blog.embargo_until:
            shown = ", ".join(one.blog.visibility) or "public"
            embargo = f", embargo until {label(one.blog.embargo_until)}" if one.blog.embargo_until else ""
            yield safe(f"  visibility {shown}{', sensitive' if one.blog.sensitive else ''}{embargo}")
    if found.manifest:
        yield (
            f"{found.entries} entries, {found.manifest.passages} passages, snapshot {found.manifest.id}, "
            f"model {found.manifest.model.name}, {found.bytes / 1e6:.1f} MB"
        )
    else:
        yield "no index yet: run stet reindex"


def entry(versions: list[Version]) -> Iterator[str]:
    """One entry as it is now."""
    yield from _head(versions, versions[-1])
    yield safe(versions[-1].text)


def versions(found: list[Version]) -> Iterator[str]:
    """The first version of an entry, and for every later one what it took out (-) and put in (+)."""
    yield from _head(found, found[0])
    yield safe(found[0].text)
    for before, after in itertools.pairwise(found):
        yield ""
        yield from _head(found, after)
        for mark, line in _changes(before, after):
            yield f"{mark} {safe(line)}"


def _head(versions: list[Version], one: Version) -> Iterator[str]:
    yield safe(f"{one.entry.blog.title}, {label(one.entry.posted_at)}")
    edited = f", edited {label(one.edited_at)}" if one.edited_at else ""
    status = one.entry.status.value if one.current else "superseded"
    yield safe(f"{one.entry.whole_id}, version {one.number} of {len(versions)}, {status}{edited}")
    if one.title:
        yield safe(one.title)
    yield ""


def _changes(before: Version, after: Version) -> Iterator[tuple[str, str]]:
    """The paragraphs that differ, whole, in the order of the text."""
    old, new = before.text.split("\n"), after.text.split("\n")
    for operation, i, j, k, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if operation != "equal":
            yield from (("-", line) for line in old[i:j])
            yield from (("+", line) for line in new[k:m])


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
