"""What is shown of a campaign: severity, status, regions, whom it affects, and its name."""

from typing import Any

import pytest

from tests.caller_profiles import AT_MS, flag, profile
from tests.table import table
from triggers.campaigns.campaign import Campaign, affected, called_by, regions, severity, worse
from triggers.traffic.distinct_count import DistinctCount

HOUR_MS = 3_600_000


@table("""
    what           | is_           # risk and people affected
    95    0        | CRITICAL
    94.9  0        | HIGH
    0     1000     | CRITICAL
    85    999      | HIGH
    0     250      | HIGH
    75    0        | MEDIUM
    74.9  50       | MEDIUM
    74.9  49       | LOW
""")
def test_severity(what: str, is_: str) -> None:
    risk, people = what.split()
    assert severity(float(risk), int(people)) == is_


def test_worse() -> None:
    order = ["LOW", "MEDIUM", "HIGH", "CRITICAL"]
    assert all(worse(one, other) == (order.index(one) > order.index(other)) for one in order for other in order)


@table("""
    what                       | status      # runs, minutes since the last call, merged
    1    0              no     | Emerging
    2    0              no     | Active
    1    59             no     | Emerging
    2    60             no     | Dormant
    9    1439           no     | Dormant
    9    1440           no     | Closed
    9    0              yes    | Closed
""")
def test_status(what: str, status: str) -> None:
    runs, minutes, merged = what.split()
    one = Campaign("CMP-2026-1", 1, AT_MS, AT_MS, AT_MS, runs=int(runs))
    one.merged_into = "CMP-2026-0" if merged == "yes" else ""
    assert one.status(AT_MS + int(minutes) * 60_000) == status


def found(*members: Any) -> Campaign:
    one = Campaign("CMP-2026-12", 12, AT_MS, AT_MS, 0)
    one.found(list(members))
    return one


def test_eight_callers_of_a_wangiri() -> None:
    members = [
        profile(f"+3712000000{place}", [f"+4930{place}{each:02}" for each in range(60)],
                flags=[flag("wangiri")], recent_calls=10, regions={"DE": 45.0, "AT": 15.0})
        for place in range(8)
    ]  # fmt: skip
    one = found(*members)
    assert (one.name, one.fraud_type, one.confidence) == ("Wangiri +371 #12", "wangiri", 0.9)
    assert (one.risk, one.severity, one.affected, one.calls) == (85, "HIGH", 480, 480)
    assert (one.velocity, one.density) == (16, 0.125)
    assert [(each.name, each.calls, each.threat) for each in one.regions] == [("DE", 360, 85), ("AT", 120, 28.3)]
    assert (one.first_ms, one.last_ms) == (AT_MS - HOUR_MS, AT_MS)


def test_the_risk_is_the_mean_and_the_name_is_that_of_most() -> None:
    one = found(profile("1", risk=100), profile("2", risk=70), profile("3", risk=75, country=49))
    assert (one.risk, one.name) == (81.7, "Unknown +371 #12")
    assert found(profile("1", country=0)).name == "Unknown #12"


def test_whom_it_affected_it_affected() -> None:
    one = found(profile("1", ["a", "b", "c"]))
    one.found([profile("1", ["a"])])
    assert (one.affected, one.runs, one.called) == (3, 2, frozenset("a"))


def test_called_numbers_that_are_only_counted_are_counted_once() -> None:
    numbers = [f"+4930{each:06}" for each in range(1_000)]
    members = []
    for place in range(3):
        one = profile(str(place), numbers[:10])
        one.called_count = DistinctCount()
        for number in numbers[: 600 + 200 * place]:
            one.called_count.add(number)
        members.append(one)
    assert affected(members, called_by(members)) == pytest.approx(1_000, rel=0.06)


def test_callers_that_are_no_group_any_more_keep_it_awake() -> None:
    one = found(profile("1", ["a"], last_ms=AT_MS))
    one.seen([profile("1", ["b"], last_ms=AT_MS + 2 * HOUR_MS)])
    assert (one.last_ms, one.runs, one.called) == (AT_MS + 2 * HOUR_MS, 1, frozenset("a"))
    assert one.status(AT_MS + 2 * HOUR_MS) == "Emerging"


def test_no_region_is_known_of_some() -> None:
    assert regions([profile("1", regions={})], 85) == []
