"""The first archive: blogs, sources, entries, versions, vectors, changes."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "blogs",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("url", sa.String),
        sa.Column("timezone", sa.String),
        sa.Column("language", sa.String, nullable=False),
        sa.Column("visibility", sa.String, nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("embargo_until", sa.Integer),
        sa.Column("updated", sa.Integer, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("blog", sa.String, sa.ForeignKey("blogs.id"), nullable=False, unique=True),
        sa.Column("locator", sa.String, nullable=False),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("options", sa.String, nullable=False),
        sa.Column("read", sa.Integer, nullable=False),
    )
    op.create_table(
        "entries",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("blog", sa.String, sa.ForeignKey("blogs.id"), nullable=False),
        sa.Column("id", sa.String, nullable=False),
        sa.Column("own_id", sa.Boolean, nullable=False),
        sa.Column("posted", sa.Integer, nullable=False),
        sa.Column("url", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("current", sa.Integer, nullable=False),
        sa.UniqueConstraint("blog", "id"),
    )
    op.create_index("entries_by_time", "entries", ["blog", "posted"])
    op.create_table(
        "versions",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("entries.key"), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("title", sa.String),
        sa.Column("author", sa.String),
        sa.Column("text", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("raw", sa.String, nullable=False),
        sa.Column("edited", sa.Integer),
        sa.Column("seen", sa.Integer, nullable=False),
        sa.Column("cause", sa.String, nullable=False),
        sa.UniqueConstraint("entry", "number"),
        sa.CheckConstraint("number >= 1", name="numbered_from_one"),
    )
    op.create_table(
        "vectors",
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("vector", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "changes",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("entry", sa.Integer, sa.ForeignKey("entries.key"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
