"""The watched folder: files of calls that somebody puts there are imported, and moved to where one sees what became
of them.

    calls/last-night.csv            another system writes it, by its own name or by renaming .last-night.csv
    calls/processed/last-night.csv  all of it is stored
    calls/failed/last-night.csv     some rows could not be read; the others are stored
    calls/failed/last-night.csv.errors      last-night.csv:17: start_ts: a time is wanted …, not 'soon'

A file is taken when it has not changed for two seconds; hidden ones and those that end in .tmp or .part never are. It
is brought to the desk in batches, the next one when the last is stored, so a file has one batch of its events in memory
and leaves the disk to others half of the time. While the daemon has much to store for callers it waits.

Nothing is lost and nothing is counted twice, whatever ends the daemon: a file is moved when all of it is stored, its
events have the same names whenever it is read, and `FileProgress` knows how far it got. Of several daemons one takes
files, the one that holds the lock of the folder.

A source that is followed differently, Kafka for one, is another thread that does what `_bring` does here: its messages
are read by `desk.reader`, taken with `stored`, and its offset is committed where the progress of a file is noted.
"""

import fcntl
import os
import stat
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Final, Protocol

from ratingd import observe
from ratingd.api.event_message import EventReader, framed
from ratingd.errors import InvalidRequest, RatingdError
from ratingd.ingest.event_file import JSON_LINES, EventFile, FileEvent
from ratingd.ingest.event_map import EventMap, MapRefused, event_map
from ratingd.ingest.event_rows import FileRefused, RowFault
from ratingd.ingest.file_progress import FileProgress
from ratingd.settings_reading import Problem, SettingsRefused
from ratingd.store.faults import DataRefused, StoreFault
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import Verdict

SOURCE: Final = "folder"
PROCESSED: Final = "processed"
FAILED: Final = "failed"
SUFFIXES: Final = (".csv", *JSON_LINES)
UNFINISHED: Final = (".tmp", ".part")
LOCK: Final = ".ratingd.lock"
LOOK_S: Final = 1.0
FAULT_PAUSE_S: Final = 30.0
QUIET_S: Final = 2.0
BATCH: Final = 512  # events
WAITING_MAX: Final = 20_000  # events of all sources that wait for the disk, beyond which a file can wait
MS: Final = 1_000_000
Stamp = tuple[int, int, int]  # of a file: inode, size, time of the last change


class Desk(Protocol):
    """Where events are looked at and stored."""

    @property
    def reader(self) -> EventReader: ...

    @property
    def waiting(self) -> int: ...

    def take(
        self,
        events: Sequence[CallEvent],
        bodies: Sequence[bytes],
        source: str,
        stored: Callable[[Exception | None], None] | None = None,
    ) -> list[Verdict]: ...


@dataclass(frozen=True, slots=True)
class Brought:
    """A row, as it was read and as it is logged."""

    row: FileEvent
    event: CallEvent
    body: bytes


class _Stopped(Exception):
    pass


