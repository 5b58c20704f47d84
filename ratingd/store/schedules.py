"""How far the runs of action plans have come, for each plan entry and time zone.

An instant is run for the accounts of the plan in their order, a chunk at a time, and after each chunk the place is
stored: whoever goes on after a crash repeats at most one chunk, and repeating an effect does nothing, for its
idempotency key is taken.
"""

from typing import Any, Final

from sqlalchemy import Row, delete, select

from accounts.account import AccountKey
from ratingd.store.database import Database, inserting
from ratingd.store.rows import ScheduleRow
from ratingd.store.tables import schedules

t: Final = schedules.c
UPSERT: Final = inserting(
    schedules,
    "ON CONFLICT (entry, time_zone) DO UPDATE SET done_ns = excluded.done_ns, running_ns = excluded.running_ns,"
    " after_tenant = excluded.after_tenant, after_account = excluded.after_account",
)


class Schedules:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def get(self, entry: str, time_zone: str) -> ScheduleRow | None:
        query = select(schedules).where(t.entry == entry, t.time_zone == time_zone)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else schedule(row)

    def rows(self) -> list[ScheduleRow]:
        with self._database.read() as connection:
            return [schedule(row) for row in connection.execute(select(schedules).order_by(t.entry, t.time_zone)).all()]

    def save(self, row: ScheduleRow) -> None:
        values = (row.entry, row.time_zone, row.done_ns, row.running_ns, row.after.tenant, row.after.account)
        with self._database.write() as connection:
            self._database.run(connection, UPSERT, [values])

    def forget(self, entry: str, time_zone: str) -> None:
        gone = delete(schedules).where(t.entry == entry, t.time_zone == time_zone)
        with self._database.write() as connection:
            connection.execute(gone)


def schedule(row: Row[Any]) -> ScheduleRow:
    after = AccountKey(row.after_tenant, row.after_account)
    return ScheduleRow(row.entry, row.time_zone, row.done_ns, row.running_ns, after)
