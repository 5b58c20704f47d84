"""A database that a test has had is to the next one as a new database is."""

import psycopg
import pytest

from tests.postgres_reuse import MigratedDatabases, name_of
from tests.postgres_server import PostgresServer

WORD = "INSERT INTO call_words (word) VALUES ('sbc-1') RETURNING id"


def connected(server: PostgresServer, url: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(server.conninfo(name_of(url)), autocommit=True)


def test_no_row_is_left_and_numbers_begin_again(
    postgres_server: PostgresServer, migrated_databases: MigratedDatabases
) -> None:
    first = migrated_databases.take()
    with connected(postgres_server, first) as connection:
        assert connection.execute(WORD).fetchone() == (1,)
    migrated_databases.give_back(first)
    second = migrated_databases.take()
    assert second != first
    with connected(postgres_server, second) as connection:
        assert connection.execute("SELECT count(*) FROM call_words").fetchone() == (0,)
        assert connection.execute(WORD).fetchone() == (1,)
        connection.execute("DELETE FROM call_words")
    migrated_databases.give_back(second)
    third = migrated_databases.take()
    with connected(postgres_server, third) as connection:
        assert connection.execute(WORD).fetchone() == (1,)
    migrated_databases.give_back(third)


def test_who_stays_connected_is_cut_off_and_finds_it_no_more(
    postgres_server: PostgresServer, migrated_databases: MigratedDatabases
) -> None:
    url = migrated_databases.take()
    with connected(postgres_server, url) as left_behind:
        left_behind.execute("SELECT 1")
        migrated_databases.give_back(url)
        with pytest.raises(psycopg.OperationalError):
            left_behind.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connected(postgres_server, url)


@pytest.mark.parametrize(
    "change",
    [
        "CREATE TABLE mine (id int)",
        "ALTER TABLE call_words ADD COLUMN mine int",
        "ALTER TABLE call_words ALTER COLUMN word TYPE text",
        "CREATE INDEX mine ON call_words (word, id)",
        "UPDATE alembic_version SET version_num = '0001'",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''1MB''', current_database()); END $$",
    ],
)
def test_one_that_was_changed_is_not_used_again(
    postgres_server: PostgresServer, migrated_databases: MigratedDatabases, change: str
) -> None:
    url = migrated_databases.take()
    known = postgres_server.databases
    with connected(postgres_server, url) as connection:
        connection.execute(change.encode())
    migrated_databases.give_back(url)
    assert postgres_server.databases == known  # nothing of it was given another name
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        connected(postgres_server, url)
