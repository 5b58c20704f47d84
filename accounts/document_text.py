"""The text of an account's document, put together from what was written before and what has moved since.

A debit of 0.60 moves one balance and two counters of an account whose document has 1,500 characters. Thirteen hundred
of them are terms: they are encoded once and kept with the terms, which all accounts of a package share. The text is
that of `accounts.document.account_document`, character by character, but that each of the terms stands on a line of its
own; `account_from_text` looks for them there.
"""

import json
from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted
from typing import Final

from accounts.account import Account, AccountTrigger, CounterKind, CounterName, TriggerTerms, UnitCounter, Window
from accounts.balance import Balance, BalanceTerms
from accounts.balance_filter import BalanceFilter
from accounts.document import (
    FORMAT,
    balance_terms_document,
    filter_document,
    reservation_document,
    trigger_terms_document,
)
from accounts.quoted_name import quoted_name
from accounts.remembered import remembered
from accounts.reservation import Reservation

_ENCODE: Final = json.JSONEncoder(separators=(",", ":")).encode
NOTHING: Final = "{}"

# Members of an enumeration and what they are called, which costs a call each time it is asked of them.
OF_EVENT: Final = CounterKind.EVENT
EVENT: Final = CounterKind.EVENT.value
BALANCE: Final = CounterKind.BALANCE.value
NO_WINDOW: Final = Window.NONE
WINDOWS: Final[list[tuple[Window, str]]] = [(window, quoted(window.value)) for window in Window]

_COUNTERS: Final[dict[CounterName, str]] = {}  # what a counter's document begins with
_LISTS: Final[dict[tuple[str, ...], str]] = {(): "[]"}


def account_text(account: Account) -> str:
    key = account.key
    parts = [f'{{"format":{FORMAT},"tenant":{quoted_name(key.tenant)},"account":{quoted_name(key.account)}']
    if account.balances:
        parts.append(f',"balances":[{",".join([_balance(balance) for balance in account.balances])}]')
    if account.counters:
        parts.append(f',"counters":[{",".join([_counter(counter) for counter in account.counters])}]')
    if account.triggers:
        parts.append(f',"triggers":[{",".join([_trigger(trigger) for trigger in account.triggers])}]')
    if account.allow_negative:
        parts.append(',"allow_negative":true')
    if account.disabled:
        parts.append(',"disabled":true')
    if account.time_zone:
        parts.append(f',"time_zone":{quoted_name(account.time_zone)}')
    if account.plans:
        parts.append(f',"plans":{_texts(account.plans)}')
    if account.imported is not None:
        parts.append(f',"imported":{_texts(account.imported)}')
    if account.reservations:
        parts.append(f',"reservations":[{",".join([_reservation(held) for held in account.reservations])}]')
    if account.scores:
        parts.append(f',"scores":{_scores(account.scores)}')
    if account.members:
        parts.append(f',"members":{_texts(account.members)}')
    parts.append(f',"updated_ns":{account.updated_ns}}}')
    return "".join(parts)


def _balance(balance: Balance) -> str:
    return f'{{"uuid":{quoted_name(balance.uuid)},"value":{balance.value},"terms":{_terms(balance.terms)}}}'


def _counter(counter: UnitCounter) -> str:
    begun = _COUNTERS.get(counter.name) or _counter_begun(counter)
    filtered = _filter(counter.filter)
    filter = "" if filtered == NOTHING else f',"filter":{filtered}'
    if counter.window is NO_WINDOW:
        return f"{begun}{counter.value}{filter}}}"
    since = f',"since_ns":{counter.since_ns}' if counter.since_ns else ""
    return f'{begun}{counter.value}{filter},"window":{_window(counter.window)}{since}{_of_call(counter)}}}'


def _counter_begun(counter: UnitCounter) -> str:
    of = EVENT if counter.of is OF_EVENT else BALANCE
    begun = f'{{"id":{quoted(counter.id)},"kind":{quoted(counter.kind)},"of":"{of}","value":'
    return remembered(_COUNTERS, counter.name, begun)


def _of_call(counter: UnitCounter) -> str:
    text = f',"call":{quoted(counter.call)}' if counter.call else ""
    if counter.fired:
        text += f',"fired":{_texts(counter.fired)}'
    if counter.expires_at_ns is not None:
        text += f',"expires_at_ns":{counter.expires_at_ns}'
    return text


def _window(window: Window) -> str:
    for each, text in WINDOWS:
        if each is window:
            return text
    return quoted(window.value)


def _trigger(trigger: AccountTrigger) -> str:
    text = f'{{"terms":{_trigger_terms(trigger.terms)}'
    if trigger.executed:
        text += ',"executed":true'
    if trigger.last_executed_ns is not None:
        text += f',"last_executed_ns":{trigger.last_executed_ns}'
    return text + "}"


def _reservation(reservation: Reservation) -> str:
    return _ENCODE(reservation_document(reservation))


def _texts(texts: tuple[str, ...]) -> str:
    known = _LISTS.get(texts)
    if known is not None:
        return known
    return remembered(_LISTS, texts, f"[{','.join([quoted(text) for text in texts])}]")


def _scores(scores: Mapping[str, int]) -> str:
    return _ENCODE(dict(scores))


# What is shared, made once.


def _terms(terms: BalanceTerms) -> str:
    if not terms.text:
        object.__setattr__(terms, "text", f"\n{_ENCODE(balance_terms_document(terms))}\n")
    return terms.text


def _trigger_terms(terms: TriggerTerms) -> str:
    if not terms.text:
        object.__setattr__(terms, "text", f"\n{_ENCODE(trigger_terms_document(terms))}\n")
    return terms.text


def _filter(filter: BalanceFilter) -> str:
    """The filter of a counter; one that filters nothing is left out."""
    if not filter.text:
        document = filter_document(filter)
        object.__setattr__(filter, "text", f"\n{_ENCODE(document)}\n" if document else NOTHING)
    return filter.text
