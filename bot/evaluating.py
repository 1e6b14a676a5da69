"""The measure of the answers from the command line: gold questions in, figures out, a run kept and compared."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from bot import asking, evaluated, output, plots, runs, terminal
from bot.options import utf8
from retrieval.archive import Archive
from retrieval.errors import DiskError, SourceError, UsageError
from retrieval.evaluate import evaluate
from retrieval.figures import compare
from retrieval.files import write_atomically
from retrieval.gold import Gold, read_gold

_MOST_WARNINGS = 10
_OWNERS_ALONE = 0o600


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What is to be measured, and what with: read and checked before the archive is asked anything."""

    gold: Gold
    earlier: runs.Run | None
    save: Path | None
    plots: Path | None


def wanted(
    file: str, *, save: str | None, against: str | None, plots_folder: str | None, home: Path, size_limit: int
) -> Wanted:
    """The command's options. Raises UsageError, SourceMissing, SourceRefused."""
    gold = read_gold(utf8("the file", file), size_limit)
    earlier = None if against is None else runs.read_run(utf8("--against", against), size_limit)
    if plots_folder is not None:
        plots.require()
    return Wanted(
        gold=gold,
        earlier=earlier,
        save=None if save is None else _file("--save", save, home, size_limit),
        plots=None if plots_folder is None else _folder("--plots", plots_folder, home),
    )


def _file(option: str, value: str, home: Path, size_limit: int) -> Path:
    """Where a run is to be kept; what stands there already must be a run, which it replaces."""
    path = _outside(option, value, home)
    if not path.parent.is_dir():
        raise UsageError(f"{option}: there is no folder {path.parent}", "make it, or name a file elsewhere")
    if path.exists():
        try:
            runs.read_run(str(path), size_limit)
        except (UsageError, SourceError):
            raise UsageError(f"{option} names {value}, which is no run of `stet eval`", "name another file") from None
    return path


def _folder(option: str, value: str, home: Path) -> Path:
    path = _outside(option, value, home)
    if path.exists() and not path.is_dir():
        raise UsageError(f"{option} names no folder: {value}", "name a folder, such as figures")
    return path


def _outside(option: str, value: str, home: Path) -> Path:
    """A whole path that is not in the archive's own folder."""
    if not value.strip():
        raise UsageError(f"{option} is empty", "name where it is to be written")
    try:
        path = Path(utf8(option, value)).expanduser().resolve()
        path.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{option} {ascii(value)[:200]} cannot be used: {error}", "name another") from None
    if path.is_relative_to(home.resolve()):
        raise UsageError(f"{option} is in the archive's own folder: {value}", "name a place elsewhere")
    return path


def run(archive: Archive, given: Wanted, as_json: bool) -> None:
    """Ask every gold question, print what came of it, and keep and draw it where that is wanted. As before any
    question, an index that is behind is brought up to date; nothing else is written into the archive.

    Raises UsageError, NothingIndexed, SnapshotError, ModelError, DiskError."""
    with terminal.progress("Indexing") as progress:
        asking.ready(archive, progress)
    with terminal.progress("Asking") as progress:
        found = evaluate(archive, given.gold, progress)
    made = runs.run_of(given.gold, found, datetime.now(UTC))
    changed = None if given.earlier is None else compare(given.earlier.results, made.results)
    _warn(found.warnings)
    if as_json:
        compared = {"comparison": runs.comparison_object(given.earlier, changed)} if given.earlier and changed else {}
        output.say(output.json_line({**runs.to_object(made), **compared}))
    else:
        for line in evaluated.told(made, given.earlier, changed):
            output.say(line)
    for line in _kept(made, given):
        if not as_json:
            output.say(output.safe(line))


def _kept(made: runs.Run, given: Wanted) -> Iterator[str]:
    """Keep and draw a run where that is wanted, and say where. Raises DiskError."""
    if given.save is not None:
        with _option("--save"):
            write_atomically(given.save, runs.to_json(made), _OWNERS_ALONE)
        yield f"\nsaved, with the questions in it: {given.save}"
    if given.plots is not None:
        with _option("--plots"):
            drawn = plots.draw(made.results, made.at, given.plots)
        yield from (f"drawn: {file}" for file in drawn)


@contextlib.contextmanager
def _option(name: str) -> Iterator[None]:
    """Say of an error of the disk which option named the place."""
    try:
        yield
    except DiskError as error:
        raise DiskError(f"{name}: nothing was written: {error.message}", f"name another place with {name}") from None


def _warn(warnings: tuple[str, ...]) -> None:
    for line in warnings[:_MOST_WARNINGS]:
        output.warn(f"warning: {line}")
    if len(warnings) > _MOST_WARNINGS:
        output.warn(f"warning: and {len(warnings) - _MOST_WARNINGS} more, which --json lists")
