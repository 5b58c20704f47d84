"""Call records as they are asked for: of a call, of a number, and all of them for whoever trains on them.

"Whom did +37190012345 call this week?" is read backwards from the newest, a hundred at a time: the next page begins
`before_id`, the id of the last record of the page before.
"""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select

from ratingd.store.database import Database
from ratingd.store.fraud_record_columns import call_key, number_key, numbers_of_words, record
from ratingd.store.fraud_rows import StoredRecord
from ratingd.store.fraud_words import Words
from ratingd.store.tables import call_records
from triggers.calls.call_record import CallRecord

r: Final = call_records.c
PAGE: Final = 500


class CallRecords:
    _database: Database
    _words: Words

    def record(self, call_id: str) -> CallRecord | None:
        found = self._read(select(call_records).where(r.call_key == call_key(call_id)))
        return found[0].record if found and found[0].record.call_id == call_id else None

    def records_of(self, call_ids: Sequence[str]) -> list[CallRecord]:
        """Those of these calls that have one, in no order."""
        wanted, found = set(call_ids), list[StoredRecord]()
        keys = [call_key(call_id) for call_id in call_ids]
        for first in range(0, len(keys), PAGE):
            found += self._read(select(call_records).where(r.call_key.in_(keys[first : first + PAGE])))
        return [each.record for each in found if each.record.call_id in wanted]

    def records(
        self,
        *,
        number: str = "",
        a: str = "",
        b: str = "",
        since_ms: int = 0,
        until_ms: int = 0,
        before_id: int = 0,
        limit: int = 100,
    ) -> list[StoredRecord]:
        """Records, newest first: those of a number on either side (`number`), of a caller, of a called one, or all.

        They began in [since_ms, until_ms); 0 is no bound. Where no number is given, records are read back until `limit`
        of them are found.
        """
        query = select(call_records).order_by(r.id.desc()).limit(limit)
        query = query.where(*(_of(column, text) for column, text in ((r.a, a), (r.b, b)) if text))
        if since_ms:
            query = query.where(r.start_ms >= since_ms)
        if until_ms:
            query = query.where(r.start_ms < until_ms)
        if before_id:
            query = query.where(r.id < before_id)
        return self._of_either(query, number, limit) if number else self._read(query)

    def _of_either(self, query: Select[Any], number: str, limit: int) -> list[StoredRecord]:
        """Each side has an index that is in the order of ids; both at once would have to be sorted."""
        found = self._read(query.where(_of(r.a, number))) + self._read(query.where(_of(r.b, number)))
        by_id = {each.id: each for each in found}
        return [by_id[id] for id in sorted(by_id, reverse=True)][:limit]

    def records_after(self, after_id: int = 0, limit: int = 1000) -> list[StoredRecord]:
        """All records, in the order in which the calls were first stored."""
        return self._read(select(call_records).where(r.id > after_id).order_by(r.id).limit(limit))

    def _read(self, query: Select[Any]) -> list[StoredRecord]:
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        words = self._words.texts({number for row in rows for number in numbers_of_words(row)})
        return [StoredRecord(row.id, record(row, words)) for row in rows]


def _of(column: ColumnElement[int], number: str) -> ColumnElement[bool]:
    return column == number_key(number)
