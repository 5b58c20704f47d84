"""The scenarios that models learn from, and are tested on."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import pytest

from ratingd.models.traffic.masking_runs import MaskingRuns
from ratingd.models.traffic.presets import LOW_AND_SLOW, MIMICRY, PRESETS, SHIFTED, TRAIN
from ratingd.models.traffic.scenario import Scenario
from ratingd.models.traffic.span import Span


def test_nothing_in_the_shifted_town_is_as_it_was_learnt() -> None:
    learnt, shifted = dict(parameters(TRAIN)), dict(parameters(SHIFTED))
    assert learnt.keys() == shifted.keys()
    assert len(learnt) > 170
    close = [name for name in learnt if not apart(learnt[name], shifted[name])]
    assert close == []


@pytest.mark.parametrize("scenario", [LOW_AND_SLOW, MIMICRY], ids=lambda scenario: scenario.name)
def test_the_harder_ones_differ_in_fraud_only(scenario: Scenario) -> None:
    shifted, harder = dict(parameters(SHIFTED)), dict(parameters(scenario))
    differ = {name.split(".")[0] for name in shifted if shifted[name] != harder[name]}
    assert differ <= {"masking", "sim_boxes"}
    assert "masking" in differ


def test_low_and_slow_has_three_or_four_callers_at_once() -> None:
    masking = LOW_AND_SLOW.others["masking"]
    assert isinstance(masking, MaskingRuns)
    assert masking.callers == (Span(3, 4),)
    assert masking.spread_s.high < 5


def test_each_has_chance_of_its_own_and_a_name() -> None:
    assert len({scenario.stream for scenario in PRESETS.values()}) == len(PRESETS)
    assert list(PRESETS) == ["train", "shifted", "low_and_slow", "mimicry"]


def parameters(scenario: Scenario) -> Iterator[tuple[str, tuple[Span, ...]]]:
    yield from spans_of("streets", scenario.streets)
    yield from spans_of("people", scenario.people)
    for name, population in scenario.others.items():
        yield from spans_of(name, population)


def spans_of(name: str, value: Any) -> Iterator[tuple[str, tuple[Span, ...]]]:
    if isinstance(value, Span):
        yield name, (value,)
    elif isinstance(value, tuple):
        yield name, value
    elif is_dataclass(value):
        for field in fields(value):
            yield from spans_of(f"{name}.{field.name}", getattr(value, field.name))


def apart(some: tuple[Span, ...], others: tuple[Span, ...]) -> bool:
    return all(one.apart(other) for one in some for other in others)
