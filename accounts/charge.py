"""What a switch asks of an account and what it is answered.

GetMaxSessionTime asks how long a call may last, Debit books what it uses, MaxDebit books as much of it as is covered,
Refund gives increments of an earlier charge back. An expected "no" is a value (`Refused`), never an exception.

Times are nanoseconds since the epoch, usage is nanoseconds for voice and else units, money is nano-units. A charge of a
thousand equal seconds is one `Increment` with `count` 1000: nothing here grows with the length of a call.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, TypeAlias

from mypy_extensions import mypyc_attr

from accounts.account import AccountKey
from accounts.balance import BalanceKind
from tariffs.span import Match
from tariffs.zone import Zone

UNLIMITED: Final = -1  # a granted duration without limit
MAX_USAGE: Final[Mapping[str, int]] = {
    "*any": 189 * 3600 * 1_000_000_000,
    "*voice": 72 * 3600 * 1_000_000_000,
    "*data": 107_374_182_400,
    "*sms": 10_000,
    "*mms": 10_000,
}


class Reason(StrEnum):
    """Why a request is refused, in order of precedence: the first that holds is the answer."""

    INVALID_USAGE = "INVALID_USAGE"
    USAGE_TOO_LONG = "USAGE_TOO_LONG"
    ACCOUNT_UNKNOWN = "ACCOUNT_UNKNOWN"
    ACCOUNT_DISABLED = "ACCOUNT_DISABLED"
    CALL_MASKED = "CALL_MASKED"
    NUMBER_BLOCKED = "NUMBER_BLOCKED"
    NO_RATING_PLAN = "NO_RATING_PLAN"
    DESTINATION_UNRATED = "DESTINATION_UNRATED"
    CREDIT_EXHAUSTED = "CREDIT_EXHAUSTED"
    BALANCE_BLOCKER = "BALANCE_BLOCKER"


class RequestType(StrEnum):
    """How an account pays for a call. What happens to a piece of it that is not `final`, and at its end:

    prepaid: each piece is charged when it comes. Pseudo-prepaid: credit only says how long the call may last, and its
    end is charged. Post-paid: the call lasts as long as is asked, and its end is charged, below zero if need be.
    """

    PREPAID = "*prepaid"
    PSEUDOPREPAID = "*pseudoprepaid"
    POSTPAID = "*postpaid"


@dataclass(frozen=True, slots=True)
class ChargeRules:
    """The settings a charge depends on."""

    decimals: int = 5  # kept in every balance and increment cost
    max_usage: Mapping[str, int] = field(default_factory=lambda: MAX_USAGE)
    balance_rating_subject: Mapping[str, str] = field(default_factory=lambda: {"*any": "*zero1ns", "*voice": "*zero1s"})
    fallback_depth: int = 3
    prefix_matching: bool = False  # of rating subjects


@mypyc_attr(acyclic=True)
class ChargeRequest:
    """A piece of a call (or of another service) to be paid by an account: the descriptor a switch sends.

    `subject` and `tor` have their defaults already (the account, `*voice`). `duration_index` is the usage of the whole
    call up to `end_ns`; `loop_index` counts its debits from 0. `final` marks usage that has already happened: it is
    charged in full whatever a monitor does. `max_rate` is nano-units per `max_rate_unit` usage. Where `zone_given` is
    false, `zone` is only the daemon's default and the account's own prevails.
    """

    __slots__ = (
        "call_id", "category", "deny_negative", "destination", "duration_index", "end_ns", "extra_fields", "final",
        "force_duration", "key", "loop_index", "max_cost_so_far", "max_rate", "max_rate_unit", "perform_rounding",
        "request_type", "start_ns", "subject", "switch_id", "tor", "zone", "zone_given",
    )  # fmt: skip

    def __init__(
        self,
        key: AccountKey,
        category: str,
        subject: str,
        destination: str,
        tor: str,
        start_ns: int,
        end_ns: int,
        zone: Zone,
        *,
        duration_index: int = 0,
        loop_index: int = 0,
        max_cost_so_far: int = 0,
        max_rate: int | None = None,
        max_rate_unit: int | None = None,
        force_duration: bool = False,
        perform_rounding: bool = False,
        deny_negative: bool = False,
        final: bool = False,
        extra_fields: Mapping[str, str] | None = None,
        switch_id: str = "",
        call_id: str = "",
        zone_given: bool = True,
        request_type: RequestType = RequestType.PREPAID,
    ) -> None:
        self.key: Final = key
        self.category: Final = category
        self.subject: Final = subject
        self.destination: Final = destination
        self.tor: Final = tor
        self.start_ns: Final = start_ns
        self.end_ns: Final = end_ns
        self.zone: Final = zone
        self.duration_index: Final = max(duration_index, end_ns - start_ns)
        self.loop_index: Final = loop_index
        self.max_cost_so_far: Final = max_cost_so_far
        self.max_rate: Final = max_rate
        self.max_rate_unit: Final = max_rate_unit
        self.force_duration: Final = force_duration
        self.perform_rounding: Final = perform_rounding
        self.deny_negative: Final = deny_negative
        self.final: Final = final
        self.extra_fields: Final[Mapping[str, str]] = extra_fields if extra_fields is not None else {}
        self.switch_id: Final = switch_id
        self.call_id: Final = call_id
        self.zone_given: Final = zone_given
        self.request_type: Final = request_type

    @property
    def usage(self) -> int:
        return self.end_ns - self.start_ns

    @property
    def postponed(self) -> bool:
        """Whether this piece is granted now and charged with the end of the call."""
        return self.request_type is not RequestType.PREPAID and not self.final

    @property
    def call(self) -> tuple[str, str, str] | None:
        """Who may hold something: owner, switch, call; None for what belongs to no call."""
        return (self.key.account, self.switch_id, self.call_id) if self.call_id else None

    def ending_at(self, end_ns: int) -> "ChargeRequest":
        """The same request ending earlier; the usage of the whole call shrinks alike."""
        return self._changed(end_ns, self.duration_index - (self.end_ns - end_ns), self.zone)

    def in_zone(self, zone: Zone) -> "ChargeRequest":
        """The same request, rated by another local calendar."""
        return self._changed(self.end_ns, self.duration_index, zone)

    def _changed(self, end_ns: int, duration_index: int, zone: Zone) -> "ChargeRequest":
        return ChargeRequest(
            self.key, self.category, self.subject, self.destination, self.tor, self.start_ns, end_ns, zone,
            duration_index=duration_index, loop_index=self.loop_index, max_cost_so_far=self.max_cost_so_far,
            max_rate=self.max_rate, max_rate_unit=self.max_rate_unit, force_duration=self.force_duration,
            perform_rounding=self.perform_rounding, deny_negative=self.deny_negative, final=self.final,
            extra_fields=self.extra_fields, switch_id=self.switch_id, call_id=self.call_id, zone_given=self.zone_given,
            request_type=self.request_type,
        )  # fmt: skip


@mypyc_attr(acyclic=True, free_list_len=1)
class UnitPart:
    """What an increment took from a unit balance: `amount` of each, in the balance's scale, factor included.

    `kind` is that of the balance; a charge that is read back to be refunded does not know it.
    """

    __slots__ = ("after", "amount", "balance_id", "factor", "kind", "uuid")

    def __init__(
        self, uuid: str, balance_id: str, amount: int, factor: str, after: int, kind: BalanceKind | None = None
    ) -> None:
        self.uuid: Final = uuid
        self.balance_id: Final = balance_id
        self.amount: Final = amount
        self.factor: Final = factor  # decimal text, "1" without one
        self.after: Final = after  # the balance after the last increment of the run
        self.kind: Final = kind


@mypyc_attr(acyclic=True, free_list_len=1)
class MoneyPart:
    """Which monetary balance paid an increment's cost. `payer` owns it, where units of another account were taken."""

    __slots__ = ("after", "balance_id", "payer", "uuid")

    def __init__(self, uuid: str, balance_id: str, after: int, payer: AccountKey | None = None) -> None:
        self.uuid: Final = uuid
        self.balance_id: Final = balance_id
        self.after: Final = after
        self.payer: Final = payer


