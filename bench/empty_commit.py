"""The smallest durable promise each database can make here: one row, one commit, one after the other.

A request that waits for nobody cannot be answered more often than this. Requests that share a commit can: with 256 in
flight, 400 commits a second allow 102,400 debits. The ceiling of a durable row is therefore the commits of this run
times the debits in flight, or what the transport carries empty, whichever is less.
"""

import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import psycopg

SECONDS: Final = 1.5
REPLY: Final = b"\0" * 200


def sqlite_commits(folder: Path) -> float:
    """Commits a second in WAL mode with synchronous=FULL, as the store's."""
    connection = sqlite3.connect(folder / "empty.db", isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = 2")
        connection.execute("CREATE TABLE empty (id INTEGER PRIMARY KEY, reply BLOB)")

        def commit() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO empty (reply) VALUES (?)", (REPLY,))
            connection.execute("COMMIT")

        return rate(commit)
    finally:
        connection.close()


def postgresql_commits(conninfo: str) -> float:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE empty (id bigserial PRIMARY KEY, reply bytea)")
        insert = "INSERT INTO empty (reply) VALUES (%s)"
        return rate(lambda: connection.execute(insert, (REPLY,), prepare=True))


def rate(commit: Callable[[], object]) -> float:
    done, begun = 0, time.perf_counter()
    while (now := time.perf_counter()) < begun + SECONDS:
        commit()
        done += 1
    return done / (now - begun)
