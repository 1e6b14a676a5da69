"""Keep the offset that each entry's time was printed with.

Entries of before have none: their time is shown in their blog's zone, as it was.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("entries", sa.Column("utc_offset", sa.Integer))
