"""What fraud detection keeps: call events, call records, incidents with their calls, alerts, lists, orders, audits.

New tables only, so nobody waits for anything. Going back drops them: what was detected is forgotten, and with the vault
the numbers behind the pseudonyms. What was posted or charged stays.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

BIG = sa.BigInteger()
SMALL = sa.SmallInteger()
TEXT = sa.Text()
BYTES = sa.LargeBinary()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = (
    *("call_events", "call_records", "call_words", "incidents", "incident_aliases", "flagged_calls", "fraud_alerts"),
    *("number_lists", "fraud_orders", "fraud_audits", "fraud_rules", "vault"),
)


def upgrade() -> None:
    calls()
    masking()
    alerts()
    kept_by_hand()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def calls() -> None:
    numbered(
        "call_events",
        *(column(name, BIG) for name in ("received_ms", "first_ms", "last_ms", "events")),
        column("source", TEXT),
        column("content", BYTES),
    )
    op.create_index("ix_call_events_received_ms", "call_events", ["received_ms"])
    numbered(
        "call_records",
        column("call_key", BIG),
        column("call_id", BYTES),
        column("a", BIG),
        column("b", BIG),
        sa.Column("account", TEXT),
        *(sa.Column(name, SMALL) for name in ("place", "origin", "target")),
        column("start_ms", BIG),
        *(sa.Column(name, BIG) for name in ("ring_after", "answer_after", "end_after")),
        column("outcome", SMALL),
        *(sa.Column(name, SMALL) for name in ("probability", "risk")),
        sa.Column("more", TEXT),
    )
    op.create_index("ix_call_records_call_key", "call_records", ["call_key"], unique=True)
    op.create_index("ix_call_records_a", "call_records", ["a"])
    op.create_index("ix_call_records_b", "call_records", ["b"])
    op.create_table(
        "call_words",
        number(),
        column("word", NAME),
        sa.PrimaryKeyConstraint("id", name="pk_call_words"),
        sa.UniqueConstraint("word", name="uq_call_words_word"),
    )


def masking() -> None:
    op.create_table(
        "incidents",
        *(column(name, NAME) for name in ("id", "b_number", "severity")),
        *(column(name, BIG) for name in ("opened_ms", "last_ms", "max_distinct", "updated_ms")),
        column("document", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
    )
    op.create_index("ix_incidents_opened_ms", "incidents", ["opened_ms", "id"])
    op.create_index("ix_incidents_last_ms", "incidents", ["last_ms"])
    op.create_index("ix_incidents_b_number", "incidents", ["b_number", "opened_ms"])
    op.create_table(
        "incident_aliases",
        column("former_id", NAME),
        column("id", NAME),
        sa.PrimaryKeyConstraint("former_id", name="pk_incident_aliases"),
    )
    op.create_index("ix_incident_aliases_id", "incident_aliases", ["id"])
    op.create_table(
        "flagged_calls",
        column("call_id", NAME),
        column("incident_id", NAME),
        column("at_ms", BIG),
        column("a_number", NAME),
        column("switch_id", TEXT),
        column("trunk", TEXT),
        column("result", NAME),
        column("reason", NAME),
        sa.Column("b_number", NAME),
        sa.PrimaryKeyConstraint("call_id", name="pk_flagged_calls"),
    )
    op.create_index("ix_flagged_calls_incident_id", "flagged_calls", ["incident_id", "at_ms", "call_id"])
    op.create_index("ix_flagged_calls_at_ms", "flagged_calls", ["at_ms", "call_id"])


def alerts() -> None:
    numbered(
        "fraud_alerts",
        *(column(name, NAME) for name in ("uuid", "severity", "status", "detector", "fraud_type")),
        *(column(name, NAME) for name in ("subject_kind", "subject", "incident_id", "dedup_key")),
        column("created_ms", BIG),
        column("last_ms", BIG),
        column("document", TEXT),
        sa.UniqueConstraint("uuid", name="uq_fraud_alerts_uuid"),
    )
    op.create_index("ix_fraud_alerts_subject", "fraud_alerts", ["subject", "id"])
    op.create_index("ix_fraud_alerts_incident_id", "fraud_alerts", ["incident_id"])
    op.create_index("ix_fraud_alerts_dedup_key", "fraud_alerts", ["dedup_key", "id"])
    op.create_index("ix_fraud_alerts_created_ms", "fraud_alerts", ["created_ms", "id"])
    op.create_index("ix_fraud_alerts_last_ms", "fraud_alerts", ["last_ms"])
    partial("ix_fraud_alerts_open", "fraud_alerts", ["status", "id"], "status IN ('new', 'acked')")
    op.create_table(
        "fraud_orders",
        *(column(name, NAME) for name in ("id", "tenant", "account", "actions_id")),
        column("document", TEXT),
        column("created_ms", BIG),
        column("done", sa.Boolean()),
        column("result", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_fraud_orders"),
    )
    op.create_index("ix_fraud_orders_created_ms", "fraud_orders", ["created_ms", "id"])
    partial("ix_fraud_orders_open", "fraud_orders", ["created_ms", "id"], "NOT done")


def kept_by_hand() -> None:
    op.create_table(
        "number_lists",
        *(column(name, NAME) for name in ("list", "kind", "value")),
        column("reason", TEXT),
        column("who", TEXT),
        *(column(name, BIG) for name in ("created_ms", "expires_ms", "threshold", "window_ms")),
        sa.PrimaryKeyConstraint("list", "kind", "value", name="pk_number_lists"),
    )
    numbered(
        "fraud_audits",
        column("at_ms", BIG),
        *(column(name, NAME) for name in ("who", "what", "subject")),
        column("details", TEXT),
    )
    op.create_index("ix_fraud_audits_subject", "fraud_audits", ["subject", "id"])
    numbered("fraud_rules", column("rules", TEXT), column("who", TEXT), column("set_ms", BIG))
    op.create_table(
        "vault",
        column("pseudonym", NAME),
        column("sealed", BYTES),
        column("seen_ms", BIG),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_vault"),
    )
    op.create_index("ix_vault_seen_ms", "vault", ["seen_ms"])


def numbered(table: str, *columns: Any) -> None:
    """Numbers rise, also when all rows are gone."""
    primary = sa.PrimaryKeyConstraint("id", name=f"pk_{table}")
    op.create_table(table, number(), *columns, primary, sqlite_autoincrement=True)


def number() -> sa.Column[Any]:
    return sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True)


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)


def partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)
