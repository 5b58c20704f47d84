"""Scorers: who says what of a row, from which row on, and what is counted of it."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from ratingd.models.scorers import SAMPLE_MAX, SHADOW_WAITING_MAX, RowRefused, Sample, Scorer, Scorers, Shadow
from ratingd.models.trained_model import TrainedModel
from tests import model_scene
from tests.model_scene import HIGH, LOW, row
from triggers.scores.masking_features import MASKING


def scorer(version: int = 1, many: float = 3.5, threshold: float = 0.7) -> Scorer:
    model = TrainedModel(model_scene.folder(many))
    return Scorer("masking", version, model, MASKING, threshold=threshold, algorithm="xgboost")


@pytest.fixture
def scorers() -> Scorers:
    made = Scorers()
    made.put("masking", scorer(), None)
    return made


def test_no_model_gives_no_score() -> None:
    scorers = Scorers()
    assert scorers.score("masking", row(9)) is None
    assert scorers.score_all("masking", [row(9)]) is None
    assert not scorers.wanted("masking")
    assert scorers.active("masking") is None


@pytest.mark.parametrize(("callers", "probability", "flagged"), [(3, LOW, False), (4, HIGH, True)])
def test_score_is_the_models(scorers: Scorers, callers: int, probability: float, flagged: bool) -> None:
    scored = scorers.score("masking", row(callers))
    assert scored is not None
    assert scored.probability == pytest.approx(probability, abs=1e-6)
    assert (scored.flagged, scored.version) == (flagged, 1)


def test_many_are_scored_as_each_is(scorers: Scorers) -> None:
    rows = [row(callers) for callers in range(16)]
    together = scorers.score_all("masking", rows)
    assert together is not None
    each = [scorers.score("masking", one) for one in rows]
    assert [found.probability for found in together] == [found.probability for found in each if found]
    assert scorers.score_all("masking", []) == []


def test_next_row_is_scored_by_the_new_version(scorers: Scorers) -> None:
    before = scorers.score("masking", row(5))
    scorers.put("masking", scorer(2, many=9.5), None)
    after = scorers.score("masking", row(5))
    assert before is not None
    assert after is not None
    assert (before.version, before.flagged) == (1, True)
    assert (after.version, after.flagged) == (2, False)
    assert scorers.figures["masking"].scored == 2
    scorers.put("masking", None, None)
    assert scorers.score("masking", row(5)) is None


@pytest.mark.parametrize("strange", [float("nan"), float("inf"), float("-inf")])
def test_row_that_is_no_row_is_refused_by_its_feature(scorers: Scorers, strange: float) -> None:
    with pytest.raises(RowRefused, match="feature 'distinct_a_count' of masking v3 is"):
        scorers.score("masking", row(strange))
    with pytest.raises(RowRefused, match="feature 'distinct_a_count'"):
        scorers.score_all("masking", [row(1), row(strange)])
    with pytest.raises(RowRefused, match=f"has {len(MASKING)} features, this one 2"):
        scorers.score("masking", [1.0, 2.0])
    with pytest.raises(RowRefused, match="not a finite number"):
        scorers.score("masking", row(1e300))  # of which a tree's float32 makes infinity
    assert (scorers.figures["masking"].refused, scorers.figures["masking"].scored) == (4, 0)


def test_finite_row_whose_sum_is_not_is_a_row() -> None:
    """The sum is looked at first, for it is quick; it overflows where no feature is strange."""

    class Constant:
        def probability(self, row: object) -> float:
            return 0.25

        def probabilities(self, rows: object) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
            return np.array([0.25])

    scorers = Scorers()
    scorers.put("masking", Scorer("masking", 1, Constant(), MASKING, threshold=0.7, algorithm="knn"), None)
    huge = row(1e308)
    huge[0] = 1e308
    scored = scorers.score("masking", huge)
    assert scored is not None
    assert scored.probability == 0.25


def test_scores_and_times_are_counted(scorers: Scorers) -> None:
    for callers in (1, 2, 9):
        scorers.score("masking", row(callers))
    figures = scorers.figures["masking"]
    assert (figures.scored, figures.flagged) == (3, 1)
    assert figures.scores == [0, 2, 0, 0, 0, 0, 0, 0, 1, 0, 0]
    assert figures.scores_sum == pytest.approx(2 * LOW + HIGH, abs=1e-6)
    assert sum(figures.times) == 3
    assert figures.taken_ns > 0


def test_shadow_is_compared_and_nothing_comes_of_it(scorers: Scorers) -> None:
    active = scorers.active("masking")
    scorers.put("masking", active, scorer(2, many=5.5))
    told = [scorers.score("masking", row(callers)) for callers in (1, 4, 5, 9)]
    assert [found.flagged for found in told if found] == [False, True, True, True]
    shadow = scorers.places["masking"].shadow
    assert shadow is not None
    assert (shadow.waiting, shadow.scored) == (4, 0)
    assert shadow.score_waiting() == 4
    assert (shadow.compared, shadow.agreed, shadow.active_alone, shadow.shadow_alone) == (4, 2, 2, 0)
    assert shadow.distance == pytest.approx((HIGH - LOW) / 2, abs=1e-6)
    assert (sum(shadow.histogram), shadow.flagged, shadow.waiting) == (4, 1, 0)
    assert shadow.score_waiting() == 0


def test_shadow_without_an_active_model_scores_beside_the_rules() -> None:
    scorers = Scorers()
    scorers.put("masking", None, scorer(1))
    assert scorers.wanted("masking")
    assert scorers.score("masking", row(9)) is None
    assert scorers.score_all("masking", [row(1), row(8)]) is None
    shadow = scorers.places["masking"].shadow
    assert shadow is not None
    assert shadow.score_waiting() == 3
    assert (shadow.scored, shadow.flagged, shadow.compared, shadow.distance) == (3, 2, 0, 0.0)


def test_shadow_that_cannot_keep_up_leaves_rows_out() -> None:
    shadow = Shadow(scorer())
    for _ in range(SHADOW_WAITING_MAX + 3):
        shadow.offer(row(1), None)
    assert (shadow.waiting, shadow.left_out) == (SHADOW_WAITING_MAX, 3)
    assert shadow.score_waiting(100) == 100


def test_who_stays_goes_on_with_his_counts(scorers: Scorers) -> None:
    active, beside = scorers.active("masking"), scorer(2)
    scorers.put("masking", active, beside)
    scorers.score("masking", row(1))
    before = scorers.places["masking"]
    scorers.put("masking", active, beside)
    assert scorers.places["masking"].shadow is before.shadow
    assert scorers.places["masking"].sample is before.sample
    scorers.put("masking", beside, None)
    assert scorers.places["masking"].sample.kept == []


@pytest.mark.parametrize("rows", [1, SAMPLE_MAX - 1, SAMPLE_MAX, 5 * SAMPLE_MAX])
def test_sample_is_even_and_bounded(rows: int) -> None:
    sample = Sample()
    for place in range(rows):
        sample.add([float(place)], 0.5)
    kept = [int(each[0][0]) for each in sample.kept]
    steps = {after - before for before, after in pairwise(kept)}
    assert min(rows, SAMPLE_MAX // 2) <= len(kept) < SAMPLE_MAX
    assert len(steps) <= 1


def test_nothing_of_models_is_loaded_before_there_is_one() -> None:
    """A daemon without a model must not pay for their libraries, which take a second."""
    code = (
        "import sys; from ratingd.models.scorers import Scorers; from ratingd.models.model_desk import ModelDesk\n"
        "Scorers().score('masking', []);"
        "print([name for name in ('numpy', 'onnxruntime', 'xgboost', 'sklearn', 'onnx') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
