"""The tables, for Alembic to compare with the migrations and for queries that are not in a hurry.

Each table of account data leads with (tenant, shard), so that it can be distributed by shard; `ratingd.store.rows`
says what the columns mean. Documents are JSON in text columns: the database never looks inside, but for the `ledger`
view, and both databases store text alike.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# Names are compared byte by byte on both databases: the same order everywhere, and no index depends on a locale.
NAME: Final = Text().with_variant(Text(collation="C"), "postgresql")

metadata: Final = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(column_0_N_label)s",
    }
)


def account_columns() -> tuple[Column[str], Column[int], Column[str]]:
    return (
        Column("tenant", NAME, nullable=False),
        Column("shard", SmallInteger, nullable=False),
        Column("account", NAME, nullable=False),
    )


def partial(condition: str) -> dict[str, Any]:
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}


accounts: Final = Table(
    "accounts",
    metadata,
    *account_columns(),
    Column("version", BigInteger, nullable=False),
    Column("document", Text),
    Column("disabled", Boolean, nullable=False),
    Column("next_due_ns", BigInteger),
    PrimaryKeyConstraint("tenant", "shard", "account"),
    Index("ix_accounts_tenant_account", "tenant", "account"),
    Index("ix_accounts_next_due_ns", "next_due_ns", **partial("next_due_ns IS NOT NULL")),
)

plan_members: Final = Table(
    "plan_members",
    metadata,
    *account_columns(),
    Column("plan_id", NAME, nullable=False),
    Column("time_zone", NAME, nullable=False),
    PrimaryKeyConstraint("tenant", "shard", "account", "plan_id"),
    Index("ix_plan_members_plan_id", "plan_id", "time_zone", "tenant", "account"),
)

operations: Final = Table(
    "operations",
    metadata,
    *account_columns(),
    Column("version", BigInteger, nullable=False),
    Column("operation_id", NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at_ns", BigInteger, nullable=False),
    Column("idempotency_key", NAME),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("tariff_version", BigInteger, nullable=False),
    Column("changes", Text, nullable=False),
    Column("charge", Text),
    Column("refunds", NAME),
    Column("reply_code", SmallInteger, nullable=False),
    Column("reply", LargeBinary),
    PrimaryKeyConstraint("operation_id", "tenant", "shard", "account"),  # rises with time: see migration 0004
    UniqueConstraint("tenant", "shard", "account", "idempotency_key"),
    Index("ix_operations_refunds", "tenant", "shard", "account", "refunds", **partial("refunds IS NOT NULL")),
)

open_calls: Final = Table(
    "open_calls",
    metadata,
    *account_columns(),
    Column("switch_id", NAME, nullable=False),
    Column("call_id", NAME, nullable=False),
    Column("last_seen_ns", BigInteger, nullable=False),
    Column("expires_ns", BigInteger, nullable=False),
    Column("fields", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "shard", "account", "switch_id", "call_id"),
    Index("ix_open_calls_expires_ns", "expires_ns"),
)

outbox: Final = Table(
    "outbox",
    metadata,
    *account_columns(),
    Column("id", NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("receiver", NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("attempts", BigInteger, nullable=False),
    Column("due_ns", BigInteger, nullable=False),
    Column("leased_until_ns", BigInteger, nullable=False),
    Column("state", NAME, nullable=False),
    Column("last_error", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "shard", "account", "id"),
    Index("ix_outbox_id", "id"),
    Index("ix_outbox_created_ns", "created_ns"),
    Index("ix_outbox_due_ns", "due_ns", **partial("state = 'waiting'")),
    Index(
        "ix_outbox_order",
        *("tenant", "shard", "account", "receiver", "version", "created_ns", "place"),
        **partial("state = 'waiting'"),
    ),
)

# A call has one record of each run, whichever account pays it, so the shard is no part of the key: on a distributed
# database this table goes by tenant.
cdrs: Final = Table(
    "cdrs",
    metadata,
    *account_columns(),
    Column("cgr_id", NAME, nullable=False),
    Column("run_id", NAME, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("origin_id", NAME, nullable=False),
    Column("origin_host", NAME, nullable=False),
    Column("source", Text, nullable=False),
    Column("tor", Text, nullable=False),
    Column("request_type", Text, nullable=False),
    Column("category", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("destination", Text, nullable=False),
    Column("setup_ns", BigInteger),
    Column("answer_ns", BigInteger),
    Column("usage", BigInteger, nullable=False),
    Column("cost_units", BigInteger),
    Column("cost_nanos", BigInteger),
    Column("cost_source", Text, nullable=False),
    Column("cost_details", Text),
    Column("pre_rated", Boolean, nullable=False),
    Column("partial", Boolean, nullable=False),
    Column("extra_fields", Text, nullable=False),
    Column("extra_info", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "cgr_id", "run_id"),
    Index("ix_cdrs_account", "tenant", "shard", "account", "created_ns", "cgr_id", "run_id"),
    Index("ix_cdrs_created_ns", "created_ns"),
)

cursors: Final = Table(
    "cursors",
    metadata,
    Column("name", NAME, nullable=False),
    Column("value", Text, nullable=False),
    PrimaryKeyConstraint("name"),
)

tariff_versions: Final = Table(
    "tariff_versions",
    metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("image", LargeBinary, nullable=False),
    Column("source_fingerprint", Text, nullable=False),
    Column("effective_at_ns", BigInteger),
    Column("loaded_ns", BigInteger, nullable=False),
    Column("loaded_by", Text, nullable=False),
    Column("moves_calls", Boolean, nullable=False),
)

schedules: Final = Table(
    "schedules",
    metadata,
    Column("entry", NAME, nullable=False),
    Column("time_zone", NAME, nullable=False),
    Column("done_ns", BigInteger, nullable=False),
    Column("running_ns", BigInteger),
    Column("after_tenant", NAME, nullable=False),
    Column("after_account", NAME, nullable=False),
    Column("begun_ns", BigInteger),
    Column("accounts", BigInteger, nullable=False, server_default="0"),
    Column("members", BigInteger, nullable=False, server_default="0"),
    Column("refused", BigInteger, nullable=False, server_default="0"),
    Column("ran_ns", BigInteger),
    Column("owed_ns", BigInteger),
    PrimaryKeyConstraint("entry", "time_zone"),
)

schedule_pauses: Final = Table(
    "schedule_pauses",
    metadata,
    Column("plan_id", NAME, nullable=False),
    Column("entry", NAME, nullable=False),
    Column("since_ns", BigInteger, nullable=False),
    PrimaryKeyConstraint("plan_id", "entry"),
)

schedule_orders: Final = Table(
    "schedule_orders",
    metadata,
    Column("id", NAME, nullable=False),
    Column("idempotency_key", NAME, nullable=False),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("plan_id", NAME, nullable=False),
    Column("entry", NAME, nullable=False),
    Column("tenant", NAME, nullable=False),
    Column("account", NAME, nullable=False),
    Column("start_ns", BigInteger, nullable=False),
    Column("end_ns", BigInteger, nullable=False),
    Column("make_up", Boolean, nullable=False),
    Column("ordered_ns", BigInteger, nullable=False),
    Column("begun_ns", BigInteger),
    Column("ended_ns", BigInteger),
    Column("accounts", BigInteger, nullable=False),
    Column("members", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("place", Text, nullable=False),
    Column("error", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    UniqueConstraint("idempotency_key"),
    Index("ix_schedule_orders_ordered_ns", "ordered_ns"),
    Index("ix_schedule_orders_open", "ordered_ns", **partial("ended_ns IS NULL")),
)
