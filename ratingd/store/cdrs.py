"""Call records: what an account's calls came to, and what a `*cdrlog` wrote down of a set of actions.

A plan tops up account 1001 by 10.00 and logs it. In the transaction of the top-up one record is stored: run `*topup`,
source `*cdrlog`, cost 10. If the daemon dies between the commit and its answer, the caller asks again with the same
key, gets the first answer, and there is still one record, as there is one top-up.

A tenant has one record of each call id and run id. A second one that comes under the same ids is left out and counted
as `cdr.exists`, for a record must never undo what was booked; templates that write the same OriginID at every run come
to this.

A cost is stored as whole units and the 1e-9 above them (-0.5 is -1 and 500,000,000): a top-up of 10 GB is more bytes
than a 64-bit integer has room for in 1e-9 of one, and both databases can still compare and add it up exactly.
"""

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row as Selected
from sqlalchemy import select, tuple_

from accounts.account import AccountKey
from ratingd import observe
from ratingd.store.database import Change, Database, Row, inserting
from ratingd.store.rows import CdrRow, shard_of
from ratingd.store.tables import cdrs

c: Final = cdrs.c
NANO: Final = 1_000_000_000
INSERT: Final = inserting(cdrs, "ON CONFLICT (tenant, cgr_id, run_id) DO NOTHING")

Place = tuple[int, str, str]


class Cdrs:
    def __init__(self, database: Database) -> None:
        self._database: Final = database

    def get(self, tenant: str, cgr_id: str, run_id: str | None = None) -> list[CdrRow]:
        """The records of one call, of all runs or of one, in the order of their run ids."""
        query = select(cdrs).where(c.tenant == tenant, c.cgr_id == cgr_id).order_by(c.run_id)
        if run_id is not None:
            query = query.where(c.run_id == run_id)
        with self._database.read() as connection:
            return [cdr(row) for row in connection.execute(query).all()]

    def page(self, key: AccountKey, limit: int = 100, before: CdrRow | None = None) -> list[CdrRow]:
        """Records of an account, newest first; those that come after `before`, the last of the page before."""
        query = (
            select(cdrs)
            .where(c.tenant == key.tenant, c.shard == shard_of(key), c.account == key.account)
            .order_by(c.created_ns.desc(), c.cgr_id.desc(), c.run_id.desc())
            .limit(limit)
        )
        if before is not None:
            query = query.where(tuple_(c.created_ns, c.cgr_id, c.run_id) < place(before))
        with self._database.read() as connection:
            return [cdr(row) for row in connection.execute(query).all()]


def change(records: Sequence[CdrRow]) -> Change:
    """Store records as part of a transaction; those of a call and run that has one already are left out."""
    return Change(INSERT, [_row(record) for record in records])


def tell_left_out(records: int) -> None:
    if records:
        observe.event("cdr.exists", records=records)


def place(record: CdrRow) -> Place:
    return (record.created_ns, record.cgr_id, record.run_id)


def cdr(row: Selected[Any]) -> CdrRow:
    return CdrRow(
        key=AccountKey(row.tenant, row.account),
        cgr_id=row.cgr_id,
        run_id=row.run_id,
        created_ns=row.created_ns,
        origin_id=row.origin_id,
        origin_host=row.origin_host,
        source=row.source,
        tor=row.tor,
        request_type=row.request_type,
        category=row.category,
        subject=row.subject,
        destination=row.destination,
        setup_ns=row.setup_ns,
        answer_ns=row.answer_ns,
        usage=row.usage,
        cost=None if row.cost_units is None else row.cost_units * NANO + row.cost_nanos,
        cost_source=row.cost_source,
        cost_details=row.cost_details,
        pre_rated=row.pre_rated,
        partial=row.partial,
        extra_fields=json.loads(row.extra_fields),
        extra_info=row.extra_info,
    )


def _row(record: CdrRow) -> Row:
    units, nanos = (None, None) if record.cost is None else divmod(record.cost, NANO)
    return (
        record.key.tenant, shard_of(record.key), record.key.account, record.cgr_id, record.run_id, record.created_ns,
        record.origin_id, record.origin_host, record.source, record.tor, record.request_type, record.category,
        record.subject, record.destination, record.setup_ns, record.answer_ns, record.usage, units, nanos,
        record.cost_source, record.cost_details, record.pre_rated, record.partial,
        json.dumps(dict(record.extra_fields)), record.extra_info,
    )  # fmt: skip
