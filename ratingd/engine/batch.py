"""A batch: what a lane has decided and not yet answered, on its way to one transaction.

Sixty-four debits on forty accounts are sixty-four operation rows and forty account documents: a document is written
once, as it is after the last of them. Nothing in a batch is visible to anyone before it is committed; if the commit
fails all of it is decided again, because nobody has seen an answer yet.
"""

from collections.abc import Callable, Iterable
from typing import Final

from accounts.account import Account, AccountKey
from accounts.document_text import account_text
from actions.outside import LogLine, Outside
from ratingd import observe
from ratingd.engine.cache import Held
from ratingd.engine.command import Command, Reply
from ratingd.engine.outgoing import Outgoing
from ratingd.errors import RatingdError
from ratingd.store.rows import AccountWrite, Batch, CdrRow, OpenCallWrite, OperationRow, OutboxEntry


class Waiting:
    """A command and who waits for its reply. `since_ns` is monotonic; `tries` counts how often it was decided.

    `keys` are the accounts that it was last decided on.
    """

    __slots__ = ("answered", "command", "done", "keys", "since_ns", "tries")

    def __init__(self, command: Command, done: Callable[[Reply], None], since_ns: int) -> None:
        self.command: Final = command
        self.done: Final = done
        self.since_ns: Final = since_ns
        self.tries = 0
        self.keys: tuple[AccountKey, ...] = (command.key,)
        self.answered = False


def give_up(requests: Iterable[Waiting], error: RatingdError) -> None:
    """Answer requests with an error."""
    for waiting in requests:
        _tell(waiting, error)


def _tell(waiting: Waiting, error: RatingdError) -> None:
    """Answer a request with an error, once; nothing that happens here may end a thread of the lane."""
    if waiting.answered:
        return
    waiting.answered = True
    try:
        waiting.done(waiting.command.encode(error))
    except Exception as fault:  # noqa: BLE001
        observe.fault("lane.answer_not_taken", fault, account=str(waiting.command.key))


class Decided:
    """One command decided: the reply that will leave, and the rows that must be on disk before it does."""

    __slots__ = ("alerts", "log", "operation", "reply", "waiting")

    def __init__(
        self,
        waiting: Waiting,
        reply: Reply,
        operation: OperationRow | None = None,
        alerts: tuple[str, ...] = (),
        log: tuple[LogLine, ...] = (),
    ) -> None:
        self.waiting: Final = waiting
        self.reply: Final = reply
        self.operation: Final = operation  # None where nothing is to be stored
        self.alerts: Final = alerts  # outbox entries whose first delivery holds the reply back
        self.log: Final = log


class Touched:
    """An account that the batch changes: the version it was read at, and what is to be stored of it.

    `account` and `version` follow the decisions of this batch and no later ones: an account is never changed once it
    has been decided, only replaced by a copy, so the committer may write it down while the next batch goes on.
    """

    __slots__ = ("account", "expected", "monitored", "plans", "shard", "version")

    def __init__(self, held: Held) -> None:
        self.shard: Final = held.shard
        self.expected: Final = held.version
        self.account = held.account
        self.version = held.version
        self.plans: tuple[str, ...] | None = None  # its action plans, where they changed
        self.monitored: bool | None = None  # whether monitors on scores or metrics watch it, where that changed


class Building:
    """A batch while it is being decided. One that is `apart` is about accounts that others write too."""

    def __init__(self, *, apart: bool = False) -> None:
        self.apart: Final = apart
        self.decided: Final[list[Decided]] = []
        self.touched: Final[dict[AccountKey, Touched]] = {}
        self.read: Final[dict[AccountKey, int]] = {}
        self.beside: Final[list[OperationRow]] = []  # rows of accounts that an operation of another one changed
        self.outbox: Final[list[OutboxEntry]] = []
        self.open_calls: Final[list[OpenCallWrite]] = []
        self.cdrs: Final[list[CdrRow]] = []

    def __len__(self) -> int:
        return len(self.decided)

    def touch(self, key: AccountKey, held: Held) -> Touched:
        """Note that the account is about to change; call it before the version of `held` rises."""
        touched = self.touched.get(key)
        if touched is None:
            touched = self.touched[key] = Touched(held)
        return touched

    def send(
        self, key: AccountKey, outside: tuple[Outside, ...], new_id: Callable[[], str], now_ns: int
    ) -> tuple[str, ...]:
        """Make rows of what is to be done outside. Returns the ids of the entries that hold back the reply."""
        if not outside:
            return ()
        outgoing = Outgoing(key, new_id, now_ns)
        for effect in outside:
            outgoing.add(effect)
        self.outbox.extend(outgoing.outbox)
        self.cdrs.extend(outgoing.cdrs)
        return tuple(outgoing.synchronous)

    def rows(self) -> Batch:
        """Everything to be stored, in one transaction."""
        return Batch(
            operations=[*[each.operation for each in self.decided if each.operation is not None], *self.beside],
            accounts=[_account_write(key, touched) for key, touched in self.touched.items()],
            outbox=self.outbox,
            open_calls=self.open_calls,
            cdrs=self.cdrs,
        )


def _account_write(key: AccountKey, touched: Touched) -> AccountWrite:
    account = touched.account
    return AccountWrite(
        key=key,
        shard=touched.shard,
        expected_version=touched.expected,
        version=touched.version,
        document=None if account is None else account_text(account),
        disabled=account is not None and account.disabled,
        next_due_ns=None if account is None else next_due(account),
        plans=touched.plans,
        time_zone="" if account is None else account.time_zone,
        monitored=touched.monitored,
    )


def next_due(account: Account) -> int | None:
    """The earliest instant at which something of the account expires: a balance, a trigger, a reservation, a call."""
    earliest: int | None = None
    for balance in account.balances:
        expires = balance.terms.expires_at_ns
        if expires is not None and (earliest is None or expires < earliest):
            earliest = expires
    for trigger in account.triggers:
        expires = trigger.terms.expires_at_ns
        if expires is not None and (earliest is None or expires < earliest):
            earliest = expires
    for reservation in account.reservations:
        if earliest is None or reservation.expires_at_ns < earliest:
            earliest = reservation.expires_at_ns
    for counter in account.counters:
        expires = counter.expires_at_ns
        if expires is not None and (earliest is None or expires < earliest):
            earliest = expires
    return earliest