@mypyc_attr(acyclic=True, free_list_len=1)
class Increment:
    """`count` equal increments drawn from the same balances. A connect fee has duration 0."""

    __slots__ = ("cost", "count", "duration", "money", "payer", "unit")

    def __init__(
        self, duration: int, cost: int, count: int, payer: AccountKey, unit: UnitPart | None, money: MoneyPart | None
    ) -> None:
        self.duration: Final = duration
        self.cost: Final = cost  # nano, of one increment
        self.count: Final = count
        self.payer: Final = payer  # the account that owns the balances, or at least the units
        self.unit: Final = unit
        self.money: Final = money

    @property
    def money_payer(self) -> AccountKey:
        """The account that owns the money balance."""
        return self.payer if self.money is None or self.money.payer is None else self.money.payer


@mypyc_attr(acyclic=True, free_list_len=1)
class Timespan:
    """A piece of the call at one price, as drawn. `round_cost` is the correction of PerformRounding, part of `cost`."""

    __slots__ = (
        "cost", "duration_index", "end_ns", "increments", "match", "round_cost", "round_increment", "start_ns",
        "timing_id",
    )  # fmt: skip

    def __init__(
        self,
        start_ns: int,
        end_ns: int,
        duration_index: int,
        cost: int,
        increments: tuple[Increment, ...],
        match: Match,
        timing_id: str = "",
        round_cost: int = 0,
        round_increment: Increment | None = None,
    ) -> None:
        self.start_ns: Final = start_ns
        self.end_ns: Final = end_ns
        self.duration_index: Final = duration_index
        self.cost: Final = cost
        self.increments: Final = increments
        self.match: Final = match
        self.timing_id: Final = timing_id
        self.round_cost: Final = round_cost
        self.round_increment: Final = round_increment


