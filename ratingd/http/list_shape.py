"""Bodies of list entries: a number, all numbers of a prefix, or a trunk.

    POST /api/v1/lists/whitelist  {"kind": "number", "value": "+498001234567", "reason": "sales line"}
    POST /api/v1/lists/whitelist  {"kind": "prefix", "value": "+4990056", "threshold": 60}
    POST /api/v1/lists/whitelist  {"kind": "trunk", "value": "pbx-7", "reason": "our own dialler"}
    POST /api/v1/lists/blacklist  {"kind": "prefix", "value": "+37190", "expiry": "2027-01-01T00:00:00Z"}

On the whitelist a number or prefix is one that is called, unless `side` says caller; a trunk is one that calls come in
by. A called number with a threshold or window of its own is judged by these; one with neither is never flagged.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from ratingd.errors import InvalidRequest
from ratingd.http import field_schema
from ratingd.http.field_schema import FILLED_PATTERN, TEXT_PATTERN
from ratingd.http.parameter import NUMERIC
from ratingd.ingest.event_fields import TEXT_MAX, time_of
from ratingd.store.fraud_rows import ListRow
from triggers.numbers.number_list import A_WHITELIST, B_WHITELIST, BLACKLIST, TRUNK

Listed = Literal["blacklist", "whitelist"]
Kind = Literal["number", "prefix", "trunk"]
PREFIX_PATTERN: Final = r"^\+?[0-9]{1,15}$"


def _expiry(value: Any) -> int:
    try:
        return time_of("expiry", value)
    except InvalidRequest as error:
        raise ValueError(error.description) from None


Filled = Annotated[str, Field(max_length=TEXT_MAX, pattern=FILLED_PATTERN, strict=True)]
Text = Annotated[str, Field(max_length=TEXT_MAX, pattern=TEXT_PATTERN, strict=True)]
Digits = Annotated[str, Field(pattern=PREFIX_PATTERN, strict=True)]
Expiry = Annotated[int, BeforeValidator(_expiry), WithJsonSchema(field_schema.time("Until when; none: for ever"))]
Threshold = Annotated[int, Field(ge=2, le=100), NUMERIC]
Seconds = Annotated[float, Field(ge=1, le=60), NUMERIC]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Text = ""
    expiry: Expiry = 0


class BlackNumber(_Entry):
    kind: Literal["number"]
    value: Filled


class BlackPrefix(_Entry):
    kind: Literal["prefix"]
    value: Digits


class TrunkEntry(_Entry):
    kind: Literal["trunk"]
    value: Filled


class _WhiteEntry(_Entry):
    side: Literal["called", "caller"] = "called"
    threshold: Threshold | None = Field(default=None, description="Of a called number: its own threshold")
    window_seconds: Seconds | None = Field(default=None, description="Of a called number: its own window")


class WhiteNumber(_WhiteEntry):
    kind: Literal["number"]
    value: Filled


class WhitePrefix(_WhiteEntry):
    kind: Literal["prefix"]
    value: Digits


BlackBody = Annotated[BlackNumber | BlackPrefix | TrunkEntry, Field(discriminator="kind")]
WhiteBody = Annotated[WhiteNumber | WhitePrefix | TrunkEntry, Field(discriminator="kind")]
AnyEntry = BlackNumber | BlackPrefix | TrunkEntry | WhiteNumber | WhitePrefix


def lists_of(listed: str) -> tuple[str, ...]:
    """The lists that a path names."""
    return (BLACKLIST,) if listed == BLACKLIST else (B_WHITELIST, A_WHITELIST)


def row_of(listed: str, entry: AnyEntry, who: str) -> ListRow:
    """The row of an entry, as it was said."""
    name = BLACKLIST if listed == BLACKLIST else _whitelist(entry)
    called = entry if isinstance(entry, _WhiteEntry) and name == B_WHITELIST else None
    return ListRow(
        name,
        entry.kind,
        entry.value,
        entry.reason,
        who,
        0,
        entry.expiry,
        threshold=(called.threshold or 0) if called else 0,
        window_ms=round(1000 * (called.window_seconds or 0)) if called else 0,
    )


def shown(row: ListRow) -> dict[str, Any]:
    return {
        "list": row.list,
        "kind": row.kind,
        "value": row.value,
        "reason": row.reason,
        "who": row.who,
        "created_at": row.created_ms / 1000,
        "expiry": row.expires_ms / 1000 if row.expires_ms else None,
        "threshold": row.threshold or None,
        "window_seconds": row.window_ms / 1000 if row.window_ms else None,
    }


def _whitelist(entry: AnyEntry) -> str:
    if entry.kind == TRUNK or (isinstance(entry, _WhiteEntry) and entry.side == "caller"):
        return A_WHITELIST
    return B_WHITELIST
