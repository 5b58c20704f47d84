"""Revenue share fraud of simulated traffic."""

from collections import Counter

from ratingd.models.traffic.numbering import PREMIUM
from tests.traffic_town import calls_by, hour, of_kind

PREFIXES = tuple(f"+{first}" for first, _ in PREMIUM)


def test_a_line_that_calls_by_day_is_stolen_at_night() -> None:
    calls = calls_by("revenue_share", 400)
    stolen, own = of_kind(calls, "irsf"), of_kind(calls, "ordinary")
    assert all(call.label for call in stolen)
    assert not any(call.label for call in own)
    assert {call.a for call in stolen} == {call.a for call in own}
    assert all(6 <= hour(call) < 20 for call in own)
    assert all(hour(call) >= 22 or hour(call) < 10 for call in stolen)


def test_what_is_called_is_a_few_numbers_that_pay() -> None:
    stolen = of_kind(calls_by("revenue_share", 400), "irsf")
    assert all(call.b.startswith(PREFIXES) for call in stolen)
    for line, count in Counter(call.a for call in stolen).items():
        called = {call.b for call in stolen if call.a == line}
        assert 30 <= count <= 90
        assert len(called) <= 12
        assert len({b[:7] for b in called}) == 1
