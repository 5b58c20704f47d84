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
from ratingd.api.call_message import CallMessage, UsageMessage
from ratingd.api.config import ApiConfig
from ratingd.api.convert import (
    NAME_MAX,
    duration_ns,
    moment_ns,
    money_nano,
    name,
    not_a_group,
    sum_nano,
    usage_of,
    used,
)
from ratingd.errors import InvalidRequest, UnknownTimeZone
from ratingd.v1 import call_pb2
from ratingd.v1.charging_pb2 import GetMaxSessionTimeRequest, MaxDebitRequest
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
    call: CallMessage,
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
    sound = _names_are_sound(call)
    account = _name(call.account, "call.account", sound)
    subject = _name(call.subject, "call.subject", sound)
    if not account and not subject:
        raise InvalidRequest("call.account", "is empty, and so is call.subject: nobody is named")
    tor = _name(call.tor, "call.tor", sound) or VOICE
    start_ns, end_ns = _extent(call, tor, config)
    call_zone, zone_given = _zone(call.time_zone, config)
    switch_id, call_id = _name(call.switch_id, "call.switch_id", sound), _name(call.call_id, "call.call_id", sound)
    tenant = _name(call.tenant, "call.tenant", sound) or config.default_tenant
    account, subject = account or subject, subject or account
    category = _name(call.category, "call.category", sound) or config.default_category
    destination = _name(call.destination, "call.destination", sound)
    extra: Mapping[str, str] | None = None if call.extra_fields is None else _extra_fields(call.extra_fields)
    aliases = config.aliases()
    if aliases:
        also = {"ToR": tor, "OriginID": call_id, "OriginHost": switch_id}
        named = Named(tenant, account, subject, category, destination, extra)
        tenant, account, subject, category, destination, extra = aliased(named, aliases, config.clock(), also)
    return ChargeRequest(
        # what the constructor of a NamedTuple comes to, which is a Python function
        not_a_group(tuple.__new__(AccountKey, (tenant, account)), "call.account"),
        category,
        subject,
        destination,
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
        extra_fields=extra,
        switch_id=switch_id,
        call_id=call_id,
        zone_given=zone_given,
        request_type=request_type,
    )


def request_type_of(number: int) -> RequestType:
    """How the account pays for the call; prepaid where the request does not say."""
    known = REQUEST_TYPES.get(number)
    if known is None:
        raise InvalidRequest("request_type", f"{number} is none of PREPAID, PSEUDOPREPAID, POSTPAID")
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


def _names_are_sound(call: CallMessage) -> bool:
    """Whether all names of a call can be names: looked at in one go, for nearly always they can."""
    names = (
        f"{call.tenant}{call.account}{call.subject}{call.category}{call.destination}{call.tor}{call.switch_id}"
        f"{call.call_id}"
    )
    return len(names) <= NAME_MAX and names.isprintable()


def _name(text: str, field: str, sound: bool) -> str:
    return text if sound else name(text, field)


def _extent(call: CallMessage, tor: str, config: ApiConfig) -> tuple[int, int]:
    start, end, usage = call.time_start, call.time_end, call.usage
    start_ns = config.clock() if start is None else moment_ns(start.whole, start.nanos, "call.time_start")
    if usage is not None:
        return start_ns, start_ns + _used(usage, tor, "call.usage")
    if end is None:
        return start_ns, start_ns
    if tor != VOICE:
        raise InvalidRequest("call.time_end", f"{tor} is used in units, not in time: give `usage`")
    return start_ns, moment_ns(end.whole, end.nanos, "call.time_end")


def _used(usage: UsageMessage, tor: str, field: str) -> int:
    time = usage.duration
    if time is None:
        return used(None, 0, usage.units, tor, field)
    return used(time.whole, time.nanos, None, tor, field)


def _zone(text: str, config: ApiConfig) -> tuple[Zone, bool]:
    if not text:
        return config.default_zone, False
    try:
        return zone(text), True
    except ValueError as error:
        raise UnknownTimeZone("call.time_zone", str(error)) from None


def _duration_index(call: CallMessage, tor: str) -> int:
    if call.duration_index is None:
        return 0
    index = _used(call.duration_index, tor, "call.duration_index")
    if index < 0:
        raise InvalidRequest("call.duration_index", "is negative")
    return index


def _loop_index(call: CallMessage) -> int:
    if call.loop_index < 0:
        raise InvalidRequest("call.loop_index", "is negative")
    return call.loop_index


def _max_cost_so_far(call: CallMessage, config: ApiConfig) -> int:
    money = call.max_cost_so_far
    if money is None:
        return 0
    cost = sum_nano(money.currency_code, money.whole, money.nanos, "call.max_cost_so_far", config.currency)
    if cost < 0:
        raise InvalidRequest("call.max_cost_so_far", "is negative")
    return cost


def _extra_fields(fields: dict[str, str]) -> dict[str, str]:
    if len(fields) > EXTRA_FIELDS_MAX:
        raise InvalidRequest("call.extra_fields", f"{len(fields)} fields; at most {EXTRA_FIELDS_MAX} are allowed")
    for key, value in fields.items():
        name(key, "call.extra_fields")
        if "\0" in value:
            raise InvalidRequest(f"call.extra_fields[{key}]", "contains a NUL character")
    return fields
