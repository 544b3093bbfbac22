"""Which plan a write belongs to, and when something that was refused is tried again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("intent", sa.Column("plan", sa.Text(), nullable=False, server_default=""))
    op.create_index("intent_plan", "intent", ["plan"])
    op.add_column("quarantine", sa.Column("stamp", sa.Text(), nullable=False, server_default=""))
    op.add_column("quarantine", sa.Column("tries", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("quarantine", sa.Column("tried_us", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for name in ("tried_us", "tries", "stamp"):
        op.drop_column("quarantine", name)
    op.drop_index("intent_plan", "intent")
    op.drop_column("intent", "plan")
