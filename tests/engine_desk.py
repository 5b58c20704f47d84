"""An engine over a real store, for tests that look at what a lane does: operations in, replies and accounts out."""

import hashlib
import itertools
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from types import TracebackType
from typing import Final

from accounts.account import Account, AccountKey
from accounts.balance import BalanceKind
from accounts.balance_filter import BalanceFilter
from accounts.charge import ChargeRequest, ChargeRules, Refused
from actions.action import Action, ActionType
from actions.folder import EMPTY_PLAN_BOOK, read_folder
from ratingd.engine.command import Command, Reply
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.engine.lane import LaneLimits
from ratingd.engine.operation import Answer, Charged, Debit, Operation, Refunded, RunActions
from ratingd.engine.plans import PlanVersion
from ratingd.errors import RatingdError
from ratingd.store.store import Store, open_store
from tariffs.money import NANO, decimal_text
from tariffs.zone import UTC

SATURDAY_TEN: Final = 1_795_255_200 * NANO  # 2026-11-21T10:00:00Z
FOLDER: Final = {
    "Destinations.csv": b"DST_49,49\n",
    "Rates.csv": b"RT,0,0.60,60s,60s,0s\n",
    "DestinationRates.csv": b"DR,DST_49,RT,*up,4,0,\n",
    "RatingPlans.csv": b"RP,DR,*any,10\n",
    "RatingProfiles.csv": b"cgrates.org,call,*any,,RP,\n",
}


class Nowhere:
    """An outbox that nobody empties."""

    def wake(self) -> None:
        pass

    def first_attempt(self, entry_id: str) -> Future[object]:
        return Future()


def words(answer: Answer | RatingdError) -> Reply:
    """An answer as a test reads it."""
    match answer:
        case Charged():
            return Reply(0, f"{answer.operation_id} cost {decimal_text(answer.cost.cost)}".encode())
        case Refunded():
            return Reply(0, f"{answer.operation_id} back {decimal_text(answer.cost.money)}".encode())
        case Refused():
            return Reply(9, answer.reason.value.encode())
        case RatingdError():
            return Reply(14, answer.reason.encode())
        case _:
            return Reply(0, type(answer).__name__.encode())


class Desk:
    """Use as a context; `restart()` opens the same store again, as a new daemon would.

    `folder` is put in force without being stored; an empty one leaves that to `engine.tariffs.load`.
    """

    def __init__(
        self,
        url: str,
        *,
        folder: Mapping[str, bytes] = FOLDER,
        limits: LaneLimits | None = None,
        lanes: int = 2,
        clock: Callable[[], int] = time.time_ns,
        store: Callable[[Store], Store] = lambda store: store,
        lock_timeout_ms: int = 3000,
    ) -> None:
        self._url: Final = url
        self._folder: Final = folder
        self._options: Final = EngineOptions(ChargeRules(), lanes=lanes, limits=limits or LaneLimits())
        self._clock: Final = clock
        self._wrap: Final = store
        self._lock_timeout_ms: Final = lock_timeout_ms
        self._serial: Final = itertools.count()

    def __enter__(self) -> "Desk":
        self._open()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._close()

    def restart(self) -> None:
        self._close()
        self._open()

    def _open(self) -> None:
        self.store = self._wrap(open_store(self._url, lock_timeout_ms=self._lock_timeout_ms))
        self.store.migrate()
        self.engine = Engine(self.store, self._options, Nowhere(), self._clock)
        self.engine.start()
        if self._folder:
            book, findings = read_folder(self._folder, EMPTY_PLAN_BOOK, now_ns=SATURDAY_TEN, zone=UTC)
            assert book is not None, findings
            self.engine.plans.activate(PlanVersion(1, book, 0))

    def _close(self) -> None:
        self.engine.stop(10)
        self.store.close()

    def send(self, account: str, operation: Operation, key: str | None = None, content: str = "") -> Future[Reply]:
        """Submit; without a key under one of its own."""
        answered: Future[Reply] = Future()
        fingerprint = hashlib.sha256(f"{type(operation).__name__} {content}".encode()).digest()
        name = f"auto-{next(self._serial)}-{threading.get_ident()}-{time.time_ns()}" if key is None else key
        command = Command(AccountKey("cgrates.org", account), operation, words, name, fingerprint)
        self.engine.submit(command, answered.set_result)
        return answered

    def ask(self, account: str, operation: Operation, key: str | None = None, content: str = "") -> str:
        """Submit and wait: the reply in words."""
        return self.send(account, operation, key, content).result(20).body.decode()

    def top_up(self, account: str, units: int, balance: str = "M") -> None:
        self.ask(account, RunActions((topping_up(balance, units),), create=True))

    def account(self, account: str) -> Account:
        found = self.engine.account(AccountKey("cgrates.org", account))
        assert found is not None
        return found

    def money(self, account: str) -> str:
        """The money of an account, all balances together."""
        return decimal_text(sum(b.value for b in self.account(account).balances_of(BalanceKind.MONETARY)))


def topping_up(balance: str, units: int) -> Action:
    return Action("", ActionType.TOPUP, filter=BalanceFilter(kind=BalanceKind.MONETARY, id=balance), units=units * NANO)


def debit(
    account: str, seconds: int, *, call_id: str = "", destination: str = "49123", final: bool = False
) -> Debit:  # fmt: skip
    return Debit(charge(account, seconds, call_id=call_id, destination=destination, final=final))


def charge(
    account: str, seconds: int, *, call_id: str = "", destination: str = "49123", final: bool = False
) -> ChargeRequest:
    key = AccountKey("cgrates.org", account)
    return ChargeRequest(
        key, "call", account, destination, "*voice", SATURDAY_TEN, SATURDAY_TEN + seconds * NANO, UTC,
        switch_id="sw", call_id=call_id, final=final,
    )  # fmt: skip
