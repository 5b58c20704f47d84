"""A database as the store sees it: transactions that read or write, and statements that take many rows at once.

SQLite is fast with one prepared statement run for each row, PostgreSQL with one statement over arrays (UNNEST): 64
inserts are 64 cheap calls there and one round trip here. A `Bulk` is one such statement in both forms, so that what is
stored is written down once; reading many keys at once is one as well.

Whatever a driver raises leaves this module as a `StoreFault`.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, NotSupportedError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from ratingd.store.faults import DataRefused, LockNotGiven, StoreUnavailable, VersionConflict

POSTGRES_TYPES: Final = {
    Text: "text", BigInteger: "int8", Integer: "int4", SmallInteger: "int2", Boolean: "bool", LargeBinary: "bytea"
}  # fmt: skip
LOST_TO_OTHERS: Final = frozenset({"40001", "40P01"})  # serialization failure, deadlock: the other one went through
LOCK_NOT_GIVEN: Final = "55P03"

Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Bulk:
    """A statement over many rows, in the dialect of each database."""

    sqlite: str
    postgres: str


class Change:
    """A statement and the rows it is run for. Where it changed fewer than given, `unmet` is raised, if that is said."""

    __slots__ = ("bulk", "rows", "unmet")

    def __init__(self, bulk: Bulk, rows: Sequence[Row], unmet: type[Exception] | None = None) -> None:
        self.bulk: Final = bulk
        self.rows: Final = rows
        self.unmet: Final = unmet

    def check(self, changed: int) -> None:
        if self.unmet is not None and changed != len(self.rows):
            raise self.unmet


class Numbering(Change):
    """Rows that the database gives numbers: once stored, `ids` holds that of each row, in the order of the rows.

    Its statement gives back one number for each row. `pages` is what the rows take of the log beyond a page each.
    """

    __slots__ = ("ids", "pages")

    def __init__(self, bulk: Bulk, rows: Sequence[Row], pages: int = 0) -> None:
        super().__init__(bulk, rows)
        self.ids: list[int] = []
        self.pages: Final = pages


class Database(Protocol):
    """What `ratingd.store.sqlite` and `ratingd.store.postgres` provide."""

    name: str

    def read(self) -> AbstractContextManager[Connection]: ...

    def write(self) -> AbstractContextManager[Connection]: ...

    def commit(self, changes: Sequence[Change]) -> list[int]:
        """Make all changes in one transaction of their own, or none; how many rows each changed.

        It is what a lane waits for, so it goes to the driver itself: SQLAlchemy's layers cost as much as the commit.
        """
        ...

    def run(self, connection: Connection, bulk: Bulk, rows: Sequence[Row]) -> int:
        """Run the statement for every row; how many rows of the table it changed."""
        ...

    def be_patient(self, connection: Connection, ms: int) -> None:
        """Wait no longer for a lock in this transaction."""
        ...

    def look_up(self, connection: Connection, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]: ...

    def find(self, lookup: Bulk, keys: Sequence[Row]) -> Sequence[Row]:
        """The same in a transaction of its own, which is all of one instant. A lane waits for it as for `commit`."""
        ...

    def migrating(self) -> AbstractContextManager[Connection]:
        """A connection that no other daemon migrates beside; whoever uses it commits."""
        ...

    def alone(self, task: str) -> AbstractContextManager[bool]:
        """True while this daemon is the only one that does `task`, False when another one does."""
        ...

    def close(self) -> None: ...


@contextmanager
def faults_translated() -> Iterator[None]:
    try:
        yield
    except (DataError, IntegrityError, ProgrammingError, NotSupportedError) as fault:
        raise DataRefused(first_line(fault.orig)) from fault
    except DBAPIError as fault:
        raise unavailable(fault.orig) from fault
    except PoolTimeout as fault:
        raise StoreUnavailable("every connection to the database is taken") from fault
    except (UnicodeError, OverflowError) as fault:
        raise DataRefused(str(fault)) from fault


@contextmanager
def driver_faults_translated(refused: tuple[type[Exception], ...], others: type[Exception]) -> Iterator[None]:
    """The same for what was asked of the driver itself: its errors about the data, and its errors at all."""
    try:
        yield
    except refused as fault:
        raise DataRefused(first_line(fault)) from fault
    except others as fault:
        raise unavailable(fault) from fault
    except (UnicodeError, OverflowError) as fault:
        raise DataRefused(str(fault)) from fault


def unavailable(fault: BaseException | None) -> VersionConflict | StoreUnavailable:
    """What a driver's error means that is not about the data."""
    state = getattr(fault, "sqlstate", None)
    if state in LOST_TO_OTHERS:
        return VersionConflict((), first_line(fault))
    return LockNotGiven(first_line(fault)) if state == LOCK_NOT_GIVEN else StoreUnavailable(first_line(fault))


