"""Accounts: who pays, with what, and what is watched meanwhile.

The order of balances is the order in which they were created; it breaks ties between equal weights. Triggers are the
account's own copies with their own marks, so that two accounts of one group fire independently.

An account is a plain class: every operation works on a copy, and a copy is made for each one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from sys import intern
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias

from mypy_extensions import mypyc_attr

from accounts.balance import DEFAULT_BALANCE_ID, Balance, BalanceKind
from accounts.balance_filter import ANY_BALANCE, BalanceFilter
from accounts.outline import Outline, earliest
from accounts.reservation import Reservation
from tariffs.zone import Zone, zone

NO_SCORES: Final[Mapping[str, int]] = MappingProxyType({})
CounterName: TypeAlias = tuple[str, str, str, str, str]  # kind, what it counts, id, window, call


class AccountKey(NamedTuple):
    """Who pays, in whose name space. A tuple, because it is hashed many times on the way of each request."""

    tenant: str
    account: str

    def __str__(self) -> str:
        return f"{self.tenant}:{self.account}"


class CounterKind(StrEnum):
    EVENT = "*event"  # counts what matches the event: category and destination
    BALANCE = "*balance"  # counts what matching balances paid


class Window(StrEnum):
    """What a counter counts over: everything, one call, or a period of the account's local calendar.

    Weeks begin on Monday. A counter that begins a new window restarts at 0 and arms its triggers again.
    """

    NONE = ""
    CALL = "*call"
    HOUR = "*hour"
    DAY = "*day"
    WEEK = "*week"
    MONTH = "*month"


@mypyc_attr(acyclic=True, free_list_len=1)
class UnitCounter:
    """What a counter trigger has seen so far. `value` is 1e-9 of a unit or currency, whole ns for voice.

    `kind` is the list it hangs in: a balance kind, or "*event_connect" for connected calls. `id` is the trigger's
    BalanceTag, or its UniqueID where that is blank. A refund may take it below zero.

    A counter of a period knows when its window began (`since_ns`). One of a call belongs to that call (`call`, its
    CgrID), keeps the marks of the monitors that fired in it (`fired`, "group/unique id"), and goes when the call is
    closed or at `expires_at_ns`, when the call must be over.
    """

    __slots__ = (
        "call", "expires_at_ns", "filter", "fired", "id", "kind", "label", "name", "of", "since_ns", "value", "window",
    )  # fmt: skip

    def __init__(
        self,
        id: str,
        kind: str,
        of: CounterKind,
        filter: BalanceFilter,
        value: int = 0,
        window: Window = Window.NONE,
        since_ns: int = 0,
        call: str = "",
        fired: tuple[str, ...] = (),
        expires_at_ns: int | None = None,
        name: CounterName | None = None,
        label: str = "",
    ) -> None:
        self.id: Final = id
        self.kind: Final = kind
        self.of: Final = of
        self.filter: Final = filter
        self.value = value
        self.window: Final = window
        self.since_ns = since_ns
        self.call: Final = call
        self.fired = fired
        self.expires_at_ns = expires_at_ns
        # What tells it from the other counters of its account; a copy has it already.
        self.name: Final[CounterName] = name if name is not None else (kind, of.value, id, window.value, call)
        self.label: Final = label or counter_label(self.name)

    def copy(self) -> "UnitCounter":
        return UnitCounter(
            self.id, self.kind, self.of, self.filter, self.value, self.window, self.since_ns, self.call, self.fired,
            self.expires_at_ns, self.name, self.label,
        )  # fmt: skip


def counter_label(name: CounterName) -> str:
    """The same as one text, which is quicker to look up, and one and the same for the accounts of a plan."""
    return intern("\0".join(name))


class ThresholdType(StrEnum):
    MIN_BALANCE = "*min_balance"
    MAX_BALANCE = "*max_balance"
    BALANCE_EXPIRED = "*balance_expired"
    MIN_EVENT_COUNTER = "*min_event_counter"
    MAX_EVENT_COUNTER = "*max_event_counter"
    MIN_BALANCE_COUNTER = "*min_balance_counter"
    MAX_BALANCE_COUNTER = "*max_balance_counter"
    MIN_SCORE = "*min_score"
    MAX_SCORE = "*max_score"
    MIN_COUNTER = "*min_counter"
    MAX_COUNTER = "*max_counter"


# What these look at is computed by others, and told to the account.
TOLD: Final = frozenset(
    {ThresholdType.MIN_SCORE, ThresholdType.MAX_SCORE, ThresholdType.MIN_COUNTER, ThresholdType.MAX_COUNTER}
)


@dataclass(frozen=True, slots=True)
class TriggerTerms:
    """One row of ActionTriggers.csv. `threshold` has the scale of what is watched (accounts.balance.BalanceKind.scale).

    `filter` holds columns 8 to 18. `kind` is BalanceType as written: it names the list of balances or counters and may
    be "*event_connect"; "" watches nothing. `window` is what its counter counts over. A monitor on a score or a
    traffic metric has the address of what it watches ("score.masking", "b.asr.300") as the id of its filter, and its
    threshold in 1e-9.
    """

    group: str
    unique_id: str
    type: ThresholdType
    threshold: int
    actions_id: str
    kind: str = ""
    filter: BalanceFilter = ANY_BALANCE
    recurrent: bool = False
    min_sleep_ns: int = 0
    expires_at_ns: int | None = None
    activates_at_ns: int | None = None
    weight: Decimal = Decimal(0)  # heavier is looked at first
    window: Window = Window.NONE
    anchors_ns: tuple[int, ...] = field(default=(), repr=False, compare=False)  # triggers.trigger_files
    text: str = field(default="", init=False, repr=False, compare=False)  # accounts.document


class AccountTrigger:
    """An account's own copy of a trigger: its terms and its marks."""

    __slots__ = ("executed", "last_executed_ns", "terms")

    def __init__(self, terms: TriggerTerms, executed: bool = False, last_executed_ns: int | None = None) -> None:
        self.terms = terms
        self.executed = executed
        self.last_executed_ns = last_executed_ns

    @property
    def name(self) -> str:
        return f"{self.terms.group}/{self.terms.unique_id}"

    def copy(self) -> "AccountTrigger":
        return AccountTrigger(self.terms, self.executed, self.last_executed_ns)


