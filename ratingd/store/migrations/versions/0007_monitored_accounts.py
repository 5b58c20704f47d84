"""Which accounts are watched by monitors on scores or traffic metrics, so that a start need not read all of them.

An account is entered when it is given such a monitor, and taken out with the last one. Those that have one already are
found by their documents: every account is read once, 1 s for a hundred thousand of them, while nobody else writes.
Going back drops the table; monitors stay with their accounts.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TYPES = ("*min_score", "*max_score", "*min_counter", "*max_counter")


def upgrade() -> None:
    op.create_table(
        "monitored_accounts",
        sa.Column("tenant", NAME, nullable=False),
        sa.Column("shard", sa.SmallInteger(), nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", name="pk_monitored_accounts"),
    )
    accounts = sa.table("accounts", *(sa.column(name) for name in ("tenant", "shard", "account", "document")))
    watched = sa.or_(*(accounts.c.document.like(f'%"{type}"%') for type in TYPES))
    op.get_bind().execute(
        sa.insert(
            sa.table("monitored_accounts", *(sa.column(name) for name in ("tenant", "shard", "account")))
        ).from_select(
            ["tenant", "shard", "account"],
            sa.select(accounts.c.tenant, accounts.c.shard, accounts.c.account).where(watched),
        )
    )


def downgrade() -> None:
    op.drop_table("monitored_accounts")
