"""The words of every version and title, in order: SQLite's full-text index, in the archive's own file.

It is written in the transaction that writes a version, so it never lags behind, and holds superseded versions too.
What it holds are words as `folding.search_words` gives them; where that changes, a migration has to fill it anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from retrieval.folding import search_words, tokens

CREATE = "CREATE VIRTUAL TABLE phrases USING fts5(text, title, content='', tokenize='ascii')"
"""SQLite's FTS5, without a copy of the words themselves."""

_KEEP = text("INSERT INTO phrases(rowid, text, title) VALUES (:key, :text, :title)")
_FORGET = text("INSERT INTO phrases(phrases, rowid, text, title) VALUES ('delete', :key, :text, :title)")
_REWRITE = text("INSERT INTO phrases(phrases) VALUES ('optimize')")


Held = tuple[int, str | None, str]
"""A version: its key, title and text."""


def keep(connection: Connection, versions: Sequence[Held]) -> None:
    """Take in at least one version, within the caller's transaction."""
    connection.execute(_KEEP, [_row(*one) for one in versions])


def forget(connection: Connection, erased: Sequence[Held]) -> None:
    """Erase versions from the index, within the caller's transaction: it is rewritten, since an erased row leaves its
    words behind until then."""
    for key, title, words in erased:
        connection.execute(_FORGET, _row(key, title, words))
    connection.execute(_REWRITE)


def fill(connection: Connection) -> None:
    """Take in every version of an archive that has no such index yet."""
    rows = connection.execute(text("SELECT key, title, text FROM versions ORDER BY key"))
    for key, title, words in rows:
        if title or words:
            keep(connection, [(key, title, words)])


def phrase(words: Sequence[str]) -> str:
    """What FTS5 is asked for words in a row; they are letters and digits alone."""
    return f'"{" ".join(words)}"'


def _row(key: int, title: str | None, words: str) -> dict[str, object]:
    return {"key": key, "text": _searched(words), "title": _searched(title or "")}


def _searched(words: str) -> str:
    return " ".join(search_words(tokens(words)))
