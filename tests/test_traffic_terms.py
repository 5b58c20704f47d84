from triggers.traffic.terms import TrafficTerms


def test_premium_ranges_are_prefixes_of_digits() -> None:
    assert TrafficTerms(premium=("+371 909", "49900", "")).premium == ("371909", "49900")
