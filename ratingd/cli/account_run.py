"""Operations from a file, one JSON object a line, done in their order; the reply and the account after each come out.

    1  {"op": "AddBalance", "account": "1001", "kind": "*monetary", "id": "M", "amount": "5"}
    2  {"op": "Debit", "account": "1001", "destination": "4917012345", "usage": "90s"}
    3  {"op": "Refund", "account": "1001", "charge_id": "@2"}
    4  {"op": "GetMaxSessionTime", "account": "1", "call_id": "c1", "destination": "49", "usage": "1h", "reserve": "2h"}
    5  {"op": "MaxDebit", "account": "1001", "destination": "49", "usage": "90s", "request_type": "*postpaid"}

`op` is a method of the API in any spelling (`MaxDebit`, `max_debit`). Fields of the request's `call` or `balance` may
stand at the same level, an amount is written as its kind of balance is counted; `@2` is the charge that line 2 made.
A request without an idempotency key gets a new one, so that a file done twice is charged twice.
"""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from google.protobuf.message import Message

from ratingd.cli.bulk import Asked, read_lines, refusal_of_field
from ratingd.cli.client import Client
from ratingd.cli.plain import NotPlain, amount_of, field_names, message, plain, snake
from ratingd.cli.refusal import Refusal, Refused
from ratingd.v1 import accounts_pb2, charging_pb2
from ratingd.v1.accounts_pb2 import BalanceSelector, BalanceSetting, GetAccountRequest
from ratingd.v1.call_pb2 import Call


@dataclass(frozen=True, slots=True)
class Method:
    service: str  # of the client
    name: str
    request: type[Message]

    @property
    def reads(self) -> bool:
        """The answer is an account, whose name is the field `account`; else that field is the account afterwards."""
        return self.name == "GetAccount"


def _methods() -> dict[str, Method]:
    charging = ("GetMaxSessionTime", "Debit", "MaxDebit", "Refund")
    accounts = (
        "GetAccount", "SetAccount", "RemoveAccount", "AddBalance", "SetBalance", "SetBalances", "DebitBalance",
        "RemoveBalance", "TransferBalance", "ExecuteActions", "SetTriggers", "SetTrigger", "RemoveTriggers",
        "ResetTriggers", "ResetCounters", "SetScores",
    )  # fmt: skip
    found = [Method("charging", name, getattr(charging_pb2, f"{name}Request")) for name in charging]
    found += [Method("accounts", name, getattr(accounts_pb2, f"{name}Request")) for name in accounts]
    return {snake(method.name): method for method in found}


METHODS: Final[Mapping[str, Method]] = _methods()
_NOT_FOUND: Final = "ACCOUNT_UNKNOWN"
_INSIDE: Final[Mapping[str, type[Message]]] = {"call": Call, "balance": BalanceSelector}


def run_lines(client: Client, lines: Iterable[str], *, tenant: str, dry_run: bool) -> Iterator[dict[str, Any]]:
    """What comes out for each line: `reply` or `error`, and the `account` afterwards (null: there is none)."""
    charges: dict[int, str] = {}
    for asked in read_lines(lines):
        yield asked.answer(_done(client, asked, charges, tenant, dry_run), "op")


def _done(
    client: Client, asked: Asked, charges: dict[int, str], tenant: str, dry_run: bool
) -> Refusal | dict[str, Any]:
    if asked.refusal is not None:
        return asked.refusal
    try:
        method = _method(asked.given)
        given = _request(method, asked.given, charges, tenant, dry_run)
        request = message(method.request, given)
    except NotPlain as error:
        return refusal_of_field(error)
    told: dict[str, Any] = {"op": method.name}
    try:
        answer = plain(client.ask(getattr(getattr(client, method.service), method.name), request))
        told["reply"] = {name: value for name, value in answer.items() if name != "account" or method.reads}
        if answer.get("charge_id"):
            charges[asked.line] = answer["charge_id"]
    except Refused as refused:
        told["error"] = refused.refusal.plain()
    return told | {"account": _account_after(client, request)}


