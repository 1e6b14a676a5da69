"""The tables of the archive of record, and how a database file is known to be ours.

`SCHEMA` is the number of the last migration in `migrations/versions`; SQLite's `user_version` holds it, and
`application_id` says whose file it is. A test proves that migrating up to here gives these very tables.
"""

from __future__ import annotations

from sqlalchemy import (
    DDL,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
)

from retrieval import phrase_index

APPLICATION_ID = 0x53544554  # "STET"
SCHEMA = 6

HELD_FOREVER = 2**62
"""`held_until` where a hold ends by a release alone."""

metadata = MetaData()

blogs = Table(
    "blogs",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("url", String),
    Column("timezone", String),
    Column("language", String, nullable=False),
    Column("visibility", String, nullable=False),  # channel ids joined by commas; empty: public
    Column("sensitive", Boolean, nullable=False),
    Column("embargo_until", Integer),  # microseconds since 1970, UTC, as all times here
    Column("held_until", Integer),  # the whole blog is held back until then; HELD_FOREVER until released
    Column("updated", Integer, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("blog", String, ForeignKey("blogs.id"), nullable=False, unique=True),
    Column("locator", String, nullable=False),
    Column("format", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("options", String, nullable=False),  # JSON: what the admin said when adding it
    Column("read", Integer, nullable=False),
    Column("etag", String),  # what a web server said of it, to be asked whether it changed since
    Column("last_modified", String),
)

entries = Table(
    "entries",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("blog", String, ForeignKey("blogs.id"), nullable=False),
    Column("id", String, nullable=False),
    Column("own_id", Boolean, nullable=False),  # the id is the source's own, not made from the minute
    Column("posted", Integer, nullable=False),
    Column("utc_offset", Integer),  # seconds, as the source printed the time
    Column("url", String),
    Column("status", String, nullable=False),
    Column("current", Integer, nullable=False),  # the number of the wording published last
    Column("held_until", Integer),
    UniqueConstraint("blog", "id"),
)
Index("entries_by_time", entries.c.blog, entries.c.posted)
Index("entries_by_posted", entries.c.posted)
Index("entries_held", entries.c.held_until, sqlite_where=entries.c.held_until.is_not(None))

versions = Table(
    "versions",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("entry", Integer, ForeignKey("entries.key"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("title", String),
    Column("author", String),
    Column("text", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("raw", String, nullable=False),
    Column("edited", Integer),
    Column("seen", Integer, nullable=False),
    Column("cause", String, nullable=False),
    UniqueConstraint("entry", "number"),
    CheckConstraint("number >= 1", name="numbered_from_one"),
)

passages = Table(
    "passages",
    metadata,
    Column("model", String, primary_key=True),  # the fingerprint: its tokens decide how a text is cut
    Column("version", Integer, ForeignKey("versions.key"), primary_key=True),
    Column("start", Integer, primary_key=True),
    Column("end", Integer, nullable=False),
    Column("stretch", Integer, nullable=False),  # where the stretch begins that it is encoded in
    Column("digest", LargeBinary, nullable=False),  # of all that was encoded of that stretch
    sqlite_with_rowid=False,
)
Index("passages_by_version", passages.c.version)
Index("passages_by_digest", passages.c.digest)

encodings = Table(
    "encodings",
    metadata,
    Column("model", String, primary_key=True),  # the model's fingerprint
    Column("digest", LargeBinary, primary_key=True),  # of all that was encoded
    Column("vectors", LargeBinary, nullable=False),  # its passages', float32, little endian
    Column("tokens", LargeBinary, nullable=False),  # its tokens', a byte a number
    Column("owners", LargeBinary, nullable=False),  # each token's passage, int32, little endian; -1: the title
    sqlite_with_rowid=False,
)

changes = Table(
    "changes",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("at", Integer, nullable=False),
    Column("entry", Integer, ForeignKey("entries.key"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", String, nullable=False),
    sqlite_autoincrement=True,
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("key", Integer, primary_key=True),
    Column("entry", Integer, ForeignKey("entries.key"), nullable=False),
    Column("version", Integer),  # the number of the one version that was taken down; null: the whole entry
    Column("reason", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Integer, nullable=False),
    Column("erased", Integer),  # when the last byte was gone; null: not yet
)

tombstone_marks = Table(
    "tombstone_marks",
    metadata,
    Column("tombstone", Integer, ForeignKey("tombstones.key"), primary_key=True),
    Column("mark", LargeBinary, primary_key=True),  # keyed (HMAC): of the entry's id, markup and text
    sqlite_with_rowid=False,
)
Index("tombstones_by_mark", tombstone_marks.c.mark)

# SQLAlchemy knows no virtual tables
event.listen(metadata, "after_create", DDL(phrase_index.CREATE))  # type: ignore[no-untyped-call]
