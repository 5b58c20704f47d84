"""PostgreSQL: several daemons on one database.

A commit that has returned is on disk: synchronous_commit is switched on for every connection and read back, whatever
the server's default. A lock that another daemon holds is waited for `lock_timeout_ms`, and a server that has vanished
is noticed by TCP within seconds, so that a lane never hangs.

There is no statement_timeout, and a server's or a role's own is switched off. It would also end the wait for a
synchronous standby within a COMMIT, and PostgreSQL then reports a success that a failover may lose; and a check of all
books may take its hour.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final
from zlib import crc32

import psycopg
from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from ratingd import observe
from ratingd.store.database import Bulk, Change, Numbering, Row, driver_faults_translated, faults_translated
from ratingd.store.faults import StoreUnavailable

LOCKS: Final = 0x72617465  # the first half of our advisory locks: "rate"
REFUSED: Final = (psycopg.DataError, psycopg.IntegrityError, psycopg.ProgrammingError, psycopg.NotSupportedError)
DRIVER: Final = "psycopg"
TCP: Final = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}


class PostgresDatabase:
    name = "postgresql"

    def __init__(self, url: URL, *, connections: int, lock_timeout_ms: int) -> None:
        listen_to_driver()
        self._engine: Final = create_engine(
            url.set(drivername="postgresql+psycopg"),
            pool_size=connections,
            max_overflow=connections,
            pool_timeout=10,
            connect_args=TCP | dict(url.query),
            execution_options={"preserve_rowcount": True},
        )

        @event.listens_for(self._engine, "connect")
        def connect(connection: Any, _record: Any) -> None:
            prepare(connection, lock_timeout_ms)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with faults_translated(), self._engine.begin() as connection:
            yield connection

    write = read

    def commit(self, changes: Sequence[Change]) -> list[int]:
        """Two trips to the server: one for all statements, and one for the commit once their counts are right."""
        with (
            faults_translated(),
            driver_faults_translated(REFUSED, psycopg.Error),
            self._engine.connect() as connection,
        ):
            driven = connection.connection.driver_connection
            if not isinstance(driven, psycopg.Connection):
                raise StoreUnavailable("the connection to the server is closed")
            try:
                return committed(driven, changes)
            except BaseException:
                if driven.closed:
                    notice(connection)
                else:
                    driven.rollback()
                raise

    def run(self, connection: Connection, bulk: Bulk, rows: Sequence[Row]) -> int:
        return connection.exec_driver_sql(bulk.postgres, columns_of(rows)).rowcount

    def be_patient(self, connection: Connection, ms: int) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {ms:d}")

    def look_up(self, connection: Connection, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]:
        return [tuple(row) for row in connection.exec_driver_sql(lookup.postgres, columns_of(keys))]

    def find(self, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]:
        with self.read() as connection:
            return self.look_up(connection, lookup, keys)

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with faults_translated(), self._engine.connect() as guard, self._engine.connect() as connection:
            guard.execute(text("SET LOCAL lock_timeout = 0"))
            guard.execute(text("SELECT pg_advisory_xact_lock(:room, :what)"), advisory("migrate"))
            yield connection

    @contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        with faults_translated(), self._engine.begin() as connection:
            yield bool(connection.scalar(text("SELECT pg_try_advisory_xact_lock(:room, :what)"), advisory(task)))

    def close(self) -> None:
        self._engine.dispose()


class DriverLog(logging.Handler):
    """What the driver remarks, as events. When a server goes away it is that a pipeline could not be ended in order."""

    def emit(self, record: logging.LogRecord) -> None:
        observe.event("store.driver", said=record.getMessage())


def listen_to_driver() -> None:
    log = logging.getLogger(DRIVER)
    if not any(isinstance(handler, DriverLog) for handler in log.handlers):
        log.addHandler(DriverLog())


def committed(connection: psycopg.Connection[Any], changes: Sequence[Change]) -> list[int]:
    with connection.pipeline():
        cursors = [connection.execute(change.bulk.postgres.encode(), columns_of(change.rows)) for change in changes]
    counts = [cursor.rowcount for cursor in cursors]
    for change, changed in zip(changes, counts, strict=True):
        change.check(changed)
    connection.commit()
    for change, cursor in zip(changes, cursors, strict=True):
        if isinstance(change, Numbering):
            change.ids = [id for (id,) in cursor.fetchall()]
    return counts


def notice(lost: Connection) -> None:
    """Let the pool find out that a connection is lost, so that those opened before are not trusted either.

    A server that came back would otherwise fail one batch after the other, until each old connection was tried once.
    """
    with suppress(DBAPIError):
        lost.exec_driver_sql("SELECT 1")


def advisory(task: str) -> dict[str, int]:
    return {"room": LOCKS, "what": crc32(task.encode()) & 0x7FFFFFFF}


def columns_of(rows: Sequence[Row]) -> tuple[str, ...]:
    """The columns of the rows as PostgreSQL array literals; the driver's own arrays cost ten times as much."""
    return tuple("{" + ",".join([LITERALS[type(v)](v) for v in column]) + "}" for column in zip(*rows, strict=True))


def quoted(value: str) -> str:
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'


LITERALS: Final[dict[type, Callable[[Any], str]]] = {
    str: quoted,
    int: str,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: f'"\\\\x{value.hex()}"',
    type(None): lambda _: "NULL",
}


def prepare(connection: Any, lock_timeout_ms: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute(f"SET lock_timeout = {lock_timeout_ms:d}")
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SHOW synchronous_commit")
        (found,) = cursor.fetchone()
    connection.commit()
    if found != "on":
        raise StoreUnavailable(f"PostgreSQL refuses synchronous_commit = on (it is {found})")
