"""The account desk: the accounts a lane has at hand, the batch it is deciding, and the answers it remembers.

A command is decided on the accounts it is about. Its own is at hand; where it reaches for others (the members of a
shared group, the other side of a transfer) they are read, or taken as the lane has them, and it is decided again. What
comes of it is taken into the batch: each account at hand becomes the one that the operation leaves, so that the next
command goes on from there while nothing is on disk yet.

Only the lane's deciding thread uses it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from accounts.account import Account, AccountKey
from accounts.book import AccountsNeeded, Page
from accounts.document import account_from_text
from ratingd import observe
from ratingd.engine.batch import Building, Decided, Touched, Waiting
from ratingd.engine.cache import AccountCache, Held
from ratingd.engine.change_record import changes_text
from ratingd.engine.command import Command, Reply
from ratingd.engine.contention import Contention
from ratingd.engine.decide import Decider
from ratingd.engine.decision import Decision, plans_changed
from ratingd.engine.laying import Laid
from ratingd.engine.neighbours import Neighbours
from ratingd.engine.operation import Debit, GetMaxSessionTime, MaxDebit, Refund
from ratingd.errors import DeadlinePassed, InvariantBroken, KeyReused, RatingdError, Unavailable
from ratingd.store.faults import StoreFault, StoreUnavailable
from ratingd.store.rows import AccountRow, OpenCallWrite, OperationRow, shard_of
from ratingd.store.store import Store

KeyOfRequest = tuple[AccountKey, str]

ROUNDS: Final = 16  # so many times may an operation reach further: from an account to its groups, to their members
CHARGES: Final = (Debit, MaxDebit, GetMaxSessionTime)


class Answered:
    """A reply that belongs to a key; None where it is kept no longer."""

    __slots__ = ("fingerprint", "reply")

    def __init__(self, fingerprint: bytes, reply: Reply | None) -> None:
        self.fingerprint: Final = fingerprint
        self.reply: Final = reply


class AccountDesk:
    """`in_flight` gives the batch that is on its way to the disk."""

    def __init__(
        self,
        store: Store,
        decider: Decider,
        accounts_max: int,
        answers_max: int,
        neighbours: Neighbours,
        in_flight: Callable[[], Building | None],
    ) -> None:
        self._store: Final = store
        self._decider: Final = decider
        self._answers_max: Final = answers_max
        self._neighbours: Final = neighbours
        self._in_flight: Final = in_flight
        self._cache: Final = AccountCache(accounts_max)
        self._answers: Final[OrderedDict[KeyOfRequest, Answered]] = OrderedDict()
        self._beside: Final[dict[AccountKey, tuple[AccountKey, ...]]] = {}  # others that an account's charges ask for
        self._stale: Final[deque[tuple[AccountKey, ...]]] = deque()  # filled by other lanes
        self._lane: Final = neighbours.join(self._stale.append)
        self.building = Building()
        self.contention: Final = Contention()

    @property
    def held(self) -> int:
        return len(self._cache)

    def hand_over(self) -> Building:
        """The batch as it is, to be committed; the next one begins."""
        batch, self.building = self.building, Building()
        self._cache.trim(batch.touched)
        while len(self._answers) > self._answers_max:
            self._answers.popitem(last=False)
        return batch

    def written(self, batch: Building) -> None:
        """The batch is on disk."""
        self._neighbours.written(self._lane, batch.touched)
        watched = [(key, touched.account) for key, touched in batch.touched.items() if _is_watched(touched)]
        if watched:
            self._neighbours.watched(watched)

    # -- deciding

    def read(self, keys: Iterable[AccountKey]) -> None:
        """Have these accounts at hand. Raises StoreFault."""
        missing = [key for key in keys if not self._cache.has(key)]
        if not missing:
            return
        self._neighbours.visited(self._lane, missing)
        rows = self._store.accounts(missing)
        for key in missing:
            row = rows.get(key)
            self._cache.put(key, Held(shard_of(key), None, 0, {}) if row is None else _held(row))

    def decide(self, waiting: Waiting) -> bool:
        """Decide on a request whose account is at hand; False where it meets accounts that others write too."""
        command = waiting.command
        waiting.tries += 1
        if command.deadline_ns is not None and time.monotonic_ns() > command.deadline_ns:
            self.building.decided.append(Decided(waiting, command.encode(DeadlinePassed())))
            return True
        known = self._answers.get((command.key, command.idempotency_key)) if command.idempotency_key else None
        if known is not None:
            self.building.decided.append(Decided(waiting, _again(command, known)))
            return True
        held = self._at_hand(command.key)
        if held.fault is not None:  # its own requests fail, nobody else's; read afresh the next time
            unreadable = InvariantBroken(f"the stored account {command.key} cannot be read: {held.fault}")
            self.building.decided.append(Decided(waiting, command.encode(unreadable)))
            return True
        laid = Laid({command.key: held})
        try:
            decision = self._decided(command, laid)
        except RatingdError as refused:
            decision = self._decider.failed(command, refused)
        except StoreUnavailable as absent:
            decision = self._decider.failed(command, Unavailable(str(absent)))
        except Exception as error:  # noqa: BLE001 (a fault of ours fails one request, not the lane)
            observe.fault("lane.fault", error, account=str(command.key))
            decision = self._decider.failed(command, InvariantBroken(f"{type(error).__name__}: {error}"))
        reached = len(laid.asked) > 1
        waiting.keys = tuple({command.key, *laid.asked.intersection(laid.held)}) if reached else (command.key,)
        contended = bool(self.contention) and not self.building.apart and self.contention.meets(waiting.keys)
        if not contended:
            self._take_in(waiting, laid, decision)
        laid.close()
        return not contended

    def _decided(self, command: Command, laid: Laid) -> Decision:
        """Decide, again and again with the accounts that turn out to be needed too, until none is missing."""
        charge = isinstance(command.operation, CHARGES)
        beside = self._beside.get(command.key, ()) if charge and self._beside else ()
        pending = self._pending(command) if isinstance(command.operation, Refund) else ()
        if beside:
            self._lay(laid, beside)
        for _ in range(ROUNDS):
            try:
                decision = self._decider.decide(command, laid, pending)
            except AccountsNeeded as needed:
                self._lay(laid, needed.keys)
                continue
            if charge and (beside or len(laid.asked) > 1):
                self._remember(command.key, laid)
            return decision
        raise InvariantBroken(f"{type(command.operation).__name__} of {command.key} reached further {ROUNDS} times")

    def _remember(self, key: AccountKey, laid: Laid) -> None:
        """What a charge of the account asked for; the next one will ask for the same."""
        others = tuple(other for other in laid.asked if other != key)
        self._neighbours.gather(key, others)
        if len(self._beside) > self._answers_max:
            self._beside.clear()
        if others:
            self._beside[key] = others
        else:
            self._beside.pop(key, None)

    def reach(self, waiting: Waiting) -> set[AccountKey]:
        """The accounts that a request will be decided on, as far as they are known."""
        return {*waiting.keys, *self._beside.get(waiting.command.key, ())}

    def _lay(self, laid: Laid, keys: Sequence[AccountKey]) -> None:
        self.read(keys)
        laid.held.update((key, self._at_hand(key)) for key in keys)

    def _at_hand(self, key: AccountKey) -> Held:
        held = self._cache.get(key)
        if held is None:
            raise InvariantBroken(f"account {key} was not read before it was decided on")
        return held

    def _pending(self, command: Command) -> list[OperationRow]:
        """Operations of the account that may not be on disk yet."""
        decided = [decided for batch in (self._in_flight(), self.building) if batch for decided in batch.decided]
        return [each.operation for each in decided if each.operation is not None and each.operation.key == command.key]

    # -- what was decided

    def _take_in(self, waiting: Waiting, laid: Laid, decision: Decision) -> None:
        """Make the decision part of the batch: the accounts at hand become those it leaves."""
        command, building, held = waiting.command, self.building, laid.held[waiting.command.key]
        for page in decision.pages:
            self._turn(page, laid)
            if page.account.key != command.key:
                building.beside.append(_beside(laid.held[page.account.key], page, decision))
        for key in waiting.keys:
            if key not in building.touched:
                building.read[key] = laid.held[key].version
        if decision.open_call is not None:
            self._note_call(held, decision.open_call, decision.at_ns)
        alerts = building.send(command.key, decision.outside, self._decider.new_id, decision.at_ns)
        operation = _asked(command, held, decision) if decision.stored else None
        building.decided.append(Decided(waiting, decision.reply, operation, alerts, decision.log))
        if command.idempotency_key and operation is not None:
            self._answers[command.key, command.idempotency_key] = Answered(command.fingerprint, decision.reply)

    def _turn(self, page: Page, laid: Laid) -> None:
        """Let the account at hand be the one that a page leaves."""
        key = page.account.key
        held = laid.held[key]
        touched = self.building.touch(key, held)
        if plans_changed(page):
            touched.plans = () if page.removed else page.account.plans
        before, after = _of_metrics(held.account), not page.removed and _of_metrics(page.account)
        if before != after:
            touched.monitored = after
        held.account = touched.account = None if page.removed else page.account
        held.version = touched.version = held.version + 1

    def _note_call(self, held: Held, written: OpenCallWrite, now_ns: int) -> None:
        if written.closed:
            held.drop_call(written.call)
        else:
            held.note_call(written.call, now_ns)
        self.building.open_calls.append(written)

    # -- forgetting

    def catch_up(self) -> None:
        """Forget what other lanes have written since, but for what has changes of our own that are not on disk."""
        while self._stale:
            keys = self._stale.popleft()
            batches = [batch for batch in (self._in_flight(), self.building) if batch is not None]
            self._cache.forget([key for key in keys if not any(key in batch.touched for batch in batches)])

    def forget(self, batch: Building) -> None:
        """Forget what was decided in a batch that will not be stored."""
        self._cache.forget(batch.touched)
        self._cache.forget(batch.read)
        for decided in batch.decided:
            if decided.operation is not None:
                command = decided.waiting.command
                self._answers.pop((command.key, command.idempotency_key), None)

    def forget_accounts(self, keys: Iterable[AccountKey]) -> dict[AccountKey, int]:
        """Forget these accounts, whose changes are all on disk; the versions at which they were at hand."""
        versions = {key: held.version for key in keys if (held := self._cache.get(key)) is not None}
        self._cache.forget(versions)
        return versions

    def forget_all(self) -> None:
        self._cache.forget_all()

    def moved(self, versions: dict[AccountKey, int]) -> list[AccountKey]:
        """The accounts that are at hand again at another version: somebody else wrote them."""
        return [k for k, version in versions.items() if (held := self._cache.get(k)) and held.version != version]

    def learn(self, keys: Sequence[KeyOfRequest]) -> None:
        """Read the replies that belong to keys used before."""
        try:
            stored = self._store.replies(keys)
        except StoreFault:
            return  # they are decided again, refused again, and looked up again
        for key, reply in stored.items():
            kept = None if reply.reply is None else Reply(reply.reply_code, reply.reply)
            self._answers[key] = Answered(reply.fingerprint, kept)


def _of_metrics(account: Account | None) -> bool:
    """Whether monitors on scores or metrics watch an account."""
    return account is not None and bool(account.triggers) and account.outlined().of_metrics


def _is_watched(touched: Touched) -> bool:
    """Whether those monitors are to be looked at again: there are some, or there are none any more."""
    return touched.monitored is not None or _of_metrics(touched.account)


def _held(row: AccountRow) -> Held:
    """A stored account, ready to be decided on; one that cannot be read says why."""
    calls = {(call.switch_id, call.call_id): call for call in row.open_calls}
    try:
        account = None if row.document is None else account_from_text(row.document)
    except Exception as error:  # noqa: BLE001 (a damaged row, or one of a newer release)
        observe.fault("lane.account_unreadable", error, account=str(row.key))
        return Held(shard_of(row.key), None, row.version, calls, error)
    return Held(shard_of(row.key), account, row.version, calls)


def _again(command: Command, known: Answered) -> Reply:
    if known.fingerprint != command.fingerprint:
        return command.encode(KeyReused(command.idempotency_key))
    if known.reply is None:
        return command.encode(KeyReused(command.idempotency_key, forgotten=True))
    return known.reply


def _asked(command: Command, held: Held, decision: Decision) -> OperationRow:
    """The operation as the account keeps it that asked for it."""
    return OperationRow(
        operation_id=decision.operation_id,
        key=command.key,
        shard=held.shard,
        version=held.version,
        kind=decision.kind,
        at_ns=decision.at_ns,
        idempotency_key=command.idempotency_key or None,
        fingerprint=command.fingerprint,
        tariff_version=decision.tariff_version,
        changes=decision.changes_of(command.key),
        charge=decision.charge,
        refunds=decision.refunds,
        reply_code=decision.reply.code,
        reply=decision.reply.body,
    )


def _beside(held: Held, page: Page, decision: Decision) -> OperationRow:
    """The same operation as another account keeps it that it changed: nobody is answered from there."""
    key = page.account.key
    return OperationRow(
        operation_id=decision.operation_id,
        key=key,
        shard=held.shard,
        version=held.version,
        kind=decision.kind,
        at_ns=decision.at_ns,
        idempotency_key=None,
        fingerprint=b"",
        tariff_version=decision.tariff_version,
        changes=changes_text(page.changes),
        charge=None,
        refunds=None,
        reply_code=0,
        reply=None,
    )
