"""Actions.csv: the action sets that plans and monitors run.

    TOP10,*topup,,,MON,*monetary,,,,,*unlimited,,10,10,false,false,20
    TOP10,*log,,,,,,,,,,,,,,,10

Set TOP10: add 10 to balance MON, created with weight 10 if need be, then log the account. Blank and `*any` leave a
property of a balance open; the customary `false,false` in BalanceBlocker and BalanceDisabled is given, and is matched.

What cannot work is a fault with its place: an unknown action, an expiry that is no time, a broken filter, a cell of
ExtraParameters that its action cannot read. What CGRateS can do and ratingd cannot loads with a warning that says why.
A set that needs it fails when it is run and changes nothing, so an operator can load a plan and see what to expect.
"""

from collections.abc import Mapping, Set
from decimal import Decimal
from difflib import get_close_matches
from typing import Final

from accounts.balance import BalanceKind, kind_scale
from accounts.balance_filter import BalanceFilter
from actions.action import LEFT_OUT, SUPPORTED, Action, ActionSet, ActionType, action_set
from actions.balance_actions import ZERO_SUBJECT
from actions.extra_parameters import CREATES, check_extra
from actions.filter import FilterUnsupported, parse_filter
from actions.transfer import parse_destination
from actions.value_formula import LENGTHS, ValueFormula, parse_value_formula
from tariffs.csv_rows import Row, parse_number, read_rows
from tariffs.duration import UNLIMITED, duration_text, parse_duration
from tariffs.fault import Finding
from tariffs.instant import INSTANT_ALLOWED, parse_instant
from tariffs.money import half
from tariffs.plan_files import in_reading_order
from tariffs.timing import ANY
from tariffs.zone import SECOND_NS, Zone

UNITS_MAX: Final = 10**16  # whole units of currency, messages or bytes in one action
VOICE_MAX: Final = 10**18  # nanoseconds, some thirty years
FILE: Final = "Actions.csv"
COLUMNS: Final = (
    "ActionsId", "Action", "ExtraParameters", "Filter", "BalanceId", "BalanceType", "Categories", "DestinationIds",
    "RatingSubject", "SharedGroup", "ExpiryTime", "TimingIds", "Units", "BalanceWeight", "BalanceBlocker",
    "BalanceDisabled", "Weight",
)  # fmt: skip
KINDS: Final = frozenset(BalanceKind)
UNITS_ALLOWED: Final = 'a number, for voice a duration such as 90s, or {"Method":"*incremental","Params":{…}}'
TIME_DESC_FROM: Final = 2_524_608_000  # 2050-01-01 in Unix seconds
# Those that select balances; a type that there is none of selects nothing.
SELECTS: Final = frozenset(
    {
        ActionType.REMOVE_BALANCE,
        ActionType.REMOVE_EXPIRED,
        ActionType.SET_EXPIRY,
        ActionType.TRANSFER_BALANCE,
        ActionType.TRANSFER_MONETARY_DEFAULT,
    }
)


class ActionReader:
    """Reads the rows of one load. `timing_ids` are those that a balance may name."""

    __slots__ = ("now_ns", "timing_ids", "zone")

    def __init__(self, timing_ids: Set[str], *, now_ns: int, zone: Zone) -> None:
        self.timing_ids: Final = timing_ids
        self.now_ns: Final = now_ns
        self.zone: Final = zone

    def action(self, row: Row) -> Action | None:
        """The action of a row; None where a fault leaves nothing that makes sense."""
        actions_id, type = row["ActionsId"], _type(row)
        if not actions_id:
            row.fault("ActionsId", "is empty", "the id of the action set")
        self._check_expiry(row)
        units, formula = _units(row)
        factors = check_extra(row, type) if type is not None else {}
        action = Action(
            actions_id=actions_id,
            type=type or ActionType.LOG,
            weight=row.decimal("Weight"),
            extra=row["ExtraParameters"],
            filters=_filters(row),
            balance_type=_given(row, "BalanceType") or "",
            filter=self._balance_filter(row),
            units=units,
            formula=formula,
            expiry=row["ExpiryTime"],
            factors=factors,
        )
        if type is None or not actions_id:
            return None
        _check_balance(row, action)
        return action

    def _balance_filter(self, row: Row) -> BalanceFilter:
        kind = row["BalanceType"]
        timing_ids = row.names("TimingIds")
        unknown = [name for name in timing_ids or () if name not in self.timing_ids]
        if unknown:
            row.fault("TimingIds", f"names no timing with {unknown}", "Tags of Timings.csv or built-in timings")
        return BalanceFilter(
            kind=BalanceKind(kind) if kind in KINDS else None,
            id=_given(row, "BalanceId"),
            weight=self._balance_weight(row),
            destinations=row.names("DestinationIds"),
            rating_subject=_given(row, "RatingSubject"),
            categories=row.names("Categories"),
            shared_groups=row.names("SharedGroup"),
            timing_ids=timing_ids,
            blocker=row.given_flag("BalanceBlocker"),
            disabled=row.given_flag("BalanceDisabled"),
        )

    def _balance_weight(self, row: Row) -> Decimal | None:
        """A weight; `*time_asc` makes later balances heavier, `*time_desc` lighter, both by the second of the load."""
        now = self.now_ns // SECOND_NS
        match row["BalanceWeight"]:
            case "*time_asc":
                return Decimal(now)
            case "*time_desc":
                return Decimal(TIME_DESC_FROM - now)
            case _:
                return row.given_decimal("BalanceWeight")

    def _check_expiry(self, row: Row) -> None:
        try:
            parse_instant(row["ExpiryTime"], now_ns=self.now_ns, zone=self.zone)
        except ValueError:
            row.fault("ExpiryTime", "is not an instant", INSTANT_ALLOWED)


