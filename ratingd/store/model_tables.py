"""The tables of models, of what people said of numbers and calls, and of campaigns.

They are part of `ratingd.store.tables.metadata`; `ratingd.store.model_rows` says what the columns mean. A model's files
lie in the store as well: every daemon on the database can load what one of them was given, and a backup holds it.
"""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)

from ratingd.store.tables import NAME, metadata, number_column, partial

models: Final = Table(
    "models",
    metadata,
    Column("name", NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("algorithm", NAME, nullable=False),
    Column("schema_hash", NAME, nullable=False),
    Column("status", NAME, nullable=False),
    Column("who", Text, nullable=False),
    Column("activated_ms", BigInteger, nullable=False),
    Column("activated_by", Text, nullable=False),
    Column("previous", BigInteger, nullable=False),
    Column("manifest", Text, nullable=False),
    PrimaryKeyConstraint("name", "version"),
    Index("ix_models_production", "name", unique=True, **partial("status = 'production'")),
    Index("ix_models_shadow", "name", unique=True, **partial("status = 'shadow'")),
)

model_files: Final = Table(
    "model_files",
    metadata,
    Column("name", NAME, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("file", NAME, nullable=False),
    Column("sha256", NAME, nullable=False),
    Column("content", LargeBinary, nullable=False),
    PrimaryKeyConstraint("name", "version", "file"),
)

labels: Final = Table(
    "labels",
    metadata,
    number_column(),
    Column("subject_kind", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("label", SmallInteger, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("who", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("source", NAME, nullable=False),
    Column("details", Text, nullable=False),
    Index("ix_labels_subject", "subject", "id"),
    sqlite_autoincrement=True,
)

number_reports: Final = Table(
    "number_reports",
    metadata,
    Column("number", NAME, nullable=False),
    Column("reporter", NAME, nullable=False),
    Column("day", BigInteger, nullable=False),
    Column("category", NAME, nullable=False),
    Column("comment", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("number", "reporter", "day"),
    Index("ix_number_reports_at_ms", "at_ms"),
)

campaigns: Final = Table(
    "campaigns",
    metadata,
    Column("id", NAME, nullable=False),
    Column("status", NAME, nullable=False),
    Column("first_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("updated_ms", BigInteger, nullable=False),
    Column("document", Text, nullable=False),
    PrimaryKeyConstraint("id"),
    Index("ix_campaigns_last_ms", "last_ms"),
)

campaign_members: Final = Table(
    "campaign_members",
    metadata,
    Column("campaign", NAME, nullable=False),
    Column("kind", NAME, nullable=False),
    Column("number", NAME, nullable=False),
    PrimaryKeyConstraint("campaign", "kind", "number"),
    Index("ix_campaign_members_number", "number"),
)
