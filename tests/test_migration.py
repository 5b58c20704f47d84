"""Migrations: up, down and up again, the tables as the code describes them, and nobody in between."""

import threading
from collections.abc import Iterator

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from accounts.account import AccountKey
from ratingd.engine.operation import Refund
from ratingd.store.migration import SchemaUnknown, alembic_settings, go_back, migrate, newest, revision
from ratingd.store.rows import ScheduleRow
from ratingd.store.store import Store, open_store
from ratingd.store.tables import metadata
from ratingd.store.verify import verify
from tests.engine_desk import Desk, debit
from tests.postgres_server import PostgresServer


@pytest.fixture
def store(empty_url: str) -> Iterator[Store]:
    opened = open_store(empty_url)
    yield opened
    opened.close()


def tables(store: Store) -> set[str]:
    with store.database.read() as connection:
        found = inspect(connection)
        return {*found.get_table_names(), *found.get_view_names()} - {"alembic_version"}


def test_migrated_tables_are_those_the_code_describes(store: Store) -> None:
    store.migrate()
    with store.database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
    assert tables(store) == {*metadata.tables, "ledger"}


def test_newest_version_is_told_by_the_names_of_the_migrations(store: Store) -> None:
    """A start compares it with the schema's without loading Alembic, which knows it from what the files say."""
    with store.database.migrating() as connection:
        assert revision(connection) is None
        assert newest() == ScriptDirectory.from_config(alembic_settings(connection)).get_current_head()
    store.migrate()
    with store.database.migrating() as connection:
        assert revision(connection) == newest()


def test_there_and_back(store: Store) -> None:
    store.migrate()
    go_back(store.database, "base")
    assert tables(store) == set()
    store.migrate()
    store.migrate()
    assert tables(store) == {*metadata.tables, "ledger"}


def test_indexes_are_those_the_code_describes(store: Store) -> None:
    """Partial indexes and their conditions too, which the comparison above does not look at."""
    store.migrate()
    described = {index.name for table in metadata.tables.values() for index in table.indexes}
    with store.database.read() as connection:
        if store.database.name == "sqlite":
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        else:
            query = "SELECT indexname, indexdef FROM pg_indexes WHERE indexname LIKE 'ix%'"
        rows = connection.execute(text(query))
        found = {str(name): str(definition) for name, definition in rows if "alembic" not in str(name)}
    assert set(found) == described
    partial = {name for name, definition in found.items() if " WHERE " in definition}
    assert partial == {
        str(index.name)
        for table in metadata.tables.values()
        for index in table.indexes
        if index.dialect_options[store.database.name]["where"] is not None
    }


def test_newer_schema_is_refused_and_left_alone(store: Store) -> None:
    store.migrate()
    with store.database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaUnknown, match="9999, which this version of ratingd does not know"):
        store.migrate()
    with store.database.read() as connection:
        assert revision(connection) == "9999"


def test_failed_migration_leaves_nothing_behind(store: Store) -> None:
    with store.database.write() as connection:
        connection.execute(text("CREATE TABLE schedules (x INTEGER)"))
    with pytest.raises(Exception, match="schedules"):
        store.migrate()
    assert tables(store) == {"schedules"}


def test_daemons_that_start_together_take_turns(postgres_server: PostgresServer) -> None:
    url = postgres_server.new_database()
    stores = [open_store(url) for _ in range(4)]
    faults: list[BaseException] = []

    def start(store: Store) -> None:
        try:
            migrate(store.database)
        except BaseException as fault:
            faults.append(fault)
            raise

    threads = [threading.Thread(target=start, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert tables(stores[0]) == {*metadata.tables, "ledger"}
    for store in stores:
        store.close()
    postgres_server.drop_database(url)


def test_what_an_older_schema_holds_is_there_afterwards(store_url: str) -> None:
    """Accounts with their operations, and the place of a run in the middle of a plan."""
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        charge_id = desk.ask("1001", debit("1001", 60), "k1").split()[0]
    older = open_store(store_url)
    go_back(older.database, "0001")
    with older.database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO schedules (entry, time_zone, done_ns, running_ns, after_tenant, after_account)"
                " VALUES ('DAILY/ADD_1@MIDNIGHT', '', 5, 7, 'cgrates.org', '1001')"
            )
        )
    older.close()
    with Desk(store_url) as desk:
        assert desk.ask("1001", debit("1001", 60), "k1") == f"{charge_id} cost 0.6"
        assert desk.ask("1001", Refund(charge_id)).endswith("back 0.6")
        assert desk.money("1001") == "10"
        after = AccountKey("cgrates.org", "1001")
        assert desk.store.schedules.rows() == [ScheduleRow("DAILY/ADD_1@MIDNIGHT", "", 5, 7, after)]
        assert not verify(desk.store).differences
