"""Messages of the wire as plain JSON, for people and scripts, and back.

What gRPC calls `{"cost": {"units": "0", "nanos": 60000000}, "ratedUsage": {"duration": "60s"}}` a shell script reads as

    {"cost": "0.06", "rated_usage": "60s"}

Money is a decimal text in the tenant's currency, a length of time is seconds with an `s`, a count of messages or bytes
is a number, an instant is RFC 3339 in UTC, a set of names is a list in which `!` excludes. On the way in a length of
time may also be written `1m30s`, an instant in any way a tariff file may, and a name in camelCase.

Names are those of the messages in proto/. One that does not exist is refused with the nearest that does.
"""

import difflib
import json
import re
import time
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.decimal_pb2 import Decimal as DecimalMessage
from google.type.money_pb2 import Money

from ratingd.v1.accounts_pb2 import NameSet
from ratingd.v1.amount_pb2 import Amount, Usage
from tariffs.duration import parse_duration
from tariffs.instant import instant_text, parse_instant
from tariffs.money import NANO, decimal_text
from tariffs.zone import UTC

AnyMessage = TypeVar("AnyMessage", bound=Message)
Kind = FieldDescriptor
_HAS_UNIT: Final = re.compile(r"[hmsuµn]")
_DECIMALS_MAX: Final = 9


class NotPlain(ValueError):
    """A plain value that no message can be made of; `path` says where it stands."""

    def __init__(self, path: str, text: str) -> None:
        super().__init__(f"{path}: {text}" if path else text)
        self.path = path
        self.text = text


def read_json(text: str) -> object:
    """JSON whose numbers keep every decimal they have."""
    return json.loads(text, parse_float=Decimal, parse_constant=_no_number)


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is no JSON: a number is wanted, or null")


def plain(message: Message) -> Any:
    """A message as text, number, list or object; None for a quantity that is not given."""
    writer = _WRITERS.get(message.DESCRIPTOR.full_name)
    if writer is not None:
        return writer(message)
    written = {}
    for field in message.DESCRIPTOR.fields:
        if field.has_presence and not message.HasField(field.name):
            continue
        value = getattr(message, field.name)
        if field.enum_type is not None and not field.is_repeated and value == 0:
            continue
        written[field.name] = _plain_field(field, value)
    return written


def _plain_field(field: Any, value: Any) -> Any:
    if _is_map(field):
        return {key: value[key] for key in sorted(value)}
    if field.is_repeated:
        return [_plain_single(field, item) for item in value]
    return _plain_single(field, value)


def _plain_single(field: FieldDescriptor, value: Any) -> Any:
    if field.message_type is not None:
        return plain(value)
    if field.enum_type is not None:
        return field.enum_type.values_by_number[value].name
    return value


def _plain_quantity(message: Message) -> Any:
    which = message.WhichOneof("kind")
    if which is None:
        return None
    value = getattr(message, which)
    return plain(value) if isinstance(value, Message) else value


def money_nano(money: Money) -> int:
    return int(money.units) * NANO + int(money.nanos)


def timestamp_ns(instant: Timestamp) -> int:
    return int(instant.seconds) * NANO + int(instant.nanos)


def duration_ns(duration: Duration) -> int:
    return int(duration.seconds) * NANO + int(duration.nanos)


_WRITERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "google.type.Money": lambda money: decimal_text(money_nano(money)),
    "google.type.Decimal": lambda decimal: decimal.value,
    "google.protobuf.Timestamp": lambda instant: instant_text(timestamp_ns(instant)),
    "google.protobuf.Duration": lambda duration: decimal_text(duration_ns(duration)) + "s",
    "google.protobuf.Struct": MessageToDict,
    "ratingd.v1.Usage": _plain_quantity,
    "ratingd.v1.Amount": _plain_quantity,
    "ratingd.v1.NameSet": lambda names: [name if names.names[name] else f"!{name}" for name in sorted(names.names)],
}


def message(kind: type[AnyMessage], value: object, path: str = "") -> AnyMessage:
    """A message of a kind from its plain form; NotPlain names the place that is wrong."""
    made = kind()
    _fill(made, value, path)
    return made


