"""Checks of quotations from the command line, one or many."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from bot import objects, output, terminal
from bot.checked import checked
from retrieval.archive import Archive
from retrieval.errors import UsageError


def run(
    archive: Archive,
    quotes: Iterable[str],
    *,
    speaker: str | None,
    as_of: datetime | None,
    blog: str | None,
    as_json: bool,
) -> bool:
    """Print the check of each quotation; whether all pass. Raises UsageError for one without a word."""
    passed = True
    with archive.checking(as_of=as_of, blog=blog) as checking:
        for number, quote in enumerate(quotes):
            found = checking.check(quote, speaker)
            passed &= found.passes
            if as_json:
                output.say(output.json_line(objects.check(found)))
                continue
            if number:
                output.say("")
            output.say(terminal.reply(checked(found, speaker=speaker)))
    return passed


def run_lines(
    archive: Archive, quotes: Iterable[str], *, speaker: str | None, as_of: datetime | None, blog: str | None
) -> bool:
    """Print one object a line, in order; for a line that cannot be checked, an object with its error."""
    passed = True
    with archive.checking(as_of=as_of, blog=blog) as checking:
        for quote in quotes:
            try:
                found = checking.check(quote, speaker)
            except UsageError as error:
                passed = False
                output.say(output.json_line({"quote": quote, "error": str(error)}))
            else:
                passed &= found.passes
                output.say(output.json_line(objects.check(found)))
    return passed
