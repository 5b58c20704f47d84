"""What a campaign is called, and how sure that is: by what rules found, and by what its callers do."""

from typing import Any

import pytest

from tests.caller_profiles import flag, profile
from tests.table import table
from triggers.campaigns.caller_profile import CallerProfile
from triggers.campaigns.fraud_type import behaves_like, fraud_type

WANGIRI: dict[str, Any] = {"calls": 60, "distinct_b_ratio": 1.0, "cancel_ratio": 0.9}
PLAIN: dict[str, Any] = {"calls": 60, "distinct_b_ratio": 0.3}


def member(text: str) -> CallerProfile:
    """`w`: behaves like a wangiri; `w!`: a rule found him to be one, too; `p!masking`: plain, but masked a number."""
    kind, found, what = text.partition("!")
    flags = [flag(what or "wangiri", 0.95 if what == "masking" else 0.9)] if found else []
    return profile("+371", flags=flags, **(WANGIRI if kind == "w" else PLAIN))


@table("""
    members              | kind
    w! w! w! w           | wangiri  0.84         # 1 - (1 - 0.9 x 3/4) x (1 - 0.5)
    w w w w              | wangiri  0.5          # behaviour alone
    p! p! p p            | wangiri  0.45         # evidence alone
    p p p p              | unknown  0
    p!masking p!masking  | masking  0.95
    w!masking w!masking  | masking  0.95         # evidence weighs more than behaviour
    p!irsf p!wangiri     | irsf     0.45         # of equals the first by name
""")
def test_the_likeliest_type(members: str, kind: str) -> None:
    found = fraud_type([member(each) for each in members.split()])
    name, confidence = kind.split()
    assert (found.name, round(found.confidence, 2)) == (name, float(confidence))


def test_a_rule_for_him_and_for_his_range_is_one_evidence() -> None:
    one = profile("+371", flags=[flag("wangiri", 0.9), flag("wangiri", 0.9)], **PLAIN)
    assert fraud_type([one]).confidence == pytest.approx(0.9)


def test_who_is_only_on_a_list_is_of_no_type() -> None:
    assert fraud_type([profile("+371", flags=[flag("", 0.0, 100)], **PLAIN)]).name == "unknown"


# calls distinct cancel asr short night premium aloc origins regions trunks
@table("""
    figures                                                                   | like
    60    1.0      0.9    5   0     0     0       0    1       1       1      | wangiri
    9     1.0      0.9    5   0     0     0       0    1       1       1      |
    60    0.5      0.9    5   0     0     0       0    1       1       1      |
    60    0.9      0.3    50  0.1   0     0       60   1       1       1      | sim_box
    60    0.9      0.3    50  0.1   0     0       60   1       1       2      |
    60    0.9      0.3    80  0.1   0     0       60   1       1       1      |
    200   1.0      0      90  0.8   0     0       8    1       1       1      | robocall
    20    0.2      0      90  0     0     0.6     90   1       1       1      | irsf
    120   0.3      0      60  0     0.6   0       90   1       1       1      | authority_impersonation
    60    0.5      0      60  0     0     0       120  1       6       1      | lottery
    30    1.0      0      60  0     0     0       40   4       1       1      | kyc_phishing
""")
def test_what_a_day_looks_like(figures: str, like: str) -> None:
    of = [float(each) for each in figures.split()]
    calls, distinct, cancel, asr, short, night, premium, aloc, origins, regions, trunks = of
    one = profile(
        "+49", calls=int(calls), distinct_b_ratio=distinct, cancel_ratio=cancel, asr=asr, short_ratio=short,
        night_ratio=night, premium_ratio=premium, aloc_s=aloc, origins=int(origins), ended=int(calls * asr / 100),
        regions={str(each): 1.0 for each in range(int(regions))},
        trunks={str(each): 1.0 for each in range(int(trunks))},
    )  # fmt: skip
    assert behaves_like(one)[0] == like
