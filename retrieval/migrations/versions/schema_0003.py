"""Holds, tombstones, the passages of every version, and what a web server said of a source."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("blogs", sa.Column("held_until", sa.Integer))
    op.add_column("sources", sa.Column("etag", sa.String))
    op.add_column("sources", sa.Column("last_modified", sa.String))
    op.add_column("entries", sa.Column("held_until", sa.Integer))
    op.create_table(
        "passages",
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, sa.ForeignKey("versions.key"), primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("passages_by_version", "passages", ["version"])
    op.create_index("passages_by_digest", "passages", ["digest"])
    op.create_table(
        "tombstones",
        sa.Column("key", sa.Integer, primary_key=True),
        sa.Column("entry", sa.Integer, sa.ForeignKey("entries.key"), nullable=False),
        sa.Column("version", sa.Integer),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("at", sa.Integer, nullable=False),
        sa.Column("erased", sa.Integer),
    )
    op.create_table(
        "tombstone_marks",
        sa.Column("tombstone", sa.Integer, sa.ForeignKey("tombstones.key"), primary_key=True),
        sa.Column("mark", sa.LargeBinary, primary_key=True),
        sqlite_with_rowid=False,
    )
    op.create_index("tombstones_by_mark", "tombstone_marks", ["mark"])
