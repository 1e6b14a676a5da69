"""Indexes for what every question asks: what is held back, and the first and last entry of many blogs together."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_index("entries_by_posted", "entries", ["posted"])
    op.create_index("entries_held", "entries", ["held_until"], sqlite_where=sa.text("held_until IS NOT NULL"))
