"""Orders that accounts are given by fraud detection, until they are done.

An order is stored with the decision that led to it, and done by the account's lane later. After a crash in between the
order is still open: it is given again under its id, which is the key of the lane's command, so it is done once.
"""

from typing import Any, Final

from sqlalchemy import Row, select, text

from ratingd.store.database import Database
from ratingd.store.fraud_rows import OrderRow
from ratingd.store.tables import fraud_orders

o: Final = fraud_orders.c
OPEN: Final = text("NOT done")  # as the partial index says it, or it would not be seen


class Orders:
    _database: Database

    def orders_open(self, limit: int = 1000) -> list[OrderRow]:
        """What is still to be done, oldest first."""
        query = select(fraud_orders).where(OPEN).order_by(o.created_ms, o.id).limit(limit)
        with self._database.read() as connection:
            return [_order(row) for row in connection.execute(query)]

    def order(self, id: str) -> OrderRow | None:
        with self._database.read() as connection:
            row = connection.execute(select(fraud_orders).where(o.id == id)).one_or_none()
        return None if row is None else _order(row)

    def orders(self, *, before: OrderRow | None = None, limit: int = 100) -> list[OrderRow]:
        """All, newest first; the next page comes `before` the last of the former."""
        query = select(fraud_orders).order_by(o.created_ms.desc(), o.id.desc()).limit(limit)
        if before is not None:
            query = query.where(
                (o.created_ms < before.created_ms) | ((o.created_ms == before.created_ms) & (o.id < before.id))
            )
        with self._database.read() as connection:
            return [_order(row) for row in connection.execute(query)]


def _order(row: Row[Any]) -> OrderRow:
    return OrderRow(**row._mapping)
