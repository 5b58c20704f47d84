"""Report scores: what users' complaints add up to, as days go by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triggers.lookup.report_score import REPORT_CATEGORIES, Complaint, Complaints

TODAY = 20_000
complaints = st.builds(
    Complaint,
    st.sampled_from(["ann", "bob", "cid", "dan", "eve", "fay"]),
    st.sampled_from(REPORT_CATEGORIES),
    st.integers(TODAY - 60, TODAY + 1),
)


@pytest.mark.parametrize(
    ("told", "reporters", "score"),
    [
        ("", 0, 0.0),
        ("ann:0", 1, 15.0),
        ("ann:0 bob:0 cid:0", 3, 45.0),
        ("ann:0 bob:0 cid:0 dan:10", 4, 56.9055),
        ("ann:10 bob:10 cid:10 dan:20", 4, 45.1659),
        ("ann:0 bob:0 cid:0 dan:0 eve:0", 5, 60.0),
        ("ann:0 ann:1 ann:2", 1, 15.0),  # what he said last
        ("ann:29", 1, 7.6754),
        ("ann:30", 0, 0.0),
    ],
)
def test_reporters_count_once_and_fade(told: str, reporters: int, score: float) -> None:
    found = of(told)
    assert found.reporters == reporters
    assert found.score == pytest.approx(score, abs=1e-4)


def test_the_category_is_what_most_say() -> None:
    told = [Complaint("ann", "lottery", TODAY), Complaint("bob", "wangiri", TODAY), Complaint("cid", "wangiri", TODAY)]
    assert Complaints(told, TODAY).category == "wangiri"
    assert Complaints(told[:2], TODAY).category == "wangiri"  # the first of equals
    assert Complaints([], TODAY).category == ""


@given(st.lists(complaints, max_size=12), complaints)
def test_a_further_reporter_never_makes_it_less(told: list[Complaint], further: Complaint) -> None:
    before = Complaints(told, TODAY)
    after = Complaints([*told, further], TODAY)
    assert 0 <= before.score <= after.score <= 60
    assert before.reporters <= after.reporters <= 6


def of(told: str) -> Complaints:
    """`ann:10` complained ten days ago."""
    parts = [each.split(":") for each in told.split()]
    return Complaints([Complaint(who, "other", TODAY - int(days)) for who, days in parts], TODAY)
