"""Operations: what a request wants done with one account, as plain data. The engine runs them on the account's lane.

A switch's debit and an operator's top-up are both operations: both are decided on working copies, recorded, committed
and answered in the same way, and both are idempotent by their key.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account, TriggerTerms
from accounts.charge import CallCost, ChargeRequest, Granted, RefundCost, Refused
from actions.account_row import AccountRow
from actions.action import Action
from actions.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class GetMaxSessionTime:
    """How long may this call last? Answer: Granted | Refused.

    With `reserve_ns` what is granted is held for the call (`switch_id`, `call_id`) for so long, or until its end, in
    place of what it held before; that writes, so it has an idempotency key. Without, it only reads.
    """

    request: ChargeRequest
    reserve_ns: int | None = None


class Debit:
    """Book the usage. Answer: Charged | Refused."""

    __slots__ = ("request",)

    def __init__(self, request: ChargeRequest) -> None:
        self.request: Final = request


class MaxDebit:
    """Book as much of the usage as is covered. Answer: Charged | Refused."""

    __slots__ = ("request",)

    def __init__(self, request: ChargeRequest) -> None:
        self.request: Final = request


@dataclass(frozen=True, slots=True)
class Refund:
    """Give increments of an earlier charge of this account back. Answer: Refunded.

    `runs` says how many of each run; None means all that is left.
    """

    charge_id: str
    runs: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class RunActions:
    """Run actions given in the request itself, as one atomic set. Answer: AccountAnswer.

    With `create` an unknown account comes into being.
    """

    actions: tuple[Action, ...]
    create: bool = False


@dataclass(frozen=True, slots=True)
class ExecuteSet:
    """Run a named action set of the active tariff on the account. Answer: AccountAnswer."""

    actions_id: str
    create: bool = True


@dataclass(frozen=True, slots=True)
class SetAccount:
    """Create or change an account. What is None stays as it is. Answer: AccountAnswer.

    Plans and trigger groups given are added to those the account has, or replace them with `overwrite_plans` and
    `overwrite_triggers`. `*asap` entries of plans that are new to the account run in the same operation.
    """

    plans: tuple[str, ...] | None = None
    trigger_groups: tuple[str, ...] | None = None
    allow_negative: bool | None = None
    disabled: bool | None = None
    time_zone: str | None = None
    overwrite_plans: bool = False
    overwrite_triggers: bool = False


@dataclass(frozen=True, slots=True)
class ImportAccount:
    """Bring an account to its row in AccountActions.csv. Answer: AccountAnswer, whose notes tell what changed.

    `catalogue` is the one the row was loaded with, where that is not in force: a dry run of a load.
    """

    row: AccountRow
    rerun_asap: bool = False
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True)
class RemoveAccount:
    """Remove the account with its balances and plan memberships. Answer: AccountAnswer with `account` None."""


@dataclass(frozen=True, slots=True)
class SetTriggers:
    """Attach the triggers of groups, armed; with `overwrite` they replace all others. Answer: AccountAnswer."""

    groups: tuple[str, ...]
    overwrite: bool = False


@dataclass(frozen=True, slots=True)
class ResetTriggers:
    """Arm the triggers that agree with what is given; "" agrees with all. Answer: AccountAnswer.

    With `executed` they are marked as fired instead.
    """

    group: str = ""
    unique_id: str = ""
    executed: bool = False


@dataclass(frozen=True, slots=True)
class ResetCounters:
    """Zero the counters that agree with what is given; "" agrees with all. Answer: AccountAnswer."""

    counter_id: str = ""
    kind: str = ""


@dataclass(frozen=True, slots=True)
class SetTrigger:
    """Give the account a trigger of its own, or change the one of the same group and unique id. Answer: AccountAnswer.

    `executed` None keeps its mark (a new one is armed). Monitors are evaluated afterwards.
    """

    terms: TriggerTerms
    executed: bool | None = None


@dataclass(frozen=True, slots=True)
class RemoveTriggers:
    """Remove the triggers that agree with what is given; "" agrees with all. Answer: AccountAnswer."""

    group: str = ""
    unique_id: str = ""


@dataclass(frozen=True, slots=True)
class SetScores:
    """Tell what was computed about the account: values in 1e-9 by address ("score.masking"), None forgets one.

    Monitors on scores and metrics are evaluated afterwards. Answer: AccountAnswer.
    """

    scores: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class ReadAccount:
    """The account as it stands after everything answered before. Answer: AccountAnswer."""


@dataclass(frozen=True, slots=True)
class ExpireDue:
    """Something of the account has expired: fire what watches for it, then delete it. Answer: AccountAnswer."""


Operation = (
    GetMaxSessionTime
    | Debit
    | MaxDebit
    | Refund
    | RunActions
    | ExecuteSet
    | SetAccount
    | ImportAccount
    | RemoveAccount
    | SetTriggers
    | ResetTriggers
    | ResetCounters
    | SetTrigger
    | RemoveTriggers
    | SetScores
    | ReadAccount
    | ExpireDue
)


class Reserved:
    """What a call was granted and holds now.

    `holders` are the accounts it holds balances of, its own first; none where nothing is held (not to be kept).
    """

    __slots__ = ("call", "granted", "holders", "operation_id")

    def __init__(
        self, operation_id: str, granted: Granted, call: tuple[str, str, str], holders: tuple[Account, ...]
    ) -> None:
        self.operation_id: Final = operation_id
        self.granted: Final = granted
        self.call: Final = call
        self.holders: Final = holders


@mypyc_attr(acyclic=True, free_list_len=1)
class Charged:
    """What a debit did. `charge_id` is what a refund names; `account` is the one afterwards (not to be kept)."""

    __slots__ = ("account", "charge_id", "cost", "operation_id")

    def __init__(self, operation_id: str, charge_id: str, cost: CallCost, account: Account) -> None:
        self.operation_id: Final = operation_id
        self.charge_id: Final = charge_id
        self.cost: Final = cost
        self.account: Final = account


class Refunded:
    """What a refund did, with the account afterwards (do not change or keep it)."""

    __slots__ = ("account", "cost", "operation_id")

    def __init__(self, operation_id: str, cost: RefundCost, account: Account) -> None:
        self.operation_id: Final = operation_id
        self.cost: Final = cost
        self.account: Final = account


class AccountAnswer:
    """An account after an operation; None when it was removed. `notes` tell what a person should know."""

    __slots__ = ("account", "notes", "operation_id")

    def __init__(self, operation_id: str, account: Account | None, notes: tuple[str, ...] = ()) -> None:
        self.operation_id: Final = operation_id
        self.account: Final = account
        self.notes: Final = notes


Answer = Granted | Reserved | Charged | Refunded | AccountAnswer | Refused
