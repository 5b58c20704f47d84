from random import Random

import pytest

from triggers.traffic.fading_sum import FadingSum, faded


def test_forty_are_twenty_after_an_hour() -> None:
    total = FadingSum()
    total.add(40.0, 0)
    assert [total.value(3_600, hours * 3_600_000) for hours in (0, 1, 2)] == [40, 20, 10]
    assert total.value(86_400, 86_400_000) == total.value(604_800, 604_800_000) == 20


@pytest.mark.parametrize("step_ms", [3, 900, 100_000])
def test_gathered_or_late_it_is_the_sum_of_all(step_ms: int) -> None:
    random, total = Random(step_ms), FadingSum()
    parts = [(random.choice((1.0, 2.5, -0.5)), n * step_ms - random.randint(0, 5_000)) for n in range(500)]
    for value, at_ms in parts:
        total.add(value, at_ms)
    end_ms = 500 * step_ms
    for half_life in (3_600, 86_400, 604_800):
        expected = sum(value * faded(end_ms - at_ms, half_life) for value, at_ms in parts)
        assert total.value(half_life, end_ms) == pytest.approx(expected, rel=1e-6)
