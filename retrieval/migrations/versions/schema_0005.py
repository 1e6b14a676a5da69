"""Passages are sentences, encoded by the stretch, with their tokens: what was kept of windows is made anew."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.drop_table("vectors")
    op.drop_table("passages")
    op.create_table(
        "passages",
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("version", sa.Integer, sa.ForeignKey("versions.key"), primary_key=True),
        sa.Column("start", sa.Integer, primary_key=True),
        sa.Column("end", sa.Integer, nullable=False),
        sa.Column("stretch", sa.Integer, nullable=False),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("passages_by_version", "passages", ["version"])
    op.create_index("passages_by_digest", "passages", ["digest"])
    op.create_table(
        "encodings",
        sa.Column("model", sa.String, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("vectors", sa.LargeBinary, nullable=False),
        sa.Column("tokens", sa.LargeBinary, nullable=False),
        sa.Column("owners", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
