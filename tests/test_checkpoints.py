"""The log of a SQLite file begins anew while commits go on, and none of them is lost by it."""

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from accounts.account import AccountKey
from ratingd.store import checkpoints
from ratingd.store.faults import VersionConflict
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from tests.store_rows import operation, write
from tests.waiting import until

A = AccountKey("cgrates.org", "1001")


class Debits:
    """One debit after the other, each of which fills a page or two of the log."""

    def __init__(self, store: Store, log: Path) -> None:
        self.store, self.log, self.version = store, log, 1
        store.commit(Batch(accounts=[write(A, 0, 1)]))

    def one_more(self) -> int:
        version = self.version + 1
        row = operation(A, f"{version:016x}beef", version, f"k{version}", charge="x" * 4000)
        self.store.commit(Batch([row], [write(A, self.version, version)]))
        self.version = version
        return self.times_begun()

    def times_begun(self) -> int:
        """How often the log has begun anew, as its header counts."""
        with self.log.open("rb") as file:
            return int.from_bytes(file.read(16)[12:], "big")


def log_begins_anew(folder: Path) -> None:
    """Debit on a new store until a checkpoint has been made."""
    store = open_store(f"sqlite:///{folder / 'ratingd.db'}")
    store.migrate()
    debits = Debits(store, folder / "ratingd.db-wal")
    begun = debits.times_begun()
    until(lambda: debits.one_more() > begun)
    store.close()


def test_log_begins_anew_while_commits_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "ROWS", 10)
    url = f"sqlite:///{tmp_path / 'ratingd.db'}"
    store = open_store(url)
    store.migrate()
    debits = Debits(store, tmp_path / "ratingd.db-wal")
    begun = debits.times_begun()
    until(lambda: debits.one_more() > begun + 3)
    with pytest.raises(VersionConflict):
        store.commit(Batch(accounts=[write(A, 1, 2)]))
    store.close()
    store = open_store(url)
    assert (store.versions([A]), store.journal.count()) == ({A: debits.version}, debits.version - 1)
    store.close()


def test_checkpoint_that_fails_is_told_and_the_next_one_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "ROWS", 10)
    given = checkpoints.Checkpoints._checkpoint
    faults = iter([sqlite3.OperationalError("disk I/O error")])

    def failing(self: checkpoints.Checkpoints, connection: sqlite3.Connection) -> None:
        if fault := next(faults, None):
            raise fault
        given(self, connection)

    monkeypatch.setattr(checkpoints.Checkpoints, "_checkpoint", failing)
    log_begins_anew(tmp_path)
    assert "store.checkpoint_failed" in capsys.readouterr().err


def test_file_that_cannot_be_opened_is_told_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(checkpoints, "ROWS", 10)
    given = os.open
    path = tmp_path / "ratingd.db"
    faults = iter([OSError(errno.EMFILE, "Too many open files")])

    def opened(name: Path, flags: int, *more: int) -> int:
        if name == path and flags == os.O_RDONLY and (fault := next(faults, None)):
            raise fault
        return given(name, flags, *more)

    monkeypatch.setattr(os, "open", opened)
    log_begins_anew(tmp_path)
    assert "Too many open files" in capsys.readouterr().err
