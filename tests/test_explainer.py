"""Explanations of models: they add up, name what did most, and say it in words."""

import numpy as np
import pytest

from ratingd.models.calibration import Calibration
from ratingd.models.dataset import Dataset
from ratingd.models.explainer import Explainer, usual
from ratingd.models.forest import ForestScorer
from ratingd.models.histogram import Histogram
from ratingd.models.model_desk import ModelDesk
from ratingd.models.model_folder import CALIBRATION, ONNX, UBJ, ModelFolder
from ratingd.models.neighbours import Neighbours
from ratingd.models.registry import Registry
from ratingd.models.scorers import RowRefused
from ratingd.models.trained_model import TrainedModel
from ratingd.models.training.boosting import Boosted
from ratingd.models.training.isolation_model import isolation_model
from ratingd.models.training.knn_model import knn_model, scam5000_dataset
from ratingd.store.store import Store
from tests import model_scene
from tests.model_scene import CALLERS, sent
from triggers.scores.call_features import KNN
from triggers.scores.masking_features import MASKING
from triggers.scores.satark_features import SATARK


@pytest.fixture(scope="module")
def boosted() -> ModelFolder:
    """Of a thousand rows of which those with many callers are fraud, and a mismatch helps."""
    chance = np.random.default_rng(5)
    rows = chance.uniform(0, 8, (1000, len(MASKING)))
    told = rows[:, MASKING.place(CALLERS)] + rows[:, MASKING.place("cli_mismatch")] / 4
    labels = (told + chance.normal(0, 0.5, 1000) > 5).astype(np.int8)
    grown = Boosted.grown(rows[:800], labels[:800], (rows[800:], labels[800:]), trees=20)
    files = {ONNX: grown.forest().onnx(), UBJ: grown.ubj(), CALIBRATION: Calibration().document()}
    histograms = {name: Histogram.of(rows[:, place]) for place, name in enumerate(MASKING.names)}
    return ModelFolder.made(model_scene.manifest(histograms=histograms), files)


def row(callers: float) -> list[float]:
    found = [4.0] * len(MASKING)
    found[MASKING.place(CALLERS)] = callers
    return found


def test_contributions_and_bias_are_the_margin(boosted: ModelFolder) -> None:
    explainer, scorer = Explainer(boosted, MASKING), ForestScorer(boosted.files[ONNX])
    chance = np.random.default_rng(6)
    rows = chance.uniform(0, 8, (50, len(MASKING)))
    biases = [
        scorer.sums(each.reshape(1, -1))[0] - sum(explainer.contributions(each.tolist())) for each in rows
    ]  # the same for each row
    assert max(biases) - min(biases) < 1e-4


@pytest.mark.parametrize(("callers", "direction"), [(7.5, "raises"), (0.5, "lowers")])
def test_what_did_most_comes_first_and_is_said_in_words(boosted: ModelFolder, callers: float, direction: str) -> None:
    found = Explainer(boosted, MASKING).explain(row(callers))
    assert (found[0].feature, found[0].value, found[0].direction) == (CALLERS, callers, direction)
    assert found[0].text.startswith(f"{callers:g} callers within the detection window")
    assert found[0].baseline == pytest.approx(4, abs=0.5)
    assert 1 <= len(found) <= 5
    assert [abs(each.contribution) for each in found] == sorted(
        (abs(each.contribution) for each in found), reverse=True
    )


def test_odd_caller_is_explained_by_what_is_odd() -> None:
    chance = np.random.default_rng(3)
    rows = np.column_stack(
        [chance.normal(180, 5, 300), chance.uniform(90, 110, 300), *([chance.uniform(0, 1, 300)] * 3)]
    )
    rows[:15, :2] = (15.0, 3000.0)
    labels = np.zeros(300, np.int8)
    labels[:15] = 1
    names = [str(place) for place in range(300)]
    made = isolation_model(Dataset(SATARK, rows, labels, names, np.arange(300), ["ordinary"] * 300, names))
    found = Explainer(made, SATARK).explain([15.0, 3000.0, 0.5, 0.5, 0.5])
    assert {each.feature for each in found[:2]} == {"avg_call_duration", "total_calls"}
    assert found[0].contribution > 0
    assert any(each.text.startswith("calls last 15 s on average (usual: 1") for each in found)


