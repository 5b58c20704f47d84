"""Scenarios as tables."""

from typing import Final

import pytest

from ratingd.models.traffic.presets import PRESETS
from ratingd.models.traffic.scenario_table import column_of, scenario, spans
from ratingd.models.traffic.span import Span

TABLE: Final = """
    parameter        | ONE        | OTHER
    masking.callers  | 3..4 5..8  | 9
    masking.spread_s | 2.5..4.6   | 1..2.3
"""


def test_a_column_is_read_by_its_name() -> None:
    assert column_of(TABLE, "OTHER") == {"masking.callers": "9", "masking.spread_s": "1..2.3"}
    assert spans("3..4 5..8 12") == (Span(3, 4), Span(5, 8), Span(12, 12))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"masking.wave": "3"}, "nobody knows the parameter masking.wave"),
        ({"masking.waves": ""}, "masking.waves: one span is wanted, such as 0.2..0.4"),
        ({"masking.waves": "3 4"}, "masking.waves: one span is wanted"),
        ({"masking.waves": "9..4"}, "masking.waves: a span goes from the lower end to the upper one"),
        ({"masking.waves": "many"}, "masking.waves: could not convert"),
    ],
)
def test_what_is_wrong_with_a_table_is_told(changed: dict[str, str], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        scenario("mine", 9, 2, {**train(), **changed})


def test_a_parameter_that_is_missing_is_told() -> None:
    values = train()
    del values["people.manner.answered"]
    with pytest.raises(ValueError, match=r"people\.manner\.answered is missing"):
        scenario("mine", 9, 2, values)


def test_a_table_makes_what_it_says() -> None:
    made = scenario("mine", 9, 2, {**train(), "people.a_day": "7"})
    assert made.people.a_day == Span(7, 7)
    assert made.others == PRESETS["train"].others


def train() -> dict[str, str]:
    from ratingd.models.traffic import presets

    return column_of(presets.TABLE, "TRAIN")
