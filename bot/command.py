"""What every command begins with: the settings, and the archive that they name."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from bot.ledger import Ledger
    from config.settings import Settings
    from retrieval.archive import Archive

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]


class Run:
    """What the options before the command said."""

    home: Path | None = None


def settings() -> Settings:
    """What the environment and `--home` say; logging is set up as they do. Raises SettingsError."""
    from bot import wiring

    read = wiring.settings(Run.home)
    logging.basicConfig(
        level=read.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    if (
        read.log_level != "DEBUG"
    ):  # a Ctrl-C while a connection is being closed is told in one line, not by its traceback
        logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)
    return read


@contextlib.contextmanager
def archive(question: str | None = None) -> Iterator[Archive]:
    """The archive that the settings name, and the question that it is to be asked, if it is one. Raises StetError."""
    from bot import wiring

    opened = wiring.archive(settings(), question)
    try:
        yield opened
    finally:
        opened.close()


@contextlib.contextmanager
def ledger() -> Iterator[Ledger]:
    """The ledger beside it, made where there is none. Raises StetError."""
    from bot.ledger import LEDGER_FILE, Ledger

    home = settings().home
    home.mkdir(parents=True, exist_ok=True)
    with contextlib.closing(Ledger.open(home / LEDGER_FILE)) as opened:
        yield opened
