"""The test server itself: what it is told to keep survives a SIGKILL."""

import psycopg

from tests.postgres_server import PostgresServer


def test_a_committed_row_survives_the_death_of_the_server() -> None:
    with PostgresServer(durable=True) as server:
        server.execute("CREATE TABLE kept (id int)")
        server.execute("INSERT INTO kept VALUES (7)")
        server.kill()
        assert not server.answers()
        server.start()
        with psycopg.connect(server.conninfo("postgres")) as connection:
            assert connection.execute("SELECT id FROM kept").fetchone() == (7,)


def test_each_test_gets_an_empty_database_of_its_own(postgres_server: PostgresServer, postgresql_url: str) -> None:
    other = postgres_server.new_database()
    assert other != postgresql_url
    with psycopg.connect(postgres_server.conninfo(other.rsplit("/", 1)[1])) as connection:
        assert connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone() == (0,)
    postgres_server.drop_database(other)
