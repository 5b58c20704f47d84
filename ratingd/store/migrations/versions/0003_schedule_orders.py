"""What operators order of the scheduler, what they pause, and how far a run has come.

A replay that is asked of one daemon is run by the one that holds the lock, so it is a row; a pause holds over restarts,
so it is one too. Runs under way get the figures of their progress. Locks `schedules`, a row for each entry and time
zone, for the moment of adding columns. Going back forgets pauses and open orders; what has run stays known.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
OPEN = sa.text("ended_ns IS NULL")


def upgrade() -> None:
    for name in ("begun_ns", "ran_ns", "owed_ns"):
        op.add_column("schedules", sa.Column(name, BIG))
    for name in ("accounts", "members", "refused"):
        op.add_column("schedules", sa.Column(name, BIG, nullable=False, server_default="0"))
    op.create_table(
        "schedule_pauses",
        column("plan_id", NAME),
        column("entry", NAME),
        column("since_ns", BIG),
        sa.PrimaryKeyConstraint("plan_id", "entry", name="pk_schedule_pauses"),
    )
    op.create_table(
        "schedule_orders",
        column("id", NAME),
        column("idempotency_key", NAME),
        column("fingerprint", sa.LargeBinary()),
        column("kind", NAME),
        column("plan_id", NAME),
        column("entry", NAME),
        column("tenant", NAME),
        column("account", NAME),
        column("start_ns", BIG),
        column("end_ns", BIG),
        column("make_up", sa.Boolean()),
        column("ordered_ns", BIG),
        sa.Column("begun_ns", BIG),
        sa.Column("ended_ns", BIG),
        column("accounts", BIG),
        column("members", BIG),
        column("refused", BIG),
        column("place", sa.Text()),
        column("error", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_schedule_orders"),
        sa.UniqueConstraint("idempotency_key", name="uq_schedule_orders_idempotency_key"),
    )
    op.create_index("ix_schedule_orders_ordered_ns", "schedule_orders", ["ordered_ns"])
    op.create_index(
        "ix_schedule_orders_open", "schedule_orders", ["ordered_ns"], sqlite_where=OPEN, postgresql_where=OPEN
    )


def downgrade() -> None:
    op.drop_table("schedule_orders")
    op.drop_table("schedule_pauses")
    for name in ("refused", "members", "accounts", "owed_ns", "ran_ns", "begun_ns"):
        op.drop_column("schedules", name)


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
