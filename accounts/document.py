"""Stored forms: an account as a JSON document, and back.

An account with 5.00 on its default balance is
`{"format": 1, "tenant": "t", "account": "1001", "balances": [{"uuid": "b1", "value": 5000000000, "terms": {"id":
"*default", "kind": "*monetary"}}], "updated_ns": 0}`. Integers stay integers, decimals are text, what has its default
value is left out. An account that is read and written again gives the same bytes, so documents can be compared.

A document is written with every debit, though only a value or two have moved. What was agreed (terms, filters) is
frozen, so its document is built once and shared by all copies of the account: nobody may change a document.

A document of another format, or with a field nobody knows, is refused. `accounts.fields` says why.
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from sys import intern
from typing import Final

from accounts.account import (
    NO_SCORES,
    Account,
    AccountKey,
    AccountTrigger,
    CounterKind,
    ThresholdType,
    TriggerTerms,
    UnitCounter,
    Window,
)
from accounts.balance import Balance, BalanceKind, BalanceTerms
from accounts.balance_filter import ANY_BALANCE, BalanceFilter
from accounts.fields import DocumentError, Fields
from accounts.remembered import remembered
from accounts.reservation import Reservation

FORMAT: Final = 1
ZERO: Final = Decimal(0)

Document = dict[str, object]

_TERMS: Final[dict[str, BalanceTerms]] = {}
_TRIGGERS: Final[dict[str, TriggerTerms]] = {}
_FILTERS: Final[dict[str, BalanceFilter]] = {}
_TEXTS: Final[dict[tuple[str, ...], tuple[str, ...]]] = {}

_DECODE: Final = json.JSONDecoder().decode


def account_document(account: Account) -> Document:
    document: Document = {"format": FORMAT, "tenant": account.key.tenant, "account": account.key.account}
    if account.balances:
        document["balances"] = [balance_document(balance) for balance in account.balances]
    if account.counters:
        document["counters"] = [counter_document(counter) for counter in account.counters]
    if account.triggers:
        document["triggers"] = [trigger_document(trigger) for trigger in account.triggers]
    if account.allow_negative:
        document["allow_negative"] = True
    if account.disabled:
        document["disabled"] = True
    if account.time_zone:
        document["time_zone"] = account.time_zone
    if account.plans:
        document["plans"] = list(account.plans)
    if account.imported is not None:
        document["imported"] = list(account.imported)
    if account.reservations:
        document["reservations"] = [reservation_document(reservation) for reservation in account.reservations]
    if account.scores:
        document["scores"] = dict(account.scores)
    if account.members:
        document["members"] = list(account.members)
    document["updated_ns"] = account.updated_ns
    return document


def balance_document(balance: Balance) -> Document:
    return {"uuid": balance.uuid, "value": balance.value, "terms": balance_terms_document(balance.terms)}


def counter_document(counter: UnitCounter) -> Document:
    document: Document = {"id": counter.id, "kind": counter.kind, "of": counter.of.value, "value": counter.value}
    _put_given(document, "filter", filter_document(counter.filter))
    if counter.window is not Window.NONE:
        document["window"] = counter.window.value
        _put_given(document, "since_ns", counter.since_ns)
        _put_given(document, "call", counter.call)
        _put_given(document, "fired", list(counter.fired))
        _put(document, "expires_at_ns", counter.expires_at_ns)
    return document


def reservation_document(reservation: Reservation) -> Document:
    document: Document = {
        "owner": reservation.owner,
        "switch_id": reservation.switch_id,
        "call_id": reservation.call_id,
        "expires_at_ns": reservation.expires_at_ns,
        "held": dict(reservation.held),
    }
    _put_given(document, "granted", reservation.granted)
    _put_given(document, "others", list(reservation.others))
    _put_given(document, "tor", "" if reservation.tor == "*voice" else reservation.tor)
    _put_given(document, "order", list(reservation.order))
    return document


def trigger_document(trigger: AccountTrigger) -> Document:
    document: Document = {"terms": trigger_terms_document(trigger.terms)}
    if trigger.executed:
        document["executed"] = True
    if trigger.last_executed_ns is not None:
        document["last_executed_ns"] = trigger.last_executed_ns
    return document


def filter_document(filter: BalanceFilter) -> Document:
    document: Document = {}
    _put(document, "kind", None if filter.kind is None else filter.kind.value)
    _put(document, "uuid", filter.uuid)
    _put(document, "id", filter.id)
    _put(document, "weight", None if filter.weight is None else str(filter.weight))
    _put(document, "expires_at_ns", filter.expires_at_ns)
    _put(document, "destinations", _copy(filter.destinations))
    _put(document, "rating_subject", filter.rating_subject)
    _put(document, "categories", _copy(filter.categories))
    _put(document, "shared_groups", _copy(filter.shared_groups))
    _put(document, "timing_ids", _copy(filter.timing_ids))
    _put(document, "blocker", filter.blocker)
    _put(document, "disabled", filter.disabled)
    return document


def account_from_text(text: str | bytes) -> Account:
    """Read the JSON of a document as the store holds it."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    lines = text.split("\n")
    try:
        if len(lines) % 2 and len(lines) > 1:
            return account_from_document(_DECODE(_numbered(lines)), lines)
    except ValueError:
        pass  # broken into lines in another way, or damaged: as a whole it is read or says what is wrong
    try:
        document = _DECODE(text)
    except ValueError as error:
        raise DocumentError(f"an account's document is not JSON: {error}") from error
    return account_from_document(document)


