"""Open calls that were seen lately, whatever account pays for them: what fraud detection may not have logged.

A call is debited for the first time at 10:00:07.3, and the daemon dies at 10:00:07.35, before the log of that tenth of
a second was written. The open call is on disk with the debit, and tells of the call all that the log would have told.

It is asked once a start, and no index helps it: each debit would have to keep that up, to save 60 ms at a start with a
million open calls.
"""

import json

from sqlalchemy import select

from accounts.account import AccountKey
from ratingd.store.database import Database
from ratingd.store.rows import OpenCall
from ratingd.store.tables import open_calls

CALLS_MAX = 1_000_000


def calls_seen_since(database: Database, seen_ns: int) -> list[OpenCall]:
    """Oldest first."""
    c = open_calls.c
    query = select(c.tenant, c.account, c.switch_id, c.call_id, c.last_seen_ns, c.expires_ns, c.fields)
    query = query.where(c.last_seen_ns >= seen_ns).order_by(c.last_seen_ns, c.switch_id, c.call_id).limit(CALLS_MAX)
    with database.read() as connection:
        return [
            OpenCall(
                row.switch_id,
                row.call_id,
                AccountKey(row.tenant, row.account),
                row.last_seen_ns,
                row.expires_ns,
                json.loads(row.fields),
            )
            for row in connection.execute(query)
        ]
