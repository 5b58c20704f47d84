"""Models come, go and break while calls come: none is missed, and none waits for it."""

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from ratingd.models.scorers import Row, Scorer
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.e2e.scored_town import Town, caller, masking_folder, town
from tests.waiting import until
from triggers.scores.masking_features import MASKING
from triggers.watch.outcome import Outcome

if TYPE_CHECKING:
    from ratingd.models.arrays import Column

MESSAGES, CALLS = 100, 16
CHANGES = 4


@pytest.fixture
def here(sqlite_url: str) -> Iterator[Town]:
    with town(sqlite_url, masking_folder(12), masking_folder(10)) as made:
        yield made


class Broken:
    """What it opens as, it does not do."""

    def probability(self, row: Row) -> float:
        raise RuntimeError("a model that breaks")

    def probabilities(self, rows: Any) -> "Column":
        raise RuntimeError("a model that breaks")


def calls(number: int, at_ms: int) -> Sequence[CallEvent]:
    """To eight numbers by two callers each: the second passes the gate."""
    return [
        CallEvent(
            call_id=f"s-{number}-{call}", kind=CallEvent.INVITE, time_ms=at_ms, a_number=f"+4940{call:07}",
            b_number=f"+4930{number:04}{call // 2}", trunk="t-7",
        )
        for call in range(CALLS)
    ]  # fmt: skip


def break_it(here: Town) -> None:
    broken = Scorer("masking", 9, Broken(), MASKING, threshold=0.7, algorithm="xgboost")
    here.daemon.models.scorers.put("masking", broken, None)


def test_each_call_is_scored_by_one_version_while_versions_change(here: Town) -> None:
    seen: list[Outcome] = []
    at_ms = here.now_ms()
    here.daemon.fraud.desk.listen(seen.extend)
    changes, ended, sent = list[int](), threading.Event(), list[int]()

    def change() -> None:
        while not ended.is_set():
            for version in (1, 2):
                here.daemon.models.activate("masking", version, "ann")
                changes.append(version)

    changer = threading.Thread(target=change)
    changer.start()

    def messages() -> Iterator[CallEventsRequest]:
        until(lambda: len(changes) > 0)
        while len(sent) < MESSAGES or len(changes) < CHANGES:
            number = len(sent)
            sent.append(number)
            yield CallEventsRequest(events=calls(number, at_ms))

    try:
        stub: Any = FraudServiceStub(here.channel)
        answers = list(stub.CallEvents(messages(), timeout=60))
    finally:
        ended.set()
        changer.join(20)
    assert max(answer.stored for answer in answers) == len(sent) * CALLS
    assert not [fault for answer in answers for fault in answer.faults]
    assert {outcome.event.call_id for outcome in seen} == {f"s-{n}-{c}" for n in sent for c in range(CALLS)}
    asked = [outcome for outcome in seen if outcome.row is not None]
    assert len(asked) == len(sent) * (CALLS // 2)
    assert {outcome.verdict.version for outcome in asked} == {1, 2}
    assert all(outcome.scored is not None for outcome in asked)


@pytest.mark.parametrize("together", [False, True])
def test_rule_decides_where_the_model_breaks(here: Town, together: bool) -> None:
    b = "+4930222210"
    break_it(here)
    if together:
        here.http.post("/event", [here.event(f"{b}-{n}", caller(b, n), b) for n in range(4)])
    else:
        assert {verdict["action"] for verdict in here.attack(b, 4)} == {"ALLOW"}
    assert here.incidents(b) == []
    [fifth] = here.attack(b, 1, first=4)
    assert (fifth["action"], fifth["reasons"], fifth["model_version"]) == ("DISCONNECT", ["masking"], 0)
    [run] = here.incidents(b)
    assert (run["severity"], run["calls"], run["by_score"], run["model_version"]) == ("CRITICAL", 5, False, 0)
    assert len(here.switch.wait_for_cuts(4, 10)) >= 4
    asked = {"call_id": "x", "a_number": "+494088", "b_number": b}
    assert here.http.post("/api/v1/analyze", asked)["method"] == "rule_based"


def test_model_that_is_opened_again_scores_again(here: Town) -> None:
    break_it(here)
    assert {verdict["model_version"] for verdict in here.attack("+4930222211", 3)} == {0}
    here.http.post("/api/v1/model/reload")
    assert [verdict["model_version"] for verdict in here.attack("+4930222212", 3)] == [0, 2, 2]
    until(lambda: here.alert("+4930222212")["severity"] == "MEDIUM")
