"""Last activity: when a number last tried to call, or was called, by its traffic alone."""

import pytest

from ratingd.fraud.last_active import last_attempt_ms
from tests.fraud_scene import MIDNIGHT_MS, NUMBERS, Calls
from triggers.rules.rule_book import RuleBook
from triggers.traffic.traffic import Traffic

A, B = "+4930111222", "+37190012345"
NOON_MS = MIDNIGHT_MS + 12 * 3_600_000


class Desk:
    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic

    def value(self, kind: str, key: str, name: str, window_s: int, at_ms: int = 0) -> float:
        return self._traffic.value(kind, NUMBERS.read(key).text, name, window_s, at_ms)


@pytest.mark.parametrize(
    ("ago_s", "exact_to_s"),
    [(0, 1), (7, 1), (299, 1), (1_800, 60), (7_000, 3_600), (40_000, 3_600), (200_000, 86_400), (500_000, 86_400)],
)
def test_it_is_known_as_well_as_windows_are(ago_s: int, exact_to_s: int) -> None:
    at_ms = NOON_MS + 6 * 86_400_000
    calls = Calls(RuleBook())
    calls.call(A, B, (at_ms - MIDNIGHT_MS) / 1000 - ago_s)
    calls.call(A, B, (at_ms - MIDNIGHT_MS) / 1000 - 510_000)
    calls.hits()
    for number in (A, B):
        told_s = (at_ms - last_attempt_ms(Desk(calls.traffic), number, at_ms)) / 1000
        assert ago_s <= told_s <= ago_s + exact_to_s


def test_who_has_not_been_heard_of_for_seven_days_never_was() -> None:
    calls = Calls(RuleBook())
    calls.call(A, B, 0)
    calls.hits()
    assert last_attempt_ms(Desk(calls.traffic), A, MIDNIGHT_MS + 9 * 86_400_000) == 0
    assert last_attempt_ms(Desk(calls.traffic), "+4930999", MIDNIGHT_MS) == 0
