"""Session filters: which open calls of an account a disconnect means.

`cgrates.org;*prefix:~*req.Destination:881&*string:~*req.ToR:*voice;2;;` cuts at most two of the account's open voice
calls to satellite numbers. Five parts: tenant, filters joined by `&`, a limit, options, event fields. A part left empty
does not restrict, and a cell left empty is five empty parts: all calls. Options and event fields are meant for agents
of CGRateS; a switch is told which call to cut, and no more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from accounts.account import AccountKey
from accounts.call_name import cgr_id
from actions.context import OpenCall
from actions.filter import FilterUnsupported, parse_filter, passes

PARTS: Final = 5
ALLOWED: Final[str] = "tenant;filter&filter;limit;option:value&…;field:value&…, each of which may be empty"


class SessionFilterMalformed(ValueError):
    """ExtraParameters that select no calls; the text says why."""


@dataclass(frozen=True, slots=True)
class SessionFilter:
    """`limit` None: all that are meant. `unused` are the options and event fields as written."""

    tenant: str
    filters: tuple[str, ...]
    limit: int | None
    unused: tuple[str, ...]

    def select(self, key: AccountKey, calls: Sequence[OpenCall]) -> list[OpenCall]:
        """The calls that are meant, in their order. FilterUnsupported or FilterFailed where that cannot be told."""
        if self.tenant not in ("", key.tenant):
            return []
        chosen = [call for call in calls if passes(self.filters, call_fields(key, call))]
        return chosen if self.limit is None else chosen[: self.limit]


def parse_session_filter(text: str) -> SessionFilter:
    parts = text.split(";") if text else [""] * PARTS
    if len(parts) != PARTS:
        raise SessionFilterMalformed(f"{len(parts)} parts found, {PARTS} wanted")
    tenant, filters, limit, *unused = parts
    if limit and not (limit.isascii() and limit.isdigit()):
        raise SessionFilterMalformed(f"the limit {limit!r} is not a whole number")
    texts = tuple(part for part in filters.split("&") if part)
    for part in texts:
        try:
            parse_filter(part)
        except FilterUnsupported:
            continue  # it fails when it is run, and is warned of when it is read
        except ValueError as error:
            raise SessionFilterMalformed(f"the filter {part}: {error}") from None
    return SessionFilter(tenant, texts, int(limit) if limit else None, tuple(part for part in unused if part))


def call_fields(key: AccountKey, call: OpenCall) -> dict[str, str]:
    """The fields of a call under the names that CGRateS gives them."""
    caller = call.key or key
    own = {"Tenant": caller.tenant, "Account": caller.account, "OriginID": call.call_id, "OriginHost": call.switch_id}
    return {**call.fields, **own, "CGRID": cgr_id(call.switch_id, call.call_id)}
