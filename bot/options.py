"""The command line's options → the types of `retrieval`. A wrong one is refused with what would be right."""

from __future__ import annotations

import getpass
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo
from datetime import date as day
from pathlib import Path

from retrieval.clock import parse_moment, zone
from retrieval.errors import UsageError
from retrieval.files import disk
from retrieval.model import SourceOptions

_LONGEST = 200
_MOST_PASSAGES = 50
_DAY = 86_400
_LAST_PORT = 65_535
_YEARS = range(1900, 2200)


def home(value: str | None) -> Path | None:
    """`--home`. Raises UsageError."""
    if value is None:
        return None
    if not value.strip():
        raise UsageError("--home is empty", "name the archive's folder")
    return Path(utf8("--home", value))


def utf8(what: str, value: str) -> str:
    """A word of the command line, which may hold any bytes; only UTF-8 can be stored. Raises UsageError."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(
            f"{what} {ascii(value)[:200]} is not UTF-8", "write it in UTF-8, or rename the file"
        ) from None
    return value


def source_options(
    *,
    title: str | None,
    date: str | None,
    timezone: str | None,
    language: str | None,
    url: str | None,
    blog: str | None,
    visibility: str | None,
    sensitive: bool | None,
    embargo_until: str | None,
) -> SourceOptions:
    """What `stet add` was told of its source. Raises UsageError."""
    where = zone(timezone) if timezone is not None else None
    return SourceOptions(
        title=_title(title),
        date=_day(date),
        timezone=timezone,
        language=_matching("--language", language, r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", "a code such as en"),
        url=_matching("--url", url, r"https?://[^\s<>\"|]{1,2000}", "an address such as https://news.example/live"),
        blog=_matching(
            "--blog",
            blog,
            rf"[^/\s\x00-\x1f]{{1,{_LONGEST}}}",
            "an id without slash or space, such as flood-2031",
        ),
        visibility=_visibility(visibility),
        sensitive=sensitive,
        embargo_until=_embargo(embargo_until, where),
    )


def sources(said: SourceOptions, given: list[str]) -> None:
    """See that the sources go with what is said of them: one source is authoritative for a blog, so `--blog` goes
    with one file, and standard input can be read once. Raises UsageError."""
    for one in given:
        if not one:
            raise UsageError("a source is an empty word", "name a file or a folder, or - for standard input")
        utf8("the source", one)
    if said.blog is not None and (len(given) > 1 or _is_folder(given[0])):
        raise UsageError("--blog names one live blog, and several sources are given", "add them one by one")
    if given.count("-") > 1:
        raise UsageError("standard input is named twice", "give - once")


def _is_folder(source: str) -> bool:
    try:
        return source != "-" and Path(source).is_dir()
    except OSError:  # reading it will say what is wrong
        return False


def questions(words: list[str] | None, from_file: str | None) -> list[str]:
    """One question from the words, or one a line of a file. Raises UsageError, DiskError."""
    if from_file is None:
        if not words or not " ".join(words).strip():
            raise UsageError("there is no question", 'ask one: stet ask "What role did taxi drivers play?"')
        return [" ".join(words)]
    if words:
        raise UsageError("questions are given both as words and with --from", "give them in one way")
    return lines_of(from_file)


def quotations(quotes: list[str] | None, from_file: str | None) -> list[str]:
    """The quotations: each word of the command line is one, or each line of a file. Raises UsageError, DiskError."""
    if from_file is None:
        if not quotes:
            raise UsageError("there is no quotation", 'give one: stet check "No one knows the true scale"')
        return [utf8("the quotation", one) for one in quotes]
    if quotes:
        raise UsageError("quotations are given both as words and with --from", "give them in one way")
    return lines_of(from_file)


def speaker(value: str | None) -> str | None:
    """`--speaker`. Raises UsageError."""
    if value is None:
        return None
    name = " ".join(value.split())
    if not 1 <= len(name) <= _LONGEST or not any(map(str.isalpha, name)):
        raise UsageError(f"--speaker is {value[:80]!r}", 'give a name, as in: --speaker "Rosalind Thackwray"')
    return utf8("--speaker", name)


def report_file(value: str | None, draft: Path, home: Path) -> Path | None:
    """`--html`: where the report is to be written; never over the draft, and never into the archive's own folder.

    Raises UsageError."""
    if value is None:
        return None
    path = Path(utf8("--html", value)).expanduser()
    elsewhere = "name another file, such as report.html"
    try:
        if path.is_dir():
            raise UsageError(f"--html names a folder: {value or '.'}", "name a file in it, such as report.html")
        if path.exists() and not path.is_file():
            raise UsageError(f"--html names no regular file: {value}", elsewhere)
        if path.exists() and draft.exists() and path.samefile(draft):
            raise UsageError(f"--html names the draft itself: {value}", elsewhere)
        whole = path.resolve()
        if not whole.parent.is_dir():
            raise UsageError(f"--html: there is no folder {path.parent}", "make it, or name a file elsewhere")
        if whole.is_relative_to(home.resolve()):
            raise UsageError(f"--html names a file in the archive's own folder: {value}", "name a file elsewhere")
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"--html {ascii(value)[:200]} cannot be used: {error}", elsewhere) from None
    return whole


def limit(value: str) -> int:
    """`-k`. Raises UsageError."""
    if not re.fullmatch(r"[0-9]{1,4}", value) or not 1 <= int(value) <= _MOST_PASSAGES:
        raise UsageError(f"-k is {value[:80]!r}", f"give a number from 1 to {_MOST_PASSAGES}")
    return int(value)


def reason(value: str) -> str:
    """`--reason`. Raises UsageError."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value):
        raise UsageError(
            f"--reason is {value[:80]!r}", "give a code of letters, figures and hyphens, such as court-order"
        )
    return value


