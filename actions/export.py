"""Exports: the account as an event, for exporters that the settings name.

`*export` with `KAFKA;ARCHIVE` hands both the whole account. `*publish_account` hands those that the settings name for
account updates what a watcher of balances needs, each with what it held before the set and after it:

    {"Tenant": "cgrates.org", "AccountID": "1001", "AllowNegative": false, "Disabled": false, "BalanceSummaries":
        [{"UUID": "7f3a", "ID": "MON", "Type": "*monetary", "Initial": "10", "Value": "25", "Weight": 10, …}]}

An exporter that the settings do not name fails its set: it would be waited for in vain.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from accounts.account import Account
from accounts.account_state import account_state, amount_text, plain_number
from accounts.balance import Balance
from actions.action import Action
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.outside import Export, LogLine, Outside

ALLOWED: Final[str] = "ids of exporters, joined by `;`"
UPDATE: Final = "AccountUpdate"
SOURCE: Final = "AccountS"


def export_account(account: Account, action: Action, context: ActionContext) -> list[Export]:
    """The whole account, to the exporters that the action names."""
    try:
        ids = parse_exporters(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    unknown = [id for id in ids if id not in context.exporters]
    if unknown:
        known = ", ".join(sorted(context.exporters)) or "none"
        raise ActionFailed(action, f"the settings name no exporter {unknown[0]!r}; they name {known}")
    event = {"Account": account_state(account), "EventType": UPDATE, "EventSource": SOURCE}
    return [Export(context.new_id(), id, event, account.key) for id in ids]


def publish_account(account: Account, context: ActionContext, initial: Mapping[str, int]) -> Sequence[Outside]:
    """The account in short, to the exporters of account updates, or to the log where the settings name none.

    `initial` are values before the set, by uuid.
    """
    event: dict[str, object] = {
        "Tenant": account.key.tenant,
        "AccountID": account.key.account,
        "AllowNegative": account.allow_negative,
        "Disabled": account.disabled,
        "BalanceSummaries": [_summary(balance, initial.get(balance.uuid, 0)) for balance in account.balances],
    }
    if not context.account_updates:
        return (LogLine("account.update", event),)
    return [Export(context.new_id(), id, event, account.key) for id in context.account_updates]


def parse_exporters(text: str) -> tuple[str, ...]:
    """The ids of a cell, each once; ValueError where there is none."""
    ids = tuple(dict.fromkeys([part for part in map(str.strip, text.split(";")) if part]))
    if not ids:
        raise ValueError("names no exporter")
    return ids


def _summary(balance: Balance, initial: int) -> dict[str, object]:
    terms, kind = balance.terms, balance.terms.kind.value
    return {
        "UUID": balance.uuid,
        "ID": terms.id or balance.uuid,
        "Type": kind,
        "Initial": amount_text(initial, kind),
        "Value": amount_text(balance.value, kind),
        "Weight": plain_number(terms.weight),
        "Disabled": terms.disabled,
        "Factors": {name: plain_number(factor) for name, factor in terms.factors.items()},
    }
