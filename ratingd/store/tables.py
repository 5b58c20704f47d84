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

# Accounts that monitors on scores or traffic metrics watch; fraud detection looks at their calls.
monitored_accounts: Final = Table(
    "monitored_accounts",
    metadata,
    *account_columns(),
    PrimaryKeyConstraint("tenant", "shard", "account"),
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
    Index("ix_outbox_kind_due_ns", "kind", "due_ns", **partial("state = 'waiting'")),
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

# What fraud detection keeps. Times are milliseconds since the epoch; `ratingd.store.fraud_rows` says what columns mean.


def number_column() -> Column[int]:
    """Given by the database; it rises, also when all rows are gone."""
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


call_events: Final = Table(
    "call_events",
    metadata,
    number_column(),
    Column("received_ms", BigInteger, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("source", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
    Index("ix_call_events_received_ms", "received_ms"),
    sqlite_autoincrement=True,
)

# One row a call, in as few bytes as possible: `ratingd.store.fraud_record_columns` says how.
call_records: Final = Table(
    "call_records",
    metadata,
    number_column(),
    Column("call_key", BigInteger, nullable=False),
    Column("call_id", LargeBinary, nullable=False),
    Column("a", BigInteger, nullable=False),
    Column("b", BigInteger, nullable=False),
    Column("account", Text),
    Column("place", SmallInteger),
    Column("origin", SmallInteger),
    Column("target", SmallInteger),
    Column("start_ms", BigInteger, nullable=False),
    Column("ring_after", BigInteger),
    Column("answer_after", BigInteger),
    Column("end_after", BigInteger),
    Column("outcome", SmallInteger, nullable=False),
    Column("probability", SmallInteger),
    Column("risk", SmallInteger),
    Column("more", Text),
    Column("scored", Integer),
    Index("ix_call_records_call_key", "call_key", unique=True),
    Index("ix_call_records_a", "a"),
    Index("ix_call_records_b", "b"),
    sqlite_autoincrement=True,
)

# Texts that many call records share, such as the trunk, under a number that fits two bytes.
call_words: Final = Table(
    "call_words",
    metadata,
    number_column(),
    Column("word", NAME, nullable=False),
    UniqueConstraint("word"),
)

incidents: Final = Table(
    "incidents",
    metadata,
    Column("id", NAME, nullable=False),
    Column("b_number", NAME, nullable=False),
    Column("severity", NAME, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("max_distinct", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    Index("ix_incidents_opened_ms", "opened_ms", "id"),
    Index("ix_incidents_last_ms", "last_ms"),
    Index("ix_incidents_b_number", "b_number", "opened_ms"),
)

incident_aliases: Final = Table(
    "incident_aliases",
    metadata,
    Column("former_id", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    PrimaryKeyConstraint("former_id"),
    Index("ix_incident_aliases_id", "id"),
)

flagged_calls: Final = Table(
    "flagged_calls",
    metadata,
    Column("call_id", NAME, nullable=False),
    Column("incident_id", NAME, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("a_number", NAME, nullable=False),
    Column("switch_id", Text, nullable=False),
    Column("trunk", Text, nullable=False),
    Column("result", NAME, nullable=False),
    Column("reason", NAME, nullable=False),
    Column("b_number", NAME),
    PrimaryKeyConstraint("call_id"),
    Index("ix_flagged_calls_incident_id", "incident_id", "at_ms", "call_id"),
    Index("ix_flagged_calls_at_ms", "at_ms", "call_id"),
    Index("ix_flagged_calls_a_number", "a_number", "at_ms"),
)

fraud_alerts: Final = Table(
    "fraud_alerts",
    metadata,
    number_column(),
    Column("uuid", NAME, nullable=False),
    Column("severity", NAME, nullable=False),
    Column("status", NAME, nullable=False),
    Column("detector", NAME, nullable=False),
    Column("fraud_type", NAME, nullable=False),
    Column("subject_kind", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("incident_id", NAME, nullable=False),
    Column("dedup_key", NAME, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    UniqueConstraint("uuid"),
    Index("ix_fraud_alerts_subject", "subject", "id"),
    Index("ix_fraud_alerts_incident_id", "incident_id"),
    Index("ix_fraud_alerts_dedup_key", "dedup_key", "id"),
    Index("ix_fraud_alerts_created_ms", "created_ms", "id"),
    Index("ix_fraud_alerts_last_ms", "last_ms"),
    Index("ix_fraud_alerts_open", "status", "id", **partial("status IN ('new', 'acked')")),
    sqlite_autoincrement=True,
)

number_lists: Final = Table(
    "number_lists",
    metadata,
    Column("list", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("value", NAME, nullable=False),
    Column("reason", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("threshold", BigInteger, nullable=False),
    Column("window_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("list", "kind", "value"),
)

fraud_orders: Final = Table(
    "fraud_orders",
    metadata,
    Column("id", NAME, nullable=False),
    Column("tenant", NAME, nullable=False),
    Column("account", NAME, nullable=False),
    Column("actions_id", NAME, nullable=False),
    Column("document", Text, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("done", Boolean, nullable=False),
    Column("result", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    Index("ix_fraud_orders_created_ms", "created_ms", "id"),
    Index("ix_fraud_orders_open", "created_ms", "id", **partial("NOT done")),
)

fraud_audits: Final = Table(
    "fraud_audits",
    metadata,
    number_column(),
    Column("at_ms", BigInteger, nullable=False),
    Column("who", NAME, nullable=False),
    Column("what", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("details", Text, nullable=False),
    Index("ix_fraud_audits_subject", "subject", "id"),
    sqlite_autoincrement=True,
)

fraud_rules: Final = Table(
    "fraud_rules",
    metadata,
    number_column(),
    Column("rules", Text, nullable=False),
    Column("who", Text, nullable=False),
    Column("set_ms", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)

vault: Final = Table(
    "vault",
    metadata,
    Column("pseudonym", NAME, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("pseudonym"),
    Index("ix_vault_seen_ms", "seen_ms"),
)
