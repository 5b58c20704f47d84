"""The book: working copies of the accounts an operation touches, and a record of everything it changed on them.

A debit of 0.60 on balance M leaves one change `("value", uuid_of_M, -600_000_000, 4_400_000_000)`: what moved and what
it was afterwards. The record is stored as it is with the operation; replaying all of an account's records, oldest
first, gives its document again (`accounts.replay`), and that is how `ratingd verify` knows that nothing was lost.

Every change of an account is made through its page, so that nothing can change without being recorded. An action set
that fails is rolled back to its savepoint *in place*: the debit that fired it still holds these very balances.
"""

from collections.abc import Iterable
from typing import Final, TypeAlias

from accounts.account import Account, AccountKey, AccountTrigger, UnitCounter
from accounts.balance import Balance, BalanceTerms
from accounts.bounds import Bounds
from accounts.document import account_document, reservation_document
from accounts.reservation import Reservation

# A JSON-ready tuple whose first member says what changed:
#   ("value", balance uuid, delta, after)        ("count", *counter name, delta, after)
#   ("balance", document, position)              ("gone", balance uuid)
#   ("trigger", group, unique id, executed, last_executed_ns)
#   ("triggers", [documents])                    ("counters", [documents])
#   ("fired", *counter name, ["group/unique id"])
#   ("reserved", document)                       ("released", owner, switch id, call id)
#   ("score", address, value)
#   ("set", field, value)                        ("account", document)           ("removed",)
Change: TypeAlias = tuple[object, ...]


class Savepoint:
    """Where a page stood: enough to put the same objects back as they were."""

    __slots__ = ("balances", "changes", "counters", "dirty", "flags", "page", "removed", "triggers")

    def __init__(self, page: "Page") -> None:
        account = page.account
        self.page: Final = page
        self.balances: Final = [(balance, balance.value, balance.terms) for balance in account.balances]
        self.counters: Final = [(c, c.value, c.since_ns, c.fired, c.expires_at_ns) for c in account.counters]
        self.triggers: Final = [(t, t.terms, t.executed, t.last_executed_ns) for t in account.triggers]
        self.flags: Final = (
            account.allow_negative, account.disabled, account.time_zone, account.plans, account.imported,
            account.reservations, account.scores, account.members,
        )  # fmt: skip
        self.removed: Final = page.removed
        self.changes: Final = len(page.changes)
        self.dirty: Final = set(page.dirty)