def _method(given: Mapping[str, Any]) -> Method:
    named = snake(str(given.get("op", "")))
    if named not in METHODS:
        raise NotPlain("op", f"{given.get('op')!r} is none of {', '.join(method.name for method in METHODS.values())}")
    return METHODS[named]


def _request(
    method: Method, given: Mapping[str, Any], charges: Mapping[int, str], tenant: str, dry_run: bool
) -> dict[str, Any]:
    """The fields of the request: those of its call or balance put inside, defaults and references filled in."""
    own = set(field_names(method.request))
    request: dict[str, Any] = {}
    inside = next((name for name in _INSIDE if name in own), "")
    if inside and not isinstance(given.get(inside, {}), dict):
        raise NotPlain(inside, "an object is wanted: {…}")
    for name, value in given.items():
        if name in ("op", "id") and not (name == "id" and inside == "balance"):
            continue
        if snake(name) not in own and inside and snake(name) in field_names(_INSIDE[inside]):
            request.setdefault(inside, {})[name] = value
        else:
            request[snake(name)] = value
    _fill_in(request, own, inside, charges, tenant, dry_run)
    return request


def _fill_in(
    request: dict[str, Any], own: set[str], inside: str, charges: Mapping[int, str], tenant: str, dry_run: bool
) -> None:
    if tenant:
        (request.setdefault("call", {}) if inside == "call" else request).setdefault("tenant", tenant)
    if "idempotency_key" in own:
        request.setdefault("idempotency_key", str(uuid.uuid4()))
    if "dry_run" in own and dry_run:
        request["dry_run"] = True
    _tell_amounts(request, own)
    reference = request.get("charge_id")
    if isinstance(reference, str) and reference.startswith("@"):
        request["charge_id"] = _charge(reference, charges)


def _tell_amounts(request: dict[str, Any], own: set[str]) -> None:
    """Write amounts as their kind of balance is counted, wherever the request has them."""
    kind = str(request.get("balance", {}).get("kind", "") if "balance" in own else request.pop("kind", ""))
    for name in ("amount", "value", "reference_value"):
        if name in own and request.get(name) is not None:
            request[name] = amount_of(kind, request[name], name)
    if isinstance(request.get("balances"), list):
        request["balances"] = [_setting(each, f"balances[{n}]") for n, each in enumerate(request["balances"])]
    trigger = request.get("trigger")
    if isinstance(trigger, dict) and trigger.get("threshold") is not None:
        counted = str(trigger.get("kind", ""))
        counted = counted if counted in ("*monetary", "*voice") else "*generic"
        request["trigger"] = trigger | {"threshold": amount_of(counted, trigger["threshold"], "trigger.threshold")}


def _setting(given: object, path: str) -> object:
    """One of several balances to set, whose selector may stand at the same level."""
    if not isinstance(given, dict):
        raise NotPlain(path, "an object is wanted: {…}")
    own, chosen = field_names(BalanceSetting), dict(given.get("balance", {}))
    chosen |= {name: value for name, value in given.items() if snake(name) not in own}
    told = {name: value for name, value in given.items() if snake(name) in own} | {"balance": chosen}
    if told.get("value") is not None:
        told["value"] = amount_of(str(chosen.get("kind", "")), told["value"], f"{path}.value")
    return told


def _charge(reference: str, charges: Mapping[int, str]) -> str:
    line = int(reference[1:]) if reference[1:].isdecimal() else 0
    if line not in charges:
        raise NotPlain("charge_id", f"{reference} is no line above that charged anything")
    return charges[line]


def _account_after(client: Client, request: Any) -> Any:
    asked = request.call if "call" in request.DESCRIPTOR.fields_by_name else request
    name = asked.account or getattr(asked, "subject", "")
    try:
        return plain(client.ask(client.accounts.GetAccount, GetAccountRequest(tenant=asked.tenant, account=name)))
    except Refused as refused:
        if refused.refusal.reason == _NOT_FOUND:
            return None
        raise
