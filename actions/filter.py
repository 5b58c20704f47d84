"""Inline filters: whether an action concerns this account, or a disconnect this call.

`*string:~*req.Account:1001|1002` passes when the field is one of the two, `*lt:~*req.BalanceMap.*monetary[0].Value:2`
when the first money balance holds less than 2. What is tested is a document: the account as people and webhooks see it
(`accounts.account_state`), or the fields of an open call. A path that leads nowhere is not an error: `*string` and the
comparisons do not pass, their opposites and `*empty` do. A text compared with a number *is* one.

Filters are parsed when a folder is read, so that a slip of the pen is a fault with file and line. A name such as
FLTR_1 means a profile of Filters.csv, which is not used yet: it loads with a warning, and a set that needs it fails.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache
from typing import Final, assert_never

from accounts.account import Account
from accounts.account_state import account_state
from tariffs.duration import parse_duration

PREFIX: Final = "~*req."
TOTAL: Final = "GetTotalValue"
STEP: Final = re.compile(r"([^\[\]]+)(?:\[(\d+)\])?")


class FilterType(StrEnum):
    STRING = "*string"
    NOT_STRING = "*notstring"
    PREFIX = "*prefix"
    NOT_PREFIX = "*notprefix"
    SUFFIX = "*suffix"
    NOT_SUFFIX = "*notsuffix"
    EMPTY = "*empty"
    NOT_EMPTY = "*notempty"
    EXISTS = "*exists"
    NOT_EXISTS = "*notexists"
    LESS = "*lt"
    LESS_OR_EQUAL = "*lte"
    GREATER = "*gt"
    GREATER_OR_EQUAL = "*gte"


# Types of CGRateS that ratingd does not have: they load with a warning, and a set that needs one fails.
UNSUPPORTED_TYPES: Final = frozenset(
    f"*{negation}{name}"
    for negation in ("", "not")
    for name in ("timings", "destinations", "rsr", "regex", "stats", "resources", "ipnet", "apiban", "ai")
) | {"*never"}


class FilterMalformed(ValueError):
    """A filter that cannot mean anything; the text says why."""


class FilterUnsupported(ValueError):
    """A filter that CGRateS has and ratingd has not."""


class FilterFailed(ValueError):
    """A filter that cannot be decided, as a text compared with a number."""


@dataclass(frozen=True, slots=True)
class InlineFilter:
    """One test of one field. `steps` lead to it: names of members, and positions in lists. Any of `values` will do."""

    type: FilterType
    steps: tuple[str | int, ...]
    values: tuple[str, ...]

    def passes(self, document: Mapping[str, object]) -> bool:
        found = _lookup(document, self.steps)
        match self.type:
            case FilterType.STRING:
                return _text(found) in self.values
            case FilterType.NOT_STRING:
                return _text(found) not in self.values
            case FilterType.PREFIX:
                return _text(found).startswith(self.values)
            case FilterType.NOT_PREFIX:
                return not _text(found).startswith(self.values)
            case FilterType.SUFFIX:
                return _text(found).endswith(self.values)
            case FilterType.NOT_SUFFIX:
                return not _text(found).endswith(self.values)
            case FilterType.EMPTY:
                return not _text(found)
            case FilterType.NOT_EMPTY:
                return bool(_text(found))
            case FilterType.EXISTS:
                return found is not None
            case FilterType.NOT_EXISTS:
                return found is None
            case FilterType.LESS:
                return found is not None and _number(found) < _number(self.values[0])
            case FilterType.LESS_OR_EQUAL:
                return found is not None and _number(found) <= _number(self.values[0])
            case FilterType.GREATER:
                return found is not None and _number(found) > _number(self.values[0])
            case FilterType.GREATER_OR_EQUAL:
                return found is not None and _number(found) >= _number(self.values[0])
            case _:
                assert_never(self.type)


COMPARISONS: Final = frozenset(
    {FilterType.LESS, FilterType.LESS_OR_EQUAL, FilterType.GREATER, FilterType.GREATER_OR_EQUAL}
)
VALUELESS: Final = frozenset({FilterType.EMPTY, FilterType.NOT_EMPTY, FilterType.EXISTS, FilterType.NOT_EXISTS})


def passes(filters: Iterable[str], document: Mapping[str, object]) -> bool:
    """Whether a document passes every one of the filters."""
    return all(parse_filter(text).passes(document) for text in filters)


def account_fields(account: Account) -> dict[str, object]:
    """An account as filters see it: its state, and the two parts of its ID by themselves."""
    return {**account_state(account), "Tenant": account.key.tenant, "Account": account.key.account}


@lru_cache(maxsize=4096)
def parse_filter(text: str) -> InlineFilter:
    """Read `*type:~*req.Path:value|value`; FilterMalformed or FilterUnsupported say what is wrong with it."""
    if not text.startswith("*"):
        raise FilterUnsupported(f"{text} is the id of a filter profile; profiles of Filters.csv are not used yet")
    parts = text.split(":", 2)
    if parts[0] in UNSUPPORTED_TYPES:
        raise FilterUnsupported(f"the filter type {parts[0]} is not supported yet")
    if parts[0] not in FilterType.__members__.values():
        raise FilterMalformed(f"unknown filter type {parts[0]}")
    kind = FilterType(parts[0])
    if len(parts) < 3 and not (kind in VALUELESS and len(parts) == 2):
        raise FilterMalformed("expected *type:~*req.Field:value")
    values = () if kind in VALUELESS else tuple(parts[2].split("|"))
    if kind in COMPARISONS:
        _check_comparison(kind, values)
    return InlineFilter(kind, _steps(parts[1]), values)


def _check_comparison(kind: FilterType, values: tuple[str, ...]) -> None:
    if len(values) != 1:
        raise FilterMalformed(f"{kind} compares with one value")
    try:
        _number(values[0])
    except FilterFailed as error:
        raise FilterMalformed(str(error)) from None


def _steps(path: str) -> tuple[str | int, ...]:
    if not path.startswith(PREFIX):
        raise FilterMalformed(f"the path {path!r} does not begin with {PREFIX}")
    steps: list[str | int] = []
    for name in path.removeprefix(PREFIX).split("."):
        found = STEP.fullmatch(name)
        if found is None:
            raise FilterMalformed(f"the path {path!r} has a step {name!r} that is neither Name nor Name[0]")
        steps.append(found[1])
        if found[2] is not None:
            steps.append(int(found[2]))
    return tuple(steps)


def _lookup(document: object, steps: tuple[str | int, ...]) -> object:
    for step in steps:
        if isinstance(step, int):
            document = document[step] if isinstance(document, list | tuple) and step < len(document) else None
        elif isinstance(document, list | tuple) and step == TOTAL:
            document = sum((Decimal(str(balance["Value"])) for balance in document), Decimal(0))
        else:
            document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping | list | tuple) and not value:
        return ""
    return "" if value is None else str(value)


def _number(value: object) -> Decimal:
    """A number as it is, a duration in nanoseconds."""
    text = _text(value)
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if number.is_finite():
        return number
    try:
        return Decimal(parse_duration(text or "nothing"))
    except ValueError:
        raise FilterFailed(f"{text!r} is neither a number nor a duration") from None
