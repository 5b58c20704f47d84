"""How a cost grows: its trend in words, and the plot of it."""

import xml.etree.ElementTree as ElementTree

import pytest

from bench.growth import AXES, Point, trend
from bench.plot import nice_step, plot

SVG = "{http://www.w3.org/2000/svg}"
FLAT = [(100, 10.0), (1_000, 10.4), (10_000, 10.2)]
LOGARITHMIC = [(10, 10.0), (100, 20.0), (1_000, 30.0), (10_000, 36.0)]
LINEAR = [(1, 10.0), (10, 19.0), (100, 109.0)]


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (FLAT, "flat"),
        (LOGARITHMIC, "no more than logarithmic"),
        (LINEAR, "more than logarithmic: x to the power of 0.76 at its end"),
    ],
)
def test_a_trend_has_a_word(points: list[Point], word: str) -> None:
    assert trend(points).word == word


def test_a_slope_is_told_for_ten_times_as_much() -> None:
    found = trend([(10, 10.0), (100, 20.0), (1_000, 30.0)])
    assert [found.per_tenfold, found.at_one] == pytest.approx([10.0, 0.0])


@pytest.mark.parametrize(("most", "step"), [(9.0, 5.0), (40.0, 10.0), (41.0, 20.0), (0.7, 0.2)])
def test_the_grid_has_round_numbers(most: float, step: float) -> None:
    assert nice_step(most) == pytest.approx(step)


def test_a_plot_draws_every_point_within_its_frame() -> None:
    drawing = ElementTree.fromstring(plot("CPU & more", "accounts", LOGARITHMIC, trend(LOGARITHMIC)))
    places = [(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in drawing.iter(f"{SVG}circle")]
    assert places == sorted(places)
    assert len(places) == len(LOGARITHMIC)
    assert all(0 < x < 640 and 0 < y < 340 for x, y in places)
    assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    words = [text.text for text in drawing.iter(f"{SVG}text")]
    assert {"CPU & more", "accounts", "no more than logarithmic; +8.8 µs for ten times as much"} <= set(words)


def test_the_same_figures_give_the_same_file() -> None:
    assert plot("a", "b", FLAT, trend(FLAT)) == plot("a", "b", FLAT, trend(FLAT))


def test_every_axis_goes_up() -> None:
    assert all(list(axis.values) == sorted(set(axis.values)) and len(axis.values) > 3 for axis in AXES.values())
