"""Call records, so that a `*cdrlog` has somewhere to write.

A table of its own: it locks nothing and copies nothing, however large the others are. Going back drops it, and the
records with it.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG = sa.BigInteger()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "cdrs",
        column("tenant", NAME),
        column("shard", sa.SmallInteger()),
        column("account", NAME),
        column("cgr_id", NAME),
        column("run_id", NAME),
        column("created_ns", BIG),
        column("origin_id", NAME),
        column("origin_host", NAME),
        column("source", sa.Text()),
        column("tor", sa.Text()),
        column("request_type", sa.Text()),
        column("category", sa.Text()),
        column("subject", sa.Text()),
        column("destination", sa.Text()),
        column("setup_ns", BIG, nullable=True),
        column("answer_ns", BIG, nullable=True),
        column("usage", BIG),
        column("cost_units", BIG, nullable=True),
        column("cost_nanos", BIG, nullable=True),
        column("cost_source", sa.Text()),
        column("cost_details", sa.Text(), nullable=True),
        column("pre_rated", sa.Boolean()),
        column("partial", sa.Boolean()),
        column("extra_fields", sa.Text()),
        column("extra_info", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "cgr_id", "run_id", name="pk_cdrs"),
    )
    op.create_index("ix_cdrs_account", "cdrs", ["tenant", "shard", "account", "created_ns", "cgr_id", "run_id"])
    op.create_index("ix_cdrs_created_ns", "cdrs", ["created_ns"])


def downgrade() -> None:
    op.drop_table("cdrs")


def column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)
