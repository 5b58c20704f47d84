"""Attributes.csv: which accounts and subjects stand for others.

    #Tenant,ID,Contexts,FilterIDs,ActivationInterval,AttributeFilterIDs,Path,Type,Value,Blocker,Weight
    cgrates.org,ATTR_1,*sessions;*cdrs,*string:~*req.Account:1007,2014-01-14T00:00:00Z,,,,,false,10
    cgrates.org,ATTR_1,,,,,*req.Account,*constant,1001,,

The rows of one tenant and id are one profile: each may add contexts, filters and a field to write, and what it says of
weight and interval holds for all of them. Usually the first says all that and the others leave it blank. Profiles for
other contexts than those of calls (`simpleauth`) are told and left out, and so are fields that only concern how a
session is run. What cannot be read refuses the folder.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from actions.alias import AliasProfile, Attribute, AttributeType
from actions.filter import FilterMalformed, FilterUnsupported, parse_filter
from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.instant import INSTANT_ALLOWED, parse_instant
from tariffs.plan_files import in_reading_order
from tariffs.zone import Zone

FILE: Final = "Attributes.csv"
COLUMNS: Final = (
    "Tenant", "ID", "Contexts", "FilterIDs", "ActivationInterval", "AttributeFilterIDs", "Path", "Type", "Value",
    "Blocker", "Weight",
)  # fmt: skip
OF_CALLS: Final = frozenset({"*any", "*sessions", "*cdrs", "*chargers"})
FIELD: Final = "*req."
TENANT_PATH: Final = "*tenant"
SOURCE: Final = "~*req."
OF_SESSIONS: Final = frozenset({"RequestType"})  # sessions ask for it; a request to charge says it itself
TYPES_OF_CGRATES: Final = frozenset(
    {
        "*usage_difference", "*sum", "*value_exponent", "*difference", "*cc_usage", "*multiply", "*divide",
        "*unix_timestamp", "*prefix", "*suffix", "*group", "*http", "*sipcid", "*uint64", "*float64", "*slice",
        "*filler", "*remoteHost",
    }
)  # fmt: skip


@dataclass(slots=True)
class _Gathered:
    """A profile while its rows are read. `first` is where it begins."""

    first: Row
    contexts: list[str] = field(default_factory=list)
    filters: list[str] = field(default_factory=list)
    weight: Decimal = Decimal(0)
    interval: tuple[int | None, int | None] = (None, None)
    attributes: list[Attribute] = field(default_factory=list)

    @property
    def used(self) -> bool:
        return not self.contexts or not OF_CALLS.isdisjoint(self.contexts)

    def add(self, row: Row, now_ns: int, zone: Zone) -> None:
        self.contexts += row.items("Contexts")
        self.filters += [text for text in _filters(row, "FilterIDs") if text not in self.filters]
        self.weight = row.decimal("Weight") or self.weight
        if row["ActivationInterval"]:
            self.interval = _interval(row, now_ns, zone)
        if row.flag("Blocker"):
            row.warn("Blocker", "has no meaning: the heaviest profile that matches is the only one applied anyway")
        attribute = _attribute(row)
        if attribute is not None:
            self.attributes.append(attribute)


def read_aliases(
    files: Mapping[str, bytes], findings: list[Finding], *, now_ns: int, zone: Zone
) -> dict[tuple[str, str], AliasProfile]:
    """The profiles of a folder by (tenant, id), those that change nothing left out."""
    found: dict[tuple[str, str], _Gathered] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            name = (row["Tenant"], row["ID"])
            if not all(name):
                row.fault("Tenant" if not name[0] else "ID", "is empty", "the tenant and the id of the profile")
                continue
            found.setdefault(name, _Gathered(row)).add(row, now_ns, zone)
    return {name: _profile(name, gathered) for name, gathered in found.items() if _has_effect(gathered)}


def _has_effect(gathered: _Gathered) -> bool:
    if not gathered.used:
        gathered.first.warn("Contexts", "is none in which calls are charged: the profile is not used", _contexts())
    return gathered.used and bool(gathered.attributes)


def _profile(name: tuple[str, str], gathered: _Gathered) -> AliasProfile:
    filters, attributes = tuple(gathered.filters), tuple(gathered.attributes)
    return AliasProfile(*name, filters, attributes, gathered.weight, *gathered.interval)


def _interval(row: Row, now_ns: int, zone: Zone) -> tuple[int | None, int | None]:
    begin, _, end = row["ActivationInterval"].partition(";")
    try:
        return parse_instant(begin, now_ns=now_ns, zone=zone), parse_instant(end, now_ns=now_ns, zone=zone)
    except ValueError:
        allowed = f"empty, or start;end, each of which may be left out; an instant is {INSTANT_ALLOWED}"
        row.fault("ActivationInterval", "is no interval", allowed)
        return None, None


def _attribute(row: Row) -> Attribute | None:
    """What a row writes; None for one that only declares its profile, or writes what nothing reads."""
    path, text = row["Path"], row["Value"]
    if not path:
        if row["Type"] or text:
            row.fault("Path", "is empty, yet the row has a type or value", "*req.Account, *req.Subject or *tenant")
        return None
    filters = _filters(row, "AttributeFilterIDs")
    type = _type(row)
    if path != TENANT_PATH and not path.startswith(FIELD):
        row.warn("Path", "is neither *tenant nor *req.Field: the row is not used")
        return None
    name = "Tenant" if path == TENANT_PATH else path.removeprefix(FIELD)
    if name in OF_SESSIONS:
        row.warn("Path", "concerns how sessions are run: a request to charge names its own request type")
        return None
    if not name or type is None:
        return None
    source = text.removeprefix(SOURCE) if text.startswith(SOURCE) else ""
    if type is AttributeType.VARIABLE and not source:
        row.fault("Value", "names no field to copy", "~*req.Field")
    return Attribute(name, type, "" if source else text, source, filters)


def _type(row: Row) -> AttributeType | None:
    text = row["Type"]
    try:
        return AttributeType(text or AttributeType.CONSTANT)
    except ValueError:
        if text in TYPES_OF_CGRATES:
            row.warn("Type", "is not supported: the row is not used", ", ".join(AttributeType))
        else:
            row.fault("Type", "is unknown", ", ".join(AttributeType))
        return None


def _filters(row: Row, column: str) -> tuple[str, ...]:
    filters = row.items(column)
    for text in filters:
        try:
            parse_filter(text)
        except FilterMalformed as malformed:
            row.fault(column, f"cannot be read ({malformed})", "inline filters such as *string:~*req.Account:1001")
        except FilterUnsupported as unsupported:
            row.warn(column, f"never passes: {unsupported}")
    return filters


def _contexts() -> str:
    return ", ".join(sorted(OF_CALLS))