def first_line(fault: BaseException | None) -> str:
    return str(fault).partition("\n")[0]


def inserting(table: Table, on_conflict: str = "", columns: Sequence[str] | None = None) -> Bulk:
    """Insert rows, in the order of the table's columns; whole ones unless it is said which `columns` they have."""
    given = names_of(table) if columns is None else columns
    names = ", ".join(given)
    marks = ", ".join("?" for _ in given)
    return Bulk(
        sqlite=f"INSERT INTO {table.name} ({names}) VALUES ({marks}) {on_conflict}",
        postgres=f"INSERT INTO {table.name} ({names}) SELECT * FROM {unnested(table, given)} {on_conflict}",
    )


def updating(
    table: Table, changed: Sequence[str], where: Sequence[tuple[str, str]], locked_by: Sequence[str] = ()
) -> Bulk:
    """Update rows found by `where`: pairs of a column and the name of its value. A row has both in turn.

    PostgreSQL locks the rows in the order of a plan of its own; with `locked_by`, in the order of these columns.
    """
    given = unnested(table, [*changed, *(c for c, _ in where)], [*changed, *(n for _, n in where)])
    first, source = "", f"{given}"
    if locked_by:
        names = ", ".join(f"t.{c}" for c in locked_by)
        same = " AND ".join(f"t.{c} = n.{c}" for c in locked_by)
        first = (
            f"WITH n AS MATERIALIZED (SELECT * FROM {given}), locked AS MATERIALIZED"
            f" (SELECT {names} FROM n JOIN {table.name} AS t ON {same} ORDER BY {names} FOR UPDATE OF t) "
        )
        source = f"n JOIN locked AS l ON {' AND '.join(f'l.{c} = n.{c}' for c in locked_by)}"
    return Bulk(
        sqlite=f"UPDATE {table.name} SET {', '.join(f'{c} = ?' for c in changed)}"
        f" WHERE {' AND '.join(f'{c} = ?' for c, _ in where)}",
        postgres=f"{first}UPDATE {table.name} AS t SET {', '.join(f'{c} = n.{c}' for c in changed)}"
        f" FROM {source} WHERE {' AND '.join(f't.{c} = n.{n}' for c, n in where)}",
    )


def locking(table: Table, by: Sequence[str], otherwise: str = "") -> Bulk:
    """Lock the rows whose columns `by` are among the keys given, in the order of these columns, and give those columns.

    On SQLite whoever writes has locked everything already. `otherwise` says what PostgreSQL does of locked ones.
    """
    found = looking_up(table, by, by)
    return Bulk(
        sqlite=found.sqlite,
        postgres=f"{found.postgres} ORDER BY {', '.join(f't.{c}' for c in by)} FOR UPDATE OF t {otherwise}",
    )


def deleting(table: Table, where: Sequence[str]) -> Bulk:
    return Bulk(
        sqlite=f"DELETE FROM {table.name} WHERE {' AND '.join(f'{c} = ?' for c in where)}",
        postgres=f"DELETE FROM {table.name} AS t USING {unnested(table, where)}"
        f" WHERE {' AND '.join(f't.{c} = n.{c}' for c in where)}",
    )


def looking_up(table: Table, wanted: Sequence[str], by: Sequence[str]) -> Bulk:
    """Read `wanted` of the rows whose columns `by` are among the keys given."""
    columns = ", ".join(f"t.{c}" for c in wanted)
    same = " AND ".join(f"t.{c} = n.{c}" for c in by)
    keys = ", ".join(f"json_extract(value, '$[{place}]') AS {c}" for place, c in enumerate(by))
    return Bulk(
        sqlite=f"SELECT {columns} FROM (SELECT {keys} FROM json_each(?)) AS n CROSS JOIN {table.name} AS t ON {same}",
        postgres=f"SELECT {columns} FROM {unnested(table, by)} JOIN {table.name} AS t ON {same}",
    )


def names_of(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def unnested(table: Table, columns: Sequence[str], names: Sequence[str] | None = None) -> str:
    arrays = ", ".join(f"%s::{POSTGRES_TYPES[type(table.columns[column].type)]}[]" for column in columns)
    return f"UNNEST({arrays}) AS n({', '.join(names or columns)})"
