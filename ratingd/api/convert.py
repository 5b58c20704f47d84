"""Numbers of the wire and numbers of the domain: each pair is converted here and nowhere else.

On the wire 0.60 EUR is Money(units=0, nanos=600_000_000), a minute is Duration(seconds=60); inside both are an `int` of
nano-units or nanoseconds. A balance of 2.5 messages is Decimal("2.5") outside and 2_500_000_000 inside. What a client
sends is believed only after it was looked at: Money whose units and nanos contradict each other, NaN, a tenth decimal,
a year beyond the clock of the daemon are refused with the name of the field.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money

from accounts.account import AccountKey
from accounts.balance import BalanceKind
from accounts.shared_group import GROUP, is_group
from ratingd.errors import InvalidIdempotencyKey, InvalidRequest
from ratingd.v1.amount_pb2 import Amount, Usage
from tariffs.span import VOICE

NANO: Final = 1_000_000_000
MONETARY: Final = BalanceKind.MONETARY.value
VOICE_KIND: Final = BalanceKind.VOICE.value
NAME_MAX: Final = 200
INSTANT_MAX_NS: Final = 9_214_646_400 * NANO  # 2262-01-01, near the end of 64-bit nanoseconds
AMOUNT_MAX: Final = 10**15 * NANO
SECONDS_MAX: Final = 315_576_000_000  # of a Duration, as protobuf defines it

# -- text


def name(text: str, field: str) -> str:
    """A name as it is, if it can be one: at most 200 characters, none of them a control character."""
    if len(text) > NAME_MAX:
        raise InvalidRequest(field, f"{len(text)} characters; at most {NAME_MAX} are allowed")
    if not text.isprintable():
        raise InvalidRequest(field, "contains a control character")
    return text


def required(text: str, field: str) -> str:
    if not text:
        raise InvalidRequest(field, "is empty")
    return name(text, field)


def idempotency_key(text: str, *, dry_run: bool) -> str:
    """The key of a request that changes something; a dry run has none, whatever was sent."""
    if dry_run:
        return ""
    if not text:
        raise InvalidIdempotencyKey(
            "idempotency_key",
            "is empty; give every request that changes something a key of its own, and repeat it unchanged in a retry",
        )
    if len(text) > NAME_MAX or not text.isprintable():
        raise InvalidIdempotencyKey("idempotency_key", f"has to be 1 to {NAME_MAX} printable characters")
    return text


def account_key(tenant: str, account: str, default_tenant: str, prefix: str = "") -> AccountKey:
    key = AccountKey(name(tenant, f"{prefix}tenant") or default_tenant, required(account, f"{prefix}account"))
    return not_a_group(key, f"{prefix}account")


def not_a_group(key: AccountKey, field: str) -> AccountKey:
    """Refuse the names of the rows in which the members of shared groups are kept."""
    if is_group(key):
        raise InvalidRequest(field, f"{key.account!r} begins with {GROUP}, as no account does")
    return key


# -- money


def money_nano(money: Money, field: str, currency: str) -> int:
    return sum_nano(money.currency_code, money.units, money.nanos, field, currency)


def sum_nano(currency_code: str, units: int, nanos: int, field: str, currency: str) -> int:
    """An amount of Money by its parts."""
    if currency_code and currency_code != currency:
        known = currency or "none"
        raise InvalidRequest(f"{field}.currency_code", f"{currency_code!r} is not the daemon's currency, {known}")
    if not -NANO < nanos < NANO or (units > 0 > nanos) or (units < 0 < nanos):
        raise InvalidRequest(field, f"units {units} and nanos {nanos} contradict each other")
    return _bounded(units * NANO + nanos, field)


def set_money(money: Money, nano: int, currency: str) -> None:
    """Write an amount into a message at hand: -1.5 is units -1, nanos -500_000_000."""
    if currency:
        money.currency_code = currency
    if nano >= 0:
        money.units, money.nanos = divmod(nano, NANO)
    else:
        units, nanos = divmod(-nano, NANO)
        money.units, money.nanos = -units, -nanos


# -- time


def duration_ns(duration: Duration, field: str) -> int:
    return span_ns(duration.seconds, duration.nanos, field)


def span_ns(seconds: int, nanos: int, field: str) -> int:
    """A Duration by its parts."""
    if not -NANO < nanos < NANO or (seconds > 0 > nanos) or (seconds < 0 < nanos) or abs(seconds) > SECONDS_MAX:
        raise InvalidRequest(field, f"seconds {seconds} and nanos {nanos} are no duration")
    return seconds * NANO + nanos


def set_duration(duration: Duration, ns: int) -> None:
    if ns >= 0:
        duration.seconds, duration.nanos = divmod(ns, NANO)
    else:
        seconds, nanos = divmod(-ns, NANO)
        duration.seconds, duration.nanos = -seconds, -nanos


def instant_ns(instant: Timestamp, field: str) -> int:
    return moment_ns(instant.seconds, instant.nanos, field)


def moment_ns(seconds: int, nanos: int, field: str) -> int:
    """A Timestamp by its parts."""
    ns = seconds * NANO + nanos
    if not 0 <= nanos < NANO or not 0 <= ns < INSTANT_MAX_NS:
        raise InvalidRequest(field, "is outside the years 1970 to 2261")
    return ns


def set_instant(instant: Timestamp, ns: int) -> None:
    instant.seconds, instant.nanos = divmod(ns, NANO)


# -- usage


def usage_of(usage: Usage, tor: str, field: str) -> int:
    """Nanoseconds of a `*voice` usage, else units. Nothing given is 0."""
    kind = usage.WhichOneof("kind")
    seconds, units = usage.duration.seconds if kind == "duration" else None, usage.units if kind == "units" else None
    return used(seconds, usage.duration.nanos, units, tor, field)


def used(seconds: int | None, nanos: int, units: int | None, tor: str, field: str) -> int:
    """What a Usage says, by its parts."""
    if seconds is not None:
        if tor == VOICE:
            return span_ns(seconds, nanos, f"{field}.duration")
        raise InvalidRequest(f"{field}.duration", f"{tor} is used in units: give `units`")
    if units is None:
        return 0
    if tor == VOICE:
        raise InvalidRequest(f"{field}.units", "*voice is used in time: give `duration`")
    return units


def set_usage(usage: Usage, value: int, voice: bool) -> None:
    if voice:
        set_duration(usage.duration, value)
    else:
        usage.units = value


# -- amounts of balances, counters and thresholds


def amount_value(amount: Amount, kind: BalanceKind, field: str, currency: str) -> int:
    """In the scale of the kind: nanoseconds for voice, else 1e-9 of a unit or currency."""
    given = amount.WhichOneof("kind")
    match given, kind:
        case "money", BalanceKind.MONETARY:
            return money_nano(amount.money, f"{field}.money", currency)
        case "duration", BalanceKind.VOICE:
            return duration_ns(amount.duration, f"{field}.duration")
        case "units", _ if kind not in (BalanceKind.MONETARY, BalanceKind.VOICE):
            return units_nano(amount.units, f"{field}.units")
        case None, _:
            raise InvalidRequest(field, "is missing")
        case _:
            raise InvalidRequest(f"{field}.{given}", f"a balance of kind {kind} holds {_HELD_BY.get(kind, 'units')}")


_HELD_BY: Final = {BalanceKind.MONETARY: "money", BalanceKind.VOICE: "a duration"}


def set_amount(amount: Amount, value: int, kind: str, currency: str) -> None:
    """`kind` is a balance kind, or what a counter is named for (`*event_connect`), which counts units."""
    if kind == MONETARY:
        set_money(amount.money, value, currency)
    elif kind == VOICE_KIND:
        set_duration(amount.duration, value)
    else:
        amount.units.value = units_text(value)


def units_text(nano: int) -> str:
    """2_500_000_000 is "2.5"."""
    size = abs(nano)
    whole, fraction = size // NANO, size % NANO
    text = f"{whole}.{str(NANO + fraction)[1:].rstrip('0')}" if fraction else str(whole)
    return f"-{text}" if nano < 0 else text


def units_nano(message: DecimalMessage, field: str) -> int:
    return nano_of(message.value, field)


def nano_of(text: str, field: str) -> int:
    """A decimal text in 1e-9."""
    numerator, denominator = decimal_of(text, field).as_integer_ratio()
    nano, rest = divmod(numerator * NANO, denominator)
    if rest:
        raise InvalidRequest(field, f"{text!r} has more than 9 decimals")
    return _bounded(nano, field)


def decimal_of(text: str, field: str) -> Decimal:
    """A finite decimal number; nothing given is 0."""
    try:
        value = Decimal(text or "0")
    except InvalidOperation:
        raise InvalidRequest(field, f"{text!r} is not a decimal number") from None
    if not value.is_finite() or len(text) > 40 or not -20 < value.adjusted() < 20:
        raise InvalidRequest(field, f"{text[:40]!r} is not a number that can be kept exactly")
    return value


def _bounded(value: int, field: str) -> int:
    if not -AMOUNT_MAX <= value <= AMOUNT_MAX:
        raise InvalidRequest(field, "is beyond 1,000,000,000,000,000")
    return value
