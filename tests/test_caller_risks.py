"""Risks of callers: scored beside their calls by the model that is active, and known when they call again."""

import threading
from collections.abc import Iterator, Sequence

import pytest

from ratingd import observe
from ratingd.models.scorers import Row
from tests.caller_scene import REASON, A, Said, Scene, scorer
from tests.fraud_scene import NUMBERS
from tests.waiting import until
from triggers.calls.call_event import CallEvent
from triggers.scores.caller_features import CALLER, caller_row
from triggers.scores.satark_features import SATARK, satark_row
from triggers.watch.explanation import Explanation

MINUTE_MS = 60_000
DAY_MS = 86_400_000
OTHER = "+493055510002"


@pytest.fixture
def scene() -> Scene:
    return Scene()


def logged(lines: Sequence[str], name: str) -> list[str]:
    return [line for line in lines if name in line]


# -- who is scored, and when


def test_a_caller_is_scored_with_the_fifth_call_and_known_from_then_on(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(times=4)
    assert (scene.scored(), scene.known()) == ([], 0)
    scene.call()
    assert scene.known() == 0
    assert (scene.scored(), scene.known()) == ([(A, 92)], 92)


def test_a_caller_is_scored_once_a_minute_at_most(scene: Scene) -> None:
    model = scene.model(0.5)
    scene.call(times=5)
    assert scene.scored() == [(A, 50)]
    scored_ms = scene.now_ms
    scene.call(times=50)
    assert scene.scored() == []
    scene.now_ms = scored_ms + MINUTE_MS - 1
    scene.call()
    assert scene.scored() == []
    model.probability_said = 0.75
    scene.call()
    assert (scene.scored(), scene.known()) == ([(A, 75)], 75)


def test_the_model_sees_all_that_is_known_when_its_turn_comes(scene: Scene) -> None:
    model = scene.model(0.5)
    scene.call(times=9)
    scene.scored()
    last_ms = scene.now_ms - 1_000
    assert model.rows == [caller_row(scene.watch.traffic, A, last_ms)]
    assert model.rows[0][CALLER.place("attempts_1h")] == 9


def test_nobody_is_scored_who_withholds_his_number_or_helps(scene: Scene) -> None:
    model = scene.model(0.92)
    for caller in ("anonymous", "", "112", "+49112"):
        scene.call(caller, times=6)
        assert scene.risks.score(NUMBERS.caller(caller).text, scene.now_ms).method == "rule_based"
    assert (scene.scored(), model.rows) == ([], [])


def test_who_finds_no_room_is_left_out_until_he_calls_again() -> None:
    scene = Scene(waiting_max=1)
    scene.model(0.92)
    scene.call(A, times=5)
    scene.call(OTHER, times=5)
    assert (scene.scored(), scene.risks.figures["left_out"]) == ([(A, 92)], 1)
    scene.call(OTHER)
    assert scene.scored() == [(OTHER, 92)]


def test_those_who_waited_longest_are_scored_first_and_no_more_than_asked(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(A, times=5)
    scene.call(OTHER, times=5)
    assert (scene.risks.score_waiting(1), scene.told, scene.risks.figures["waiting"]) == (1, [(A, 92)], 1)


# -- what is known


def test_what_was_said_a_day_ago_is_not_told_any_more(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(times=5)
    scene.scored()
    scene.now_ms += DAY_MS - 1
    assert scene.known() == 92
    scene.now_ms += 1
    assert scene.known() == 0


def test_so_many_risks_are_remembered_and_the_oldest_go_first() -> None:
    scene = Scene(known_max=4)
    scene.model(0.92)
    callers = [f"+4930555100{number}" for number in range(11, 17)]
    for caller in callers:
        scene.call(caller, times=5)
        scene.scored()
    assert [scene.known(caller) for caller in callers] == [0, 0, 92, 92, 92, 92]


def test_what_a_former_version_said_is_forgotten_and_the_next_call_asks_the_new_one(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(times=5)
    scene.scored()
    scene.model(0.12, version=2)
    assert (scene.scored(), scene.known()) == ([], 0)
    scene.call()
    assert (scene.scored(), scene.known()) == ([(A, 12)], 12)


def test_where_a_model_goes_nothing_is_known(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(times=5)
    scene.scored()
    scene.scorers.put("caller", None, None)
    assert scene.known() == 0
    scene.call(times=5)
    assert scene.scored() == []


# -- which model, and what it says


def test_without_a_model_the_rules_say_it_and_nobody_waits(scene: Scene) -> None:
    scene.call(times=101)
    found = scene.risks.score(A, scene.now_ms)
    assert (found.risk, found.method) == (55, "rule_based")
    assert found.explanations[0].feature == "avg_call_duration"
    assert (scene.risks.risk(A, scene.now_ms), scene.risks.at_attempt(A, scene.now_ms)) == (55, 55)
    assert (scene.risks.figures["waiting"], scene.scored(), scene.known()) == (0, [], 0)


def test_the_caller_model_goes_before_the_isolation_forest(scene: Scene) -> None:
    scene.model(0.64, name="isolation", version=7)
    scene.call(times=5)
    assert (scene.scored(), scene.risks.score(A, scene.now_ms).method) == ([(A, 64)], "isolation 7")
    scene.model(0.92, version=3)
    scene.call()
    assert (scene.scored(), scene.risks.score(A, scene.now_ms).method) == ([(A, 92)], "caller 3")


@pytest.mark.parametrize(("window_days", "calls"), [(7.0, 35.0), (30.0, 150.0), (0.0, 150.0)])
def test_an_isolation_forest_sees_calls_scaled_to_the_days_it_was_trained_on(
    scene: Scene, window_days: float, calls: float
) -> None:
    model = scene.model(0.5, name="isolation", window_days=window_days)
    scene.call(times=5)
    scene.scored()
    assert model.rows == [satark_row(scene.watch.traffic, A, scene.now_ms - 1_000, window_days or 30.0)]
    assert model.rows[0][SATARK.place("total_calls")] == calls


def test_what_is_asked_is_answered_as_of_now_with_reasons(scene: Scene) -> None:
    model = scene.model(0.5, version=4)
    scene.call(times=5)
    scene.scored()
    model.probability_said = 0.75
    found = scene.risks.score(A, scene.now_ms)
    assert (found.risk, found.method, found.explanations) == (75, "caller 4", (REASON,))
    assert scene.risks.risk(A, scene.now_ms) == 50, "as of a minute ago"
    scene.now_ms += MINUTE_MS
    assert (scene.risks.risk(A, scene.now_ms), scene.known()) == (75, 50)
    assert scene.risks.score(OTHER, scene.now_ms).method == "rule_based", "nobody has heard of him"


def test_a_monitor_waits_for_the_model_and_then_sees_what_it_said(scene: Scene) -> None:
    scene.model(0.92)
    scene.call(times=5)
    assert scene.risks.at_attempt(A, scene.now_ms) is None
    scene.scored()
    assert scene.risks.at_attempt(A, scene.now_ms) == 92


def test_a_model_in_the_shadow_sees_rows_and_says_nothing(scene: Scene) -> None:
    scene.scorers.put("caller", None, scorer(Said(0.92)))
    scene.call(times=5)
    assert (scene.scored(), scene.known(), scene.risks.score(A, scene.now_ms).method) == ([], 0, "rule_based")
    shadow = scene.scorers.places["caller"].shadow
    assert shadow is not None
    assert shadow.waiting == 2, "one of the call, one of the question"


# -- what goes wrong


@pytest.mark.parametrize("fault", [ValueError("a number too large"), RuntimeError("out of memory")])
def test_a_model_that_cannot_leaves_it_to_the_rules_and_is_told_once(
    scene: Scene, fault: Exception, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.model(Said(0.0, fault), version=5)
    before = observe.counters().get("fraud.caller_not_scored", 0)
    scene.call(times=5)
    scene.call(OTHER, times=5)
    assert scene.scored() == [(A, 30), (OTHER, 30)], "very short calls"
    assert (scene.known(), scene.risks.score(A, scene.now_ms).method) == (0, "rule_based")
    assert scene.risks.figures["faults"] == observe.counters()["fraud.caller_not_scored"] - before == 3
    (line,) = logged(capsys.readouterr().err.splitlines(), "fraud.caller_not_scored")
    assert 'model="caller 5"' in line
    assert str(fault) in line


def test_a_score_without_reasons_is_a_score(scene: Scene) -> None:
    def explain(name: str, row: Row) -> tuple[Explanation, ...]:
        raise RuntimeError("no library")

    scene.explain = explain
    scene.model(0.92)
    scene.call(times=5)
    found = scene.risks.score(A, scene.now_ms)
    assert (found.risk, found.method, found.explanations) == (92, "caller 1", ())


def test_who_hears_of_scores_and_fails_keeps_no_other_from_hearing(scene: Scene) -> None:
    def fails(event: CallEvent, risk: float) -> None:
        raise RuntimeError("not my day")

    heard: list[str] = []
    scene.risks.on_scored(fails)
    scene.risks.on_scored(lambda event, risk: heard.append(event.call_id))
    scene.model(0.92)
    scene.call(times=5)
    scene.call(OTHER, times=5)
    assert (scene.scored(), heard) == ([(A, 92), (OTHER, 92)], ["c-5", "c-10"])


# -- the thread


@pytest.fixture
def running(scene: Scene) -> Iterator[Scene]:
    scene.risks.start()
    yield scene
    scene.risks.stop()
    assert not any(thread.name == "caller-risks" for thread in threading.enumerate())


def test_a_call_has_its_caller_scored_at_once(running: Scene) -> None:
    running.model(0.92)
    running.call(times=5)
    until(lambda: running.known() == 92)
    running.call(OTHER, times=5)
    until(lambda: running.known(OTHER) == 92)


def test_a_fault_ends_no_thread(running: Scene) -> None:
    running.model(Said(0.0, RuntimeError("out of memory")))
    running.call(times=5)
    until(lambda: running.told == [(A, 30)])
    running.model(0.92, version=2)
    running.call(times=1)
    until(lambda: running.known() == 92)


def test_it_may_be_stopped_before_it_was_started(scene: Scene) -> None:
    scene.risks.stop()
