"""Orders: what a rule or an incident has an account do, each once, whatever happens in between.

Rule irsf holds for account 1001 at 03:12. The order "fraud:irsf:1001:1795230720000" is committed with the alert, then
handed to the account's lane as a command under that very key: *log and *disable_account, in one operation. When the
lane has answered, the order is marked as done with the next batch. After a crash all orders that are not marked are
handed over again; an account that did it already gives its first answer, and nothing is done twice.

An account that there is none of is a result, as is whatever else the lane refuses for good. What it cannot take just
now (a full queue, a store that is away) is handed over again a second later.
"""

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any, Final

from accounts.account import AccountKey
from actions.action import Action, ActionType
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import Answer, ExecuteSet, Operation, RunActions
from ratingd.errors import AccountBusy, AccountUnknown, DeadlinePassed, Overloaded, RatingdError, Unavailable
from ratingd.store.fraud_rows import OrderRow

Submit = Callable[[Command, Callable[[Reply], None]], None]

LATER: Final = (Overloaded, Unavailable, AccountBusy, DeadlinePassed)
DONE: Final = "done"
OK: Final = Reply(0, DONE.encode())
REFUSED: Final = 9


def order(
    id: str, key: AccountKey, actions: Sequence[tuple[ActionType, str]], alert: str, now_ms: int, actions_id: str = ""
) -> OrderRow:
    """An order of some actions, in this order, or of a named set. `alert` is the uuid of the one that it belongs to."""
    content = {"alert": alert, "actions": [[type.value, extra] for type, extra in actions]}
    return OrderRow(id, key.tenant, key.account, actions_id, json.dumps(content, separators=(",", ":")), now_ms)


def alert_of(row: OrderRow) -> str:
    return str(json.loads(row.document)["alert"])


def named(row: OrderRow) -> str:
    """What an order has done, for people: the set, or its actions."""
    content: dict[str, Any] = json.loads(row.document)
    return row.actions_id or " ".join([type for type, _ in content["actions"]])


class AccountOrders:
    """Thread-safe. `submit` is the engine's; `finished` are to be stored with the next batch."""

    def __init__(self, submit: Submit) -> None:
        self._submit: Final = submit
        self._lock: Final = threading.Lock()
        self._finished: Final[list[OrderRow]] = []
        self._again: Final[list[OrderRow]] = []

    def resume(self, rows: Iterable[OrderRow]) -> None:
        """At the start: what was ordered and is not marked as done."""
        self.hand_over([row for row in rows if not row.done])

    def hand_over(self, rows: Iterable[OrderRow]) -> None:
        for row in rows:
            self._hand_over(row)

    def again(self) -> None:
        """Hand over what could not be taken before."""
        with self._lock:
            waiting, self._again[:] = list(self._again), []
        self.hand_over(waiting)

    def finished(self) -> list[OrderRow]:
        """Those that lanes have answered since this was asked last."""
        with self._lock:
            finished, self._finished[:] = list(self._finished), []
        return finished

    def give_back(self, rows: Iterable[OrderRow]) -> None:
        """They could not be stored as finished: the next batch has them again."""
        with self._lock:
            self._finished.extend(rows)

    def _hand_over(self, row: OrderRow) -> None:
        last: list[RatingdError | None] = [None]

        def encode(answer: Answer | RatingdError) -> Reply:
            last[0] = answer if isinstance(answer, RatingdError) else None
            return OK if last[0] is None else Reply(REFUSED, _refusal(last[0]).encode())

        def done(reply: Reply) -> None:
            if reply.code and isinstance(last[0], LATER):
                with self._lock:
                    self._again.append(row)
                return
            result = reply.body.decode()
            observe.event("fraud.order", order=row.id, account=f"{row.tenant}:{row.account}", result=result)
            with self._lock:
                self._finished.append(replace(row, done=True, result=result))

        key = AccountKey(row.tenant, row.account)
        self._submit(Command(key, operation(row), encode, row.id, _fingerprint(row)), done)


def operation(row: OrderRow) -> Operation:
    if row.actions_id:
        return ExecuteSet(row.actions_id, create=False)
    content: dict[str, Any] = json.loads(row.document)
    return RunActions(tuple([Action("", ActionType(type), extra=extra) for type, extra in content["actions"]]))


def _refusal(error: RatingdError | None) -> str:
    return "account unknown" if isinstance(error, AccountUnknown) else str(error)


def _fingerprint(row: OrderRow) -> bytes:
    return sha256(f"{row.actions_id}\0{row.document}".encode()).digest()