def field_names(kind: type[Message] | Message) -> tuple[str, ...]:
    return tuple(field.name for field in kind.DESCRIPTOR.fields)


def snake(name: str) -> str:
    """`timeStart` and `TimeStart` as `time_start`; other names as they are."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _fill(made: Any, value: object, path: str) -> None:
    reader = _READERS.get(made.DESCRIPTOR.full_name)
    if reader is not None and not isinstance(value, Mapping):
        reader(made, value, path)
        return
    if not isinstance(value, Mapping):
        raise NotPlain(path, f"an object is wanted, found {json.dumps(value, default=str)}")
    for name, item in value.items():
        field = made.DESCRIPTOR.fields_by_name.get(snake(str(name)))
        place = f"{path}.{name}" if path else str(name)
        if field is None:
            raise NotPlain(place, _unknown(str(name), field_names(made)))
        if item is not None:
            _fill_field(made, field, item, place)


def _unknown(name: str, known: tuple[str, ...]) -> str:
    nearest = difflib.get_close_matches(snake(name), known, n=1, cutoff=0.0)
    return f"there is no such field; the nearest is {nearest[0]}" if nearest else "there is no such field"


def _fill_field(made: Any, field: FieldDescriptor, value: object, path: str) -> None:
    if _is_map(field):
        _fill_map(getattr(made, field.name), field, value, path)
    elif field.is_repeated:
        if not isinstance(value, list | tuple):
            raise NotPlain(path, f"a list is wanted, found {json.dumps(value, default=str)}")
        for number, item in enumerate(value):
            _append(getattr(made, field.name), field, item, f"{path}[{number}]")
    elif field.message_type is not None:
        getattr(made, field.name).SetInParent()
        _fill(getattr(made, field.name), value, path)
    else:
        setattr(made, field.name, _scalar(field, value, path))


def _append(items: Any, field: FieldDescriptor, value: object, path: str) -> None:
    if field.message_type is not None:
        _fill(items.add(), value, path)
    else:
        items.append(_scalar(field, value, path))


def _fill_map(entries: Any, field: Any, value: object, path: str) -> None:
    of = field.message_type.fields_by_name["value"]
    if of.type == Kind.TYPE_BOOL and isinstance(value, list | tuple):
        value = _name_set(value)
    if not isinstance(value, Mapping):
        raise NotPlain(path, f"an object is wanted, found {json.dumps(value, default=str)}")
    for key, item in value.items():
        _expected(key, str, "a name", path)
        entries[str(key)] = _scalar(
            of, str(item) if isinstance(item, int | Decimal) and of.type == Kind.TYPE_STRING else item, f"{path}.{key}"
        )


def _name_set(names: list[object] | tuple[object, ...]) -> dict[str, bool]:
    return {str(name).removeprefix("!"): not str(name).startswith("!") for name in names}


def _scalar(field: FieldDescriptor, value: object, path: str) -> object:
    if field.enum_type is not None:
        number = field.enum_type.values_by_name.get(str(value).upper().removeprefix("*"))
        if number is None:
            raise NotPlain(path, f"{value!r} is none of {', '.join(field.enum_type.values_by_name)}")
        return number.number
    if field.type == Kind.TYPE_STRING:
        return _expected(value, str, "a text", path)
    if field.type == Kind.TYPE_BOOL:
        return _expected(value, bool, "true or false", path)
    if field.type == Kind.TYPE_BYTES:
        return str(_expected(value, str, "a text", path)).encode()
    return _integer(value, path)


def _expected(value: object, wanted: type, words: str, path: str) -> object:
    if not isinstance(value, wanted):
        raise NotPlain(path, f"{words} is wanted, found {json.dumps(value, default=str)}")
    if isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise NotPlain(path, f"holds half of a character: {json.dumps(value)}")
    return value


def _integer(value: object, path: str) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?\d+", value, re.ASCII):
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        raise NotPlain(path, f"a whole number is wanted, found {json.dumps(value, default=str)}")
    return value


def nano(value: object, path: str = "") -> int:
    """A decimal with at most nine decimals, in nano-units."""
    try:
        scaled = Decimal(str(value)).scaleb(_DECIMALS_MAX)
    except InvalidOperation:
        raise NotPlain(path, f"a decimal number is wanted, found {value!r}") from None
    if isinstance(value, bool) or not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise NotPlain(path, f"a number of at most nine decimals is wanted, found {value!r}")
    return int(scaled)


def _read_money(money: Money, value: object, path: str) -> None:
    amount = nano(value, path)
    sign = -1 if amount < 0 else 1
    units, nanos = divmod(abs(amount), NANO)
    if units >= 2**63:
        raise NotPlain(path, f"{value} is more than an amount can be")
    money.units, money.nanos = sign * units, sign * nanos


def _read_decimal(decimal: DecimalMessage, value: object, path: str) -> None:
    nano(value, path)
    decimal.value = str(value)


def _read_duration(duration: Duration, value: object, path: str) -> None:
    text = str(_expected(value, str, "a duration such as 90s or 1m30s", path))
    if not _HAS_UNIT.search(text):
        raise NotPlain(path, f"a duration with its unit is wanted, such as 90s or 1m30s, found {value!r}")
    try:
        duration.FromNanoseconds(parse_duration(text))
    except ValueError as error:
        raise NotPlain(path, str(error)) from None


def _read_timestamp(timestamp: Timestamp, value: object, path: str) -> None:
    try:
        instant = parse_instant(str(_expected(value, str, "an instant as text", path)), now_ns=time.time_ns(), zone=UTC)
    except ValueError as error:
        raise NotPlain(path, str(error)) from None
    if instant is None:
        raise NotPlain(path, f"an instant is wanted, such as 2026-11-21T10:00:00Z, found {value!r}")
    try:
        timestamp.FromNanoseconds(instant)
    except ValueError:
        raise NotPlain(path, f"{value!r} is before the year 1 or after 9999") from None


def _read_usage(usage: Usage, value: object, path: str) -> None:
    if isinstance(value, str) and _HAS_UNIT.search(value):
        _read_duration(usage.duration, value, path)
        usage.duration.SetInParent()
    else:
        usage.units = _integer(value, path)


def _read_amount(amount: Amount, value: object, path: str) -> None:
    """Without the kind of balance only a length of time says what it is."""
    if not isinstance(value, str) or not _HAS_UNIT.search(value):
        raise NotPlain(
            path, 'write {"money": "5.00"}, {"duration": "10m"} or {"units": "3"}, or give the kind of balance'
        )
    _read_duration(amount.duration, value, path)
    amount.duration.SetInParent()


def _read_name_set(names: NameSet, value: object, path: str) -> None:
    listed = [value] if isinstance(value, str) else value
    if not isinstance(listed, list | tuple):
        raise NotPlain(path, f"a list of names is wanted, found {json.dumps(value, default=str)}")
    for name, included in _name_set(listed).items():
        names.names[name] = included


_READERS: Final[Mapping[str, Callable[[Any, object, str], None]]] = {
    "google.type.Money": _read_money,
    "google.type.Decimal": _read_decimal,
    "google.protobuf.Timestamp": _read_timestamp,
    "google.protobuf.Duration": _read_duration,
    "ratingd.v1.Usage": _read_usage,
    "ratingd.v1.Amount": _read_amount,
    "ratingd.v1.NameSet": _read_name_set,
}


def amount_of(kind: str, value: object, path: str = "amount") -> dict[str, object]:
    """The plain Amount of a balance's kind: `5` is money, units, or for `*voice` not known without its unit."""
    if isinstance(value, Mapping):
        return dict(value)
    if kind == "*monetary":
        return {"money": value}
    if kind == "*voice":
        return {"duration": value}
    if not kind:
        raise NotPlain(path, "which kind of balance is it? Say *monetary, *voice, *sms, *data, *mms or *generic")
    return {"units": value}


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and bool(field.message_type.GetOptions().map_entry)