class BoundSide(StrEnum):
    MIN = "min"  # reached at or below
    MAX = "max"  # reached at or above


class Bound:
    """A value of one balance or counter of the account `key` at which a monitor may fire.

    It is what `triggers` tells `accounts` as plain data. A bound on neither is reached by every portion that the
    account takes part in: what holds already fires at the next evaluation.
    """

    __slots__ = ("balance_uuid", "counter", "key", "side", "value")

    def __init__(
        self, key: AccountKey, side: BoundSide, value: int, balance_uuid: str = "", counter: CounterName | None = None
    ) -> None:
        self.key: Final = key
        self.side: Final = side
        self.value: Final = value
        self.balance_uuid: Final = balance_uuid  # at most one of the two is given
        self.counter: Final = counter


@mypyc_attr(acyclic=True, free_list_len=1)
class Account:
    """What is stored of an account. `plans` are the action plans it belongs to, `imported` the row last loaded for it.

    `triggers` are sorted by weight, heavier first; equal ones keep the order of their group. `reservations` are what
    calls hold of the balances. `scores` are values that others have computed about the account, in 1e-9, by address.

    A shared group is kept as an account of its own (accounts.shared_group): it has `members` and nothing else.

    `outline` is worked out from the rest (`outlined`), and None again when more than values has changed.
    """

    __slots__ = (
        "allow_negative",
        "balances",
        "counters",
        "disabled",
        "imported",
        "key",
        "members",
        "outline",
        "plans",
        "reservations",
        "scores",
        "time_zone",
        "triggers",
        "updated_ns",
    )

    def __init__(
        self,
        key: AccountKey,
        balances: list[Balance] | None = None,
        counters: list[UnitCounter] | None = None,
        triggers: list[AccountTrigger] | None = None,
        allow_negative: bool = False,
        disabled: bool = False,
        time_zone: str = "",
        plans: tuple[str, ...] = (),
        imported: tuple[str, ...] | None = None,
        updated_ns: int = 0,
        reservations: tuple[Reservation, ...] = (),
        scores: Mapping[str, int] = NO_SCORES,
        members: tuple[str, ...] = (),
    ) -> None:
        self.key: Final = key
        self.balances: Final[list[Balance]] = balances if balances is not None else []
        self.counters: Final[list[UnitCounter]] = counters if counters is not None else []
        self.triggers: list[AccountTrigger] = triggers if triggers is not None else []
        self.allow_negative = allow_negative
        self.disabled = disabled
        self.time_zone = time_zone  # IANA name or fixed offset; "" is the daemon's default
        self.plans = plans
        self.imported = imported  # (plan, triggers, AllowNegative, Disabled) as last imported
        self.updated_ns = updated_ns
        self.reservations = reservations
        self.scores = scores
        self.members = members  # account names, in the order in which they joined
        self.outline: Outline | None = None

    def copy(self) -> "Account":
        copy = self.borrowing()
        copy.balances[:] = [balance.copy() for balance in self.balances]
        copy.triggers = [trigger.copy() for trigger in self.triggers]
        return copy

    def borrowing(self) -> "Account":
        """A copy for a charge, which changes one balance and seldom a trigger: its page copies those that it does."""
        copy = Account(
            self.key,
            list(self.balances),
            [counter.copy() for counter in self.counters],
            self.triggers,
            self.allow_negative,
            self.disabled,
            self.time_zone,
            self.plans,
            self.imported,
            self.updated_ns,
            self.reservations,
            self.scores,
            self.members,
        )
        copy.outline = self.outline
        return copy

    def outlined(self) -> Outline:
        """What stays true of the account while only values move."""
        outline = self.outline
        if outline is None:
            expiry_ns = earliest([balance.terms.expires_at_ns for balance in self.balances])
            end_ns = earliest([trigger.terms.expires_at_ns for trigger in self.triggers])
            of_calls = [trigger for trigger in self.triggers if trigger.terms.window is Window.CALL]
            shared = [balance for balance in self.balances if balance.terms.shared_groups]
            of_metrics = [trigger for trigger in self.triggers if trigger.terms.type in TOLD]
            outline = self.outline = Outline(
                expiry_ns, end_ns, of_calls=bool(of_calls), shared=bool(shared), of_metrics=bool(of_metrics)
            )
        return outline

    def zone_or(self, default: Zone) -> Zone:
        """The time zone the account lives in; the daemon's default where it names none."""
        return zone(self.time_zone) if self.time_zone else default

    def balances_of(self, kind: BalanceKind) -> list[Balance]:
        return [balance for balance in self.balances if balance.terms.kind is kind]

    def balance(self, uuid: str) -> Balance | None:
        for balance in self.balances:
            if balance.uuid == uuid:
                return balance
        return None


def default_balance(account: Account) -> Balance | None:
    """The money balance that what nobody covers is taken from; it is created when it is first needed."""
    for balance in account.balances:
        if balance.terms.id == DEFAULT_BALANCE_ID and balance.terms.kind is BalanceKind.MONETARY:
            return balance
    return None
