"""Aliases: a call that names one account, and is charged to another.

A subscriber has two telephones. The second one's number, 1007, is no account of its own:

    cgrates.org,ATTR_1,*sessions;*cdrs,*string:~*req.Account:1007,,,*req.Account,*constant,1001,,10

From then on a debit of 1007 is one of 1001, its subject too unless the profile gives another. A profile may read any
field of the request, the switch's own fields included, and write any: account, subject, category, destination, the
tenant, or a field that a factor or a filter looks at. Of the profiles that match a request the heaviest is applied, of
equal ones the first of the file, once: what it writes is not matched again.

What a profile matches is looked up by the first of its filters that wants a field to be one of some texts, so that a
request among ten thousand aliases costs as much as among ten.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from actions.filter import FilterType, parse_filter

Fields = dict[str, str]
TENANT: Final = "Tenant"
ACCOUNT: Final = "Account"
SUBJECT: Final = "Subject"


class AttributeType(StrEnum):
    """How a field is written. `*variable` copies another one, `*composed` appends, `*remove` takes it away."""

    CONSTANT = "*constant"
    VARIABLE = "*variable"
    COMPOSED = "*composed"
    REMOVE = "*remove"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One field to write. `value` is a text, or with `source` the name of the field whose text is taken."""

    field: str
    type: AttributeType
    value: str = ""
    source: str = ""
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AliasProfile:
    """Rows of Attributes.csv with one tenant and id. It holds from `starts_ns` on, before `ends_ns`."""

    tenant: str
    id: str
    filters: tuple[str, ...]
    attributes: tuple[Attribute, ...]
    weight: Decimal = Decimal(0)
    starts_ns: int | None = None
    ends_ns: int | None = None

    def holds(self, now_ns: int) -> bool:
        started = self.starts_ns is None or self.starts_ns <= now_ns
        return started and (self.ends_ns is None or now_ns < self.ends_ns)


@dataclass(frozen=True, slots=True)
class Aliases:
    """The profiles in force, ready to be asked."""

    profiles: tuple[AliasProfile, ...] = ()
    by_text: Mapping[tuple[str, str, str], list[int]] = field(default_factory=dict, init=False, compare=False)
    others: tuple[int, ...] = field(default=(), init=False, compare=False)

    def __post_init__(self) -> None:
        profiles = tuple(sorted(self.profiles, key=lambda profile: -profile.weight))
        by_text: dict[tuple[str, str, str], list[int]] = {}
        others: list[int] = []
        for place, profile in enumerate(profiles):
            wanted = _texts(profile)
            if wanted is None:
                others.append(place)
            else:
                for text in wanted[1]:
                    by_text.setdefault((profile.tenant, wanted[0], text), []).append(place)
        object.__setattr__(self, "profiles", profiles)
        object.__setattr__(self, "by_text", by_text)
        object.__setattr__(self, "others", tuple(others))

    def __bool__(self) -> bool:
        return bool(self.profiles)

    def applied(self, fields: Mapping[str, str], now_ns: int) -> Fields:
        """The fields of a request as the heaviest profile that matches them leaves them.

        `Tenant`, `Account` and `Subject` are among them. A subject that was the account follows it.
        """
        for place in self._candidates(fields):
            profile = self.profiles[place]
            if profile.tenant == fields.get(TENANT) and profile.holds(now_ns) and _passes(profile.filters, fields):
                return _written(profile, fields)
        return dict(fields)

    def _candidates(self, fields: Mapping[str, str]) -> list[int]:
        tenant = fields.get(TENANT, "")
        found = set(self.others)
        for name, text in fields.items():
            found.update(self.by_text.get((tenant, name, text), ()))
        return sorted(found)


NO_ALIASES: Final = Aliases()


def _texts(profile: AliasProfile) -> tuple[str, tuple[str, ...]] | None:
    """A field and the texts of which it must be one; None where no filter says so."""
    for text in profile.filters:
        try:
            filter = parse_filter(text)
        except ValueError:  # such a profile matches nothing
            continue
        if filter.type is FilterType.STRING and len(filter.steps) == 1 and "" not in filter.values:
            return str(filter.steps[0]), filter.values
    return None


def _passes(filters: Iterable[str], fields: Mapping[str, str]) -> bool:
    """Whether all filters pass; one that cannot be decided does not."""
    try:
        return all(parse_filter(text).passes(fields) for text in filters)
    except ValueError:
        return False


def _written(profile: AliasProfile, fields: Mapping[str, str]) -> Fields:
    found = dict(fields)
    for attribute in profile.attributes:
        if not _passes(attribute.filters, found):
            continue
        text = found.get(attribute.source, "") if attribute.source else attribute.value
        match attribute.type:
            case AttributeType.REMOVE:
                found.pop(attribute.field, None)
            case AttributeType.COMPOSED:
                found[attribute.field] = found.get(attribute.field, "") + text
            case AttributeType.CONSTANT | AttributeType.VARIABLE:
                found[attribute.field] = text
    if found.get(SUBJECT) == fields.get(SUBJECT) == fields.get(ACCOUNT):
        found[SUBJECT] = found.get(ACCOUNT, "")
    return found
