"""Accounts, operations, open calls, the outbox, cursors, tariff versions and schedules.

The first schema. It locks nothing, for there is nothing yet. Going back drops every table, and all data with them.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

BIG = sa.BigInteger()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "accounts",
        *account_columns(),
        column("version", BIG),
        column("document", sa.Text(), nullable=True),
        column("disabled", sa.Boolean()),
        column("next_due_ns", BIG, nullable=True),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", name="pk_accounts"),
        postgresql_with={"fillfactor": "70"},
    )
    index("ix_accounts_next_due_ns", "accounts", ["next_due_ns"], "next_due_ns IS NOT NULL")
    op.create_table(
        "plan_members",
        *account_columns(),
        column("plan_id", NAME),
        column("time_zone", NAME),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", "plan_id", name="pk_plan_members"),
    )
    index("ix_plan_members_plan_id", "plan_members", ["plan_id", "time_zone", "tenant", "account"])
    op.create_table(
        "operations",
        *account_columns(),
        column("version", BIG),
        column("operation_id", NAME),
        column("kind", sa.Text()),
        column("at_ns", BIG),
        column("idempotency_key", NAME, nullable=True),
        column("fingerprint", sa.LargeBinary()),
        column("tariff_version", BIG),
        column("changes", sa.Text()),
        column("charge", sa.Text(), nullable=True),
        column("refunds", NAME, nullable=True),
        column("reply_code", sa.SmallInteger()),
        column("reply", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", "operation_id", name="pk_operations"),
        sa.UniqueConstraint(
            *("tenant", "shard", "account", "idempotency_key"),
            name="uq_operations_tenant_shard_account_idempotency_key",
        ),
    )
    index("ix_operations_refunds", "operations", ["tenant", "shard", "account", "refunds"], "refunds IS NOT NULL")
    index("ix_operations_at_ns", "operations", ["at_ns"])
    op.create_table(
        "open_calls",
        *account_columns(),
        column("switch_id", NAME),
        column("call_id", NAME),
        column("last_seen_ns", BIG),
        column("expires_ns", BIG),
        column("fields", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", "switch_id", "call_id", name="pk_open_calls"),
    )
    index("ix_open_calls_expires_ns", "open_calls", ["expires_ns"])
    op.create_table(
        "outbox",
        *account_columns(),
        column("id", NAME),
        column("version", BIG),
        column("place", BIG),
        column("receiver", NAME),
        column("kind", sa.Text()),
        column("target", sa.Text()),
        column("body", sa.Text()),
        column("created_ns", BIG),
        column("attempts", BIG),
        column("due_ns", BIG),
        column("leased_until_ns", BIG),
        column("state", NAME),
        column("last_error", sa.Text()),
        sa.PrimaryKeyConstraint("tenant", "shard", "account", "id", name="pk_outbox"),
    )
    index("ix_outbox_id", "outbox", ["id"])
    index("ix_outbox_created_ns", "outbox", ["created_ns"])
    index("ix_outbox_due_ns", "outbox", ["due_ns"], "state = 'waiting'")
    index(
        "ix_outbox_order",
        "outbox",
        ["tenant", "shard", "account", "receiver", "version", "created_ns", "place"],
        "state = 'waiting'",
    )
    op.create_table(
        "cursors",
        column("name", NAME),
        column("value", sa.Text()),
        sa.PrimaryKeyConstraint("name", name="pk_cursors"),
    )
    op.create_table(
        "tariff_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True),
        column("image", sa.LargeBinary()),
        column("source_fingerprint", sa.Text()),
        column("effective_at_ns", BIG, nullable=True),
        column("loaded_ns", BIG),
        column("loaded_by", sa.Text()),
        column("moves_calls", sa.Boolean()),
        sa.PrimaryKeyConstraint("id", name="pk_tariff_versions"),
    )
    op.create_table(
        "schedules",
        column("entry", NAME),
        column("time_zone", NAME),
        column("done_ns", BIG),
        column("running_ns", BIG, nullable=True),
        column("after_tenant", NAME),
        column("after_account", NAME),
        sa.PrimaryKeyConstraint("entry", "time_zone", name="pk_schedules"),
    )
    op.execute(LEDGER[op.get_bind().dialect.name])


def downgrade() -> None:
    op.execute("DROP VIEW ledger")
    for table in (
        *("schedules", "tariff_versions", "cursors", "outbox", "open_calls", "operations", "plan_members", "accounts"),
    ):
        op.drop_table(table)


LEDGER = {
    "sqlite": """
        CREATE VIEW ledger AS
        SELECT o.tenant, o.shard, o.account, o.version, o.operation_id, o.at_ns, o.kind, c.key AS place,
            json_extract(c.value, '$[1]') AS balance_uuid,
            json_extract(c.value, '$[2]') AS delta,
            json_extract(c.value, '$[3]') AS after
        FROM operations AS o, json_each(o.changes) AS c
        WHERE json_extract(c.value, '$[0]') = 'value'
    """,
    "postgresql": """
        CREATE VIEW ledger AS
        SELECT o.tenant, o.shard, o.account, o.version, o.operation_id, o.at_ns, o.kind, c.place - 1 AS place,
            c.value ->> 1 AS balance_uuid,
            (c.value ->> 2)::numeric AS delta,
            (c.value ->> 3)::numeric AS after
        FROM operations AS o, json_array_elements(o.changes::json) WITH ORDINALITY AS c(value, place)
        WHERE c.value ->> 0 = 'value'
    """,
}


def column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def account_columns() -> list[sa.Column[Any]]:
    return [column("tenant", NAME), column("shard", sa.SmallInteger()), column("account", NAME)]


def index(name: str, table: str, columns: list[str], where: str | None = None) -> None:
    condition = None if where is None else sa.text(where)
    op.create_index(name, table, columns, sqlite_where=condition, postgresql_where=condition)
