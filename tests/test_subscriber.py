"""Subscribers: what numbering plans say of a number."""

import pytest

from triggers.lookup.subscriber import subscriber


@pytest.mark.parametrize(
    ("digits", "region", "kind", "carrier", "source"),
    [
        ("491711234567", "DE", "mobile", "T-Mobile", "prefix_owner"),
        ("4930123456", "DE", "fixed_line", "", ""),
        ("37190012345", "LV", "premium_rate", "", ""),
        ("18005551212", "US", "toll_free", "", ""),
        ("999999999999999", "", "unknown", "", ""),
    ],
)
def test_what_the_tables_say(digits: str, region: str, kind: str, carrier: str, source: str) -> None:
    found = subscriber(digits)
    assert (found.region, found.number_type, found.carrier, found.carrier_source) == (region, kind, carrier, source)


def test_codes_and_pseudonyms_have_no_carrier() -> None:
    assert subscriber("112", emergency=True).number_type == "emergency"
    assert subscriber("22833", "DE", short=True).number_type == "short_code"
    assert (subscriber("", "DE").region, subscriber("", "DE").number_type) == ("DE", "unknown")
