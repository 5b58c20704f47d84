"""What models said of a call is in its record, with the versions that said it.

A column that may be NULL is added without touching a row, so nobody waits for it. Going back drops it, and what models
said of calls is forgotten; SQLite writes the table again then, 0.1 s for two hundred thousand of them.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("call_records", sa.Column("scored", sa.Integer()))


def downgrade() -> None:
    op.drop_column("call_records", "scored")