class FolderWatch:
    """One thread. `look` is what it does every second."""

    def __init__(
        self,
        desk: Desk,
        folder: Path,
        columns: EventMap,
        clock: Callable[[], int] = time.time_ns,
        *,
        quiet_s: float = QUIET_S,
        batch: int = BATCH,
    ) -> None:
        self._desk: Final = desk
        self._folder: Final = folder
        self._columns: Final = columns
        self._clock: Final = clock
        self._quiet_s: Final = quiet_s
        self._batch: Final = batch
        self._seen: dict[str, tuple[Stamp, float]] = {}  # each file, and since when it has been so
        self._troubled: Final[dict[str, Stamp]] = {}  # files that could not be read or moved, told once
        self._lock: IO[bytes] | None = None
        self._stopping: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._watch, name="folder-watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """The batch that is under way is stored; the rest of its file waits for the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def look(self) -> int:
        """Bring the files that are complete, in the order of their names; how many were moved."""
        if not self._holds_lock():
            return 0
        moved = 0
        for path, stamp in self._complete():
            try:
                moved += self._take(path, stamp)
            except OSError as error:
                self._trouble(path, stamp, error)
        return moved

    # -- which files

    def _complete(self) -> list[tuple[Path, Stamp]]:
        now_s = time.monotonic()
        before, self._seen = self._seen, {}
        found: list[tuple[Path, Stamp]] = []
        for entry in sorted(os.scandir(self._folder), key=lambda entry: entry.name):
            stamp = _stamp(entry)
            if stamp is None:
                continue
            known, since_s = before.get(entry.name, (stamp, now_s))
            self._seen[entry.name] = (stamp, since_s if known == stamp else now_s)
            if known == stamp and entry.name in before and now_s - since_s >= self._quiet_s:
                found.append((Path(entry.path), stamp))
        return found

    def _holds_lock(self) -> bool:
        if self._lock is not None:
            return True
        lock = (self._folder / LOCK).open("ab")
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            return False
        self._lock = lock
        return True

    # -- one file

    def _take(self, path: Path, stamp: Stamp) -> bool:
        began_s = time.monotonic()
        progress = FileProgress(path)
        try:
            if not self._bring(EventFile(path, self._columns, after_line=progress.line), progress, stamp):
                return False
            refused = ""
        except FileRefused as error:
            refused = str(error)
            progress.refuse(f"{path.name}: {refused}")
        finally:
            progress.close()
        failed = bool(refused) or progress.faults > 0
        progress.move_to(_free(self._folder / (FAILED if failed else PROCESSED), path.name))
        observe.event(
            "ingest.file", file=path.name, events=progress.events, rejected=progress.faults,
            outcome=refused or ("failed" if failed else "processed"), seconds=f"{time.monotonic() - began_s:.1f}",
        )  # fmt: skip
        return True

    def _bring(self, file: EventFile, progress: FileProgress, stamp: Stamp) -> bool:
        """Store what a file says. False where it has grown meanwhile: its last row may be half of one, and it is gone
        on with from the last batch when it is complete."""
        batch: list[Brought] = []
        line = progress.line
        for found in file:
            if len(batch) == self._batch:
                self._store(batch, progress)
                progress.done(line, len(batch))
                batch = []
            line = found.line
            if isinstance(found, RowFault):
                progress.fault(found)
                continue
            body = found.message.SerializeToString()
            try:
                batch.append(Brought(found, self._desk.reader.read(body, self._clock() // MS), framed(body)))
            except InvalidRequest as error:
                progress.fault(found.fault(file.map, error))
        if _stamp_of(file.path.stat()) != stamp:
            return False
        if batch:
            self._store(batch, progress)
        progress.done(line, len(batch))
        return True

    def _store(self, batch: Sequence[Brought], progress: FileProgress) -> None:
        """Return when they are on disk, however long that takes. What the database refuses for good is a fault of its
        row, which is found by storing one after the other."""
        if self._stored(batch):
            return
        if len(batch) > 1:
            for one in batch:
                self._store([one], progress)
        else:
            row = batch[0].row
            progress.fault(RowFault(row.line, "", "the database refuses what it says", row.text))

    def _stored(self, batch: Sequence[Brought]) -> bool:
        """False where the database refuses it."""
        while True:
            while self._desk.waiting > WAITING_MAX:
                self._pause(LOOK_S / 10)
            stored: Future[None] = Future()
            try:
                self._desk.take(
                    [each.event for each in batch], [each.body for each in batch], SOURCE, partial(_settle, stored)
                )
                stored.result()
            except DataRefused:
                return False
            except (RatingdError, StoreFault) as error:
                observe.event("ingest.waits", error=str(error))
                self._pause(LOOK_S)
            else:
                return True

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped

    def _trouble(self, path: Path, stamp: Stamp, error: OSError) -> None:
        """It is tried again every second, and told once."""
        if self._troubled.get(path.name) != stamp:
            self._troubled[path.name] = stamp
            observe.event("ingest.file_waits", file=path.name, error=str(error))

    def _watch(self) -> None:
        while not self._stopping.wait(LOOK_S):
            try:
                self.look()
            except _Stopped:
                return
            except OSError as error:
                observe.event("ingest.folder_waits", folder=str(self._folder), error=str(error))
            except Exception as error:  # noqa: BLE001 (it is tried again, and the daemon does everything else)
                observe.fault("ingest.fault", error, folder=str(self._folder))
                self._stopping.wait(FAULT_PAUSE_S)


def watch_folder(desk: Desk, folder: str, named: str) -> FolderWatch:
    """As the settings want it. Raises SettingsRefused where there is no such folder, or no such map."""
    try:
        columns = event_map(named)
    except MapRefused as refused:
        raise SettingsRefused((Problem("watch_map", "", str(refused)),)) from None
    path = Path(folder)
    try:
        for below in (PROCESSED, FAILED):
            (path / below).mkdir(exist_ok=True)
    except OSError as error:
        text = f"{folder!r} is no folder that can be written ({error.strerror}); make it, or let the setting be empty"
        raise SettingsRefused((Problem("watch_folder", "", text),)) from None
    return FolderWatch(desk, path, columns)


def _settle(stored: "Future[None]", error: Exception | None) -> None:
    if error is None:
        stored.set_result(None)
    else:
        stored.set_exception(error)


def _stamp(entry: os.DirEntry[str]) -> Stamp | None:
    """None for what is no file of calls."""
    name = entry.name.lower()
    if name.startswith(".") or name.endswith(UNFINISHED) or not name.endswith(SUFFIXES):
        return None
    try:
        found = entry.stat()
    except FileNotFoundError:
        return None
    return _stamp_of(found) if stat.S_ISREG(found.st_mode) else None


def _stamp_of(found: os.stat_result) -> Stamp:
    return found.st_ino, found.st_size, found.st_mtime_ns


def _free(folder: Path, name: str) -> Path:
    """Where a file of that name can lie: calls.csv, or calls.2.csv where there is one already."""
    target, number = folder / name, 1
    while target.exists():
        number += 1
        target = folder / f"{Path(name).stem}.{number}{Path(name).suffix}"
    return target