def one_of(option: str, value: str, choices: Sequence[str]) -> str:
    """A word of a few. Raises UsageError."""
    if value not in choices:
        raise UsageError(f"{option} is {value[:80]!r}", f"say {' or '.join(choices)}")
    return value


def port(value: str) -> int:
    """`--port`. Raises UsageError."""
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > _LAST_PORT:
        raise UsageError(f"--port is {value[:80]!r}", f"give a number from 0 to {_LAST_PORT}; 0 takes a free port")
    return int(value)


def moment(option: str, value: str) -> datetime:
    """A moment `T` that belongs to no live blog: without an offset it is UTC. Raises UsageError."""
    try:
        return parse_moment(value, UTC, option).astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{option} is {value[:80]!r}", "give a year between 1 and 9999") from None


def goes_with(option: str, given: bool, other: str, other_given: bool) -> None:
    """See that an option stands with the one that it needs. Raises UsageError."""
    if given and not other_given:
        raise UsageError(f"{option} says nothing without {other}", f"give {other}, too")


def user() -> str:
    """Who is at the command line; by number where the machine has no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"


def every(value: str) -> float:
    """`--every`, in seconds. Raises UsageError."""
    if not re.fullmatch(r"[0-9]{1,5}(?:\.[0-9]{1,3})?", value) or not 1 <= float(value) <= _DAY:
        raise UsageError(f"--every is {value[:80]!r}", f"give a number of seconds from 1 to {_DAY}")
    return float(value)


def lines_of(source: str) -> list[str]:
    """The lines of a UTF-8 file, or of standard input for `-`: only a line feed ends one.

    Raises UsageError, DiskError."""
    path = Path(utf8("--from", source))
    name = "standard input" if source == "-" else source
    with disk(path):
        try:
            data = _standard_input() if source == "-" else path.read_bytes()
        except FileNotFoundError:
            raise UsageError(f"{source} does not exist", "check the path") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8 at byte {error.start}", "save it as UTF-8") from None
    if not text:
        raise UsageError(f"{name} is empty", "write one a line")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def _standard_input() -> bytes:
    return b"" if sys.stdin is None else sys.stdin.buffer.read()


def _title(value: str | None) -> str | None:
    if value is None:
        return None
    words = " ".join(value.split())
    if not words or len(words) > _LONGEST:
        raise UsageError(f"--title has {len(words)} characters", f"give 1 to {_LONGEST}")
    return utf8("--title", words)


def _day(value: str | None) -> day | None:
    try:
        if value is not None and not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
            raise ValueError(value)
        found = None if value is None else day.fromisoformat(value)
        if found is not None and found.year not in _YEARS:
            raise ValueError(value)
        return found
    except ValueError:
        raise UsageError(f"--date is {value!r}", "write the day like 2014-08-26") from None


def _embargo(value: str | None, where: tzinfo | None) -> datetime | None:
    if value is None:
        return None
    try:
        until = parse_moment(value, where or UTC, "--embargo-until")
        naive = datetime.fromisoformat(value.strip()).utcoffset() is None
        until.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"--embargo-until is {value!r}", "give a year between 1 and 9999") from None
    if naive and where is None:
        raise UsageError(
            f"--embargo-until: {value!r} has no offset", "add it, as in 2014-08-26T17:00+01:00, or give --timezone"
        )
    return until


def _visibility(value: str | None) -> tuple[str, ...] | None:
    if value is None:
        return None
    if value == "public":
        return ()
    channels = tuple(sorted({one.strip() for one in value.split(",")}))
    for channel in channels:
        if not re.fullmatch(r"[CG][A-Z0-9]{2,20}", channel):
            raise UsageError(
                f"--visibility names {channel!r}, which is no channel's id",
                "give public, or ids such as C024BE91L, joined by commas (Slack shows a channel's id in its details)",
            )
    return channels


def _matching(option: str, value: str | None, pattern: str, right: str) -> str | None:
    if value is not None and not re.fullmatch(pattern, value):
        raise UsageError(f"{option} is {value[:80]!r}", f"give {right}")
    return value and utf8(option, value)
