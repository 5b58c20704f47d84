"""Loading a tariff folder: read apart, stored as a version, in force from one instant on, then brought to the accounts.

    read       a child process parses and checks; a fault anywhere ends it here, and nothing has happened
    store      the image of the whole tariff becomes version N+1
    activate   from `effective_at` on every batch is rated by it; calls that are under way keep theirs
    import     each row of AccountActions.csv becomes an operation on its account, under a key of the version

The import is resumed after a crash: its operations have keys, so that what was done is not done again. With several
daemons on one database `effective_at` lies a little ahead, so that all of them have the version before it holds.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Final

from accounts.account import AccountKey
from actions.account_row import AccountRow
from actions.folder import PlanBook
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.load_report import AccountDifference, LoadReport
from ratingd.engine.operation import AccountAnswer, Answer, ImportAccount
from ratingd.engine.plan_reading import Reading, read_apart, unpack
from ratingd.engine.plans import PlanDesk, PlanVersion
from ratingd.errors import AccountBusy, Overloaded, RatingdError, Unavailable
from ratingd.store.store import Store

IN_FLIGHT: Final = 256
NOTICE_NS: Final = 2_000_000_000  # how far ahead a version is announced to other daemons
BEGUN: Final = "begun"
RERUN: Final = "rerun"  # begun, with `*asap` entries for accounts that had the plan before
DONE: Final = "done"
LATER: Final = (Unavailable, Overloaded, AccountBusy)
AGAIN_S: Final = 0.5
FINGERPRINT: Final = b"import"

Submit = Callable[[Command, Callable[[Reply], None]], None]


class TariffLoader:
    """One load at a time. `submit` is the engine's way in."""

    def __init__(
        self,
        store: Store,
        plans: PlanDesk,
        submit: Submit,
        clock: Callable[[], int],
        zone_name: str,
        decimals: int,
        stopping: threading.Event,
    ) -> None:
        self._store: Final = store
        self._plans: Final = plans
        self._submit: Final = submit
        self._clock: Final = clock
        self._zone_name: Final = zone_name
        self._decimals: Final = decimals
        self._stopping: Final = stopping
        self._newest_ns = 0
        self._one: Final = threading.Lock()

    def check(self, files: Mapping[str, bytes]) -> LoadReport:
        """Read a folder to its end and report everything; nothing is stored."""
        reading = self._read(files)
        counts = {} if reading.image is None else unpack(reading.image).counts()
        return LoadReport(reading.findings, counts=counts, differences=reading.differences)

    def load(
        self,
        files: Mapping[str, bytes],
        *,
        dry_run: bool = False,
        rerun_asap: bool = False,
        moves_calls: bool = False,
        loaded_by: str = "",
    ) -> LoadReport:
        """Load a folder. With a fault in it `version` is None and nothing has changed.

        Raises Unavailable when the daemon stops before every account was brought to its row; the next start goes on.
        """
        with self._one, self._alone():
            reading = self._read(files)
            if reading.image is None:
                return LoadReport(reading.findings)
            book = unpack(reading.image)
            rows = list(book.catalogue.account_rows.values())
            if dry_run:
                accounts = self._differences(rows, book, rerun_asap)
                return LoadReport(reading.findings, None, book.counts(), accounts, reading.differences)
            number = self._activate(reading.image, book, files, moves_calls, loaded_by)
            self._store.keep_cursor(_cursor(number), RERUN if rerun_asap else BEGUN)
            imported = self._import(number, rows, rerun_asap)
            observe.event("tariff.loaded", version=number, accounts=len(imported))
            return LoadReport(reading.findings, number, book.counts(), imported, reading.differences)

    def resume(self) -> None:
        """Finish the imports of versions in force, or about to be, where a crash had cut them short."""
        with self._one, self._alone():
            for stored in self._store.versions_to_serve(self._clock()):
                how = self._store.cursor(_cursor(stored.number))
                if how == DONE:
                    continue
                self._wait_until(stored.effective_at_ns or 0)
                rows = list(unpack(stored.image).catalogue.account_rows.values())
                observe.event("tariff.import_resumed", version=stored.number, accounts=len(rows))
                self._import(stored.number, rows, how == RERUN)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Of several daemons on one database one loads at a time, each on top of what the other has loaded."""
        while True:
            with self._store.database.alone("tariffs") as ours:
                if ours:
                    yield
                    return
            time.sleep(0.2)

    def _read(self, files: Mapping[str, bytes]) -> Reading:
        serving = self._store.versions_to_serve(self._clock())
        self._newest_ns = serving[-1].effective_at_ns or 0 if serving else 0
        stored = serving[-1].image if serving else None
        return read_apart(files, stored, self._clock(), self._zone_name, self._decimals)

    def _activate(
        self, image: bytes, book: PlanBook, files: Mapping[str, bytes], moves_calls: bool, loaded_by: str
    ) -> int:
        book.tariff.prepare()
        now = self._clock()
        notice = NOTICE_NS if self._store.shared else 0
        effective_at = max(now + notice, self._newest_ns + 1)  # a clock set back brings no older tariff into force
        number = self._store.tariffs.add(
            image,
            source_fingerprint=_fingerprint(files),
            loaded_ns=now,
            loaded_by=loaded_by,
            effective_at_ns=effective_at,
            moves_calls=moves_calls,
        )
        self._plans.activate(PlanVersion(number, book, effective_at, moves_calls))
        self._wait_until(effective_at)
        return number

    def _wait_until(self, instant_ns: int) -> None:
        """Wait, for the notice at most: where the clock was set back the version comes into force by itself later."""
        for _ in range(2 * NOTICE_NS // 10_000_000):
            if self._clock() >= instant_ns:
                return
            time.sleep(0.01)

    def _differences(self, rows: list[AccountRow], book: PlanBook, rerun_asap: bool) -> tuple[AccountDifference, ...]:
        operations = [ImportAccount(row, rerun_asap, book.catalogue) for row in rows]
        return self._each(operations, "", dry_run=True)

    def _import(self, number: int, rows: list[AccountRow], rerun_asap: bool) -> tuple[AccountDifference, ...]:
        """Bring accounts to their rows; those that cannot be reached now are tried again until the daemon stops."""
        found: dict[AccountKey, AccountDifference] = {}
        left = rows
        while left:
            operations = [ImportAccount(row, rerun_asap) for row in left]
            for difference in self._each(operations, f"import:{number}", dry_run=False):
                found[difference.key] = difference
            left = [row for row in left if found[row.key].unfinished]
            if left and self._stopping.wait(AGAIN_S):
                raise Unavailable(f"the daemon stops with {len(left)} accounts to import; its next start goes on.")
        self._store.keep_cursor(_cursor(number), DONE)
        return tuple(found.values())

    def _each(self, operations: list[ImportAccount], key: str, *, dry_run: bool) -> tuple[AccountDifference, ...]:
        """Submit them, a bounded number at a time; what each came to, in their order."""
        room = threading.Semaphore(IN_FLIGHT)
        waiting = []
        for operation in operations:
            room.acquire()
            waiting.append(_Import(operation.row.key, room).submit(self._submit, operation, key, dry_run))
        return tuple(answered.result() for answered in waiting)


class _Import:
    """One row on its way through its lane."""

    def __init__(self, key: AccountKey, room: threading.Semaphore) -> None:
        self._key: Final = key
        self._room: Final = room
        self._last: Answer | RatingdError | None = None
        self._answered: Final[Future[AccountDifference]] = Future()

    def submit(self, submit: Submit, operation: ImportAccount, key: str, dry_run: bool) -> "Future[AccountDifference]":
        submit(Command(self._key, operation, self._encode, key, FINGERPRINT, dry_run), self._done)
        return self._answered

    def _encode(self, answer: Answer | RatingdError) -> Reply:
        self._last = answer
        return Reply(0, b"imported")

    def _done(self, _: Reply) -> None:
        self._room.release()
        match self._last:
            case RatingdError() as error:
                difference = AccountDifference(self._key, (f"not imported: {error}",), isinstance(error, LATER))
                self._answered.set_result(difference)
            case AccountAnswer(notes=notes):
                self._answered.set_result(AccountDifference(self._key, notes))
            case _:
                self._answered.set_result(AccountDifference(self._key, ()))


def _cursor(number: int) -> str:
    return f"import:{number}"


def _fingerprint(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(path.encode() + b"\0" + files[path] + b"\0")
    return digest.hexdigest()
