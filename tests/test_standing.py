"""Standing: what is thought of a number, from what is known of it."""

import pytest

from tests.table import table
from triggers.lookup.caller_score import CallerScore
from triggers.lookup.report_score import Complaint, Complaints
from triggers.lookup.standing import Evidence, Standing, standing
from triggers.numbers.number_list import ListEntry
from triggers.watch.explanation import Explanation

DAY = 20_000


@pytest.mark.parametrize(
    ("behaviour", "masking", "campaign", "reporters", "lists", "status", "risk", "category"),
    [
        (0, 0, 0, 0, "", "SAFE", 0, "Legitimate"),
        (49, 0, 0, 0, "", "SAFE", 49, "Legitimate"),
        (50, 0, 0, 0, "", "SUSPICIOUS", 50, "Suspicious calls"),
        (85, 0, 0, 0, "", "DANGEROUS", 85, "Suspicious calls"),
        (45, 0, 95, 4, "", "DANGEROUS", 85, "Wangiri"),
        (45, 0.8, 0, 0, "", "SUSPICIOUS", 80, "Call masking"),
        (50, 0.5, 0, 0, "", "SUSPICIOUS", 50, "Call masking"),
        (90, 0.5, 0, 0, "", "DANGEROUS", 90, "Call masking"),
        (90, 0.4, 0, 0, "", "DANGEROUS", 90, "Suspicious calls"),
        (90, 0.5, 0, 0, "blacklist", "DANGEROUS", 100, "Blacklisted"),
        (90, 0, 70, 0, "", "DANGEROUS", 90, "Wangiri"),
        (0, 0.29, 0, 0, "", "SAFE", 29, "Legitimate"),
        (0, 0, 94, 0, "", "SUSPICIOUS", 84, "Wangiri"),
        (0, 0, 0, 1, "", "SAFE", 15, "Legitimate"),
        (0, 0, 0, 4, "", "SUSPICIOUS", 60, "KYC phishing"),
        (0, 0, 0, 50, "", "SUSPICIOUS", 60, "KYC phishing"),
        (90, 0, 0, 0, "b_whitelist", "SAFE", 10, "Legitimate"),
        (4, 0, 0, 0, "a_whitelist", "SAFE", 4, "Legitimate"),
        (0, 0, 0, 0, "blacklist", "DANGEROUS", 100, "Blacklisted"),
        (90, 0, 95, 0, "a_whitelist blacklist", "DANGEROUS", 100, "Blacklisted"),
        (20, 0, 95, 0, "blacklist", "DANGEROUS", 100, "Wangiri"),
    ],
)
def test_the_greatest_counts_and_then_lists(
    behaviour: float, masking: float, campaign: float, reporters: int, lists: str, status: str, risk: int, category: str
) -> None:
    known = evidence(behaviour=behaviour, reporters=reporters)
    known.masking, known.campaign_risk = masking, campaign
    known.campaign_id, known.campaign_type = ("CMP-2026-1", "wangiri") if campaign else ("", "")
    known.listed = tuple([ListEntry(name, "number", "+37190012345") for name in lists.split()])
    found = standing(known)
    assert (found.status, found.risk, found.category) == (status, risk, category)


def test_reports_alone_never_make_a_number_dangerous() -> None:
    known = evidence(reporters=9)
    assert standing(known, dangerous=55, suspicious=20).status == "SUSPICIOUS"
    known.masking = 0.56
    assert standing(known, dangerous=55, suspicious=20).status == "DANGEROUS"


def test_an_emergency_number_is_safe_whoever_says_what() -> None:
    known = evidence(behaviour=100, reporters=9)
    known.emergency, known.listed = True, (ListEntry("blacklist", "prefix", "+11"),)
    assert (standing(known).status, standing(known).risk) == ("SAFE", 0)
    assert "emergency" in standing(known).explanation


def test_what_a_rule_said_names_what_behaviour_only_suspects() -> None:
    known = evidence(behaviour=70)
    assert (standing(known).category, standing(known).confidence) == ("Suspicious calls", "LOW")
    known.rule_types = ("sim_box", "wangiri")
    assert (standing(known).category, standing(known).confidence) == ("SIM box", "MEDIUM")


def test_every_part_is_told_and_the_strongest_first() -> None:
    known = evidence(behaviour=30, reporters=2)
    known.masking, known.knn = 0.8, 0.4
    known.listed = (ListEntry("blacklist", "prefix", "+371", reason="Wangiri"),)
    found = standing(known)
    assert [(part.name, part.risk) for part in found.parts] == [
        ("behaviour", 30), ("masking", 80), ("knn", 40), ("reports", 30), ("blacklist", 100),
    ]  # fmt: skip
    assert found.explanation == "on the blacklist by its prefix +371: Wangiri"
    assert [each.feature for each in found.explanations] == ["blacklist", "masking", "knn", "total_calls", "reports"]
    assert told(standing(evidence())) == "SAFE 0: nothing is known against it"


@table("""
    fraud_type   | category
    masking      | Call_masking
    irs          | Authority_impersonation
    our_own_rule | Our_own_rule
""")
def test_types_in_words(fraud_type: str, category: str) -> None:
    known = evidence(behaviour=60)
    known.rule_types = (fraud_type,)
    assert standing(known).category == category.replace("_", " ")


def evidence(*, behaviour: float = 0, reporters: int = 0) -> Evidence:
    lines = (Explanation("total_calls", 130, 100, behaviour / 100, "130 calls"),) if behaviour else ()
    told = [Complaint(str(who), "kyc", DAY) for who in range(reporters)]
    return Evidence(CallerScore(behaviour, "rule_based", lines), Complaints(told, DAY))


def told(found: Standing) -> str:
    return f"{found.status} {found.risk}: {found.explanation}"
