"""Several workers: leases, claims with fences, shared tokens, handles to recognise records by, full sweeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_OPEN = "state in ('pending', 'inflight', 'unknown')"


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _open(columns: list[str]) -> None:
    op.drop_index("intent_open", "intent")
    op.create_index("intent_open", "intent", columns, sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN))


def upgrade() -> None:
    op.add_column("intent", sa.Column("owner", sa.Text(), nullable=False, server_default=""))
    op.add_column("intent", sa.Column("until_us", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("intent", sa.Column("fence", sa.BigInteger(), nullable=False, server_default="0"))
    _open(["connection", "kind", "action", "sequence", "key"])
    op.add_column("observation", sa.Column("swept", sa.Integer(), nullable=False, server_default="0"))
    op.create_table(
        "lease",
        *_text("name", "owner"),
        sa.Column("fence", sa.BigInteger(), nullable=False),
        sa.Column("until_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table("secret", *_text("key", "value"), sa.PrimaryKeyConstraint("key"))
    op.create_table(
        "handle",
        *_text("connection", "kind", "id", "digest"),
        sa.PrimaryKeyConstraint("connection", "kind", "id", "digest"),
    )
    op.create_index("handle_digest", "handle", ["digest"])
    op.create_table(
        "sweep",
        *_text("connection", "kind"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("cursor", sa.Text()),
        sa.Column("finished_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("connection", "kind"),
    )


def downgrade() -> None:
    for name in ("sweep", "handle", "secret", "lease"):
        op.drop_table(name)
    op.drop_column("observation", "swept")
    _open(["connection", "state"])
    for name in ("fence", "until_us", "owner"):
        op.drop_column("intent", name)