@dataclass(frozen=True, slots=True)
class StoppedBy:
    """The monitor that ended a debit: `reason` is ACCOUNT_DISABLED or DISCONNECT."""

    reason: str
    trigger_group: str
    trigger_id: str
    actions_id: str


@mypyc_attr(acyclic=True, free_list_len=1)
class CallCost:
    """What a debit drew. `granted` is the part of the request it served: less than asked where something ended it."""

    __slots__ = ("cost", "granted", "overdrawn", "rated_usage", "reason", "stopped_by", "timespans")

    def __init__(
        self,
        cost: int,
        rated_usage: int,
        granted: int,
        timespans: tuple[Timespan, ...] = (),
        stopped_by: StoppedBy | None = None,
        overdrawn: int = 0,
        reason: Reason | None = None,
    ) -> None:
        self.cost: Final = cost
        self.rated_usage: Final = rated_usage
        self.granted: Final = granted
        self.timespans: Final = timespans
        self.stopped_by: Final = stopped_by
        self.overdrawn: Final = overdrawn  # nano below zero on the default balance, without AllowNegative
        self.reason: Final = reason  # CREDIT_EXHAUSTED with a grant of 0, which is no error


@dataclass(frozen=True, slots=True)
class Granted:
    """How long a call may last: ns or units, or UNLIMITED. `reason` says why it is 0.

    `drawn` are the increments that all of it takes: what a reservation holds.
    """

    usage: int
    reason: Reason | None = None
    drawn: tuple[Increment, ...] = field(default=(), compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """An expected "no", with what was asked and what was looked at in words."""

    reason: Reason
    detail: str


class Charge:
    """What an earlier debit drew, and how much of each increment run has already been given back."""

    __slots__ = ("charge_id", "increments", "request", "returned")

    def __init__(
        self, charge_id: str, request: ChargeRequest, increments: tuple[Increment, ...], returned: tuple[int, ...]
    ) -> None:
        self.charge_id: Final = charge_id
        self.request: Final = request  # its event fields; counters of the refund use them
        self.increments: Final = increments
        self.returned: Final = returned  # per run: how many of its `count` came back


@dataclass(frozen=True, slots=True)
class NotRefunded:
    """What a refund could not give back, because the balance is gone or has been refunded already."""

    run: int
    count: int
    balance_id: str
    why: str


@dataclass(frozen=True, slots=True)
class RefundCost:
    """What a refund gave back: per run of the charge, how many increments and how much."""

    returned: tuple[int, ...]  # aligned with Charge.increments
    money: int  # nano
    not_refunded: tuple[NotRefunded, ...] = ()


class Reached:
    """A settlement pauses: a bound holds after what has been drawn so far, and the monitors are to be evaluated."""

    __slots__ = ("accounts", "used")

    def __init__(self, used: int, accounts: tuple[AccountKey, ...] = ()) -> None:
        self.used: Final = used  # usage drawn so far in this operation
        self.accounts: Final = accounts  # whose balances took part in the last portion


# Evaluates the monitors and puts the bounds on the pages that hold from here on. Tells what ends the debit here.
Judge: TypeAlias = Callable[[Reached], StoppedBy | None]


def no_judge(reached: Reached) -> StoppedBy | None:
    """For what is settled without bounds."""
    raise AssertionError(f"a settlement without bounds does not pause, but this one did after {reached.used}")
