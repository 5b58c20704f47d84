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

from bench.figure import Figure
from bench.machine import percentile

REPLY: Final = b"\0" * 200
NAME: Final = "bare_commit"


def sqlite_commits(folder: Path, seconds: float) -> Figure:
    """Commits a second in WAL mode with synchronous=FULL, as the store's."""
    connection = sqlite3.connect(folder / "empty.db", isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = 2")
        connection.execute("CREATE TABLE IF NOT EXISTS empty (id INTEGER PRIMARY KEY, reply BLOB)")

        def commit() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO empty (reply) VALUES (?)", (REPLY,))
            connection.execute("COMMIT")

        return paced(commit, seconds)
    finally:
        connection.close()


def postgresql_commits(conninfo: str, seconds: float) -> Figure:
    with psycopg.connect(conninfo, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("SET client_min_messages = warning")
        connection.execute("CREATE TABLE IF NOT EXISTS empty (id bigserial PRIMARY KEY, reply bytea)")
        insert = "INSERT INTO empty (reply) VALUES (%s)"
        return paced(lambda: connection.execute(insert, (REPLY,), prepare=True), seconds)


def paced(commit: Callable[[], object], seconds: float) -> Figure:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < end or not times:
        commit()
        times.append(time.perf_counter() - begun)
    p50, p99, p999 = (percentile(times, percent) * 1e6 for percent in (50, 99, 99.9))
    return Figure(NAME, len(times) / sum(times), "commits/s", {}, p50, p99, p999)
