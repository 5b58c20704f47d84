import pytest

from triggers.traffic.hourly_minutes import HOUR_MS, HOURS, HourlyMinutes, p99_minutes


def test_one_hour_of_a_week_may_be_longer() -> None:
    assert p99_minutes([60_000 * n for n in range(1, HOURS + 1)]) == HOURS - 1
    assert p99_minutes([40 * 60_000, 10 * 60_000]) == 10
    assert p99_minutes([40 * 60_000]) == p99_minutes([]) == 0


def test_hours_older_than_a_week_are_let_go() -> None:
    hourly = HourlyMinutes()
    hourly.add(5 * HOUR_MS, 1_000)
    hourly.add(5 * HOUR_MS + 1, 500)
    assert hourly.talk_ms(5) == 1_500
    hourly.add((5 + HOURS) * HOUR_MS, 7)
    assert (hourly.talk_ms(5), hourly.talk_ms(6), hourly.talk_ms(5 + HOURS)) == (1_500, 0, 7)
    hourly.add((6 + HOURS) * HOUR_MS, 8)
    hourly.add(5 * HOUR_MS, 9)  # too late
    assert (hourly.talk_ms(5), hourly.talk_ms(6 + HOURS), hourly.talk_ms(7 + HOURS)) == (0, 8, 0)


@pytest.mark.parametrize("gap", [1, 100, 168, 169, 500])
def test_a_gap_leaves_nothing_behind(gap: int) -> None:
    hourly = HourlyMinutes()
    hourly.add(100 * HOUR_MS, 1_000)
    hourly.add((100 + gap) * HOUR_MS, 1)
    assert [hourly.talk_ms(100 + n) for n in range(1, gap)] == [0] * (gap - 1)
    assert hourly.talk_ms(100) == (1_000 if gap <= HOURS else 0)
