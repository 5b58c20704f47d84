"""Figures: values with bounds that know that the calls of one number belong together."""

import numpy as np
import pytest

from ratingd.models.training.figures import Figure, Scored


def test_figures_of_a_table() -> None:
    scored = _scored([(0.9, 1), (0.8, 1), (0.75, 0), (0.6, 1), (0.4, 0), (0.2, 0), (0.1, 0), (0.05, 0)])
    found = {name: each.value for name, each in scored.figures(draws=20).items()}
    assert found["auc"] == pytest.approx(14 / 15)
    assert found["recall@0.7"] == pytest.approx(2 / 3)
    assert found["precision@0.7"] == pytest.approx(2 / 3)
    assert found["fpr@0.7"] == pytest.approx(1 / 5)
    assert found["recall@0.5"] == 1
    assert found["tpr_at_fpr_0.001"] == pytest.approx(2 / 3)
    squares = [0.01, 0.04, 0.5625, 0.16, 0.16, 0.04, 0.01, 0.0025]
    assert found["brier"] == pytest.approx(sum(squares) / 8)


def test_calls_of_one_number_are_drawn_together() -> None:
    """Forty calls caught or missed with their number are known as badly as one."""
    labels = np.array([1, 0] * 400, np.int8)
    caught = np.repeat(np.random.default_rng(2).random(20) < 0.5, 40)
    scores = np.where(caught, 0.95, 0.05)
    apart = Scored(scores, labels, [str(place) for place in range(800)], ["masking"] * 800)
    together = Scored(scores, labels, [str(place // 40) for place in range(800)], ["masking"] * 800)
    narrow, wide = apart.figures()["recall@0.7"], together.figures()["recall@0.7"]
    assert narrow.value == wide.value
    assert wide.high - wide.low > 3 * (narrow.high - narrow.low)


def test_same_seed_draws_the_same() -> None:
    scored = _scored([(0.9, 1), (0.8, 0), (0.3, 1), (0.2, 0)] * 5)
    assert scored.figures(seed=5) == scored.figures(seed=5)


def test_what_has_no_value_is_left_out() -> None:
    found = _scored([(0.9, 0), (0.2, 0)]).figures(draws=5)
    assert "recall@0.7" not in found
    assert "auc" not in found
    assert found["fpr@0.7"].value == 0.5


def test_each_kind_has_its_share() -> None:
    scored = Scored(
        np.array([0.9, 0.1, 0.8, 0.2]), np.array([1, 1, 0, 0], np.int8), list("abcd"), ["irsf", "irsf", "courier", "x"]
    )
    found = scored.by_kind(0.7, draws=10)
    assert {kind: each.value for kind, each in found.items()} == {"irsf": 0.5, "courier": 1.0, "x": 0.0}


def test_some_of_the_rows_are_scored_as_before() -> None:
    chosen = _scored([(0.9, 1), (0.8, 0), (0.3, 1)]).chosen(np.array([2, 0]))
    assert (chosen.scores.tolist(), chosen.labels.tolist(), chosen.groups) == ([0.3, 0.9], [1, 1], ["2", "0"])


def test_figure_is_told_with_its_bounds() -> None:
    assert str(Figure(0.94, 0.871, 0.985)) == "0.9400 (0.8710 to 0.9850)"
    assert Figure(0.94, 0.871, 0.985).document() == [0.94, 0.871, 0.985]


def _scored(pairs: list[tuple[float, int]]) -> Scored:
    return Scored(
        np.array([score for score, _ in pairs]),
        np.array([label for _, label in pairs], np.int8),
        [str(place) for place in range(len(pairs))],
        ["masking" if label else "ordinary" for _, label in pairs],
    )
