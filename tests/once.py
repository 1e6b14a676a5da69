"""What costs the same in every test, made once in a process: a production process makes each of these once, too.

A suite that opens hundreds of archives and runs hundreds of commands in one process would else spend much of its time
on SQL that was compiled before and on a parser that was built before. Nothing here changes what any of them does.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import typer.main
from sqlalchemy import Engine, create_engine
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from retrieval import database


@contextmanager
def made_once() -> Iterator[None]:
    """From entering to leaving, engines share the statements that they compiled, and the command line's parser is
    kept."""
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
        yield
