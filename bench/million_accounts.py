"""A million accounts in a store in half a minute, where importing them would take ten.

Every account of the sample is like every other, so the first one's row is written again under each number, and its
membership in the plan with it. The journal has no operations of these accounts: nobody refunds what was never charged.
"""

import sqlite3
from typing import Final

from accounts.account import AccountKey
from bench.sample import TENANT, Sample
from ratingd.store.rows import shard_of

TABLES: Final = ("accounts", "plan_members")
PREFIX: Final = "sqlite:///"
WANTED: Final = {"shard": "named.shard", "account": "named.account"}


def fill(url: str, sample: Sample, accounts: int) -> None:
    """Write accounts into a SQLite store that has those of the sample; ValueError for another database."""
    if not url.startswith(PREFIX):
        raise ValueError(f"accounts are written into SQLite only, not into {url}")
    connection = sqlite3.connect(url.removeprefix(PREFIX), isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = off")  # it is thrown away when anything fails
        connection.execute("PRAGMA cache_size = -262144")
        connection.execute("BEGIN")
        connection.execute("CREATE TEMPORARY TABLE named (shard INTEGER, account TEXT)")
        connection.executemany("INSERT INTO named VALUES (?, ?)", _named(sample, accounts))
        for table in TABLES:
            _copy_first(connection, table, sample.account(0))
        connection.execute("COMMIT")
    finally:
        connection.close()


def _named(sample: Sample, accounts: int) -> list[tuple[int, str]]:
    """Shard and name of each account, in the order of the tables, which fills them from the front to the end."""
    names = map(sample.account, range(accounts))
    return sorted((shard_of(AccountKey(TENANT, name)), name) for name in names)


def _copy_first(connection: sqlite3.Connection, table: str, first: str) -> None:
    """The row of the first account under the name of every other that has none."""
    cursor = connection.execute(f"SELECT * FROM {table} WHERE tenant = ? AND account = ?", (TENANT, first))
    columns = [column[0] for column in cursor.description]
    row = cursor.fetchone()
    values = [WANTED.get(name, f"?{place}") for place, name in enumerate(columns, 1)]
    if "document" in columns:
        place = columns.index("document")
        values[place] = f"replace(?{place + 1}, ?{len(row) + 1}, named.account)"
        row = (*row, first)
    connection.execute(
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) SELECT {', '.join(values)} FROM named", row
    )