class Page:
    """One account's working copy and what an operation changed on it. It belongs to a book: its own, if none is given.

    `dirty` are the balances changed since the operation began; monitors on balances look at no others. `created` and
    `removed` tell whether the account itself appears or goes with this operation, `rearranged` whether its balances or
    their terms may be others; `begun` is how many of the changes have been made by laying it alone. `bounds` are those
    of the monitors that are watched, if any are. Where balances and triggers are `lent` by the account that was copied,
    `own` or `own_balance` comes before whatever may change one.
    """

    __slots__ = (
        "_lent", "account", "begun", "book", "bounds", "changes", "created", "dirty", "rearranged", "removed",
    )  # fmt: skip

    def __init__(
        self, account: Account, created: bool = False, book: "Book | None" = None, *, lent: Account | None = None
    ) -> None:
        self.account: Final = account
        self.book: Final = Book() if book is None else book
        self.book.add(self)
        self.changes: Final[list[Change]] = []
        self.dirty: Final[set[str]] = set()
        self.created: Final = created
        self.removed = False
        self._lent = lent
        self.rearranged = created
        self.begun = 0
        self.bounds: Bounds | None = None
        if created:
            self.changes.append(("account", account_document(account)))

    def move(self, balance: Balance, delta: int) -> None:
        """Add `delta` (negative to take) to a balance. A change of zero is recorded too: it makes the balance dirty."""
        if self._is_lent(balance):
            raise AssertionError(
                f"balance {balance.uuid} is another account's, and nobody copied it before it is moved"
            )
        balance.value += delta
        self.dirty.add(balance.uuid)
        self.changes.append(("value", balance.uuid, delta, balance.value))

    def count(self, counter: UnitCounter, delta: int) -> None:
        counter.value += delta
        kind, of, id, window, call = counter.name
        self.changes.append(("count", kind, of, id, window, call, delta, counter.value))

    def forget_outline(self) -> None:
        """What was worked out about the account may hold no longer."""
        self.account.outline = None

    def mark_in_call(self, counter: UnitCounter, fired: tuple[str, ...]) -> None:
        """Note which monitors have fired in the call that a counter belongs to."""
        self.forget_outline()
        counter.fired = fired
        self.changes.append(("fired", *counter.name, list(fired)))

    def open(self, balance: Balance, document: dict[str, object]) -> None:
        """Append a new balance; `document` is its stored form."""
        self._rearrange()
        self.account.balances.append(balance)
        self.dirty.add(balance.uuid)
        self.changes.append(("balance", document, len(self.account.balances) - 1))

    def amend(self, balance: Balance, terms: BalanceTerms, document: dict[str, object]) -> None:
        """Change the terms of a balance that stays where it is; `document` is its stored form afterwards."""
        self._rearrange()
        balance.terms = terms
        self.dirty.add(balance.uuid)
        self.changes.append(("balance", document, self.account.balances.index(balance)))

    def close(self, balance: Balance) -> None:
        self._rearrange()
        self.account.balances.remove(balance)
        self.changes.append(("gone", balance.uuid))

    def own(self) -> None:
        """Have triggers and balances that may be changed; those that were looked up before are another account's."""
        account = self.account
        if self._lent is not None:
            lent = set(self._lent.balances)
            self._lent = None
            account.balances[:] = [balance.copy() if balance in lent else balance for balance in account.balances]
            account.triggers = [trigger.copy() for trigger in account.triggers]

    def own_balance(self, balance: Balance) -> Balance:
        """A balance of the account that may be changed: this one, or where it is lent a copy in its place."""
        if not self._is_lent(balance):
            return balance
        own, balances = balance.copy(), self.account.balances
        for place, each in enumerate(balances):
            if each is balance:
                balances[place] = own
        return own

    def _is_lent(self, balance: Balance) -> bool:
        if self._lent is not None:
            for each in self._lent.balances:
                if each is balance:
                    return True
        return False

    def mark(self, trigger: AccountTrigger, *, executed: bool, last_executed_ns: int | None) -> None:
        self.forget_outline()
        trigger.executed = executed
        trigger.last_executed_ns = last_executed_ns
        self.changes.append(("trigger", trigger.terms.group, trigger.terms.unique_id, executed, last_executed_ns))

    def replace_triggers(self, triggers: list[AccountTrigger], documents: list[dict[str, object]]) -> None:
        self.forget_outline()
        self.account.triggers = triggers  # some of them may still be those of the account that was copied
        self.changes.append(("triggers", documents))

    def replace_counters(self, counters: list[UnitCounter], documents: list[dict[str, object]]) -> None:
        self.forget_outline()
        self.account.counters[:] = counters
        self.changes.append(("counters", documents))

    def allow_negative(self, value: bool) -> None:
        self.account.allow_negative = value
        self.changes.append(("set", "allow_negative", value))

    def disable(self, value: bool) -> None:
        self.account.disabled = value
        self.changes.append(("set", "disabled", value))

    def set_time_zone(self, value: str) -> None:
        self.account.time_zone = value
        self.changes.append(("set", "time_zone", value))

    def set_plans(self, value: tuple[str, ...]) -> None:
        self.account.plans = value
        self.changes.append(("set", "plans", list(value)))

    def set_imported(self, value: tuple[str, ...] | None) -> None:
        self.account.imported = value
        self.changes.append(("set", "imported", None if value is None else list(value)))

    def set_members(self, value: tuple[str, ...]) -> None:
        self.account.members = value
        self.changes.append(("set", "members", list(value)))

    def set_score(self, address: str, value: int | None) -> None:
        """Note what was computed about the account, in 1e-9; None forgets it."""
        self.forget_outline()
        kept = {name: score for name, score in self.account.scores.items() if name != address}
        self.account.scores = kept if value is None else kept | {address: value}
        self.changes.append(("score", address, value))

    def reserve(self, reservation: Reservation) -> None:
        """Hold, in place of what the same call held before."""
        others = [other for other in self.account.reservations if other.call != reservation.call]
        self.account.reservations = (*others, reservation)
        self.changes.append(("reserved", reservation_document(reservation)))

    def release(self, reservation: Reservation) -> None:
        self.account.reservations = tuple([r for r in self.account.reservations if r.call != reservation.call])
        self.changes.append(("released", *reservation.call))

    def remove(self) -> None:
        self._rearrange()
        self.removed = True
        self.changes.append(("removed",))

    def savepoint(self) -> Savepoint:
        self.own()
        return Savepoint(self)

    def _rearrange(self) -> None:
        self.rearranged = True
        self.forget_outline()

    def roll_back(self, savepoint: Savepoint) -> None:
        account = self.account
        self.forget_outline()
        for balance, value, terms in savepoint.balances:
            balance.value, balance.terms = value, terms
        account.balances[:] = [balance for balance, _, _ in savepoint.balances]
        for counter, value, since_ns, fired, expires_at_ns in savepoint.counters:
            counter.value, counter.since_ns, counter.fired = value, since_ns, fired
            counter.expires_at_ns = expires_at_ns
        account.counters[:] = [counter for counter, *_ in savepoint.counters]
        for trigger, trigger_terms, executed, last_ns in savepoint.triggers:
            trigger.terms, trigger.executed, trigger.last_executed_ns = trigger_terms, executed, last_ns
        account.triggers = [trigger for trigger, _, _, _ in savepoint.triggers]
        (
            account.allow_negative, account.disabled, account.time_zone, account.plans, account.imported,
            account.reservations, account.scores, account.members,
        ) = savepoint.flags  # fmt: skip
        self.removed = savepoint.removed
        del self.changes[savepoint.changes :]
        self.dirty.clear()
        self.dirty.update(savepoint.dirty)


