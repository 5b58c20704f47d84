"""Migrated databases of a test server, used again by test after test.

To copy the template takes PostgreSQL longer than most tests take; to empty the few tables that a test has written to
takes a tenth of that. So a database that comes back is emptied and goes to the next test, which finds it as a new one:
no row but the template's, sequences at their beginning, and nobody connected. One whose tables, functions or settings
are no longer those of the template is dropped.
"""

from typing import Final

import psycopg

from ratingd.store.store import open_store
from tests.postgres_server import PostgresServer

KEPT: Final = "alembic_version"
SHAPE: Final = " UNION ALL ".join(
    f"SELECT string_agg(concat_ws(' ', {columns}), ',' ORDER BY {columns}) FROM {catalog} WHERE {which}"
    for catalog, columns, which in (
        (KEPT, "version_num", "true"),
        ("pg_namespace", "nspname", "true"),
        ("pg_class", "oid, relname", "oid >= 16384"),
        ("pg_attribute", "attrelid, attname, atttypid, attnotnull", "attrelid >= 16384"),
        ("pg_constraint", "oid, conname", "oid >= 16384"),
        ("pg_trigger", "oid, tgname, tgenabled", "true"),
        ("pg_proc", "oid, prosrc", "oid >= 16384"),
        ("pg_db_role_setting", "setdatabase, setconfig", "true"),
    )
)
ALONE: Final = (
    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)
GONE_ON: Final = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"


class MigratedDatabases:
    """Those of one server. `take` gives the address of one that nobody uses, `give_back` lets others have it."""

    def __init__(self, server: PostgresServer) -> None:
        self._server: Final = server
        template = server.new_database()
        store = open_store(template)
        store.migrate()
        store.close()
        self._template: Final = name_of(template)
        with self._connected(template) as connection:
            self._shape: Final = connection.execute(SHAPE.encode()).fetchall()
            tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        written = (f"(SELECT '{name}' FROM \"{name}\" LIMIT 1)" for (name,) in tables if name != KEPT)
        self._written: Final = " UNION ALL ".join(written)
        self._free: Final[list[str]] = []

    def take(self) -> str:
        return self._free.pop() if self._free else self._server.new_database(self._template)

    def give_back(self, url: str) -> None:
        """It gets another name as well: a daemon that a test has left behind does not find it again."""
        if self._emptied(url):
            self._free.append(self._server.renamed(url))
        else:
            self._server.drop_database(url)

    def _emptied(self, url: str) -> bool:
        """Whether it is as the template is, now that no rows are in it."""
        with self._connected(url) as connection:
            connection.execute(ALONE, [name_of(url)])
            if connection.execute(SHAPE.encode()).fetchall() != self._shape:
                return False
            if written := connection.execute(self._written.encode()).fetchall():
                names = ", ".join(f'"{name}"' for (name,) in written)
                connection.execute(f"TRUNCATE {names} CASCADE".encode())
            for (name,) in connection.execute(GONE_ON).fetchall():
                connection.execute(f'ALTER SEQUENCE "{name}" RESTART'.encode())
        return True

    def _connected(self, url: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(self._server.conninfo(name_of(url)), autocommit=True)


def name_of(url: str) -> str:
    return url.rsplit("/", 1)[1]
