"""What a switch leaves out, and what it says, as the request that accounts and tariffs see."""

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from accounts.charge import ChargeRequest
from ratingd.api.call_message import call_message
from ratingd.api.call_request import charge_request, max_rate_of, request_type_of, reserve_of
from ratingd.api.charging import fingerprint
from ratingd.api.config import ApiConfig
from ratingd.errors import InvalidRequest, UnknownTimeZone
from ratingd.v1.call_pb2 import Call
from ratingd.v1.charging_pb2 import DebitRequest, GetMaxSessionTimeRequest, MaxDebitRequest
from tariffs.money import NANO
from tariffs.zone import zone
from tests.table import table

NOW = 1_795_255_200 * NANO
CONFIG = ApiConfig(clock=lambda: NOW, default_tenant="t.org", default_zone=zone("Europe/Berlin"))


def asked(call: Call) -> ChargeRequest:
    return charge_request(call_message(call), CONFIG)


def test_what_is_left_out_has_its_default() -> None:
    request = asked(Call(account="1001", destination="49"))
    assert str(request.key) == "t.org:1001"
    assert (request.subject, request.category, request.tor) == ("1001", "call", "*voice")
    assert (request.start_ns, request.usage, request.duration_index) == (NOW, 0, 0)
    assert (request.zone.name, request.zone_given) == ("Europe/Berlin", False)
    assert asked(Call(subject="retail")).key.account == "retail"


def test_what_is_said_is_taken() -> None:
    call = Call(
        tenant="other.org", account="1001", subject="retail", category="premium", destination="49123", tor="*sms",
        call_id="c-1", switch_id="sbc-1", loop_index=2, time_zone="+02:00", extra_fields={"trunk": "7"},
    )  # fmt: skip
    call.usage.units = 3
    call.duration_index.units = 10
    call.max_cost_so_far.units = 1
    request = asked(call)
    assert str(request.key) == "other.org:1001"
    assert (request.subject, request.category, request.tor) == ("retail", "premium", "*sms")
    assert (request.usage, request.duration_index, request.loop_index) == (3, 10, 2)
    assert (request.max_cost_so_far, request.zone.name, request.zone_given) == (NANO, "+02:00", True)
    assert (request.switch_id, request.call_id, dict(request.extra_fields)) == ("sbc-1", "c-1", {"trunk": "7"})


@table(
    """
    end             | usage
    1795255260      | 60
    1795255200      | 0
    1795255195      | -5       # refused in its turn, with a reason
    """
)
def test_an_end_is_a_usage(end: str, usage: str) -> None:
    call = Call(account="1001", time_start=Timestamp(seconds=NOW // NANO), time_end=Timestamp(seconds=int(end)))
    assert asked(call).usage == int(usage) * NANO


def test_units_do_not_end_at_an_instant() -> None:
    with pytest.raises(InvalidRequest, match=r"call\.time_end"):
        asked(Call(account="1001", tor="*data", time_end=Timestamp(seconds=NOW // NANO)))


def test_a_zone_nobody_knows() -> None:
    with pytest.raises(UnknownTimeZone, match="Europe/Atlantis"):
        asked(Call(account="1001", time_zone="Europe/Atlantis"))


def test_extra_fields_are_bounded() -> None:
    with pytest.raises(InvalidRequest, match="at most 100"):
        asked(Call(account="1001", extra_fields={f"f{n}": "x" for n in range(101)}))
    with pytest.raises(InvalidRequest, match="NUL"):
        asked(Call(account="1001", extra_fields={"f": "a\0b"}))


def test_a_dearest_price_is_a_pair() -> None:
    request = MaxDebitRequest(call=Call(account="1001"))
    assert max_rate_of(request, CONFIG) is None
    request.max_rate.nanos = 600_000_000
    with pytest.raises(InvalidRequest, match="max_rate_unit: is missing"):
        max_rate_of(request, CONFIG)
    request.max_rate_unit.duration.seconds = 60
    assert max_rate_of(request, CONFIG) == (600_000_000, 60 * NANO)


@table(
    """
    lifetime     | reserve
    none         | none
    0.000000001  | 1
    60           | 60000000000
    10800        | 10800000000000
    """
)
def test_a_grant_is_held_for_a_while_or_not_at_all(lifetime: str, reserve: str) -> None:
    request = GetMaxSessionTimeRequest(call=Call(account="1001", call_id="c-1"))
    if lifetime != "none":
        request.reserve.FromNanoseconds(round(float(lifetime) * NANO))
    assert str(reserve_of(request, CONFIG)).lower() == reserve


@table(
    """
    said | type
    0    | *prepaid
    1    | *prepaid
    2    | *pseudoprepaid
    3    | *postpaid
    """
)
def test_a_request_is_prepaid_unless_it_says_otherwise(said: str, type: str) -> None:
    request = DebitRequest()
    request.request_type = int(said)  # type: ignore[assignment]
    assert request_type_of(request.request_type) == type


def test_the_fingerprint_is_over_all_but_the_key() -> None:
    first, second = DebitRequest(idempotency_key="a"), DebitRequest(idempotency_key="b")
    for request in (first, second):
        request.call.account = "1001"
        request.call.extra_fields["x"] = "1"
        request.call.extra_fields["y"] = "2"
    assert fingerprint(first, b"debit") == fingerprint(second, b"debit")
    assert first.idempotency_key == "a"
    assert fingerprint(first, b"debit") != fingerprint(first, b"max_debit")
    second.call.destination = "49"
    assert fingerprint(first, b"debit") != fingerprint(second, b"debit")
