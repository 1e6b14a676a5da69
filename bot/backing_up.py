"""`stet backup` and `stet restore`: the archive and what is beside it into one file, and back."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import typer

from bot import output, terminal
from bot.ledger import LEDGER_FILE, Ledger
from bot.ledger.tables import APPLICATION_ID, SCHEMA
from bot.own import version
from retrieval import restoring
from retrieval.backup import ARCHIVE, Contents, Database, back_up
from retrieval.errors import UsageError
from retrieval.store import Store
from retrieval.tombstones import KEY_FILE

_LEDGER = Database(name=LEDGER_FILE, application_id=APPLICATION_ID, schema=SCHEMA)


def backup(home: Path, file: Path, now: datetime, settings: Mapping[str, Any], as_json: bool) -> None:
    """Write a backup of the archive in `home`, while a bot may go on serving; `settings` are the names and values of
    those that are no secret. Raises UsageError, NothingIndexed, StoreError, DiskError."""
    contents = back_up(home, file, [_LEDGER], now, stet=version(), settings=settings)
    size = file.expanduser().stat().st_size
    if as_json:
        output.say(output.json_line({"backup": str(file), "size": size, **_object(contents)}))
    else:
        output.say(output.safe(f"{file}: {_counted(contents)}, {size / 1e6:.1f} MB"))
    if contents.counts["takedowns"]:
        output.warn(
            f"{KEY_FILE} is left out on purpose, and without it this backup cannot be restored: keep a copy of "
            f"{home / KEY_FILE} apart from it"
        )


def restore(home: Path, file: Path, now: datetime, *, key: Path | None, yes: bool, as_json: bool) -> bool:
    """Put the archive back from a backup; whether that was done: it asks first where there is an archive. The caller
    brings the index up afterwards. Raises UsageError, StoreError, DiskError."""
    contents = restoring.look(home, file, [_LEDGER])
    if not yes and _holds_something(home):
        if as_json or not sys.stdin.isatty():
            raise UsageError(
                f"a restore asks before it replaces what is in {home}",
                "say --yes, or run it on a terminal without --json",
            )
        output.warn(f"{file}: {_counted(contents)}, made {contents.made.isoformat(timespec='seconds')}")
        output.warn(f"what is in {home} is replaced by it; what was taken down stays down, what is held stays held")
        if not typer.confirm("Replace it?", err=True):
            output.warn("nothing was changed")
            return False
    done = restoring.restore(home, file, contents, [_LEDGER], key=key, withdraw=_withdraw, now=now)
    if as_json:
        kept = {"takedowns_kept": done.carried.takedowns, "holds_kept": done.carried.holds}
        output.say(output.json_line({"restored": str(file), **_object(contents), **kept}))
        return True
    output.say(output.safe(f"{home} is restored from {file}: {_counted(contents)}"))
    for count, what in ((done.carried.takedowns, "taken down"), (done.carried.holds, "held back")):
        if count:
            output.say(f"{what} since, and {what} still: {count}")
    return True


def _holds_something(home: Path) -> bool:
    return any((home / name).exists() for name in (ARCHIVE.name, LEDGER_FILE))


def _withdraw(folder: Path, store: Store) -> None:
    """Withdraw the receipts of what was taken down from the ledger in a folder, where there is one."""
    if not (folder / LEDGER_FILE).exists():
        return
    ledger = Ledger.open(folder / LEDGER_FILE)
    try:
        ledger.withdraw(store.gone)
    finally:
        ledger.close()


def _counted(contents: Contents) -> str:
    counts = contents.counts
    return ", ".join(
        [
            terminal.counted(counts["blogs"], "live blog", "live blogs"),
            terminal.counted(counts["entries"], "entry", "entries"),
            terminal.counted(counts["versions"], "version", "versions"),
            terminal.counted(counts["takedowns"], "take-down", "take-downs"),
        ]
    )


def _object(contents: Contents) -> dict[str, object]:
    return {
        "made": contents.made.isoformat(),
        "stet": contents.stet,
        "counts": contents.counts,
        "members": {name: {"bytes": one.bytes, "sha256": one.sha256} for name, one in contents.members.items()},
    }
