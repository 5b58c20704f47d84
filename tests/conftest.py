"""What the tests of the edges share: an empty store on each database that ratingd runs on."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from ratingd import observe
from ratingd.observe import LogFormat
from ratingd.store.store import Store, open_store
from tests.postgres_reuse import MigratedDatabases
from tests.postgres_server import PostgresServer, database

# Children are started and executed at once; gRPC's own handlers around a fork crash in a process that serves or calls.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "false")

# A run of the checks draws the same examples each time: what passes here passes elsewhere, at any load of the machine.
# HYPOTHESIS_PROFILE=explore draws new ones.
SLOW_OR_PICKY: list[HealthCheck] = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]
settings.register_profile("checks", deadline=None, suppress_health_check=SLOW_OR_PICKY, derandomize=True, database=None)
settings.register_profile("explore", deadline=None, suppress_health_check=SLOW_OR_PICKY)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "checks"))


@pytest.fixture(autouse=True)
def log_as_text() -> None:
    """Events go to standard error again, whatever the daemon of the test before was told."""
    observe.configure(LogFormat.TEXT)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the run (for each worker of a parallel run); started by the first test that asks for it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite store without a row, which each test gets a copy of: to migrate takes ten times as long."""
    path = tmp_path_factory.mktemp("migrated") / "ratingd.db"
    store = open_store(f"sqlite:///{path}")
    store.migrate()
    store.close()
    return path


@pytest.fixture(scope="session")
def migrated_databases(postgres_server: PostgresServer) -> MigratedDatabases:
    return MigratedDatabases(postgres_server)


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    path = tmp_path / "ratingd.db"
    shutil.copyfile(migrated_file, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(migrated_databases: MigratedDatabases) -> Iterator[str]:
    url = migrated_databases.take()
    yield url
    migrated_databases.give_back(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The same test, once on each database."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    """Opened, with all its tables."""
    with_tables = open_store(sqlite_url)
    yield with_tables
    with_tables.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without a table, once of each kind: for who migrates."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with database(request.getfixturevalue("postgres_server")) as url:
            yield url