def _numbered(lines: Sequence[str]) -> str:
    """The text with the number of the line in the place of each shared part."""
    pieces = list(lines)
    for number in range(1, len(pieces), 2):
        pieces[number] = str(number)
    return "".join(pieces)


def account_from_document(document: Mapping[str, object], lines: Sequence[str] = ()) -> Account:
    """Read a document; a number in the place of terms or a filter is the line that they stand on."""
    fields = Fields("an account", document)
    found = fields.integer("format")
    if found != FORMAT:
        raise DocumentError(f"an account's document has format {found}; this release reads format {FORMAT}")
    key = AccountKey(intern(fields.text("tenant")), fields.text("account"))
    fields.what = f"account {key.tenant}:{key.account}"
    account = Account(
        key,
        [balance_from_document(item, lines) for item in fields.items("balances")],
        [counter_from_document(item, lines) for item in fields.items("counters")],
        [trigger_from_document(item, lines) for item in fields.items("triggers")],
        fields.flag("allow_negative"),
        fields.flag("disabled"),
        fields.text("time_zone", ""),
        _shared_texts(fields.texts("plans")),
        _shared_texts(fields.texts("imported")) if "imported" in fields.left else None,
        fields.integer("updated_ns"),
        tuple([reservation_from_document(item) for item in fields.items("reservations")]),
        fields.integers("scores") if "scores" in fields.left else NO_SCORES,
        fields.texts("members"),
    )
    fields.end()
    return account


def balance_from_document(document: object, lines: Sequence[str] = ()) -> Balance:
    fields = Fields("a balance", document)
    uuid = fields.text("uuid")
    fields.what = f"balance {uuid}"
    balance = Balance(uuid, _agreed(fields, lines), fields.integer("value"))
    fields.end()
    return balance


def counter_from_document(document: object, lines: Sequence[str] = ()) -> UnitCounter:
    fields = Fields("a counter", document)
    counter = UnitCounter(
        intern(fields.text("id")),
        intern(fields.text("kind")),
        fields.choice("of", CounterKind),
        _filtered(fields, lines),
        fields.integer("value"),
        fields.choice_or_none("window", Window) or Window.NONE,
        fields.integer("since_ns", 0),
        fields.text("call", ""),
        fields.texts("fired"),
        fields.integer_or_none("expires_at_ns"),
    )
    fields.end()
    return counter


def reservation_from_document(document: object) -> Reservation:
    fields = Fields("a reservation", document)
    reservation = Reservation(
        fields.text("owner"),
        fields.text("switch_id"),
        fields.text("call_id"),
        fields.integer("expires_at_ns"),
        fields.integers("held"),
        fields.integer("granted", 0),
        fields.texts("others"),
        fields.text("tor", "*voice"),
        fields.texts("order"),
    )
    fields.end()
    return reservation


def trigger_from_document(document: object, lines: Sequence[str] = ()) -> AccountTrigger:
    fields = Fields("a trigger", document)
    terms = _watched(fields, lines)
    trigger = AccountTrigger(terms, fields.flag("executed"), fields.integer_or_none("last_executed_ns"))
    fields.end()
    return trigger


# What is shared, read once.


def _agreed(fields: Fields, lines: Sequence[str]) -> BalanceTerms:
    part = fields.part("terms")
    line = _line(part, lines)
    if not line:
        return _terms_from(Fields(fields.what, part))
    return _TERMS.get(line) or remembered(_TERMS, line, _terms_from(Fields(fields.what, json.loads(line))))


def _watched(fields: Fields, lines: Sequence[str]) -> TriggerTerms:
    part = fields.part("terms")
    line = _line(part, lines)
    if not line:
        return _trigger_terms_from(Fields(fields.what, part))
    return _TRIGGERS.get(line) or remembered(
        _TRIGGERS, line, _trigger_terms_from(Fields(fields.what, json.loads(line)))
    )


def _filtered(fields: Fields, lines: Sequence[str]) -> BalanceFilter:
    part = fields.part("filter")
    line = _line(part, lines)
    if not line:
        return filter_from_document(part) if part else ANY_BALANCE
    return _FILTERS.get(line) or remembered(_FILTERS, line, filter_from_document(json.loads(line)))