def read_actions(
    files: Mapping[str, bytes], timing_ids: Set[str], findings: list[Finding], *, now_ns: int, zone: Zone
) -> dict[str, ActionSet]:
    """The sets of a folder (path inside it to content)."""
    reader = ActionReader(timing_ids, now_ns=now_ns, zone=zone)
    sets: dict[str, list[Action]] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            action = reader.action(row)
            if action is not None:
                sets.setdefault(action.actions_id, []).append(action)
    return {id: action_set(id, actions) for id, actions in sets.items()}


def _type(row: Row) -> ActionType | None:
    try:
        type = ActionType(row["Action"])
    except ValueError:
        alike = get_close_matches(row["Action"], ActionType, n=3, cutoff=0.5) or sorted(SUPPORTED)
        row.fault("Action", "is unknown", "an action such as " + ", ".join(alike))
        return None
    if type in LEFT_OUT:
        row.warn("Action", f"is not done ({LEFT_OUT[type]}): a set with it fails when it is run, and changes nothing")
    return type


def _filters(row: Row) -> tuple[str, ...]:
    texts = row.items("Filter")
    for text in texts:
        try:
            parse_filter(text)
        except FilterUnsupported as unsupported:
            row.warn("Filter", f"cannot be tested, and the action fails when it is run ({unsupported})")
        except ValueError as error:
            row.fault("Filter", f"has a broken filter ({error})", "*string:~*req.ID:cgrates.org:1001 and the like")
    return texts


def _units(row: Row) -> tuple[int | None, ValueFormula | None]:
    text, kind = row["Units"], row["BalanceType"]
    if not text:
        return None, None
    try:
        if text.startswith("{"):
            formula = parse_value_formula(text)
            if not formula.shares:
                lengths = ", ".join(LENGTHS)
                row.warn("Units", "gives nothing: no share of that increment in that interval is known", lengths)
            return None, formula
        units = _amount(text, kind)
        _warn_of_nanoseconds(row, units)
        return units, None
    except ValueError as error:
        row.fault("Units", f"is no amount ({error})", UNITS_ALLOWED)
        return None, None


def _warn_of_nanoseconds(row: Row, units: int) -> None:
    """A bare number of voice units is nanoseconds: 12000 is no 200 minutes but 12 millionths of a second."""
    if row["BalanceType"] == BalanceKind.VOICE and 0 < abs(units) < SECOND_NS:
        row.warn("Units", f"means {duration_text(units)}: a bare number is nanoseconds", "a duration such as 90s")


def _amount(text: str, kind: str) -> int:
    """An amount in the scale of its kind: whole nanoseconds for voice, 1e-9 for the others."""
    if kind == BalanceKind.VOICE:
        if text == UNLIMITED:
            raise ValueError("a balance has an end")
        number = parse_number(text)
        return _bounded(parse_duration(text) if number is None else half(number[0], 10 ** number[1]), VOICE_MAX)
    number = parse_number(text)
    if number is None:
        raise ValueError("not a number")
    return _bounded(half(number[0] * kind_scale(kind), 10 ** number[1]), UNITS_MAX * kind_scale(kind))


def _bounded(amount: int, most: int) -> int:
    """Balances are told in 64 bits; an amount that hardly fits by itself is a slip of the pen."""
    if abs(amount) > most:
        raise ValueError("larger than any balance")
    return amount


def _check_balance(row: Row, action: Action) -> None:
    """Warn where balances are meant that cannot be; refuse money that counts units."""
    given, creates = action.filter, action.type in CREATES
    if given.kind is None and (creates or (action.balance_type and action.type in SELECTS)):
        found = "is no type of balance" if action.balance_type else "is empty"
        row.warn("BalanceType", f"{found}: the action fails when it is run", "one of " + ", ".join(BalanceKind))
    subject = given.rating_subject or ""
    if creates and given.kind is BalanceKind.MONETARY and subject.startswith(ZERO_SUBJECT):
        row.fault("RatingSubject", "is for units, not for money", "the subject whose prices are meant, or nothing")
    if action.type is ActionType.TRANSFER_BALANCE:
        _check_transfer(row, action)


def _check_transfer(row: Row, action: Action) -> None:
    if action.filter.id is None:
        row.warn("BalanceId", "is empty: the action fails when it is run", "the balance to take from")
    try:
        reference = parse_destination(action.extra).reference
    except ValueError:
        return  # a fault by now
    if reference is None and not action.units and action.formula is None:
        row.warn("Units", "is empty, and so the action fails when it is run", "an amount, or a reference value")


def _given(row: Row, column: str) -> str | None:
    text = row[column]
    return None if text in ("", ANY) else text
