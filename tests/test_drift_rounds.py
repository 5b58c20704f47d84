"""Rounds for drift: alerts once an hour at most, each for what is new, and none of what is chance."""

from collections.abc import Iterator

import pytest

from ratingd.fraud.alert import Alert
from ratingd.models.drift import ROWS_MIN
from ratingd.models.drift_rounds import HOURS_MIN, DriftRounds, FlagRate
from ratingd.models.registry import Registry
from ratingd.models.scorers import Figures, Scorers
from ratingd.store.store import Store, open_store
from tests import model_scene
from tests.model_scene import CALLERS, row, sent

NOW_NS = 1_794_787_200_000_000_000


class Scene:
    def __init__(self, store: Store) -> None:
        self.registry = Registry(store.models)
        self.scorers = Scorers()
        self.alerts: list[Alert] = []
        self.rounds = DriftRounds(self.registry, self.scorers, self.alerts.append, lambda: NOW_NS)
        self.activate()

    def activate(self) -> None:
        stored = self.registry.add(*sent(model_scene.folder()), "ann")
        self.registry.activate("masking", stored.version, "ann")
        self.scorers.put("masking", self.registry.scorer(stored), None)

    def score(self, callers: list[float]) -> None:
        for each in callers:
            self.scorers.score("masking", row(each))


@pytest.fixture
def scene(sqlite_url: str) -> Iterator[Scene]:
    store = open_store(sqlite_url)
    store.migrate()
    yield Scene(store)
    store.close()


def as_in_training() -> list[float]:
    return [float(place % 10) for place in range(ROWS_MIN)]


def test_traffic_as_in_training_is_no_alert(scene: Scene) -> None:
    scene.score(as_in_training())
    scene.rounds.look()
    watch = scene.rounds.watches["masking"]
    assert (watch.version, watch.rows, watch.at_ms) == (1, ROWS_MIN, NOW_NS // 1_000_000)
    assert max(watch.found.values()) < 0.01
    assert scene.alerts == []


def test_drift_is_an_alert_once_and_again_after_another_model(scene: Scene) -> None:
    for _ in range(2):
        scene.score([2.0] * ROWS_MIN)
        scene.rounds.look()
    (alert,) = scene.alerts
    assert (alert.severity, alert.detector, alert.fraud_type) == ("MEDIUM", "model_drift", "model_drift")
    assert (alert.subject_kind, alert.subject, alert.threshold) == ("model", "masking", 0.25)
    assert alert.title == "Model masking 1 sees other traffic than it was trained on"
    assert f"PSI over {ROWS_MIN} rows: {CALLERS} 8.28" in alert.description
    assert alert.value == pytest.approx(8.28, abs=0.01)
    scene.activate()
    scene.score([2.0] * ROWS_MIN)
    scene.rounds.look()
    assert [alert.title[:15] for alert in scene.alerts] == ["Model masking 1", "Model masking 2"]


def test_few_rows_are_looked_at_with_those_of_the_next_hour(scene: Scene) -> None:
    scene.score([2.0] * (ROWS_MIN - 1))
    scene.rounds.look()
    assert scene.rounds.watches == {}
    scene.score([2.0])
    scene.rounds.look()
    assert scene.rounds.watches["masking"].rows == ROWS_MIN
    assert scene.scorers.places["masking"].sample.kept == []


def hours(*flagged: int, scored: int = 1000) -> list[str]:
    """What is told after each hour of so many flagged calls."""
    rate, figures, told = FlagRate(), Figures(), []
    for each in flagged:
        figures.scored += scored
        figures.flagged += each
        told.append(rate.looked(figures))
    return told


def test_hour_unlike_the_week_is_told_once() -> None:
    told = hours(*[10] * HOURS_MIN, 50, 70, 80, 10, 1)
    assert told[: HOURS_MIN + 1] == [""] * (HOURS_MIN + 1)  # five times as many is not more than five times
    assert told[HOURS_MIN + 1] == "70 of 1000 calls reached its threshold in an hour; usual is 11.6 of so many"
    assert told[HOURS_MIN + 2 : HOURS_MIN + 4] == ["", ""]
    assert told[-1].startswith("1 of 1000 calls")


def test_what_is_chance_is_not_told() -> None:
    assert hours(*[10] * (HOURS_MIN - 1), 500) == [""] * HOURS_MIN
    assert hours(*[1] * HOURS_MIN, 40, 0) == [""] * (HOURS_MIN + 2)
    assert hours(*[0] * HOURS_MIN, 0, scored=0) == [""] * (HOURS_MIN + 1)
