"""The store when things go wrong: locked, killed, taken; and that it goes on by itself afterwards."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from accounts.account import AccountKey
from ratingd.store.database import Bulk, Change
from ratingd.store.faults import DataRefused, LockNotGiven, StoreInUse, StoreUnavailable, VersionConflict
from ratingd.store.postgres import columns_of
from ratingd.store.rows import Batch
from ratingd.store.store import open_store
from ratingd.store.transaction import changes_of
from tests.postgres_server import PostgresServer
from tests.store_rows import operation, write
from tests.waiting import until

A = AccountKey("cgrates.org", "1001")
B = AccountKey("cgrates.org", "1002")


def test_second_daemon_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ratingd.db'}"
    holder = subprocess.Popen([sys.executable, "-c", HOLD, url], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    try:
        assert holder.stdout is not None
        orphan = int(holder.stdout.readline())
        with pytest.raises(StoreInUse, match=f"in use by another daemon .process {holder.pid}.*PostgreSQL"):
            open_store(url)
        beside = open_store(url, exclusive=False)
        assert beside.versions([A]) == {}
        beside.close()
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.communicate()
    store = open_store(url)  # though a child of the dead one lives on
    os.kill(orphan, signal.SIGKILL)
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    with pytest.raises(StoreInUse, match="this very process"):
        open_store(url)
    store.close()
    open_store(url).close()


HOLD = """
import os, sys, time
from ratingd.store.store import open_store
from ratingd.store.transaction import changes_of
store = open_store(sys.argv[1])
store.migrate()
child = os.fork()
if child == 0:
    os.close(1)
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
time.sleep(60)
"""


def test_locked_file_is_unavailable_and_then_available(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules["ratingd.store.sqlite"].PRAGMAS, "busy_timeout", 50)
    file = tmp_path / "ratingd.db"
    store = open_store(f"sqlite:///{file}")
    store.migrate()
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match="locked"):
        store.commit(Batch(accounts=[write(A, 0, 1)]))
    other.execute("COMMIT")
    other.close()
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    assert store.versions([A]) == {A: 1}
    store.close()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("sqlite://", "not the address of a file"),
        ("sqlite:///:memory:", "not the address of a file"),
        ("sqlite:////nowhere/at/all/x.db", "folder must exist"),
        ("mysql://localhost/x", "no store on 'mysql'"),
        ("ratingd.db", "not the URL of a database"),
    ],
)
def test_address_that_cannot_be_meant_is_refused(url: str, why: str) -> None:
    with pytest.raises(StoreUnavailable, match=why):
        open_store(url)


def test_postgres_that_is_not_there_is_unavailable() -> None:
    store = open_store("postgresql://postgres@127.0.0.1:1/nothing")
    with pytest.raises(StoreUnavailable):
        store.migrate()
    store.close()


def test_killed_postgres_is_unavailable_and_the_store_comes_back(tmp_path: Path) -> None:
    with PostgresServer(durable=True) as server:
        store = open_store(server.new_database())
        store.migrate()
        store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
        server.kill()
        with pytest.raises(StoreUnavailable):
            store.commit(Batch([operation(A, "o2", 2, "k2")], [write(A, 1, 2)]))
        with pytest.raises(StoreUnavailable):
            store.accounts([A])
        server.start()
        assert store.versions([A]) == {A: 1}
        store.commit(Batch([operation(A, "o2", 2, "k2")], [write(A, 1, 2)]))
        assert store.versions([A]) == {A: 2}
        store.close()


def test_postgres_that_came_back_fails_one_batch_and_not_one_for_each_connection(tmp_path: Path) -> None:
    with PostgresServer(durable=True) as server:
        store = open_store(server.new_database())
        store.migrate()
        store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
        busy = threading.Barrier(4)

        def keep_busy() -> None:
            with store.database.read():
                busy.wait()

        readers = [threading.Thread(target=keep_busy) for _ in range(3)]
        for reader in readers:
            reader.start()
        busy.wait()
        for reader in readers:
            reader.join()
        server.kill()
        server.start()
        with pytest.raises(StoreUnavailable):
            store.commit(Batch([operation(A, "o2", 2, "k2")], [write(A, 1, 2)]))
        store.commit(Batch([operation(A, "o2", 2, "k2")], [write(A, 1, 2)]))
        assert (store.versions([A]), store.journal.count()) == ({A: 2}, 2)
        store.close()


DEFERRED = """
    CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {what}; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER late AFTER INSERT ON operations DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late();
