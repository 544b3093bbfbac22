"""Open promises, ready to be shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("turn", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("duty_of", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("warns_us", sa.BigInteger(), nullable=True),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
        sa.Column("broken_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("lead", "policy", "target", "about", "turn"),
    )
    op.create_index("clock_board", "clock", ["owner", "queue", "duty_of", "state", "due_us", "broken_us"], unique=False)
    op.create_table(
        "refold",
        sa.Column("lead", sa.Text(), nullable=False),
        sa.Column("from_us", sa.BigInteger(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("lead"),
    )
    op.create_index(op.f("ix_refold_from_us"), "refold", ["from_us"], unique=False)
    op.create_table(
        "basis",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    op.drop_table("basis")
    op.drop_index(op.f("ix_refold_from_us"), table_name="refold")
    op.drop_table("refold")
    op.drop_index("clock_board", table_name="clock")
    op.drop_table("clock")
