"""Feature schemas: places, hashes that stay, and rows that have no score."""

from math import inf, nan

import pytest

from triggers.scores.call_features import KNN
from triggers.scores.caller_features import CALLER
from triggers.scores.feature_schema import COUNT, NO_OR_YES, SHARE, Feature, FeatureSchema
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK

PAIR = FeatureSchema("pair", 1, [Feature("one", COUNT, "{value} calls"), Feature("two", SHARE, "{value} of them")])


def test_hashes_stay_as_they_are_in_stored_models() -> None:
    """Whoever changes a name or the order changes the version too, and these; models of before are refused then."""
    assert [(each.title, each.hash) for each in (MASKING, CALLER, SATARK, KNN)] == [
        ("masking v3", "8dea26db7d12244f"),
        ("caller v1", "bf4438183e066a01"),
        ("satark v1", "172f9187dae7546c"),
        ("knn v1", "66898d346d1488ae"),
    ]


def test_masking_features_are_those_of_version_1_then_those_of_2_and_of_3() -> None:
    assert MASKING.names == (
        "asr", "aloc", "overlap_ratio", "cli_mismatch", "distinct_a_count", "call_rate", "short_call_ratio",
        "high_volume_flag",
        "distinct_a_30", "distinct_a_300", "attempts_300", "b_total_seen", "b_hourly_rate", "first_seen_a_share",
        "same_trunk_share", "foreign_a", "trunk_class", "concurrent_on_b", "a_prior_calls", "a_fanout_300",
        "attestation", "hour",
        "vouched_share", "vouched_share_300", "mismatch_share", "trunks_a_caller", "quiet_s", "calls_a_caller",
    )  # fmt: skip


def test_another_order_name_or_version_is_another_hash() -> None:
    one, two = PAIR.features
    others = [
        FeatureSchema("pair", 1, [two, one]),
        FeatureSchema("pair", 2, [one, two]),
        FeatureSchema("pairs", 1, [one, two]),
        FeatureSchema("pair", 1, [one]),
        FeatureSchema("pair", 1, [one, Feature("to", SHARE, "")]),
    ]
    assert len({each.hash for each in [PAIR, *others]}) == 6
    mended = FeatureSchema("pair", 1, [Feature("one", SHARE, "other words"), two])
    assert mended.hash == PAIR.hash  # what is said of a value is no part of it


@pytest.mark.parametrize("bad", [nan, inf, -inf])
def test_a_row_that_is_not_finite_is_refused_by_the_name_of_the_feature(bad: float) -> None:
    PAIR.check([1.0, 0.5])
    with pytest.raises(ValueError, match=r"feature 'two' of pair v1 is (nan|-?inf); a score needs finite numbers"):
        PAIR.check([1.0, bad])


def test_a_row_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match=r"a row of pair v1 has 2 features, this one 3; they are one, two"):
        PAIR.check([1.0, 2.0, 3.0])


def test_a_feature_is_found_by_its_name() -> None:
    assert PAIR.place("two") == 1
    assert len(PAIR) == 2
    with pytest.raises(ValueError, match="features of pair v1 have no 'three': they are one, two"):
        PAIR.place("three")
    with pytest.raises(ValueError, match="one name stands twice"):
        FeatureSchema("pair", 1, [PAIR.features[0], PAIR.features[0]])


def test_values_are_said_in_words() -> None:
    one, two = PAIR.features
    assert one.said(6, 1) == "6 calls (usual: 1)"
    assert two.said(0.925, 0.1) == "92.5 % of them (usual: 10 %)"
    assert Feature("flag", COUNT, "cut: {value}", NO_OR_YES).said(1, 0) == "cut: yes (usual: no)"
    assert Feature("rate", COUNT, "{value}, and {baseline} is usual").said(2, 3) == "2, and 3 is usual"
