"""Protection: what a set wants of fraud detection, for the account it runs on: tell people, refuse, keep calls short.

    WATCH,*alert,"{""Severity"":""HIGH"",""Title"":""Ten premium calls in an hour""}",…,30
    WATCH,*limit_session,"{""Limit"":""60s"",""Duration"":""24h""}",…,20
    WATCH,*block_number,"{""Duration"":""1h""}",…,10

An alert is raised about the account, calls of the account are granted a minute at most until tomorrow, and the number
that it is calling (or the one that is named) is refused to everybody for an hour. None of it disables the account, so
an operator can answer a suspicion with less than that. It leaves with the commit, by the outbox, and holds a few
milliseconds later; emergency numbers are never refused, and their calls never shortened.
"""

from typing import Final

from accounts.account import Account
from actions.action import Action, ActionType
from actions.alert import trigger_fields
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.json_object import parse_texts
from actions.outside import Protect
from tariffs.duration import parse_duration

SEVERITIES: Final = ("LOW", "MEDIUM", "HIGH", "CRITICAL")
HOUR: Final = "1h"
DAY: Final = "24h"
ALERT_ALLOWED: Final = 'empty, or such as {"Severity":"HIGH","Title":"Premium calls","FraudType":"irsf"}'
NUMBER_ALLOWED: Final = 'empty, or such as {"Duration":"1h","Number":"+371909000"}'
TRUNK_ALLOWED: Final = 'empty, or such as {"Duration":"1h","Trunk":"t-7"}'
LIMIT_ALLOWED: Final = 'such as {"Limit":"60s","Duration":"24h"}'
ALERT: Final = "alert"
BLOCK_NUMBER: Final = "block_number"
BLOCK_TRUNK: Final = "block_trunk"
LIMIT_SESSION: Final = "limit_session"
TRUNK_FIELD: Final = "trunk"  # of a request, where its switch says it


def parse_alert(text: str) -> dict[str, str]:
    found = parse_texts(text, ("Severity", "Title", "FraudType"))
    if found.setdefault("Severity", "MEDIUM") not in SEVERITIES:
        raise ValueError(f"Severity {found['Severity']!r} is none of {', '.join(SEVERITIES)}")
    return found


def parse_block_number(text: str) -> dict[str, str]:
    return _lasting(parse_texts(text, ("Number", "Duration")), HOUR)


def parse_block_trunk(text: str) -> dict[str, str]:
    return _lasting(parse_texts(text, ("Trunk", "Duration")), HOUR)


def parse_limit(text: str) -> dict[str, str]:
    found = _lasting(parse_texts(text, ("Limit", "Duration")), DAY)
    if span(found.get("Limit", "")) <= 0:
        raise ValueError("Limit is empty: how long a call may last at most, such as 60s")
    return found


def span(text: str) -> int:
    """Nanoseconds of a duration that ends."""
    length = parse_duration(text)
    if length < 0:
        raise ValueError(f"{text!r} is no time to wait for")
    return length


def protect(account: Account, action: Action, context: ActionContext) -> Protect:
    """What is asked for. Raises ActionFailed where it cannot be meant."""
    try:
        kind, given = _read(action, context)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    content: dict[str, object] = {
        "tenant": account.key.tenant,
        "account": account.key.account,
        "actions_id": action.actions_id,
        "at_ms": context.now_ns // 1_000_000,
        **given,
    }
    if context.cause is not None:
        content["trigger"] = trigger_fields(account, context.cause)
        content["recurrent"] = context.cause.trigger.terms.recurrent
    if context.call is not None:
        content["call_id"] = context.call.call_id
        content["destination"] = context.call.destination
    return Protect(context.new_id(), kind, content, account.key)


def _read(action: Action, context: ActionContext) -> tuple[str, dict[str, object]]:
    call, text = context.call, action.extra
    if action.type is ActionType.ALERT:
        return ALERT, dict(parse_alert(text))
    if action.type is ActionType.LIMIT_SESSION:
        found = parse_limit(text)
        return LIMIT_SESSION, {"limit_ms": _ms(found["Limit"]), "duration_ms": _ms(found["Duration"])}
    if action.type is ActionType.BLOCK_TRUNK:
        found = parse_block_trunk(text)
        value = found.get("Trunk", "") or ("" if call is None else (call.extra_fields or {}).get(TRUNK_FIELD, ""))
        if not value:
            raise ValueError("it names no Trunk, and no call that says one is charged")
        return BLOCK_TRUNK, {"value": value, "duration_ms": _ms(found["Duration"])}
    found = parse_block_number(text)
    value = found.get("Number", "") or ("" if call is None else call.destination)
    if not value:
        raise ValueError("it names no Number, and no call is charged")
    return BLOCK_NUMBER, {"value": value, "duration_ms": _ms(found["Duration"])}


def _lasting(found: dict[str, str], usual: str) -> dict[str, str]:
    if span(found.setdefault("Duration", usual)) <= 0:
        raise ValueError("Duration is nothing: for how long, such as 1h")
    return found


def _ms(text: str) -> int:
    return max(1, span(text) // 1_000_000)
