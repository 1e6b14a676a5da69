"""What was received and posted, what people said of it, and what admins set, in a database of its own beside the
archive's. No question's text and no wording of an entry is kept in it, but where a setting says so."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from bot.ledger.calls import Calls
from bot.ledger.channels import Channels
from bot.ledger.inbox import Inbox, Taking
from bot.ledger.learning import Learning
from bot.ledger.messages import WITHDRAWN, Gone, Messages, Receipt, receipt
from bot.ledger.part import LedgerPart
from bot.ledger.tables import APPLICATION_ID, LEDGER_FILE, SCHEMA, UPGRADES, marks, metadata
from retrieval import database
from retrieval.files import disk

__all__ = ["LEDGER_FILE", "WITHDRAWN", "Ledger", "Receipt", "Taking", "receipt", "withdrawn_beside"]

_LOG_SECONDS = 5
_CURSOR, _RULE = "cursor", "rule "


class Ledger(LedgerPart):
    """One SQLite file in its parts. Safe to use from several threads."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, database.engine_for(path), threading.Lock())
        shared = path, self._engine, self._turn
        self.inbox = Inbox(*shared)
        self.messages = Messages(*shared)
        self.learning = Learning(*shared)
        self.channels = Channels(*shared)
        self.calls = Calls(*shared)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open, make or upgrade the ledger. Raises StoreError, DiskError."""
        with disk(path):
            exists = path.exists()
        found = database.check(path, APPLICATION_ID, SCHEMA) if exists else 0
        if not found:
            database.create(path, metadata, APPLICATION_ID, SCHEMA)
        ledger = cls(path)
        if 0 < found < SCHEMA:
            ledger._upgrade()
        return ledger

    def _upgrade(self) -> None:
        """Bring an older ledger up to this schema, in one transaction: whoever comes second finds it done."""
        with self._writing() as connection:
            for number in range(_schema(connection), SCHEMA):
                for statement in UPGRADES[number]:
                    connection.exec_driver_sql(statement)
            metadata.create_all(connection)
            connection.exec_driver_sql("UPDATE alembic_version SET version_num=?", (f"{SCHEMA:04}",))
            connection.exec_driver_sql(f"PRAGMA user_version={SCHEMA}")

    def close(self) -> None:
        """Let the database go."""
        self._engine.dispose()

    # ------------------------------------------------------------ the archive's feed of changes

    def cursor(self) -> int | None:
        """The last change of the archive that was looked at; None where none ever was."""
        with self._reading() as connection:
            return connection.execute(select(marks.c.value).where(marks.c.name == _CURSOR)).scalar()

    def move_cursor(self, number: int) -> None:
        """Everything up to this change was looked at."""
        with self._writing() as connection:
            connection.execute(
                upsert(marks)
                .values(name=_CURSOR, value=number)
                .on_conflict_do_update(index_elements=["name"], set_={"value": number})
            )

    def rules(self) -> dict[str, int]:
        """What decided who may see each blog when it was looked at last, as numbers."""
        query = select(marks).where(marks.c.name.startswith(_RULE, autoescape=True))
        with self._reading() as connection:
            return {row.name.removeprefix(_RULE): row.value for row in connection.execute(query)}

    def keep_rules(self, rules: Mapping[str, int]) -> None:
        """Keep these in place of all others."""
        with self._writing() as connection:
            connection.execute(delete(marks).where(marks.c.name.startswith(_RULE, autoescape=True)))
            if rules:
                rows = [{"name": f"{_RULE}{blog}", "value": rule} for blog, rule in rules.items()]
                connection.execute(insert(marks), rows)

    # ------------------------------------------------------------ forgetting

    def withdraw(self, gone: Gone) -> int:
        """Withdraw the receipts of what was taken down; see `Messages.withdraw`."""
        return self.messages.withdraw(gone)

    def forget(self, user: str) -> int:
        """Forget one person everywhere, so that no byte of it is left; how many rows named them."""
        count = self.inbox.forget(user) + self.messages.forget(user) + self.channels.forget(user)
        count += self.learning.forget(user) + self.calls.forget(user)
        self.empty_log()
        return count

    def expire(self, *, users_before: datetime, texts_before: datetime) -> None:
        """Forget people and texts of before these moments."""
        self.learning.expire(users_before=users_before, texts_before=texts_before)
        self.messages.expire_askers(users_before)
        self.calls.expire(users_before)

    def empty_log(self) -> bool:
        """Write the log into the file, so that nothing stands there that was erased; whether that was done."""
        return database.empty_log(self.path, _LOG_SECONDS)


def _schema(connection: Connection) -> int:
    number: int = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
    return number


def withdrawn_beside(home: Path, gone: Gone) -> bool:
    """Withdraw from the ledger in an archive's folder what was taken down; whether no byte of it is left there.
    Raises StetError."""
    path = home / LEDGER_FILE
    with disk(path):
        if not path.exists():
            return True
    with contextlib.closing(Ledger.open(path)) as ledger:
        ledger.withdraw(gone)
        return ledger.empty_log()
