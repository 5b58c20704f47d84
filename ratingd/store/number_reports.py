"""`store.number_reports`: what users say of numbers that called them.

One user who is angry reports a number twenty times in a day: that is one report. Five users on one day are five.
"""

from typing import Any, Final

from sqlalchemy import Row, func, select

from ratingd.store.database import Change, Database, inserting
from ratingd.store.model_rows import NumberReport
from ratingd.store.model_tables import number_reports

c: Final = number_reports.c
KNOWN: Final = "ON CONFLICT (number, reporter, day) DO NOTHING"
INSERT: Final = inserting(number_reports, KNOWN)


class NumberReports:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def add(self, report: NumberReport) -> bool:
        """Whether it counts: False where this reporter has reported this number on this day already."""
        r = report
        row = (r.number, r.reporter, r.day, r.category, r.comment, r.at_ms)
        return self._database.commit([Change(INSERT, [row])]) == [1]

    def of(self, number: str, since_ms: int = 0, limit: int = 1000) -> list[NumberReport]:
        """Those about a number, newest first."""
        query = select(number_reports).where(c.number == number, c.at_ms >= since_ms)
        with self._database.read() as connection:
            return [_report(row) for row in connection.execute(query.order_by(c.at_ms.desc()).limit(limit))]

    def since(self, since_ms: int) -> list[NumberReport]:
        """All since an instant, the oldest first."""
        query = select(number_reports).where(c.at_ms >= since_ms).order_by(c.at_ms, c.number, c.reporter)
        with self._database.read() as connection:
            return [_report(row) for row in connection.execute(query)]

    def reporters(self, number: str, since_ms: int) -> int:
        """By how many different people it was reported since an instant."""
        query = select(func.count(c.reporter.distinct())).where(c.number == number, c.at_ms >= since_ms)
        with self._database.read() as connection:
            return connection.scalar(query) or 0


def _report(row: Row[Any]) -> NumberReport:
    return NumberReport(row.number, row.reporter, row.day, row.category, row.comment, row.at_ms)
