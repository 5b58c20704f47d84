"""Reading accounts: those a batch needs, each with its open calls, in one statement that answers with one row.

Two hundred debits of a store with a million accounts meet a hundred accounts that are not at hand. The driver of SQLite
gives up the interpreter's lock for each row it fetches and has to get it back afterwards; while another thread commits
it waits, a hundred times. So the rows come as two texts: a JSON array of what is short, with the length of each
document, and all documents one after the other. PostgreSQL answers in the same form, in one trip where accounts and
calls were two, and of one instant.
"""

import json
from collections.abc import Sequence
from typing import Final

from accounts.account import AccountKey
from ratingd.store.database import Bulk, Row
from ratingd.store.faults import DataRefused
from ratingd.store.rows import AccountRow, OpenCall

CALL: Final = "c.switch_id, c.call_id, c.last_seen_ns, c.expires_ns, c.fields"
ITS_CALLS: Final = "FROM open_calls AS c WHERE c.tenant = t.tenant AND c.shard = t.shard AND c.account = t.account"
THE_ACCOUNT: Final = "accounts AS t ON t.tenant = n.tenant AND t.shard = n.shard AND t.account = n.account"

FIND_ACCOUNTS: Final = Bulk(
    sqlite=f"""
        SELECT json_group_array(json_array(n.place, t.version, length(t.document),
            json((SELECT json_group_array(json_array({CALL})) {ITS_CALLS})))), group_concat(t.document, '')
        FROM (SELECT key AS place, json_extract(value, '$[0]') AS tenant, json_extract(value, '$[1]') AS shard,
            json_extract(value, '$[2]') AS account FROM json_each(?)) AS n CROSS JOIN {THE_ACCOUNT}""",
    postgres=f"""
        SELECT json_agg(json_build_array(n.place - 1, t.version, length(t.document),
            (SELECT json_agg(json_build_array({CALL})) {ITS_CALLS})))::text, string_agg(t.document, '')
        FROM UNNEST(%s::text[], %s::int2[], %s::text[]) WITH ORDINALITY AS n(tenant, shard, account, place)
            JOIN {THE_ACCOUNT}""",
)


def accounts_found(keys: Sequence[AccountKey], answer: Sequence[Row]) -> dict[AccountKey, AccountRow]:
    """The accounts that were found, of the keys that were looked for, in their order."""
    ((found, documents),) = answer
    rows: dict[AccountKey, AccountRow] = {}
    begin = 0
    for place, version, length, calls in json.loads(found or "[]"):
        key, document = keys[place], None
        if length is not None:
            document = documents[begin : begin + length]
            begin += length
        rows[key] = AccountRow(key, version, document, open_calls(key, calls) if calls else ())
    if begin != len(documents or ""):  # SQLite measures a text to its first NUL, and none of ours has one
        raise DataRefused(f"one of the documents of {len(rows)} accounts has a NUL in it: {', '.join(map(str, rows))}")
    return rows


def open_calls(key: AccountKey, calls: Sequence[Sequence[str | int]]) -> tuple[OpenCall, ...]:
    return tuple(
        OpenCall(str(switch), str(call), key, int(seen), int(expires), json.loads(str(fields)))
        for switch, call, seen, expires, fields in calls
    )
