"""Deciding by hand: the steps of the simulation, decided one after the other on accounts that a dictionary keeps.

There is no lane, nothing is stored and no model is asked, so that a hundred steps take a tenth of a second. What an
operation leaves is at hand for the next, as in a lane.
"""

from typing import Final

from accounts.account import Account, AccountKey
from accounts.book import AccountsNeeded
from accounts.charge import ChargeRules
from accounts.document import account_from_text
from accounts.document_text import account_text
from actions.folder import PlanBook
from ratingd.engine.batch import next_due
from ratingd.engine.cache import Held
from ratingd.engine.command import Command, Reply
from ratingd.engine.decide import Decider
from ratingd.engine.decision import Decision
from ratingd.engine.ids import OperationIds
from ratingd.engine.laying import Laid
from ratingd.engine.operation import Answer, ExpireDue, Operation
from ratingd.engine.plans import PlanDesk, PlanVersion
from ratingd.errors import InvariantBroken, RatingdError
from ratingd.store.rows import OpenCallWrite, OperationRow
from ratingd.store.store import Store
from tariffs.zone import UTC
from tests.simulation.folder import BEGIN, HOUR
from tests.simulation.sides import key_of, operation_of
from tests.simulation.steps import Step

ROUNDS: Final = 20  # in which an operation may turn out to need another account


class HandDesk:
    """`laid` are the accounts that the last operation was decided on. `store` knows no charges: `operations` does."""

    def __init__(self, store: Store, book: PlanBook) -> None:
        self.now_ns = BEGIN
        self.held: Final[dict[AccountKey, Held]] = {}
        self.laid: Final[set[AccountKey]] = set()
        self.operations: Final[list[OperationRow]] = []
        plans = PlanDesk(lambda number: None)
        plans.activate(PlanVersion(1, book, 0))
        self._charge_ids: Final[dict[str, str]] = {}
        self._decider: Final = Decider(
            store, plans, ChargeRules(), OperationIds(self._clock), self._clock, UTC, 4 * HOUR
        )

    def play(self, step: Step) -> None:
        self.now_ns += step.get("wait", 0)
        self.laid.clear()
        match step["do"]:
            case "sweep":
                for key in [key for key, held in self.held.items() if self._overdue(held.account)]:
                    self._decide(key, ExpireDue())
            case "restart":
                self._read_again()
            case "clock" | "look" | "again" | "reuse":
                pass
            case _:
                self._one(step)

    def _clock(self) -> int:
        return self.now_ns

    def _one(self, step: Step) -> None:
        operation = operation_of(step, self._charge_ids, self.now_ns)
        decision = None if operation is None else self._decide(AccountKey(*key_of(step)), operation, step)
        if decision is not None and decision.charge is not None:
            self._charge_ids[step["name"]] = decision.operation_id

    def _decide(self, key: AccountKey, operation: Operation, step: Step | None = None) -> Decision | None:
        """Decide, and keep what it leaves. None: it was refused with an error."""
        command = Command(key, operation, _silent, dry_run=bool(step and step.get("dry")))
        laid = Laid({key: self._at_hand(key)})
        try:
            decision = self._decided(command, laid)
        except InvariantBroken:
            raise
        except RatingdError:
            return None
        finally:
            self.laid.update(laid.held)
            laid.close()
        for page in decision.pages:
            laid.held[page.account.key].account = None if page.removed else page.account
        self._note(key, decision)
        return decision

    def _decided(self, command: Command, laid: Laid) -> Decision:
        for _ in range(ROUNDS):
            try:
                return self._decider.decide(command, laid, self.operations)
            except AccountsNeeded as needed:
                laid.held.update({key: self._at_hand(key) for key in needed.keys})
        raise AssertionError(f"{command.operation} reaches further and further")

    def _at_hand(self, key: AccountKey) -> Held:
        return self.held.setdefault(key, Held(0, None, 0, {}))

    def _note(self, key: AccountKey, decision: Decision) -> None:
        """What later operations will ask about: open calls, charges and refunds."""
        written: OpenCallWrite | None = decision.open_call
        if written is not None:
            held = self.held[key]
            if written.closed:
                held.drop_call(written.call)
            else:
                held.note_call(written.call, self.now_ns)
        if decision.charge is not None:
            row = OperationRow(
                decision.operation_id, key, 0, 0, decision.kind, decision.at_ns, None, b"", decision.tariff_version,
                "", decision.charge, decision.refunds, 0, None,
            )  # fmt: skip
            self.operations.append(row)

    def _overdue(self, account: Account | None) -> bool:
        due_ns = None if account is None else next_due(account)
        return due_ns is not None and due_ns < self.now_ns

    def _read_again(self) -> None:
        for held in self.held.values():
            if held.account is not None:
                held.account = account_from_text(account_text(held.account))


def _silent(_: Answer | RatingdError) -> Reply:
    return Reply(0, b"")
