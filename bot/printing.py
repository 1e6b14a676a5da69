"""What the commands that change or list the archive print, as lines or as JSON."""

from __future__ import annotations

from collections.abc import Iterable

from bot import objects, output, terminal
from retrieval.errors import NothingIndexed
from retrieval.model import Version
from retrieval.reports import ArchiveState, Report


def report(done: Report, as_json: bool) -> bool:
    """Print what `add` or `reindex` did; whether nothing was refused."""
    for line in terminal.problems(done):
        output.warn(line)
    if as_json:
        output.say(output.json_line(objects.report(done)))
    else:
        _say(terminal.report(done))
    return not any(one.refused for one in done.sources)


def entry(found: list[Version], versions: bool, as_json: bool) -> None:
    """Print one entry as it is now, or every version of it."""
    if as_json:
        output.say(output.json_line(objects.entry(found)))
    else:
        _say(terminal.versions(found) if versions else terminal.entry(found))


def state(found: ArchiveState, as_json: bool) -> None:
    """Print what is indexed. Raises NothingIndexed where there is no blog."""
    if as_json:
        output.say(output.json_line(objects.state(found)))
    elif found.blogs:
        _say(terminal.state(found))
    if not found.blogs:
        raise NothingIndexed("the archive is empty", "add a live blog first: stet add FILE")


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        output.say(line)
