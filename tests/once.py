"""What costs the same in every test, made once in a process: a production process makes each of these once, too.

A suite that opens hundreds of archives, starts hundreds of bots and runs hundreds of commands in one process would
else spend a third of its time on SQL that was compiled before, on a parser that was built before, and on a search
through all loaded modules for the name of an app. Nothing here changes what any of them does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partialmethod
from typing import Any

import pytest
import typer.main
from slack_bolt import App
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from retrieval import database


@contextmanager
def made_once() -> Iterator[None]:
    """From entering to leaving, engines share the statements that they compiled, the command line's parser is kept,
    and a Bolt app is told its name (without one it inspects the whole stack, some 60 ms under pytest)."""
    compiled: dict[Any, Any] = {}

    def sharing(*given: Any, **named: Any) -> Engine:
        engine = create_engine(*given, **named)
        engine.update_execution_options(compiled_cache=compiled)
        return engine

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "create_engine", sharing)
        # the cache is keyed by dialect, too, and each engine has its own of the one SQLite
        patch.setattr(SQLiteDialect_pysqlite, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(SQLiteDialect_pysqlite, "__hash__", lambda one: hash(type(one)))
        patch.setattr(typer.main, "get_command", functools.cache(typer.main.get_command))
        patch.setattr(App, "__init__", partialmethod(App.__init__, name="stet"))
        yield
