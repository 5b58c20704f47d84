"""The INVITE that a charged call is, and the bytes in which it is logged."""

import pytest

from accounts.account import AccountKey
from accounts.charge import ChargeRequest
from ratingd.api.event_message import EventReader
from ratingd.fraud.charged_event import charged_body, charged_event, international
from tariffs.zone import UTC
from triggers.numbers.number_reading import NumberReader

NOW_MS = 1_795_000_000_000
GERMANY = NumberReader("DE", pseudonym=None)


def request(destination: str, account: str = "1001", **extra: str) -> ChargeRequest:
    at_ns = NOW_MS * 1_000_000
    return ChargeRequest(
        AccountKey("t", account), "call", "x", destination, "*voice", at_ns, at_ns + 60_000_000_000, UTC,
        extra_fields=extra, call_id="k-1", switch_id="sbc-1",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("charged", "number"),
    [
        ("493012345678", "+493012345678"),  # E.164 without "+"
        ("37167111222", "+37167111222"),  # would be a German number as well
        ("+493012345678", "+493012345678"),
        ("03012345678", "+493012345678"),  # dialled
        ("00493012345678", "+493012345678"),
        ("1001", "1001"),  # an extension
        ("112", "112"),
        ("123456", "123456"),  # six digits at most are no country's number
        ("8003301000", "+498003301000"),  # no number of any country: as anywhere else
        ("alice", "raw:alice"),
        ("", ""),
    ],
)
def test_a_number_of_charging_is_the_one_of_the_event_stream(charged: str, number: str) -> None:
    event = charged_event(request(charged, a_number=charged or "x"), GERMANY, NOW_MS, 30_000)
    assert event.b.text == number
    assert event.a.text == (number or "raw:x")
    if number[:1] == "+":
        assert event.b is GERMANY.read(number), "one object: one number to the detector"


@pytest.mark.parametrize(
    ("charged", "emergency"),
    [
        ("112", True),
        ("49112", True),
        ("44999", True),
        ("urn:service:sos.fire", True),
        ("49113", False),
        ("1001", False),
    ],
)
def test_help_behind_a_calling_code_is_help(charged: str, emergency: bool) -> None:
    one = request(charged)
    event = charged_event(one, GERMANY, NOW_MS, 30_000)
    assert event.b.emergency == emergency
    body = charged_body(event, one, GERMANY, pseudonyms=True)
    (logged,) = EventReader(GERMANY, default_tenant="x").read_batch(body, NOW_MS).events
    assert logged.b.emergency == emergency


def test_without_a_region_it_is_read_the_same() -> None:
    numbers = NumberReader()
    assert numbers.read(international("493012345678", numbers)) is numbers.read("493012345678")


def test_an_account_that_is_a_number_calls_as_that_number_and_presents_it() -> None:
    event = charged_event(
        request("493012345678", "37167111222", cli="37167111222", p_asserted_identity="+37167111222"),
        GERMANY, NOW_MS, 30_000,
    )  # fmt: skip
    assert (event.a.text, event.account) == ("+37167111222", "37167111222")
    assert not event.details.cli_mismatch


def test_the_log_is_read_as_the_event_that_was_taken() -> None:
    charged = request("37167111222", "493077777", a_number="493088888", cli="493099999", trunk="t-1")
    event = charged_event(charged, GERMANY, NOW_MS, 30_000)
    body = charged_body(event, charged, GERMANY, pseudonyms=False)
    (logged,) = EventReader(GERMANY, default_tenant="x").read_batch(body, NOW_MS + 9_000).events
    assert (logged.a, logged.b, logged.details.cli) == (event.a, event.b, event.details.cli)
    assert (logged.account, logged.tenant, logged.at_ms) == ("493077777", "t", NOW_MS)
