"""Shares of verdicts, as the daemon's page of figures counts them."""

import pytest

from bench.verdict_times import counts, within

PAGE = """# TYPE fraud_detection_latency_seconds histogram
fraud_detection_latency_seconds_bucket{le="0.0005"} 40
fraud_detection_latency_seconds_bucket{le="0.001"} 90.0
fraud_detection_latency_seconds_bucket{le="+Inf"} 1.00e+02
fraud_detection_latency_seconds_sum 0.07
"""


def test_a_run_is_what_lies_between_two_looks() -> None:
    before = counts(PAGE)
    assert before == {0.0005: 40, 0.001: 90, float("inf"): 100}
    after = {0.0005: 60, 0.001: 189, float("inf"): 200}
    assert within(before, after, 0.001) == pytest.approx(0.99)
    with pytest.raises(RuntimeError, match="no event"):
        within(before, before, 0.001)
