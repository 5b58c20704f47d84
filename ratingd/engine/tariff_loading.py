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
from collections.abc import Callable, Mapping
from concurrent.futures import Future
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
from ratingd.errors import RatingdError
from ratingd.store.store import Store

IN_FLIGHT: Final = 256
NOTICE_NS: Final = 2_000_000_000  # how far ahead a version is announced to other daemons
DONE: Final = "done"
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
    ) -> None:
        self._store: Final = store
        self._plans: Final = plans
        self._submit: Final = submit
        self._clock: Final = clock
        self._zone_name: Final = zone_name
        self._decimals: Final = decimals
        self._one: Final = threading.Lock()

    def check(self, files: Mapping[str, bytes]) -> LoadReport:
        """Read a folder to its end and report everything; nothing is stored."""
        reading = self._read(files)
        return LoadReport(reading.findings, counts={} if reading.image is None else unpack(reading.image).counts())

    def load(
        self,
        files: Mapping[str, bytes],
        *,
        dry_run: bool = False,
        rerun_asap: bool = False,
        moves_calls: bool = False,
        loaded_by: str = "",
    ) -> LoadReport:
        """Load a folder. With a fault in it `version` is None and nothing has changed."""
        with self._one:
            reading = self._read(files)
            if reading.image is None:
                return LoadReport(reading.findings)
            book = unpack(reading.image)
            rows = list(book.catalogue.account_rows.values())
            if dry_run:
                differences = self._differences(rows, book, rerun_asap)
                return LoadReport(reading.findings, None, book.counts(), differences)
            number = self._activate(reading.image, book, files, moves_calls, loaded_by)
            imported = self._import(number, rows, rerun_asap)
            self._store.keep_cursor(_cursor(number), DONE)
            observe.event("tariff.loaded", version=number, accounts=len(imported))
            return LoadReport(reading.findings, number, book.counts(), imported)

    def resume(self) -> None:
        """Finish the import of the version in force, where a crash had cut it short."""
        current = self._plans.current(self._clock())
        if current.number == 0 or self._store.cursor(_cursor(current.number)) == DONE:
            return
        rows = list(current.book.catalogue.account_rows.values())
        observe.event("tariff.import_resumed", version=current.number, accounts=len(rows))
        self._import(current.number, rows, rerun_asap=False)
        self._store.keep_cursor(_cursor(current.number), DONE)

    def _read(self, files: Mapping[str, bytes]) -> Reading:
        serving = self._store.versions_to_serve(self._clock())
        stored = serving[-1].image if serving else None
        return read_apart(files, stored, self._clock(), self._zone_name, self._decimals)

    def _activate(
        self, image: bytes, book: PlanBook, files: Mapping[str, bytes], moves_calls: bool, loaded_by: str
    ) -> int:
        book.tariff.prepare()
        now = self._clock()
        effective_at = now + NOTICE_NS if self._store.shared else now
        number = self._store.tariffs.add(
            image,
            source_fingerprint=_fingerprint(files),
            loaded_ns=now,
            loaded_by=loaded_by,
            effective_at_ns=effective_at,
            moves_calls=moves_calls,
        )
        self._plans.activate(PlanVersion(number, book, effective_at, moves_calls))
        while self._clock() < effective_at:
            time.sleep(0.01)
        return number

    def _differences(self, rows: list[AccountRow], book: PlanBook, rerun_asap: bool) -> tuple[AccountDifference, ...]:
        operations = [ImportAccount(row, rerun_asap, book.catalogue) for row in rows]
        return self._each(operations, "", dry_run=True)

    def _import(self, number: int, rows: list[AccountRow], rerun_asap: bool) -> tuple[AccountDifference, ...]:
        operations = [ImportAccount(row, rerun_asap) for row in rows]
        return self._each(operations, f"import:{number}", dry_run=False)

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
                self._answered.set_result(AccountDifference(self._key, (f"not imported: {error}",)))
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
