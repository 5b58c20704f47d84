"""Call records of what a set moved: a `*cdrlog` writes one for each of its top-ups, debits, sets, removals, transfers.

    TOP2,*topup,,,MON,*monetary,,,,,,,2,,,,20
    TOP2,*cdrlog,"{""extra1"":""~*acnt.BalanceID""}",,,,,,,,,,,,,,10

leaves MON=2 and the record RunID `*topup`, Source `*cdrlog`, ToR `*monetary`, Cost 2, extra1 `MON`. A template maps a
field of the record to a text; in it `~*acnt.…` and `~*act.…` stand for what is known of the account and of the action,
and parts joined by `;` are written one after the other. Fields that a record does not have become its extra fields.

`~*acnt.BalanceValue` is what the balance held after its action; an action that is lighter than the `*cdrlog` is told
too, with the value 0, and one that its filter passed over is not. A record is one of its account's tenant, and its id
and times are not to be chosen: who chose them would overwrite others.
"""

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple

from accounts.account import AccountKey
from accounts.account_state import amount_text
from accounts.balance import kind_scale
from actions.action import Action, ActionType
from actions.balance_actions import UNITS_MAX, action_units
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.json_object import parse_object
from actions.outside import WriteCdr
from tariffs.money import half

LOGGED: Final = frozenset(
    {
        ActionType.TOPUP,
        ActionType.TOPUP_RESET,
        ActionType.DEBIT,
        ActionType.DEBIT_RESET,
        ActionType.SET_BALANCE,
        ActionType.REMOVE_BALANCE,
        ActionType.REMOVE_EXPIRED,
        ActionType.TRANSFER_BALANCE,
    }
)
SOURCE: Final = "*cdrlog"
HOST: Final = "127.0.0.1"
NOT_CHOSEN: Final = frozenset(
    {"CGRID", "OrderID", "OriginID", "SetupTime", "AnswerTime", "Usage", "PreRated", "Partial", "ExtraFields"}
)
ALLOWED: Final[str] = 'empty, or a JSON object of texts such as {"Category":"gift","extra1":"~*acnt.BalanceID"}'
COST_DIGITS: Final = 20


class Moved(NamedTuple):
    """An action of the set that moves balances of a kind; `value` is what the last of them holds after it."""

    action: Action
    kind: str
    value: int = 0


Field = Callable[[AccountKey, Moved, ActionContext], str]

FIELDS: Final[Mapping[str, Field]] = {
    "*acnt.AccountID": lambda key, moved, context: str(key),
    "*acnt.Tenant": lambda key, moved, context: key.tenant,
    "*acnt.Account": lambda key, moved, context: key.account,
    "*acnt.BalanceType": lambda key, moved, context: moved.kind,
    "*acnt.BalanceUUID": lambda key, moved, context: moved.action.filter.uuid or "",
    "*acnt.BalanceID": lambda key, moved, context: moved.action.filter.id or "",
    "*acnt.BalanceValue": lambda key, moved, context: amount_text(moved.value, moved.kind),
    "*acnt.DestinationIDs": lambda key, moved, context: _names(moved.action.filter.destinations),
    "*acnt.ExtraParameters": lambda key, moved, context: moved.action.extra,
    "*acnt.RatingSubject": lambda key, moved, context: moved.action.filter.rating_subject or "",
    "*acnt.Category": lambda key, moved, context: _names(moved.action.filter.categories),
    "*acnt.SharedGroups": lambda key, moved, context: _names(moved.action.filter.shared_groups),
    "*act.ActionID": lambda key, moved, context: moved.action.actions_id,
    "*act.ActionType": lambda key, moved, context: moved.action.type.value,
    "*act.ActionValue": lambda key, moved, context: amount_text(
        action_units(moved.action, context), moved.action.balance_type
    ),
}
TEMPLATE: Final[Mapping[str, str]] = {
    "RunID": "~*act.ActionType",
    "Source": SOURCE,
    "OriginHost": HOST,
    "ToR": "~*acnt.BalanceType",
    "RequestType": "*none",
    "Tenant": "~*acnt.Tenant",
    "Category": "",
    "Account": "~*acnt.Account",
    "Subject": "~*acnt.Account",
    "Destination": "",
    "Cost": "~*act.ActionValue",
}


def records(key: AccountKey, logging: Action, moved: Iterable[Moved], context: ActionContext) -> list[WriteCdr]:
    """The records that a `*cdrlog` asks for."""
    try:
        template = dict(TEMPLATE) | parse_template(logging.extra)
    except ValueError as error:
        raise ActionFailed(logging, str(error)) from None
    return [_record(key, logging, template, each, context) for each in moved]


def parse_template(text: str) -> dict[str, str]:
    """Read the JSON of a `*cdrlog`; ValueError says what is wrong with it."""
    document = parse_object(text) if text.strip() else {}
    template = {}
    for name, value in document.items():
        if not isinstance(value, str):
            raise ValueError(f"{name} is not a text")
        if name in NOT_CHOSEN:
            raise ValueError(f"{name} is not to be chosen")
        for part in value.split(";"):
            if part.startswith("~") and part[1:] not in FIELDS:
                raise ValueError(f"{part!r} is none of ~{', ~'.join(FIELDS)}")
        template[name] = value
    return template


def _record(
    key: AccountKey, logging: Action, template: Mapping[str, str], moved: Moved, context: ActionContext
) -> WriteCdr:
    filled = {name: _filled(text, key, moved, context) for name, text in template.items()}
    if filled["Tenant"] != key.tenant:
        raise ActionFailed(logging, f"a record of {key} cannot be one of the tenant {filled['Tenant']!r}")
    return WriteCdr(
        key=AccountKey(key.tenant, filled["Account"]),
        call_id=context.new_id(),
        run_id=filled["RunID"],
        switch_id=filled["OriginHost"],
        source=filled["Source"],
        request_type=filled["RequestType"],
        tor=filled["ToR"],
        category=filled["Category"],
        subject=filled["Subject"],
        destination=filled["Destination"],
        setup_ns=context.now_ns,
        answer_ns=context.now_ns,
        usage=1,
        cost=_cost(filled["Cost"], filled["ToR"], logging),
        extra={name: text for name, text in filled.items() if name not in TEMPLATE},
    )


def _filled(text: str, key: AccountKey, moved: Moved, context: ActionContext) -> str:
    parts = text.split(";")
    return "".join(FIELDS[part[1:]](key, moved, context) if part.startswith("~") else part for part in parts)


def _cost(text: str, tor: str, logging: Action) -> int:
    """The amount that a template gives for the cost, in the scale of the type of record."""
    try:
        cost = Decimal(text or "0")
    except InvalidOperation:
        cost = Decimal("NaN")
    if not cost.is_finite() or cost.adjusted() > COST_DIGITS or (cost and cost.adjusted() < -COST_DIGITS):
        raise ActionFailed(logging, f"the cost {text!r} of a record is no amount")
    numerator, denominator = cost.as_integer_ratio()
    scale = kind_scale(tor)
    amount = half(numerator * scale, denominator)
    if abs(amount) > UNITS_MAX * scale:
        raise ActionFailed(logging, f"the cost {text!r} of a record is more than a record can tell")
    return amount


def _names(members: Mapping[str, bool] | None) -> str:
    return ";".join(name if included else f"!{name}" for name, included in (members or {}).items())
