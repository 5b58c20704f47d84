"""Blur: what depends on the town is blurred, what an attack is made of is not."""

import numpy as np

from ratingd.models.arrays import Rows
from ratingd.models.training.blur import COPIES, UNTOLD, blurred
from triggers.scores.masking_features import ATTESTATIONS, MASKING, TRUNK_CLASSES

KEPT = ("distinct_a_count", "call_rate", "overlap_ratio", "distinct_a_300", "attempts_300", "concurrent_on_b")
CHANGED = ("b_total_seen", "b_hourly_rate", "a_prior_calls", "aloc", "asr", "short_call_ratio", "hour", "trunk_class")


def test_what_happens_within_seconds_is_kept() -> None:
    rows = _rows()
    copies, labels = blurred(rows, np.ones(len(rows), np.int8), 1)
    assert (len(copies), len(labels)) == (COPIES * len(rows), COPIES * len(rows))
    for name in KEPT:
        assert copies[: len(rows), MASKING.place(name)].tolist() == rows[:, MASKING.place(name)].tolist()
    for name in CHANGED:
        assert copies[: len(rows), MASKING.place(name)].tolist() != rows[:, MASKING.place(name)].tolist()


def test_values_stay_what_they_can_be() -> None:
    copies, _ = blurred(_rows(), np.zeros(300, np.int8), 2)
    assert np.isfinite(copies).all()
    assert copies.min() >= 0
    for name, most in (("asr", 100), ("short_call_ratio", 1), ("hour", 23)):
        assert copies[:, MASKING.place(name)].max() <= most
    assert (copies[:, MASKING.place("b_total_seen")] >= copies[:, MASKING.place("attempts_300")]).all()


def test_nothing_remains_nothing() -> None:
    """A number whose calls were never answered is not made one of which some were, nor a new number an old one."""
    rows = _rows()
    for name in ("asr", "aloc", "short_call_ratio"):
        rows[:, MASKING.place(name)] = 0
    rows[:, MASKING.place("b_total_seen")] = rows[:, MASKING.place("attempts_300")]
    copies, _ = blurred(rows, np.zeros(len(rows), np.int8), 3)
    for name in ("asr", "aloc", "short_call_ratio"):
        assert not copies[:, MASKING.place(name)].any()
    assert (copies[:, MASKING.place("b_total_seen")] == copies[:, MASKING.place("attempts_300")]).all()


def test_a_switch_that_tells_nothing_of_a_call_tells_nothing_of_those_beside_it() -> None:
    rows = _rows()
    rows[:, MASKING.place("attestation")] = 3
    copies, _ = blurred(rows, np.zeros(len(rows), np.int8), 5)
    for of_call, *beside in UNTOLD:
        untold = copies[:, MASKING.place(of_call)] == 0
        assert 0 < untold.sum() < len(copies)
        for name in beside:
            assert not copies[untold, MASKING.place(name)].any()
    untold = copies[:, MASKING.place("attestation")] == 0
    assert set(copies[untold, MASKING.place("trunk_class")]) == {0, 2, 3}  # nobody is vouched for by any trunk
    assert set(copies[~untold, MASKING.place("trunk_class")]) == {0, 1, 2, 3}


def test_same_seed_gives_the_same_copies() -> None:
    one, other = (blurred(_rows(), np.zeros(300, np.int8), 4)[0] for _ in range(2))
    assert one.tobytes() == other.tobytes()


def _rows() -> Rows:
    chance = np.random.default_rng(9)
    rows = chance.integers(1, 20, (300, len(MASKING))).astype(np.float64)
    rows[:, MASKING.place("asr")] = chance.uniform(1, 99, 300)
    rows[:, MASKING.place("short_call_ratio")] = chance.uniform(0.1, 0.9, 300)
    rows[:, MASKING.place("b_total_seen")] += rows[:, MASKING.place("attempts_300")]
    rows[:, MASKING.place("trunk_class")] = chance.integers(1, len(TRUNK_CLASSES), 300)
    rows[:, MASKING.place("attestation")] = chance.integers(0, len(ATTESTATIONS), 300)
    return rows