def _line(part: object, lines: Sequence[str]) -> str:
    """The line a part stands on; "" where it stands in its place."""
    if not lines or isinstance(part, bool) or not isinstance(part, int):
        return ""
    return lines[part] if 0 < part < len(lines) else ""


def _shared_texts(texts: tuple[str, ...]) -> tuple[str, ...]:
    known = _TEXTS.get(texts)
    return remembered(_TEXTS, texts, texts) if known is None else known


def filter_from_document(document: object) -> BalanceFilter:
    fields = Fields("a balance filter", document)
    filter = BalanceFilter(
        kind=fields.choice_or_none("kind", BalanceKind),
        uuid=fields.text_or_none("uuid"),
        id=fields.text_or_none("id"),
        weight=fields.number_or_none("weight"),
        expires_at_ns=fields.integer_or_none("expires_at_ns"),
        destinations=fields.flags_or_none("destinations"),
        rating_subject=fields.text_or_none("rating_subject"),
        categories=fields.flags_or_none("categories"),
        shared_groups=fields.flags_or_none("shared_groups"),
        timing_ids=fields.flags_or_none("timing_ids"),
        blocker=fields.flag_or_none("blocker"),
        disabled=fields.flag_or_none("disabled"),
    )
    fields.end()
    return filter


def balance_terms_document(terms: BalanceTerms) -> Document:
    document: Document = {"id": terms.id, "kind": terms.kind.value}
    if terms.weight != ZERO:
        document["weight"] = str(terms.weight)
    _put(document, "expires_at_ns", terms.expires_at_ns)
    _put_given(document, "destinations", dict(terms.destinations))
    _put_given(document, "rating_subject", terms.rating_subject)
    _put_given(document, "categories", dict(terms.categories))
    _put_given(document, "shared_groups", sorted(terms.shared_groups))
    _put_given(document, "timing_ids", dict(terms.timing_ids))
    _put_given(document, "factors", {name: str(factor) for name, factor in terms.factors.items()})
    _put_given(document, "blocker", terms.blocker)
    _put_given(document, "disabled", terms.disabled)
    return document


def _terms_from(fields: Fields) -> BalanceTerms:
    terms = BalanceTerms(
        id=fields.text("id"),
        kind=fields.choice("kind", BalanceKind),
        weight=fields.number("weight"),
        expires_at_ns=fields.integer_or_none("expires_at_ns"),
        destinations=fields.flags("destinations"),
        rating_subject=fields.text("rating_subject", ""),
        categories=fields.flags("categories"),
        shared_groups=frozenset(fields.texts("shared_groups")),
        timing_ids=fields.flags("timing_ids"),
        factors=fields.numbers("factors"),
        blocker=fields.flag("blocker"),
        disabled=fields.flag("disabled"),
    )
    fields.end()
    return terms


def trigger_terms_document(terms: TriggerTerms) -> Document:
    document: Document = {
        "group": terms.group,
        "unique_id": terms.unique_id,
        "type": terms.type.value,
        "threshold": terms.threshold,
        "actions_id": terms.actions_id,
    }
    _put_given(document, "kind", terms.kind)
    _put_given(document, "filter", filter_document(terms.filter))
    _put_given(document, "recurrent", terms.recurrent)
    _put_given(document, "min_sleep_ns", terms.min_sleep_ns)
    _put(document, "expires_at_ns", terms.expires_at_ns)
    _put(document, "activates_at_ns", terms.activates_at_ns)
    if terms.weight != ZERO:
        document["weight"] = str(terms.weight)
    _put_given(document, "window", terms.window.value)
    return document


def _trigger_terms_from(fields: Fields) -> TriggerTerms:
    terms = TriggerTerms(
        group=fields.text("group"),
        unique_id=fields.text("unique_id"),
        type=fields.choice("type", ThresholdType),
        threshold=fields.integer("threshold"),
        actions_id=fields.text("actions_id"),
        kind=fields.text("kind", ""),
        filter=filter_from_document(fields.part("filter")),
        recurrent=fields.flag("recurrent"),
        min_sleep_ns=fields.integer("min_sleep_ns", 0),
        expires_at_ns=fields.integer_or_none("expires_at_ns"),
        activates_at_ns=fields.integer_or_none("activates_at_ns"),
        weight=fields.number("weight"),
        window=fields.choice_or_none("window", Window) or Window.NONE,
    )
    fields.end()
    return terms


def _put(document: Document, name: str, value: object) -> None:
    if value is not None:
        document[name] = value


def _put_given(document: Document, name: str, value: object) -> None:
    if value:
        document[name] = value


def _copy(members: Mapping[str, bool] | None) -> dict[str, bool] | None:
    return None if members is None else dict(members)
