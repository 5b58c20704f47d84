"""Alerts: what a receiver is told when an action set posts.

CGRateS posts the bare account, and a receiver guesses from the newest mark which monitor fired. Here the account is one
member of an envelope, as it stood at that portion of the call, beside the trigger and the call:

    {"event": "trigger.fired", "id": …, "created_at": 1795255200.0, "tenant": "cgrates.org", "account": "1001",
     "account_state": {"BalanceMap": …}, "trigger": {"ThresholdValue": "20", "Observed": "20.2", …}, "call": {…}}

Amounts are text. `trigger` is absent where a plan or an operator ran the set, and the event is "actions.executed" then;
`call` is absent outside debits and refunds.
"""

from typing import Final
from urllib.parse import urlsplit

from accounts.account import Account
from accounts.account_state import account_state, amount_text
from accounts.call_name import cgr_id
from accounts.charge import ChargeRequest
from actions.action import Action
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.outside import LogLine, PostAlert
from tariffs.instant import instant_text
from triggers.monitor import Firing

FIRED: Final = "trigger.fired"
EXECUTED: Final = "actions.executed"


def post_alert(account: Account, action: Action, context: ActionContext, *, sync: bool) -> PostAlert:
    return _post(account, action, context, _content(account, action, context), sync=sync)


def post_event(account: Account, action: Action, context: ActionContext) -> PostAlert:
    """The envelope of a `*post_event`: what happened, without the account's state."""
    content = _content(account, action, context)
    del content["account_state"]
    return _post(account, action, context, content, sync=False)


def log_account(account: Account, action: Action, context: ActionContext) -> LogLine:
    """The line of a `*log`: the same content, without what only a delivery needs."""
    return LogLine("account.log", _content(account, action, context))


def _post(
    account: Account, action: Action, context: ActionContext, content: dict[str, object], *, sync: bool
) -> PostAlert:
    try:
        check_url(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    id = context.new_id()
    body = {"event": EXECUTED if context.cause is None else FIRED, "id": id, "created_at": context.now_ns / 1e9}
    return PostAlert(action.extra, id, body | content, sync, account.key)


def _content(account: Account, action: Action, context: ActionContext) -> dict[str, object]:
    content: dict[str, object] = {
        "tenant": account.key.tenant,
        "account": account.key.account,
        "actions_id": action.actions_id,
        "account_state": account_state(account),
    }
    if context.cause is not None:
        content["trigger"] = trigger_fields(account, context.cause)
    if context.call is not None:
        content["call"] = _call_fields(context.call, context.used)
    return content


def check_url(text: str) -> None:
    """ValueError where nothing can be posted to a text."""
    url = urlsplit(text)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("not a URL")
    if url.port == 0:
        raise ValueError("there is no port 0")


def trigger_fields(account: Account, firing: Firing) -> dict[str, str]:
    """Which monitor fired, at what value, and what reached it."""
    terms = firing.trigger.terms
    fields = {
        "ID": terms.group,
        "UniqueID": terms.unique_id,
        "ThresholdType": terms.type.value,
        "ThresholdValue": amount_text(terms.threshold, terms.kind),
        "Observed": amount_text(firing.observed, terms.kind),
    }
    if firing.counter is not None:
        return fields | {"CounterID": firing.counter[2]}
    if firing.score:
        return fields | {"Score": firing.score}
    balance = account.balance(firing.balance_uuid)
    return fields | {"BalanceID": balance.terms.id if balance is not None and balance.terms.id else firing.balance_uuid}


def _call_fields(call: ChargeRequest, used: int) -> dict[str, str]:
    """`used` is what the operation has drawn; the usage before it is that of earlier debits of the call."""
    return {
        "CgrID": cgr_id(call.switch_id, call.call_id),
        "OriginID": call.call_id,
        "OriginHost": call.switch_id,
        "Account": call.key.account,
        "Destination": call.destination,
        "Category": call.category,
        "ToR": call.tor,
        "TimeStart": instant_text(call.end_ns - call.duration_index),
        "Usage": str(call.duration_index - call.usage + used),
    }
