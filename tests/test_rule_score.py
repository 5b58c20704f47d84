"""Rule scores: each addend alone and together, levels, bands and what is said of them."""

import pytest

from tests.table import table
from triggers.watch.rule_score import RuleScore, band, caller_risk, confidence, masking_score, risk_level


@table("""
    distinct | threshold | overlap | cli | rate | asr  | probability
    4        | 5         | 0       |     | 0    | 50   | 0
    5        | 5         | 0       |     | 0    | 50   | 0.5       # equality fires
    2        | 2         | 0       |     | 0    | 50   | 0.5
    1        | 5         | 0.5     |     | 0    | 50   | 0
    1        | 5         | 0.51    |     | 0    | 50   | 0.15
    1        | 5         | 0.8     |     | 0    | 50   | 0.15
    1        | 5         | 0.81    |     | 0    | 50   | 0.3
    2        | 5         | 0       | yes | 0    | 50   | 0         # three callers at least
    3        | 5         | 0       | yes | 0    | 50   | 0.2
    1        | 5         | 0       |     | 2    | 50   | 0
    1        | 5         | 0       |     | 2.2  | 50   | 0.1
    3        | 5         | 0       |     | 0    | 19   | 0         # four callers at least
    4        | 5         | 0       |     | 0    | 19   | 0.1
    4        | 5         | 0       |     | 0    | 20   | 0
    6        | 5         | 0.9     |     | 0    | 50   | 0.8
    6        | 5         | 0.9     | yes | 3    | 0    | 1         # 1.2, capped
""")
def test_masking(distinct: str, threshold: str, overlap: str, cli: str, rate: str, asr: str, probability: str) -> None:
    score = masking_score(
        distinct=int(distinct), threshold=int(threshold), overlap=float(overlap), cli_mismatch=bool(cli),
        call_rate=float(rate), asr=float(asr),
    )  # fmt: skip
    assert score.probability == float(probability)
    assert score.method == "rule_based"


@table("""
    mean | calls | night | origins | targets | risk | fraud
    0    | 0     | 0     | 0       | 0       | 0    | no      # nobody has heard of him
    2.9  | 1     | 0     | 0       | 0       | 30   | no
    3    | 100   | 0.4   | 3       | 5       | 0    | no      # nothing is beyond its bound
    60   | 101   | 0     | 0       | 0       | 25   | no
    60   | 101   | 0.41  | 0       | 0       | 45   | no
    60   | 101   | 0.41  | 4       | 0       | 60   | yes
    2    | 101   | 0.5   | 4       | 6       | 100  | yes
    60   | 101   | 0     | 4       | 6       | 50   | no      # fraud is beyond 50
""")
def test_callers(mean: str, calls: str, night: str, origins: str, targets: str, risk: str, fraud: str) -> None:
    score = caller_risk(
        avg_call_duration=float(mean), total_calls=float(calls), night_call_ratio=float(night),
        origin_regions=float(origins), target_regions=float(targets),
    )  # fmt: skip
    assert score.risk == float(risk)
    assert score.fraud == (fraud == "yes")


@table("""
    probability | level    | confidence
    1           | CRITICAL | HIGH
    0.9         | CRITICAL | MEDIUM
    0.89        | HIGH     | MEDIUM
    0.7         | HIGH     | LOW
    0.69        | MEDIUM   | LOW
    0.5         | MEDIUM   | LOW
    0.3         | LOW      | LOW
    0.29        | MINIMAL  | MEDIUM
    0.1         | MINIMAL  | MEDIUM
    0.09        | MINIMAL  | HIGH
""")
def test_levels(probability: str, level: str, confidence: str) -> None:
    score = RuleScore(float(probability), ())
    assert (score.risk_level, score.confidence) == (level, confidence)


@pytest.mark.parametrize(("risk", "name"), [(85, "DANGEROUS"), (84.9, "SUSPICIOUS"), (50, "SUSPICIOUS"), (49, "SAFE")])
def test_bands(risk: float, name: str) -> None:
    assert band(risk) == name


def test_bands_are_settings() -> None:
    assert band(60, dangerous=60, suspicious=10) == "DANGEROUS"
    assert band(10, dangerous=60, suspicious=10) == "SUSPICIOUS"


def test_a_score_says_why_with_numbers_and_the_strongest_reason_first() -> None:
    score = masking_score(distinct=6, threshold=5, overlap=0.92, cli_mismatch=True, call_rate=2.4, asr=8)
    assert [(each.feature, each.contribution, each.direction) for each in score.explanations] == [
        ("distinct_a", 0.5, "raises"),
        ("overlap_ratio", 0.3, "raises"),
        ("cli_mismatch", 0.2, "raises"),
        ("call_rate", 0.1, "raises"),
        ("asr", 0.1, "raises"),
    ]
    assert score.explanations[0].text == "6 callers within the window; 5 or more are a masking run"
    assert score.explanations[1].text == "92 % of the calls to the number overlap a call of somebody else"
    assert (score.explanations[4].value, score.explanations[4].baseline) == (8, 20)


def test_a_caller_is_explained_also_by_what_adds_nothing() -> None:
    score = caller_risk(
        avg_call_duration=2.5, total_calls=140, night_call_ratio=0, origin_regions=1, target_regions=1,
        number_age_s=7_200, intl_ratio=0.8, non_contact_ratio=0.95,
    )  # fmt: skip
    assert [each.text for each in score.explanations] == [
        "very short calls (< 3 s): 2.5 s on average",
        "high outbound frequency: 140 calls, more than 100",
        "new number: first seen 2 h ago",
        "international destination: 80 % of the calls",
        "non-contact ratio: 95 % of the calls to numbers never called before",
    ]
    assert [each.direction for each in score.explanations] == ["raises", "raises", "neither", "neither", "neither"]


def test_a_number_of_this_hour_is_told_in_minutes() -> None:
    score = caller_risk(
        avg_call_duration=60, total_calls=1, night_call_ratio=0, origin_regions=1, target_regions=1,
        number_age_s=130, intl_ratio=0, non_contact_ratio=0,
    )  # fmt: skip
    assert [each.text for each in score.explanations] == ["new number: first seen 2 min ago"]


def test_nothing_suspicious_has_no_explanation() -> None:
    score = masking_score(distinct=1, threshold=5, overlap=0, cli_mismatch=False, call_rate=0.2, asr=60)
    assert (score.probability, score.explanations, score.risk_level) == (0, (), "MINIMAL")
    assert risk_level(0) == "MINIMAL"
    assert confidence(0) == "HIGH"
