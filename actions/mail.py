"""Mails: what people are told when a set mails them.

    Subject: [CGR Notification] Threshold hit on Balance: cgrates.org:1001

    The monitor FRAUD/F1 of account cgrates.org:1001 has fired: *max_balance is at 20, and 31 was observed.
    The action set TOP_AND_TELL has run at 2026-11-21T10:00:00Z and left the account as follows. …

The subject is word for word that of CGRateS, whatever the occasion, for mailboxes sort by it. The account is that of
the moment, as JSON in the words of CGRateS. Addresses are looked at when a folder is read, so
that a slip of the pen is a fault with its place; whether somebody reads there is told by the delivery alone.
"""

import json
import re
from typing import Final

from accounts.account import Account
from accounts.account_state import account_state
from actions.action import Action
from actions.alert import trigger_fields
from actions.context import ActionContext
from actions.failure import ActionFailed
from actions.outside import SendMail
from tariffs.instant import instant_text

SUBJECT: Final = "[CGR Notification] Threshold hit on Balance: "
PART: Final = r"[^\s@,;:<>()\[\]\"\\\x00-\x1f\x7f-\x9f]"
ADDRESS: Final = re.compile(f"{PART}{{1,64}}@{PART}{{1,255}}")
ALLOWED: Final[str] = "addresses such as fraud@example.org, joined by `;`"


def mail(account: Account, action: Action, context: ActionContext) -> SendMail:
    """The mail of a `*mail_async`, to everybody it names."""
    try:
        to = parse_addresses(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    reason = _occasion(account, context)
    at = instant_text(context.now_ns)
    state = json.dumps(account_state(account), indent=2, ensure_ascii=False)
    body = f"{reason}\n{_ran(action)} at {at} and left the account as follows.\n\n{state}\n"
    return SendMail(context.new_id(), to, _line(f"{SUBJECT}{account.key}"), body, account.key)


def parse_addresses(text: str) -> tuple[str, ...]:
    """The addresses of a cell, each once; ValueError where there is none, or one that is none."""
    addresses = tuple(dict.fromkeys([part for part in map(str.strip, text.split(";")) if part]))
    if not addresses:
        raise ValueError("names nobody to mail to")
    for address in addresses:
        if ADDRESS.fullmatch(address) is None:
            raise ValueError(f"{address!r} is no mail address")
    return addresses


def _occasion(account: Account, context: ActionContext) -> str:
    """What happened, in a sentence."""
    if context.cause is None:
        return f"Account {account.key} was acted upon by an operator or by a plan."
    fields = trigger_fields(account, context.cause)
    monitor = f"{fields['ID']}/{fields['UniqueID']}"
    level = f"{fields['ThresholdType']} is at {fields['ThresholdValue']}, and {fields['Observed']} was observed"
    return f"The monitor {monitor} of account {account.key} has fired: {level}."


def _ran(action: Action) -> str:
    return f"The action set {action.actions_id} has run" if action.actions_id else "A request has run"


def _line(text: str) -> str:
    """A header is one line, whatever an account is called."""
    return " ".join(text.split())
