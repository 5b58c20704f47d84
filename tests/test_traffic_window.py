import pytest

from triggers.traffic.counted_call import CountedCall
from triggers.traffic.key import KeyKind, TrafficKey
from triggers.traffic.metric_names import TRUNK
from triggers.traffic.window import TrafficWindow, begins_ms, going_on

NOON = 1_700_049_600_000
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("window_ms", "at_ms", "begins"),
    [
        (5_000, NOON + 7_000, NOON + 2_001),
        (300_000, NOON, NOON - 299_999),
        (HOUR, NOON + 30_000, NOON - 59 * MINUTE),
        (HOUR, NOON + MINUTE, NOON - 58 * MINUTE),
        (600_000, NOON, NOON - 9 * MINUTE),
        (DAY, NOON + 30_000, NOON - 23 * HOUR),
        (7 * DAY, NOON, NOON - 12 * HOUR - 6 * DAY),
    ],
)
def test_where_a_window_begins(window_ms: int, at_ms: int, begins: int) -> None:
    assert begins_ms(window_ms, at_ms) == begins


def test_what_began_after_the_instant_is_not_in_it() -> None:
    key = TrafficKey("t1", KeyKind(TRUNK, 1, 4_096), NOON)
    for n in range(10):
        key.add(CountedCall(NOON + n * 1_000, f"+{n}", "+9", "", "", "t1", 0, None))
    assert [TrafficWindow(key, 5_000, NOON + s).attempts() for s in (-1, 0, 4_999, 5_000, 20_000)] == [0, 1, 5, 5, 0]
    assert TrafficWindow(key, 60_000, NOON + 3_500).callers() == 4
    assert going_on(key, "open_calls", NOON + 3_500) == 4


def test_a_key_with_more_calls_than_are_kept_is_right_to_a_second() -> None:
    key = TrafficKey("t1", KeyKind(TRUNK, 1, 50), NOON)
    for n in range(5_000):
        key.add(CountedCall(NOON + n * 10, f"+{n % 700}", "+9", "", "", "t1", 0, None))
    window = TrafficWindow(key, 30_000, NOON + 49_990)
    assert window.attempts() == pytest.approx(3_000, abs=100)
    assert window.callers() == pytest.approx(700, rel=0.05)
