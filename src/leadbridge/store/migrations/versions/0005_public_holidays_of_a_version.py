"""The public holidays of a version of the agreement, as they were when it was first used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("agreement", sa.Column("holidays", sa.Text(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("agreement", "holidays")
