"""What every part of the ledger has: the file and its transactions."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from retrieval.database import mapped


class LedgerPart:
    """Some tables of the ledger. Safe to use from several threads; everything raises StoreError, DiskError."""

    def __init__(self, path: Path, engine: Engine, turn: threading.Lock) -> None:
        """`turn` is whose turn it is to write, of all threads: waiting for SQLite's own lock is done in naps, which
        grow to a tenth of a second."""
        self.path = path
        self._engine, self._turn = engine, turn

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._turn, mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with mapped(self.path), self._engine.begin() as connection:
            yield connection
