"""Models with their files, labels of analysts, reports of users, campaigns with their members.

New tables only, so nobody waits for anything. Going back drops them: models must be trained or added again, and what
analysts and users said of numbers is forgotten.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG = sa.BigInteger()
TEXT = sa.Text()
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TABLES = ("models", "model_files", "labels", "number_reports", "campaigns", "campaign_members")


def upgrade() -> None:
    kept_models()
    said_by_people()
    found_campaigns()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def kept_models() -> None:
    op.create_table(
        "models",
        column("name", NAME),
        column("version", BIG),
        column("created_ms", BIG),
        *(column(name, NAME) for name in ("algorithm", "schema_hash", "status")),
        column("who", TEXT),
        column("activated_ms", BIG),
        column("activated_by", TEXT),
        column("previous", BIG),
        column("manifest", TEXT),
        sa.PrimaryKeyConstraint("name", "version", name="pk_models"),
    )
    for status in ("production", "shadow"):
        where = sa.text(f"status = '{status}'")
        op.create_index(
            f"ix_models_{status}", "models", ["name"], unique=True, sqlite_where=where, postgresql_where=where
        )
    op.create_table(
        "model_files",
        column("name", NAME),
        column("version", BIG),
        column("file", NAME),
        column("sha256", NAME),
        column("content", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("name", "version", "file", name="pk_model_files"),
    )


def said_by_people() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "labels",
        sa.Column("id", number, primary_key=True, autoincrement=True),
        *(column(name, NAME) for name in ("subject_kind", "subject")),
        column("label", sa.SmallInteger()),
        column("kind", NAME),
        column("who", TEXT),
        column("at_ms", BIG),
        column("source", NAME),
        column("details", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_labels"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_labels_subject", "labels", ["subject", "id"])
    op.create_table(
        "number_reports",
        *(column(name, NAME) for name in ("number", "reporter")),
        column("day", BIG),
        column("category", NAME),
        column("comment", TEXT),
        column("at_ms", BIG),
        sa.PrimaryKeyConstraint("number", "reporter", "day", name="pk_number_reports"),
    )
    op.create_index("ix_number_reports_at_ms", "number_reports", ["at_ms"])


def found_campaigns() -> None:
    op.create_table(
        "campaigns",
        *(column(name, NAME) for name in ("id", "status")),
        *(column(name, BIG) for name in ("first_ms", "last_ms", "updated_ms")),
        column("document", TEXT),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
    )
    op.create_index("ix_campaigns_last_ms", "campaigns", ["last_ms"])
    op.create_table(
        "campaign_members",
        *(column(name, NAME) for name in ("campaign", "kind", "number")),
        sa.PrimaryKeyConstraint("campaign", "kind", "number", name="pk_campaign_members"),
    )
    op.create_index("ix_campaign_members_number", "campaign_members", ["number"])


def column(name: str, kind: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False)
