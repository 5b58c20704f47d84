"""SQLite: one file, one daemon, nothing to set up.

The file is in WAL mode with synchronous=FULL, so that a commit that has returned survives a power cut; both are read
back on every connection, because SQLite ignores a pragma it cannot obey without a word. One thread writes at a time;
readers have connections of their own and never wait for it.

A second daemon on the same file would have its own idea of every account. It is refused by a lock on a file beside the
database. The lock is a POSIX record lock: the system drops it when the process dies, however it dies, and a child that
a daemon left behind does not inherit it.
"""

import fcntl
import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL

from ratingd.store.checkpoints import Checkpoints
from ratingd.store.database import Bulk, Change, Numbering, Row, driver_faults_translated, faults_translated
from ratingd.store.faults import StoreInUse, StoreUnavailable

OLDEST: Final = (3, 35, 0)
PRAGMAS: Final = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
TUNING: Final = {"cache_size": -64_000, "temp_store": 2, "secure_delete": 0, "wal_autocheckpoint": 64_000}
READERS: Final = 8
REFUSED: Final = (sqlite3.DataError, sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.NotSupportedError)


class SqliteDatabase:
    name = "sqlite"

    def __init__(self, url: URL, *, exclusive: bool) -> None:
        self.path: Final = database_path(url)
        if not exclusive and not self.path.exists():
            raise StoreUnavailable(f"there is no {self.path}")
        create_private(self.path)
        self._claim: Final = FileClaim(Path(f"{self.path}.lock")) if exclusive else None
        self._mutex: Final = threading.Lock()
        self._writer: Final = connected(self.path, "BEGIN IMMEDIATE", size=1)
        self._opened: Final[list[sqlite3.Connection]] = []  # for writing; the last one is in use
        event.listen(self._writer, "connect", lambda connection, _record: self._opened.append(connection))
        self._readers: Final = connected(self.path, "BEGIN", size=READERS)
        self._finding: Final[list[sqlite3.Connection]] = []  # those that nobody uses, the last one first
        self._checkpoints: Final = Checkpoints(self.path, self._connection, self._mutex)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with faults_translated(), self._readers.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._mutex, faults_translated(), self._writer.begin() as connection:
            yield connection

    def commit(self, changes: Sequence[Change]) -> list[int]:
        with self._mutex, driver_faults_translated(REFUSED, sqlite3.Error):
            connection = self._writing()
            connection.execute("BEGIN IMMEDIATE")
            try:
                counts = [self._change(connection, change) for change in changes]
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise
            self._checkpoints.written(sum(counts) + sum(c.pages for c in changes if isinstance(c, Numbering)))
            return counts

    def _writing(self) -> sqlite3.Connection:
        """The one connection of the writer's pool; the mutex is held."""
        if not self._opened:
            self._writer.connect().close()
        return self._opened[-1]

    def _change(self, connection: sqlite3.Connection, change: Change) -> int:
        if isinstance(change, Numbering):
            change.ids = [connection.execute(change.bulk.sqlite, row).fetchall()[0][0] for row in change.rows]
            return len(change.ids)
        changed = connection.executemany(change.bulk.sqlite, change.rows).rowcount
        change.check(changed)
        return changed

    def _connection(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        prepare(connection)
        return connection

    def run(self, connection: Connection, bulk: Bulk, rows: Sequence[Row]) -> int:
        return connection.exec_driver_sql(bulk.sqlite, list(rows)).rowcount

    def be_patient(self, connection: Connection, ms: int) -> None:
        """Whoever writes has the whole file."""

    def look_up(self, connection: Connection, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]:
        return [tuple(row) for row in connection.exec_driver_sql(lookup.sqlite, (json.dumps(keys),))]

    def find(self, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]:
        with driver_faults_translated(REFUSED, sqlite3.Error):
            try:
                connection = self._finding.pop()
            except IndexError:
                connection = self._connection()
            try:
                found = connection.execute(lookup.sqlite, (json.dumps(keys),)).fetchall()
            except BaseException:
                connection.close()
                raise
            self._finding.append(connection)
            return found

    @contextmanager
    def migrating(self) -> Iterator[Connection]:
        with self._mutex, faults_translated(), self._writer.connect() as connection:
            yield connection

    @contextmanager
    def alone(self, task: str) -> Iterator[bool]:
        yield True

    def close(self) -> None:
        self._checkpoints.stop()
        while self._finding:
            self._finding.pop().close()
        self._readers.dispose()
        self._writer.dispose()
        self._checkpoints.release()
        if self._claim:
            self._claim.release()


class FileClaim:
    """This process's claim on a database file. Record locks do not exclude threads of one process, hence `_held`."""

    _held: ClassVar[set[str]] = set()

    def __init__(self, path: Path) -> None:
        self._name: Final = str(path.resolve())
        if self._name in self._held:
            raise StoreInUse(f"{path} is held by this very process already")
        self._file: Final = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as fault:
            holder = os.pread(self._file, 32, 0).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            raise StoreInUse(
                f"{str(path).removesuffix('.lock')} is in use by another daemon (process {holder}). A SQLite file "
                "serves one daemon: stop the other, give this one its own file, or use PostgreSQL for several."
            ) from fault
        self._held.add(self._name)
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)

    def release(self) -> None:
        if self._name in self._held:
            self._held.discard(self._name)
            os.close(self._file)


def database_path(url: URL) -> Path:
    if not url.database or url.database == ":memory:" or url.database.startswith("file:") or url.query:
        raise StoreUnavailable(f"{url} is not the address of a file; write sqlite:///path/of/ratingd.db")
    return Path(url.database)


def create_private(path: Path) -> None:
    """Create the file for its owner alone. SQLite gives its companions (-wal, -shm) the same mode."""
    try:
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as fault:
        raise StoreUnavailable(
            f"cannot create {path}: {fault.strerror}. Its folder must exist and be writable."
        ) from fault


def connected(path: Path, begin: str, *, size: int) -> Engine:
    if sqlite3.sqlite_version_info < OLDEST:
        raise StoreUnavailable(f"SQLite {sqlite3.sqlite_version} is too old; 3.35 or newer is needed")
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        pool_size=size,
        max_overflow=0,
        pool_timeout=10,
        execution_options={"preserve_rowcount": True},
    )

    @event.listens_for(engine, "connect")
    def connect(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # the driver begins nothing by itself; the next listener does
        prepare(connection)

    @event.listens_for(engine, "begin")
    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def prepare(connection: sqlite3.Connection) -> None:
    for name, value in (PRAGMAS | TUNING).items():
        connection.execute(f"PRAGMA {name} = {value}")
    for name, wanted in PRAGMAS.items():
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise StoreUnavailable(
                f"SQLite refuses PRAGMA {name} = {wanted} (it is {found}); is the file on a network disk?"
            )
