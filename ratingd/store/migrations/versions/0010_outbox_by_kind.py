"""What waits in the outbox is found by its kind: thousands of disconnects that no switch asks for hold up no alert.

Whoever delivers alerts, mails or exports looked at every entry that waited, of whatever kind, each time. The index is
made while nobody writes to the table. Going back makes the former one again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

WAITING = sa.text("state = 'waiting'")


def upgrade() -> None:
    op.drop_index("ix_outbox_due_ns", "outbox")
    index("ix_outbox_kind_due_ns", ["kind", "due_ns"])


def downgrade() -> None:
    op.drop_index("ix_outbox_kind_due_ns", "outbox")
    index("ix_outbox_due_ns", ["due_ns"])


def index(name: str, columns: list[str]) -> None:
    op.create_index(name, "outbox", columns, sqlite_where=WAITING, postgresql_where=WAITING)
