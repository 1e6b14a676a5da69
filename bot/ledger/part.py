"""What every part of the ledger has: the file and its transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine

from retrieval.database import mapped


class LedgerPart:
    """Some tables of the ledger. Safe to use from several threads; everything raises StoreError, DiskError."""

    def __init__(self, path: Path, engine: Engine) -> None:
        self.path = path
        self._engine = engine

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with mapped(self.path), self._engine.execution_options(write=True).begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with mapped(self.path), self._engine.begin() as connection:
            yield connection
