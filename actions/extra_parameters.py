"""ExtraParameters: a column whose meaning depends on the action, read at the load as the action will read it.

    TELL,*http_post,http://[::1]:70000/alert,…       a fault: no URL has the port 70000
    GIFT,*transfer_balance,"{""DestinationAccountID"":""1002"",…}",…     a fault: not tenant:account

A top-up, a debit or a set may give the factors of the balance that it creates: `{"PREMIUM": 2.5}` takes 2.5 units of it
for each one of a call that names PREMIUM. A factor below zero would give units for calling.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from actions import account_actions, cdr_log, export, mail, protection, session_filter, transfer
from actions.action import ActionType
from actions.alert import check_url
from actions.filter import FilterUnsupported, parse_filter
from actions.json_object import number_of, parse_object
from actions.session_filter import parse_session_filter
from actions.trigger_groups import parse_trigger_choice
from tariffs.csv_rows import Row

CREATES: Final = frozenset(
    {
        ActionType.TOPUP,
        ActionType.TOPUP_RESET,
        ActionType.TOPUP_ZERO_NEGATIVE,
        ActionType.DEBIT,
        ActionType.DEBIT_RESET,
        ActionType.SET_BALANCE,
    }
)
URL: Final = "an http or https URL"
FACTORS: Final = 'empty, or factors as a JSON object such as {"PREMIUM":2.5}'
TRIGGERS: Final = 'empty, or a JSON object such as {"GroupID":"FRAUD"}'
# How a cell is read, and what it may hold. Actions that are not named here do not look at theirs.
READERS: Final[Mapping[ActionType, tuple[Callable[[str], object], str]]] = {
    ActionType.HTTP_POST: (check_url, URL),
    ActionType.HTTP_POST_ASYNC: (check_url, URL),
    ActionType.CALL_URL: (check_url, URL),
    ActionType.CALL_URL_ASYNC: (check_url, URL),
    ActionType.POST_EVENT: (check_url, URL),
    ActionType.MAIL_ASYNC: (mail.parse_addresses, mail.ALLOWED),
    ActionType.EXPORT: (export.parse_exporters, export.ALLOWED),
    ActionType.CDRLOG: (cdr_log.parse_template, cdr_log.ALLOWED),
    ActionType.TRANSFER_BALANCE: (transfer.parse_destination, transfer.ALLOWED),
    ActionType.REMOVE_ACCOUNT: (account_actions.parse_account, account_actions.ALLOWED),
    ActionType.RESET_TRIGGERS: (parse_trigger_choice, TRIGGERS),
    ActionType.SET_RECURRENT: (parse_trigger_choice, TRIGGERS),
    ActionType.UNSET_RECURRENT: (parse_trigger_choice, TRIGGERS),
    ActionType.FORCE_DISCONNECT_SESSIONS: (parse_session_filter, session_filter.ALLOWED),
    ActionType.ALERT: (protection.parse_alert, protection.ALERT_ALLOWED),
    ActionType.BLOCK_NUMBER: (protection.parse_block_number, protection.NUMBER_ALLOWED),
    ActionType.BLOCK_TRUNK: (protection.parse_block_trunk, protection.TRUNK_ALLOWED),
    ActionType.LIMIT_SESSION: (protection.parse_limit, protection.LIMIT_ALLOWED),
}


def check_extra(row: Row, type: ActionType) -> dict[str, Decimal]:
    """Read the cell as the action will; what is wrong with it is a fault. Returns the factors of a new balance."""
    text = row["ExtraParameters"]
    reader, allowed = READERS.get(type, (parse_factors, FACTORS))
    try:
        if type in CREATES:
            return parse_factors(text)
        if type in READERS:
            reader(text)
        if type is ActionType.FORCE_DISCONNECT_SESSIONS:
            _warn_of_sessions(row, text)
    except ValueError as error:
        row.fault("ExtraParameters", f"is nothing for {type} ({error})", allowed)
    return {}


def parse_factors(text: str) -> dict[str, Decimal]:
    """What each unit of a call takes of a balance, by the name that a call gives; ValueError where that cannot be."""
    document = parse_object(text) if text.strip() else {}
    factors = {}
    for name in document:
        factor = number_of(document, name)
        if factor is None or factor < 0:
            raise ValueError(f"the factor {name} is not a number from 0 on")
        factors[name] = factor
    return factors


def _warn_of_sessions(row: Row, text: str) -> None:
    chosen = parse_session_filter(text)
    if chosen.unused:
        row.warn("ExtraParameters", "has options or event fields, which a switch is not told")
    for part in chosen.filters:
        try:
            parse_filter(part)
        except FilterUnsupported as error:
            row.warn("ExtraParameters", f"has a filter that cannot be tested, and the action fails when run ({error})")
