"""The outermost edge of the command line: every error becomes one line on standard error and an exit status."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NoReturn

import typer

from bot import output

_OBJECTS = 50_000
"""New objects after which unreachable ones are looked for. Imports make hundreds of thousands of lasting ones: at
Python's own 700, looking through them takes a tenth of a short command's time."""
DONE, NOT_PASSED, WRONG, INTERRUPTED = 0, 1, 2, 130
_STOPPED = "stopped; what was stored is kept, and the same command goes on from there"


def main(app: typer.Typer) -> NoReturn:
    """Run a command and end the process with its status."""
    gc.set_threshold(_OBJECTS)
    try:
        status = run(app)
    except KeyboardInterrupt:  # a second one, while the first was being told
        status = INTERRUPTED
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is done; only the process has still to end
    _end(status)


def _end(status: int) -> NoReturn:
    """End the process without the interpreter's own end: that takes a tenth of a second, and would let the signal
    kill it where a Ctrl-C came in the middle of an `exec`; dataclasses are made by one. All that a command opens, it
    closes itself."""
    logging.shutdown()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    os._exit(status)


def run(app: typer.Typer) -> int:
    """Run the command that `sys.argv` names and return its exit status. Nothing is raised."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        from bot.own import foreign_package

        if stranger := foreign_package():
            return _complain(stranger)
        with _noticing_ctrl_c() as noticed:
            return _run(app, noticed)
    except KeyboardInterrupt:
        return _complain(_STOPPED, INTERRUPTED)


@contextlib.contextmanager
def _noticing_ctrl_c() -> Iterator[list[int]]:
    """Whether Ctrl-C came: within the import of a library in C it may come out as an error of that library's."""
    noticed: list[int] = []

    def notice(number: int, _: object) -> NoReturn:
        noticed.append(number)
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler or threading.current_thread() is not threading.main_thread():
        yield noticed
        return
    signal.signal(signal.SIGINT, notice)
    try:
        yield noticed
    finally:
        if signal.getsignal(signal.SIGINT) is notice:
            signal.signal(signal.SIGINT, before)


def _run(app: typer.Typer, noticed: Sequence[int]) -> int:
    from retrieval.errors import StetError

    try:
        result = app(prog_name="stet", standalone_mode=False)
        # typer maps Ctrl-C to this result, and `typer.Exit` to its own
        return _complain(_STOPPED, INTERRUPTED) if result == INTERRUPTED else int(result or DONE)
    except StetError as error:
        return _complain(_STOPPED, INTERRUPTED) if noticed else _complain(str(error))
    except typer.Abort:
        return _complain(_STOPPED, INTERRUPTED)
    except (output.ReaderGone, SystemExit):  # typer's own exit is for a closed pipe, too
        return DONE
    except output.OutputLost as error:
        return _complain(f"standard output cannot be written: {error}")
    except Exception as error:
        if noticed:
            return _complain(_STOPPED, INTERRUPTED)
        if usage := _usage_line(error):
            return _complain(usage)
        logging.getLogger(__name__).debug("unexpected", exc_info=True)
        return _complain(
            f"an error of Stet's own: {type(error).__name__}: {error}; "
            "please report it with what STET_LOG_LEVEL=DEBUG prints"
        )


def _usage_line(error: Exception) -> str | None:
    """What click says of wrong options, on one line; None where it is no such error."""
    said = getattr(error, "format_message", None)
    if said is None:
        return None
    context = getattr(error, "ctx", None)
    where = f"; see `{context.command_path} --help`" if context else "; see `stet --help`"
    return " ".join(str(said()).split()).rstrip(".") + where


def _complain(line: str, status: int = WRONG) -> int:
    output.warn(line)
    return status
