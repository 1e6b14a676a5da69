"""What reaches standard output and standard error: whole lines, and nothing in them that steers a terminal.

Standard library only: it must work when nothing else can be imported.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys

# What json leaves as it is, but a terminal or a reader of lines would act on: DEL, C1, the line separators.
_RAW_IN_JSON = re.compile("[\x7f-\x9f\u2028\u2029]")


class ReaderGone(Exception):
    """Whoever read standard output closed it, as `| head` does. Nothing is left to say to them."""


class OutputLost(Exception):
    """Standard output cannot be written; the message says why."""


def safe(text: str) -> str:
    """Control characters made visible, so that no stored text can steer a terminal: ESC is shown as ␛."""
    return "".join(_visible(character) for character in text)


def _visible(character: str) -> str:
    code = ord(character)
    if character in "\n\t":
        return character
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    return "\N{REPLACEMENT CHARACTER}" if 0x80 <= code < 0xA0 else character


def one_line(text: str) -> str:
    """A message on one line."""
    return safe(" ".join(text.split()))


def json_line(found: object) -> str:
    """JSON on one line, however a reader cuts lines."""
    return _RAW_IN_JSON.sub(lambda match: f"\\u{ord(match[0]):04x}", json.dumps(found, ensure_ascii=False))


def say(text: str) -> None:
    """Print to standard output at once. Raises ReaderGone, OutputLost."""
    if sys.stdout is None:  # closed before we began
        return
    try:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up()
        raise ReaderGone from None
    except OSError as error:
        _give_up()
        raise OutputLost(error.strerror or str(error)) from None


def say_object(found: object) -> None:
    """Print one JSON object on a line. Raises ReaderGone, OutputLost."""
    say(json_line(found))


def _give_up() -> None:
    """Point standard output elsewhere, or the interpreter would try again at its end, and complain."""
    with contextlib.suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def warn(line: str) -> None:
    """Print one line to standard error, if anyone reads it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(f"stet: {one_line(line)}\n")
        sys.stderr.flush()
