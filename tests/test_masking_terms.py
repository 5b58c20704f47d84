"""Masking terms: what is refused, and what a number's own terms take over."""

import pytest

from triggers.masking.terms import MaskingTerms


def test_own_terms_change_window_and_threshold_alone() -> None:
    terms = MaskingTerms(lateness_ms=2_000, cooldown_ms=9_000, closed=True, calls_max=300, numbers_max=7)
    own = terms.own(10_000, 40)
    assert (own.window_ms, own.threshold, own.span_ms, own.reach_ms) == (10_000, 40, 10_000, 12_000)
    assert (own.lateness_ms, own.cooldown_ms, own.closed, own.calls_max, own.numbers_max) == (
        2_000,
        9_000,
        True,
        300,
        7,
    )
    assert (terms.own(threshold=40).window_ms, terms.own(window_ms=7_000).threshold) == (5_000, 5)


def test_a_half_open_window_begins_a_millisecond_later() -> None:
    assert (MaskingTerms().span_ms, MaskingTerms(closed=True).span_ms) == (4_999, 5_000)


@pytest.mark.parametrize(
    ("name", "value", "least"),
    [("window_ms", 0, 1), ("threshold", 1, 2), ("lateness_ms", -1, 0), ("cooldown_ms", -1, 0), ("calls_max", 4, 5),
     ("numbers_max", 0, 1)],
)  # fmt: skip
def test_terms_that_make_no_sense_are_refused(name: str, value: int, least: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}; it must be {least} or more"):
        MaskingTerms(**{name: value})  # type: ignore[arg-type]
