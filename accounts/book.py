"""The book: working copies of the accounts an operation touches, and a record of everything it changed on them.

A debit of 0.60 on balance M leaves one change `("value", uuid_of_M, -600_000_000, 4_400_000_000)`: what moved and what
it was afterwards. The record is stored as it is with the operation; replaying all of an account's records, oldest
first, gives its document again (`accounts.replay`), and that is how `ratingd verify` knows that nothing was lost.

Every change of an account is made through its page, so that nothing can change without being recorded. An action set
that fails is rolled back to its savepoint *in place*: the debit that fired it still holds these very balances.
"""

from typing import Final, TypeAlias

from accounts.account import Account, AccountKey, AccountTrigger, UnitCounter
from accounts.balance import Balance, BalanceTerms
from accounts.document import account_document

# A JSON-ready tuple whose first member says what changed:
#   ("value", balance uuid, delta, after)        ("count", counter kind, counter of, counter id, delta, after)
#   ("balance", document, position)              ("gone", balance uuid)
#   ("trigger", group, unique id, executed, last_executed_ns)
#   ("triggers", [documents])                    ("counters", [documents])
#   ("set", field, value)                        ("account", document)           ("removed",)
Change: TypeAlias = tuple[object, ...]


class Savepoint:
    """Where a page stood: enough to put the same objects back as they were."""

    __slots__ = ("balances", "changes", "counters", "dirty", "flags", "triggers")

    def __init__(self, page: "Page") -> None:
        account = page.account
        self.balances: Final = [(balance, balance.value, balance.terms) for balance in account.balances]
        self.counters: Final = [(counter, counter.value) for counter in account.counters]
        self.triggers: Final = [(t, t.terms, t.executed, t.last_executed_ns) for t in account.triggers]
        flags = (account.allow_negative, account.disabled, account.time_zone, account.plans, account.imported)
        self.flags: Final = flags
        self.changes: Final = len(page.changes)
        self.dirty: Final = set(page.dirty)


class Page:
    """One account's working copy and what an operation changed on it.

    `dirty` are the balances changed since the operation began; monitors on balances look at no others. `created` and
    `removed` tell whether the account itself appears or goes with this operation.
    """

    __slots__ = ("account", "changes", "created", "dirty", "removed")

    def __init__(self, account: Account, created: bool = False) -> None:
        self.account: Final = account
        self.changes: Final[list[Change]] = []
        self.dirty: Final[set[str]] = set()
        self.created: Final = created
        self.removed = False
        if created:
            self.changes.append(("account", account_document(account)))

    def move(self, balance: Balance, delta: int) -> None:
        """Add `delta` (negative to take) to a balance. A change of zero is recorded too: it makes the balance dirty."""
        balance.value += delta
        self.dirty.add(balance.uuid)
        self.changes.append(("value", balance.uuid, delta, balance.value))

    def count(self, counter: UnitCounter, delta: int) -> None:
        counter.value += delta
        self.changes.append(("count", counter.kind, counter.of.value, counter.id, delta, counter.value))

    def open(self, balance: Balance, document: dict[str, object]) -> None:
        """Append a new balance; `document` is its stored form."""
        self.account.balances.append(balance)
        self.dirty.add(balance.uuid)
        self.changes.append(("balance", document, len(self.account.balances) - 1))

    def amend(self, balance: Balance, terms: BalanceTerms, document: dict[str, object]) -> None:
        """Change the terms of a balance that stays where it is; `document` is its stored form afterwards."""
        balance.terms = terms
        self.dirty.add(balance.uuid)
        self.changes.append(("balance", document, self.account.balances.index(balance)))

    def close(self, balance: Balance) -> None:
        self.account.balances.remove(balance)
        self.changes.append(("gone", balance.uuid))

    def mark(self, trigger: AccountTrigger, *, executed: bool, last_executed_ns: int | None) -> None:
        trigger.executed = executed
        trigger.last_executed_ns = last_executed_ns
        self.changes.append(("trigger", trigger.terms.group, trigger.terms.unique_id, executed, last_executed_ns))

    def replace_triggers(self, triggers: list[AccountTrigger], documents: list[dict[str, object]]) -> None:
        self.account.triggers[:] = triggers
        self.changes.append(("triggers", documents))

    def replace_counters(self, counters: list[UnitCounter], documents: list[dict[str, object]]) -> None:
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

    def remove(self) -> None:
        self.removed = True
        self.changes.append(("removed",))

    def savepoint(self) -> Savepoint:
        return Savepoint(self)

    def roll_back(self, savepoint: Savepoint) -> None:
        account = self.account
        for balance, value, terms in savepoint.balances:
            balance.value, balance.terms = value, terms
        account.balances[:] = [balance for balance, _, _ in savepoint.balances]
        for counter, count in savepoint.counters:
            counter.value = count
        account.counters[:] = [counter for counter, _ in savepoint.counters]
        for trigger, trigger_terms, executed, last_ns in savepoint.triggers:
            trigger.terms, trigger.executed, trigger.last_executed_ns = trigger_terms, executed, last_ns
        account.triggers[:] = [trigger for trigger, _, _, _ in savepoint.triggers]
        account.allow_negative, account.disabled, account.time_zone, account.plans, account.imported = savepoint.flags
        self.removed = False
        del self.changes[savepoint.changes :]
        self.dirty.clear()
        self.dirty.update(savepoint.dirty)


class Book:
    """The pages of one operation. One account today; shared groups and transfers put several on the desk."""

    __slots__ = ("pages",)

    def __init__(self, pages: dict[AccountKey, Page]) -> None:
        self.pages: Final = pages

    def page(self, key: AccountKey) -> Page | None:
        return self.pages.get(key)