class AccountsNeeded(Exception):
    """An operation reached for accounts that were not laid before it. It is run again from its begin, with them."""

    def __init__(self, keys: Iterable[AccountKey]) -> None:
        self.keys: Final = tuple(keys)
        super().__init__(f"needed too: {', '.join(map(str, self.keys))}")


class Book:
    """The pages of one operation: the account it is about and, where a shared group or a transfer asks, others.

    `pages` holds what was laid before it, None for an account that does not exist; `there` are those that do.
    """

    __slots__ = ("pages", "there")

    def __init__(self) -> None:
        self.pages: Final[dict[AccountKey, Page | None]] = {}
        self.there: Final[list[Page]] = []

    def add(self, page: Page) -> None:
        """Take a page in, in place of one that there was of the same account."""
        former = self.pages.get(page.account.key)
        if former is not None:
            self.there.remove(former)
        self.pages[page.account.key] = page
        self.there.append(page)

    def page(self, key: AccountKey) -> Page | None:
        """The page of an account, None where there is none. Raises AccountsNeeded where nobody has looked yet."""
        try:
            return self.pages[key]
        except KeyError:
            raise AccountsNeeded((key,)) from None

    def need(self, keys: Iterable[AccountKey]) -> None:
        """Ask for several accounts at once."""
        missing = [key for key in keys if key not in self.pages]
        if missing:
            raise AccountsNeeded(missing)

    def savepoint(self) -> list[Savepoint]:
        return [page.savepoint() for page in self.there]

    def roll_back(self, savepoints: Iterable[Savepoint]) -> None:
        """Put every page back; one that was created since is gone again."""
        saved = {savepoint.page: savepoint for savepoint in savepoints}
        for page in list(self.there):
            if page in saved:
                page.roll_back(saved[page])
            else:
                self.pages[page.account.key] = None
                self.there.remove(page)

    def close(self) -> None:
        """Let go of the pages: they name their book in turn."""
        self.pages.clear()
        self.there.clear()