"""


@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_commit_that_was_sent_and_not_answered_is_unavailable(postgresql_url: str, how: str) -> None:
    store = open_store(postgresql_url)
    store.migrate()
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as other:
        other.execute(DEFERRED.format(what="PERFORM pg_sleep(20)").encode())

        def cut() -> None:
            asked = f"SELECT {how}(pid) FROM pg_stat_activity WHERE query = 'COMMIT' AND state = 'active'".encode()
            until(lambda: other.execute(asked).fetchone() is not None)

        cutting = threading.Thread(target=cut)
        cutting.start()
        with pytest.raises(StoreUnavailable):
            store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
        cutting.join()
        other.execute("DROP TRIGGER late ON operations")
    assert store.versions([A]) == {}
    store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
    assert store.versions([A]) == {A: 1}
    store.close()


@pytest.mark.parametrize("place", [0, 1, 2])
def test_statement_that_fails_among_others_stores_nothing_and_spoils_no_connection(
    postgresql_url: str, place: int
) -> None:
    store = open_store(postgresql_url)
    store.migrate()
    changes = changes_of(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
    failing = Change(Bulk("", "SELECT 1 / n.a FROM UNNEST(%s::int8[]) AS n(a)"), [(0,)])
    with pytest.raises(DataRefused, match="division by zero"):
        store.database.commit([*changes[:place], failing, *changes[place:]])
    assert (store.versions([A]), store.journal.count()) == ({}, 0)
    assert store.database.commit(changes) == [1, 1]
    assert (store.versions([A]), store.journal.count()) == ({A: 1}, 1)
    store.close()


def test_connection_cut_in_mid_transaction_stores_nothing(postgresql_url: str) -> None:
    store, other = open_store(postgresql_url), open_store(postgresql_url)
    store.migrate()

    def cut_off() -> None:
        with store.database.write() as connection:
            connection.execute(text("INSERT INTO cursors VALUES ('a', '1')"))
            pid = connection.scalar(text("SELECT pg_backend_pid()"))
            with other.database.read() as second:
                second.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            connection.execute(text("INSERT INTO cursors VALUES ('b', '1')"))

    with pytest.raises(StoreUnavailable):
        cut_off()
    assert store.cursor("a") is None
    store.keep_cursor("a", "2")
    assert store.cursor("a") == "2"
    store.close()
    other.close()


def test_row_locked_by_another_daemon_is_waited_for_a_while(postgresql_url: str) -> None:
    store, other = open_store(postgresql_url, lock_timeout_ms=100), open_store(postgresql_url)
    store.migrate()
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    with other.database.write() as connection:
        connection.execute(text("UPDATE accounts SET version = 2"))
        began = time.monotonic()
        with pytest.raises(VersionConflict, match="lock timeout") as waited:
            store.commit(Batch(accounts=[write(A, 1, 2)]))
        assert waited.value.keys == (A,)
        assert time.monotonic() - began < 5
    with pytest.raises(VersionConflict) as refused:
        store.commit(Batch(accounts=[write(A, 1, 2)]))
    assert refused.value.keys == (A,)
    store.close()
    other.close()


def test_two_daemons_that_block_each_other_lose_no_write(postgresql_url: str) -> None:
    """A deadlock ends one of the two as a conflict, which the engine decides again."""
    stores = [open_store(postgresql_url) for _ in range(2)]
    stores[0].migrate()
    stores[0].commit(Batch(accounts=[write(A, 0, 1), write(B, 0, 1)]))
    barrier = threading.Barrier(2)
    ends: list[str] = []

    def lock_both(store_number: int, first: str, second: str) -> None:
        try:
            with stores[store_number].database.write() as connection:
                connection.execute(text("UPDATE accounts SET version = version + 1 WHERE account = :a"), {"a": first})
                barrier.wait(10)
                connection.execute(text("UPDATE accounts SET version = version + 1 WHERE account = :a"), {"a": second})
            ends.append("committed")
        except VersionConflict:
            ends.append("conflict")

    threads = [threading.Thread(target=lock_both, args=a) for a in ((0, "1001", "1002"), (1, "1002", "1001"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ends) == ["committed", "conflict"]
    assert stores[0].versions([A, B]) == {A: 2, B: 2}
    for store in stores:
        store.close()


def test_postgres_refuses_what_its_text_cannot_hold(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    store.migrate()
    with pytest.raises(DataRefused):
        store.commit(Batch([operation(AccountKey("t", "a\0b"), "o1", 1, "k")]))
    store.close()


def test_every_connection_commits_to_disk(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    with store.database.read() as connection:
        assert connection.scalar(text("SHOW synchronous_commit")) == "on"
    store.close()


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
ROWS = st.tuples(
    TEXTS | st.sampled_from(["NULL", "{}", '"', "\\", ",", " ", ""]) | st.none(),
    st.binary(),
    st.integers(-(2**63), 2**63 - 1) | st.none(),
    st.booleans(),
)


def test_postgres_arrays_keep_every_value(postgres_server: PostgresServer) -> None:
    with psycopg.connect(postgres_server.conninfo("postgres")) as connection:

        @given(st.lists(ROWS, min_size=1))
        def round_trip(rows: list[tuple[object, ...]]) -> None:
            query = "SELECT * FROM UNNEST(%s::text[], %s::bytea[], %s::int8[], %s::bool[])"
            assert connection.execute(query, columns_of(rows)).fetchall() == rows

        round_trip()


def test_accounts_that_are_held_are_written_by_nobody_else(postgresql_url: str) -> None:
    store, other = open_store(postgresql_url), open_store(postgresql_url, lock_timeout_ms=100)
    store.migrate()
    store.commit(Batch(accounts=[write(A, 0, 1), write(B, 0, 1)]))
    with store.holding([A]) as keep:
        other.commit(Batch(accounts=[write(B, 1, 2)]))
        with pytest.raises(VersionConflict) as refused:
            other.commit(Batch(accounts=[write(A, 1, 2), write(B, 2, 3)]))
        assert refused.value.keys == (A,)
        keep(Batch(accounts=[write(A, 1, 2)]))
        assert other.versions([A, B]) == {A: 1, B: 2}
    assert other.versions([A, B]) == {A: 2, B: 2}
    with pytest.raises(VersionConflict), store.holding([A]) as keep:
        keep(Batch(accounts=[write(A, 1, 2)]))
    store.close()
    other.close()


def test_who_holds_is_waited_for_a_moment_and_then_named_as_the_fault(postgresql_url: str) -> None:
    store, other = open_store(postgresql_url), open_store(postgresql_url)
    store.migrate()
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    with store.holding([A]):
        began = time.monotonic()
        with pytest.raises(LockNotGiven), other.holding([B, A]):
            raise AssertionError("two hold one account")
        assert 0.2 < time.monotonic() - began < 5
    with other.holding([B, A]):
        pass
    store.close()
    other.close()


def test_commits_that_cross_each_other_never_deadlock(postgresql_url: str) -> None:
    """Two daemons write the same accounts, in opposite orders, while a third one keeps an account in the middle."""
    keys = [AccountKey("t", f"{number}") for number in range(40)]
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as connection:
        for plan in ("hashjoin", "mergejoin", "seqscan"):  # left is the plan of a large table, in the order given
            connection.execute(f"ALTER DATABASE {connection.info.dbname} SET enable_{plan} = off".encode())
    stores = [open_store(postgresql_url) for _ in range(3)]
    stores[0].migrate()
    stores[0].commit(Batch(accounts=[write(key, 0, 1) for key in keys]))
    ends: list[object] = []

    def commit(number: int, order: list[AccountKey]) -> None:
        try:
            stores[number].commit(Batch(accounts=[write(key, 1, 2) for key in order]))
            ends.append("committed")
        except VersionConflict as conflict:
            ends.append(sorted(conflict.keys))

    with stores[2].holding([keys[20]]):
        threads = [threading.Thread(target=commit, args=(n, order)) for n, order in enumerate((keys, keys[::-1]))]
        for thread in threads:
            thread.start()
        time.sleep(0.5)  # each has locked what it can, and waits
    for thread in threads:
        thread.join(60)
    assert len(ends) == 2
    assert "committed" in ends
    assert sorted(keys) in ends  # a deadlock would not tell which accounts it was about
    for each in stores:
        each.close()


def test_no_statement_is_ended_by_a_time_of_the_server(postgresql_url: str) -> None:
    """It would end the wait for a standby within a COMMIT, which is then answered as if it had been waited for."""
    with psycopg.connect(postgresql_url.replace("+psycopg", ""), autocommit=True) as server:
        name = server.info.dbname
        server.execute(f'ALTER DATABASE "{name}" SET statement_timeout = 50')
    store = open_store(postgresql_url)
    with store.database.read() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == "0"
        connection.execute(text("SELECT pg_sleep(0.2)"))
    store.close()


def test_what_the_driver_remarks_is_one_event(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        open_store("postgresql://nobody@127.0.0.1:1/none").close()
    logging.getLogger("psycopg").getChild("pipeline").warning("error ignored terminating %s: %s", "it", "it is\ngone")
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r'store.driver said="error ignored terminating it: it is\ngone"')
