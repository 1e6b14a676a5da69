"""The index of phrases, by which quotations are found."""

from alembic import op

from retrieval import phrase_index

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.execute(phrase_index.CREATE)
    phrase_index.fill(op.get_bind())
