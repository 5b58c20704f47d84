"""Checkpoints: what was logged is brought into the file, beside the commits and not within them.

SQLite appends what is written to a log and, now and then, copies the pages of the log into the file, so that the log
can begin anew. Left to itself it does so within a commit: sixty-four debits of one unlucky batch wait while 16,000
pages are copied and synced, 0.1 s on a slow disk. Here a thread of its own copies them while commits go on, and syncs
the file. What was logged meanwhile, a hundredth of it, is copied while nobody writes, and then the log begins anew.

Nothing depends on it but speed. A commit is durable when it stands in the log, and should this thread never run SQLite
does it all by itself when the log has grown four times as long.
"""

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from ratingd import observe
from ratingd.store.faults import StoreFault

ROWS: Final = 12_000  # rows written between two checkpoints; each is about one page of the log
ROUNDS: Final = 3  # so often what has been logged meanwhile is copied before the writers are held up


class Checkpoints:
    """`connect` opens a connection to the file; while `alone` is entered nobody writes."""

    def __init__(
        self, path: Path, connect: Callable[[], sqlite3.Connection], alone: AbstractContextManager[object]
    ) -> None:
        self._connect: Final = connect
        self._alone: Final = alone
        self._path: Final = path
        self._due: Final = threading.Event()
        self._rows = 0
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._file = -1

    def written(self, rows: int) -> None:
        """Tell how many rows were written; who calls it is the one who writes."""
        self._rows += rows
        if self._rows >= ROWS:
            self._rows = 0
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="store-checkpoints", daemon=True)
                self._thread.start()
            self._due.set()

    def stop(self) -> None:
        self._stopping = True
        self._due.set()
        if self._thread is not None:
            self._thread.join()

    def release(self) -> None:
        """Close the file, when every other connection to it is closed: their locks would go with it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        while self._asked():
            try:
                connection = connection or self._opened()
                self._checkpoint(connection)
            except (sqlite3.Error, OSError, StoreFault) as fault:
                observe.fault("store.checkpoint_failed", fault)
        if connection is not None:
            connection.close()

    def _asked(self) -> bool:
        """Wait for the next checkpoint that is due; whether there is one."""
        self._due.wait()
        self._due.clear()
        return not self._stopping

    def _opened(self) -> sqlite3.Connection:
        """Tried again with the next checkpoint where no file descriptor is left for it."""
        if self._file < 0:
            self._file = os.open(self._path, os.O_RDONLY)
        return self._connect()

    def _checkpoint(self, connection: sqlite3.Connection) -> None:
        for _ in range(ROUNDS):
            _, logged, copied = connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            os.fdatasync(self._file)
            if logged == copied:
                return
        with self._alone:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
