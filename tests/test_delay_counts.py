import pytest

from triggers.traffic.delay_counts import DelayCounts, class_of, middle_of, percentile_of


@pytest.mark.parametrize("delay_ms", [0, 1, 31, 32, 33, 100, 999, 2_000, 12_345, 180_000])
def test_a_class_is_right_to_a_thirtieth(delay_ms: int) -> None:
    assert middle_of(class_of(delay_ms)) == pytest.approx(delay_ms, rel=0.032)
    assert delay_ms >= 32 or middle_of(class_of(delay_ms)) == delay_ms


def test_percentiles_by_nearest_rank() -> None:
    counts, delays = DelayCounts(), [n * 10 for n in range(1, 21)]
    for delay in delays:
        counts.add(delay)
    assert percentile_of(delays, 0.95) == 190
    assert counts.percentile(0.95) == pytest.approx(190, rel=0.032)
    assert DelayCounts().percentile(0.5) == percentile_of([], 0.5) == 0


def test_what_is_taken_out_was_never_there() -> None:
    counts, other = DelayCounts(), DelayCounts()
    for delay in (5, 500, 500):
        counts.add(delay)
    counts.add(500, -1)
    other.add(5_000)
    other.join(counts)
    other.add(500, -1)
    other.add(5_000, -1)
    assert other.percentile(1.0) == 5
