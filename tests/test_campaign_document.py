"""What is stored of a campaign is what is read again."""

from dataclasses import fields

from hypothesis import given
from hypothesis import strategies as st

from ratingd.fraud.campaign_document import CALLED_MAX, members, read, row, shown, shown_graph
from tests.caller_profiles import AT_MS, flag, profile
from triggers.campaigns.campaign import Campaign


def campaign(callers: int = 6, called: int = 4) -> Campaign:
    one = Campaign("CMP-2026-12", 12, AT_MS - 5, AT_MS, 0, split_from="CMP-2026-3")
    one.found([
        profile(f"+371{each}", [f"+49{each}{b}" for b in range(called)], risk=70 + each, flags=[flag("wangiri")],
                regions={"DE": 3.0, "AT": 1.0}, recent_calls=each)
        for each in range(callers)
    ])  # fmt: skip
    return one


@given(st.integers(1, 8), st.integers(0, 5), st.booleans())
def test_it_is_the_same_after_a_start(callers: int, called: int, merged: bool) -> None:
    one = campaign(callers, called)
    one.merged_into = "CMP-2026-1" if merged else ""
    again, told = read(row(one, "HIGH", AT_MS), members(one))
    assert told == "HIGH"
    assert one.graph is not None
    assert again.graph is not None
    for each in fields(Campaign):
        if each.name != "graph":
            assert getattr(again, each.name) == getattr(one, each.name)
    assert shown(again, AT_MS) == shown(one, AT_MS)
    assert shown_graph(again.graph) == shown_graph(one.graph)
    assert row(again, "HIGH", AT_MS) == row(one, "HIGH", AT_MS)


def test_how_it_is_shown() -> None:
    one = shown(campaign(), AT_MS)
    assert one == {
        "id": "CMP-2026-12", "name": "Wangiri +371 #12", "fraud_type": "wangiri", "confidence": 0.9, "risk_score": 72.5,
        "severity": "LOW", "affected_users": 24, "callers": 6, "calls": 24,
        "regions": [{"name": "DE", "calls": 18, "threat": 72.5}, {"name": "AT", "calls": 6, "threat": 24.2}],
        "first_seen": (AT_MS - 3_600_000) / 1000, "last_seen": AT_MS / 1000, "velocity": 3.0,
        "density": round(1 / 6, 6), "status": "Emerging", "merged_into": None, "split_from": "CMP-2026-3",
    }  # fmt: skip


def test_no_more_called_numbers_are_stored_than_it_takes_to_know_it_again() -> None:
    assert len(members(campaign(3, CALLED_MAX))) == 3 + CALLED_MAX
