"""Open promises, told apart by the version of the agreement in which they were made; they are folded anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KEY = ("lead", "policy", "target", "about", "turn")


def upgrade() -> None:
    _make_anew(*KEY, "agreement")


def downgrade() -> None:
    _make_anew(*KEY)


def _make_anew(*key: str) -> None:
    op.drop_index("clock_board", table_name="clock")
    op.drop_table("clock")
    numbers = ("turn", "agreement")
    op.create_table(
        "clock",
        *(
            sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)
            if name in numbers
            else sa.Column(name, sa.Text(), nullable=False)
            for name in key
        ),
        sa.Column("duty_of", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=False),
        sa.Column("warns_us", sa.BigInteger(), nullable=True),
        sa.Column("due_us", sa.BigInteger(), nullable=True),
        sa.Column("broken_us", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint(*key),
    )
    op.create_index("clock_board", "clock", ["owner", "queue", "duty_of", "state", "due_us", "broken_us"], unique=False)
    # Without a basis, whoever asks next folds all leads again.
    op.execute(sa.text("delete from basis"))
