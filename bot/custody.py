"""What the admin does to entries from the command line: find, hold, release, take down."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime

import typer

from bot import objects, options, output, terminal
from bot.ledger import LEDGER_FILE, Ledger
from retrieval.archive import Archive
from retrieval.errors import UsageError
from retrieval.model import Version


def find(archive: Archive, words: str, as_json: bool) -> None:
    """Print every place that holds the words, whatever its entry's status; of what is held, only where it stands."""
    found = archive.find(words)
    if as_json:
        _say(output.json_line(objects.found(one)) for one in found)
    else:
        _say(line for one in found for line in terminal.found(one))
        held = terminal.counted(len(found), "place holds", "places hold") if found else "nothing holds"
        output.warn(f"{held} {words!r}")


def hold(archive: Archive, what: str, until: str | None, as_json: bool) -> None:
    """Hide an entry or a blog. Raises UsageError."""
    target, entries = archive.hold(what, until, datetime.now(UTC))
    if as_json:
        _say([output.json_line({"held": target.whole_id, "entries": entries})])
    else:
        _say(
            [output.safe(f"{target.whole_id} is held: {terminal.counted(entries, 'entry is', 'entries are')} hidden")]
        )


def release(archive: Archive, what: str, as_json: bool) -> None:
    """Show an entry or a blog again. Raises UsageError."""
    target, entries = archive.release(what, datetime.now(UTC))
    if as_json:
        _say([output.json_line({"released": target.whole_id, "entries": entries})])
    else:
        shown = terminal.counted(entries, "entry is", "entries are")
        _say([output.safe(f"{target.whole_id} is released: {shown} shown again")])


def takedown(archive: Archive, whole_id: str, number: int | None, reason: str, yes: bool, as_json: bool) -> None:
    """Preview, ask, erase. Raises UsageError."""
    archive.finish_erasing(datetime.now(UTC))  # a take-down may have been stopped before it came to the ledger
    versions = archive.erasable(whole_id, number)
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise UsageError("a take-down asks before it erases", "say --yes, or run it on a terminal without --json")
        _preview(versions)
        if not typer.confirm("Erase this for good?", err=True):
            output.warn("nothing was erased")
            return
    now, who = datetime.now(UTC), options.user()
    with terminal.progress("Embedding") as progress:
        down, erased = archive.take_down(whole_id, number, reason, who, now, progress)
    receipts = _withdrawn_receipts(archive, down.whole_id, None if number is None else down.numbers)
    if as_json:
        _say([output.json_line(objects.taken_down(whole_id, number, down, who, reason, now, receipts, erased))])
        return
    which = "" if number is None else f", {_numbered(down.numbers)}"
    _say([output.safe(f"{whole_id} is taken down ({reason}){which}; answers posted that showed it: {receipts}")])
    if not erased:
        output.warn("its bytes are not all gone yet: the next command that writes erases the rest; see `stet status`")


def _preview(versions: list[Version]) -> None:
    for line in terminal.erasable(versions):
        output.warn(line)


def _numbered(numbers: tuple[int, ...]) -> str:
    """`version 1`, `versions 1, 3`."""
    return f"{'version' if len(numbers) == 1 else 'versions'} {', '.join(map(str, numbers))}"


def _withdrawn_receipts(archive: Archive, kept_id: str, numbers: tuple[int, ...] | None) -> int:
    """How many posted slices showed what was taken down."""
    path = archive.home / LEDGER_FILE
    if not path.exists():
        return 0
    ledger = Ledger.open(path)
    try:
        return ledger.messages.withdrawn(kept_id, numbers)
    finally:
        ledger.close()


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        output.say(line)
