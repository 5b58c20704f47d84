"""From a `Call` on the wire to the request that accounts and tariffs understand: defaults filled in, numbers checked.

A switch may say as little as account, destination and usage: the tenant is the daemon's, the subject is the account,
the category "call", the type *voice, and the call begins now. Whether the usage makes sense is not decided here: that
is a refusal with a reason, and comes in its turn.
"""

from collections.abc import Mapping
from typing import Final

from accounts.account import AccountKey
from accounts.charge import ChargeRequest, RequestType
from ratingd.api.aliased import Named, aliased
from ratingd.api.config import ApiConfig
from ratingd.api.convert import duration_ns, instant_ns, money_nano, name, not_a_group, usage_of
from ratingd.errors import InvalidRequest, UnknownTimeZone
from ratingd.v1 import call_pb2
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import DebitRequest, GetMaxSessionTimeRequest, MaxDebitRequest
from tariffs.duration import duration_text
from tariffs.span import VOICE
from tariffs.zone import Zone, zone

EXTRA_FIELDS_MAX: Final = 100
REQUEST_TYPES: Final[Mapping[int, RequestType]] = {
    call_pb2.REQUEST_TYPE_UNSPECIFIED: RequestType.PREPAID,
    call_pb2.PREPAID: RequestType.PREPAID,
    call_pb2.PSEUDOPREPAID: RequestType.PSEUDOPREPAID,
    call_pb2.POSTPAID: RequestType.POSTPAID,
}


def charge_request(
    call: Call,
    config: ApiConfig,
    *,
    perform_rounding: bool = False,
    deny_negative: bool = False,
    final: bool = False,
    force_duration: bool = False,
    max_rate: tuple[int, int] | None = None,
    request_type: RequestType = RequestType.PREPAID,
) -> ChargeRequest:
    """`max_rate` is (nano-units, usage): the dearest price to go on at."""
    account, subject = name(call.account, "call.account"), name(call.subject, "call.subject")
    if not account and not subject:
        raise InvalidRequest("call.account", "is empty, and so is call.subject: nobody is named")
    tor = name(call.tor, "call.tor") or VOICE
    start_ns, end_ns = _extent(call, tor, config)
    call_zone, zone_given = _zone(call.time_zone, config)
    switch_id, call_id = name(call.switch_id, "call.switch_id"), name(call.call_id, "call.call_id")
    named = Named(
        name(call.tenant, "call.tenant") or config.default_tenant,
        account or subject,
        subject or account,
        name(call.category, "call.category") or config.default_category,
        name(call.destination, "call.destination"),
        _extra_fields(call) if call.extra_fields else None,
    )
    aliases = config.aliases()
    if aliases:
        named = aliased(named, aliases, config.clock(), {"ToR": tor, "OriginID": call_id, "OriginHost": switch_id})
    return ChargeRequest(
        not_a_group(AccountKey(named.tenant, named.account), "call.account"),
        named.category,
        named.subject,
        named.destination,
        tor,
        start_ns,
        end_ns,
        call_zone,
        duration_index=_duration_index(call, tor),
        loop_index=_loop_index(call),
        max_cost_so_far=_max_cost_so_far(call, config),
        max_rate=max_rate[0] if max_rate else None,
        max_rate_unit=max_rate[1] if max_rate else None,
        force_duration=force_duration,
        perform_rounding=perform_rounding,
        deny_negative=deny_negative,
        final=final,
        extra_fields=named.extra,
        switch_id=switch_id,
        call_id=call_id,
        zone_given=zone_given,
        request_type=request_type,
    )


def request_type_of(request: GetMaxSessionTimeRequest | DebitRequest | MaxDebitRequest) -> RequestType:
    """How the account pays for the call; prepaid where the request does not say."""
    known = REQUEST_TYPES.get(request.request_type)
    if known is None:
        raise InvalidRequest("request_type", f"{request.request_type} is none of PREPAID, PSEUDOPREPAID, POSTPAID")
    return known


def reserve_of(request: GetMaxSessionTimeRequest, config: ApiConfig) -> int | None:
    """For how long the grant is to be held, ns; None where it is not."""
    if not request.HasField("reserve"):
        return None
    lifetime = duration_ns(request.reserve, "reserve")
    if lifetime <= 0:
        raise InvalidRequest("reserve", "is not positive: say for how long what is granted is to be held")
    if lifetime > config.reserve_max_ns:
        longest = duration_text(config.reserve_max_ns)
        raise InvalidRequest("reserve", f"{duration_text(lifetime)} are asked; at most {longest} are allowed")
    if not request.call.call_id:
        raise InvalidRequest("call.call_id", "is empty: what is reserved is held for one call, so it needs a name")
    return lifetime


def max_rate_of(request: GetMaxSessionTimeRequest | MaxDebitRequest, config: ApiConfig) -> tuple[int, int] | None:
    """The dearest price to go on at, as (nano-units, usage); None where the request has none."""
    given = request.HasField("max_rate"), request.HasField("max_rate_unit")
    if not any(given):
        return None
    if not all(given):
        missing = "max_rate_unit" if given[0] else "max_rate"
        raise InvalidRequest(missing, "is missing: give both max_rate and max_rate_unit")
    nano = money_nano(request.max_rate, "max_rate", config.currency)
    per = usage_of(request.max_rate_unit, request.call.tor or VOICE, "max_rate_unit")
    if nano < 0:
        raise InvalidRequest("max_rate", "is negative")
    if per <= 0:
        raise InvalidRequest("max_rate_unit", "is not positive")
    return nano, per


def _extent(call: Call, tor: str, config: ApiConfig) -> tuple[int, int]:
    start_ns = instant_ns(call.time_start, "call.time_start") if call.HasField("time_start") else config.clock()
    match call.WhichOneof("extent"):
        case "usage":
            return start_ns, start_ns + usage_of(call.usage, tor, "call.usage")
        case "time_end":
            if tor != VOICE:
                raise InvalidRequest("call.time_end", f"{tor} is used in units, not in time: give `usage`")
            return start_ns, instant_ns(call.time_end, "call.time_end")
        case _:
            return start_ns, start_ns


def _zone(text: str, config: ApiConfig) -> tuple[Zone, bool]:
    if not text:
        return config.default_zone, False
    try:
        return zone(text), True
    except ValueError as error:
        raise UnknownTimeZone("call.time_zone", str(error)) from None


def _duration_index(call: Call, tor: str) -> int:
    if not call.HasField("duration_index"):
        return 0
    index = usage_of(call.duration_index, tor, "call.duration_index")
    if index < 0:
        raise InvalidRequest("call.duration_index", "is negative")
    return index


def _loop_index(call: Call) -> int:
    if call.loop_index < 0:
        raise InvalidRequest("call.loop_index", "is negative")
    return call.loop_index


def _max_cost_so_far(call: Call, config: ApiConfig) -> int:
    if not call.HasField("max_cost_so_far"):
        return 0
    cost = money_nano(call.max_cost_so_far, "call.max_cost_so_far", config.currency)
    if cost < 0:
        raise InvalidRequest("call.max_cost_so_far", "is negative")
    return cost


def _extra_fields(call: Call) -> dict[str, str]:
    fields = dict(call.extra_fields)
    if len(fields) > EXTRA_FIELDS_MAX:
        raise InvalidRequest("call.extra_fields", f"{len(fields)} fields; at most {EXTRA_FIELDS_MAX} are allowed")
    for key, value in fields.items():
        name(key, "call.extra_fields")
        if "\0" in value:
            raise InvalidRequest(f"call.extra_fields[{key}]", "contains a NUL character")
    return fields
