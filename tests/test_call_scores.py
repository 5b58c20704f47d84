"""Calls that are over are scored before their records are stored, and their callers are known for a day."""

from collections.abc import Iterator, Sequence

import pytest

from ratingd import observe
from ratingd.fraud.call_scores import FRESH_MS, CallScores
from ratingd.models.live_models import LiveModels
from ratingd.models.registry import Registry
from ratingd.models.scorers import Scorers
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.store import Store, open_store
from tests import board_scene, model_scene
from tests.fraud_store_rows import record
from triggers.calls.call_event import BYE, CallEvent
from triggers.calls.verdict import Verdict
from triggers.numbers.number import NO_NUMBER
from triggers.scores.scored import Scored
from triggers.watch.outcome import Outcome

A = "+491712345678"
OTHER = "+491719999999"
NOW_MS = 1_700_000_000_000
SHORT = [10.0, 11.0, 3.0, 4.0]
LONG = [100.0, 11.0, 3.0, 4.0]


class Said:
    """Models that say what they are told: by place, None where they cannot tell."""

    def __init__(self, *said: float | None) -> None:
        self.said = said
        self.rows: list[list[float]] = []

    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]:
        assert name == "knn"
        self.rows += rows
        return [None if each is None else Scored(each, 2, each >= 0.5) for each in self.said[: len(rows)]]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('calls')}/ratingd.db")
    opened.migrate()
    yield opened
    opened.close()


def ended(a: str = A, row: list[float] | None = None, at_ms: int = NOW_MS, call_id: str = "c1") -> Outcome:
    outcome = Outcome(CallEvent(BYE, at_ms, call_id, NO_NUMBER, NO_NUMBER, received_ms=at_ms), Verdict(call_id))
    outcome.record = record(call_id, a, start_ms=at_ms - 10_000, account="1001", tenant="acme", end_ms=at_ms)
    outcome.call_row = row
    return outcome


def kept(outcome: Outcome) -> tuple[float, str]:
    assert outcome.record is not None
    return outcome.record.knn, outcome.record.models


def test_calls_of_a_batch_that_are_over_are_scored_at_once(store: Store) -> None:
    scorers = Scorers()
    registry = Registry(store.models)
    row = registry.add(*model_scene.sent(board_scene.folder()), "ann")
    scorers.put("knn", registry.scorer(row), None)
    scores = CallScores(LiveModels(scorers), store.fraud)
    ringing = Outcome(CallEvent(BYE, NOW_MS, "c9", NO_NUMBER, NO_NUMBER), Verdict("c9"))
    unwanted = ended(OTHER, None, call_id="c3")
    batch = [ended(A, SHORT), ringing, unwanted, ended(A, LONG, call_id="c2")]
    scores.take(batch)
    assert [kept(batch[place]) for place in (0, 3)] == [(0.8, "knn:1"), (0.2, "knn:1")]
    assert kept(unwanted) == (-1, "")
    assert (scores.of(A, NOW_MS), scores.of(OTHER, NOW_MS)) == (0.2, 0)
    assert scorers.figures["knn"].scored == 2


def test_models_that_scored_it_before_are_kept(store: Store) -> None:
    outcome = ended(A, SHORT)
    assert outcome.record is not None
    outcome.record.scored_by("masking", 13)
    CallScores(Said(0.6), store.fraud).take([outcome])
    assert kept(outcome) == (0.6, "knn:2 masking:13")


def test_call_that_cannot_be_scored_is_left_as_it_was(store: Store) -> None:
    scores = CallScores(Said(0.6, None), store.fraud)
    batch = [ended(A, SHORT), ended(OTHER, SHORT, call_id="c2")]
    scores.take(batch)
    assert [kept(each) for each in batch] == [(0.6, "knn:2"), (-1, "")]
    assert scores.of(OTHER, NOW_MS) == 0


def test_last_call_of_a_caller_is_known_for_a_day(store: Store) -> None:
    scores = CallScores(Said(0.6), store.fraud)
    scores.take([ended(A, SHORT)])
    assert [scores.of(A, NOW_MS + after_ms) for after_ms in (0, FRESH_MS - 1, FRESH_MS)] == [0.6, 0.6, 0]


def test_no_more_callers_are_remembered_than_there_is_room_for(store: Store) -> None:
    scores = CallScores(Said(0.6), store.fraud, callers_max=4)
    for number in range(10):
        scores.take([ended(f"+4930{number}", SHORT)])
    assert sum(scores.of(f"+4930{number}", NOW_MS) > 0 for number in range(10)) <= 4
    assert scores.of("+49309", NOW_MS) == 0.6


def test_what_was_stored_before_a_start_is_found(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    store.migrate()
    calls = [
        record("c1", A, start_ms=NOW_MS - 2000, knn=0.4, models="knn:1"),
        record("c2", A, start_ms=NOW_MS - 1000),
        record("c3", OTHER, start_ms=NOW_MS - FRESH_MS - 1, knn=0.8, models="knn:1"),
    ]
    store.fraud.commit(FraudBatch(records=calls))
    scores = CallScores(Said(), store.fraud)
    assert (scores.of(A, NOW_MS), scores.of(OTHER, NOW_MS)) == (0.4, 0)
    store.close()


def test_score_is_told_with_who_called_whom_and_who_pays(store: Store) -> None:
    told: list[tuple[str, ...]] = []

    def broken(event: CallEvent, probability: float) -> None:
        raise ValueError("somebody else's")

    def heard(event: CallEvent, probability: float) -> None:
        told.append((event.call_id, event.a.text, event.b.digits, event.tenant, event.account, str(probability)))

    scores = CallScores(Said(0.6), store.fraud)
    scores.on_scored(broken)
    scores.on_scored(heard)
    scores.take([ended(A, SHORT)])
    assert told == [("c1", A, "4930123456", "acme", "1001", "0.6")]


def test_fault_of_a_model_keeps_no_record_from_being_stored(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    faults: list[str] = []
    monkeypatch.setattr(observe, "fault", lambda name, error, **more: faults.append(name))
    CallScores(Said(), store.fraud).take([ended(A, SHORT)])  # as many scores as rows are wanted
    assert faults == ["fraud.calls_not_scored"]