def test_path_of_the_usual_caller_and_what_features_take_off_it_are_the_path(month: ModelFolder) -> None:
    """And the anomaly is 2 to the power of minus the path, the risk its place between those of training."""
    explainer, forest, model = Explainer(month, SATARK), ForestScorer(month.files[ONNX]), TrainedModel(month)
    usual = -forest.sums(np.array([explainer.usual]))[0]
    for row in ([15.0, 3000.0, 0.5, 6.0, 6.0], [180.0, 160.0, 0.0, 1.0, 2.0], [20.0, 160.0, 0.3, 1.0, 2.0]):
        path = usual - sum(explainer.contributions(row))
        assert path == pytest.approx(-forest.sums(np.array([row]))[0], abs=1e-9)
        assert model.calibration.probability(2**-path) == pytest.approx(model.probability(row), abs=1e-9)


def test_caller_who_is_usual_in_everything_has_nothing_to_explain(month: ModelFolder) -> None:
    explainer = Explainer(month, SATARK)
    assert explainer.explain(explainer.usual) == ()
    found = explainer.explain([explainer.usual[0], 3000.0, *explainer.usual[2:]])
    assert [each.feature for each in found] == ["total_calls"]
    assert found[0].direction == "raises"


@pytest.fixture(scope="module")
def month() -> ModelFolder:
    chance = np.random.default_rng(8)
    rows = np.abs(chance.normal((180, 160, 0.1, 2, 3), (20, 30, 0.05, 0.5, 0.5), (300, 5)))
    rows[:6] = (20, 3_000, 0.5, 6, 6)
    labels = np.array([1] * 6 + [0] * 294, np.int8)
    names = [str(place) for place in range(300)]
    return isolation_model(Dataset(SATARK, rows, labels, names, np.arange(300), ["ordinary"] * 300, names))


def test_neighbours_say_what_they_were() -> None:
    explainer = Explainer(knn_model(scam5000_dataset()), KNN)
    found = {each.feature: each for each in explainer.explain([10.0, 11.0, 3.0, 6.0])}
    told = "5 of the 5 labelled calls most like it were fraud; in deviations away: fraud 0."
    assert found["neighbours"].text.startswith(told)
    assert (found["neighbours"].value, found["neighbours"].contribution) == (5, 0)
    assert found["call_duration"].text.endswith(" deviations from its neighbours")


def test_contributions_to_the_neighbours_score_add_up_to_it() -> None:
    made = knn_model(scam5000_dataset(rows=800))
    explainer, model = Explainer(made, KNN), TrainedModel(made)
    usual = model.probability(explainer.usual)
    for row in ([10.0, 11.0, 3.0, 6.0], [300.0, 10.0, 14.0, 0.0], [45.0, 7.0, 23.0, 3.0]):
        assert usual + sum(explainer.contributions(row)) == pytest.approx(model.probability(row), abs=1e-12)


def test_distance_of_features_is_the_distance_of_the_neighbours() -> None:
    near = Neighbours.learned(scam5000_dataset(rows=300).rows, scam5000_dataset(rows=300).labels)
    row = [10.0, 11.0, 3.0, 6.0]
    squares = [each.distance**2 for each in near.nearest(row)]
    assert sum(near.apart(row) ** 2) == pytest.approx(sum(squares) / len(squares))


@pytest.mark.parametrize(
    ("edges", "shares", "middle"),
    [
        (tuple(float(each) for each in range(1, 10)), (0.1,) * 10, 5.0),
        ((2.0, 3.0), (0.7, 0.2, 0.1), 0.0),
        ((-3.0, 3.0), (0.7, 0.2, 0.1), -3.0),
        ((2.0, 3.0), (0.1, 0.1, 0.8), 3.0),
        ((), (1.0,), 0.0),
    ],
)
def test_usual_is_the_middle(edges: tuple[float, ...], shares: tuple[float, ...], middle: float) -> None:
    assert usual(Histogram(edges, shares)) == middle


@pytest.mark.parametrize(
    ("edges", "shares", "middle"),
    [
        ((2.0, 3.0), (0.6, 0.3, 0.1), 1),
        ((2.0, 3.0), (0.3, 0.6, 0.1), 2),
        ((2.0, 3.0), (0.3, 0.1, 0.6), 3),
        ((1.0,), (0.7, 0.3), 0),
        ((), (1.0,), 0),
    ],
)
def test_the_usual_of_classes_is_one_of_them(
    edges: tuple[float, ...], shares: tuple[float, ...], middle: float
) -> None:
    assert usual(Histogram(edges, shares), classes=True) == middle


def test_active_version_explains(store: Store, boosted: ModelFolder) -> None:
    desk = ModelDesk(Registry(store.models))
    assert desk.explain("masking", row(7.5)) == ()
    for version in (1, 2):
        desk.add(*sent(boosted), "ann")
        desk.activate("masking", version, "ann")
        assert desk.explain("masking", row(7.5))[0].feature == CALLERS
    with pytest.raises(RowRefused, match="feature 'distinct_a_count' of masking v3 is nan"):
        desk.explain("masking", row(float("nan")))
