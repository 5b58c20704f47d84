"""Cuts: whole windows by the rule, single calls by the model, and none that is on a list."""

import numpy as np

from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.training.cuts import Cut, cuts

START_MS = 1_767_571_200_000


def test_televote_is_cut_by_the_rule_unless_it_is_listed() -> None:
    calls = [_call(f"t{place}", f"+4915{place:08}", "+4930555", 500 * place, "televote") for place in range(10)]
    calls += [_call(f"m{place}", f"+4917{place:08}", "+4930777", 900 * place, "masking", 1) for place in range(6)]
    calls += [_call("o1", "+4915999999", "+4930888", 0, "ordinary")]
    calls.sort(key=lambda call: call.start_ms)
    scores = [0.9 if call.kind == "masking" and call.call_id != "m0" else 0.2 for call in calls]
    found = cuts(calls, np.array(scores), [call.label == 1 for call in calls], 0.7)
    assert found == [
        Cut("masking", True, calls=6, rule=6, rule_listed=6, rule_at_once=2, model=5, model_listed=5, model_as_rule=5),
        Cut(
            "ordinary", False, calls=1, rule=0, rule_listed=0, rule_at_once=0, model=0, model_listed=0, model_as_rule=0
        ),
        Cut(
            "televote",
            False,
            calls=10,
            rule=10,
            rule_listed=0,
            rule_at_once=6,
            model=0,
            model_listed=0,
            model_as_rule=0,
        ),
    ]


def test_callers_of_a_notifier_are_listed() -> None:
    """Its callers do not count towards a run, and the model does not cut it."""
    calls = [_call(f"n{place}", f"+4980{place:07}", "+4930555", 500 * place, "notifier") for place in range(6)]
    (found,) = cuts(calls, np.full(6, 0.9), [False] * 6, 0.7)
    assert (found.rule, found.rule_listed, found.model, found.model_listed) == (6, 0, 6, 0)
    assert found.model_as_rule is None  # there is no fraud to compare by


def test_model_that_never_catches_as_many_is_not_compared() -> None:
    calls = [_call(f"m{place}", f"+4917{place:08}", "+4930777", 900 * place, "masking", 1) for place in range(5)]
    (found,) = cuts(calls, np.zeros(5), [True] * 5, 0.7)
    assert (found.rule, found.rule_at_once, found.model, found.model_as_rule) == (5, 1, 0, None)


def _call(call_id: str, a: str, b: str, after_ms: int, kind: str, label: int = 0) -> SimulatedCall:
    start_ms = START_MS + after_ms
    return SimulatedCall(
        call_id,
        a,
        b,
        start_ms,
        start_ms + 100,
        0,
        start_ms + 200,
        "NO_ANSWER",
        "t-1",
        "",
        "",
        "",
        "",
        "",
        "",
        label,
        kind,
    )
