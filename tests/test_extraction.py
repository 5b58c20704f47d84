"""Extraction: rows of labelled calls are those taken live, and know neither names nor the future."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from ratingd.models.dataset import Dataset
from ratingd.models.extraction import caller_dataset, knn_dataset, masking_dataset, satark_dataset, usual_terms
from ratingd.models.traffic.presets import TRAIN
from ratingd.models.traffic.simulated_call import SimulatedCall, events_of
from ratingd.models.traffic.telephony import telephony_calls
from ratingd.shipped_rules import shipped_rules
from tests.caller_scene import Scene
from tests.score_traffic import HOTLINE, HOUR_MS, MIDNIGHT_MS, ROBOT, elsewhere, renamed, shuffled, town, until
from triggers.calls.call_event import INVITE
from triggers.numbers.number_list import NumberLists
from triggers.rules.rule_file import read_rules
from triggers.scores.call_features import KNN, call_row
from triggers.scores.caller_features import CALLER, caller_row
from triggers.scores.masking_features import MASKING, passes_gate
from triggers.scores.masking_row import MaskingRows
from triggers.scores.satark_features import SATARK
from triggers.watch.analysis import WhatIf, analyze
from triggers.watch.fraud_watch import FraudWatch

CALLS = town(1)
TELEPHONY = telephony_calls(TRAIN, seed=3, calls=1_000)
EVERY_S = 900


def live() -> FraudWatch:
    """A daemon's watch, with the rules it comes with."""
    rules, _ = read_rules(shipped_rules())
    return FraudWatch(usual_terms(), NumberLists(), rules)


# -- live as offline


@pytest.mark.parametrize("calls", [CALLS, TELEPHONY], ids=["town", "telephony"])
def test_masking_rows_are_those_taken_live(calls: list[SimulatedCall]) -> None:
    watch, found = live(), []
    rows = MaskingRows(watch.traffic, watch.masking)
    for event in events_of(calls):
        outcome = watch.take(event)
        if outcome.attempt and passes_gate(outcome.distinct, event.details.cli_mismatch):
            found.append(rows.row(event, event.at_ms, outcome.distinct))
            watch.traffic.report("b", event.b.text, 3600, event.at_ms)  # somebody looks, and changes nothing
            analyze(watch, event, WhatIf())
    assert len(found) > 100
    assert found == masking_dataset(calls).rows.tolist()


@pytest.mark.parametrize("calls", [CALLS, TELEPHONY], ids=["town", "telephony"])
def test_caller_rows_are_those_looked_up_live(calls: list[SimulatedCall]) -> None:
    offline, watch, looked_at = caller_dataset(calls, EVERY_S), live(), 0
    events = list(events_of(calls))
    place = 0
    for row, a, at_ms in zip(offline.rows.tolist(), offline.groups, offline.times_ms.tolist(), strict=True):
        while place < len(events) and events[place].at_ms <= at_ms:
            watch.take(events[place])
            place += 1
        assert caller_row(watch.traffic, a, at_ms) == row
        looked_at += 1
    assert looked_at > 200


def test_rows_of_single_calls_are_those_taken_live() -> None:
    watch, found = live(), []
    for event in events_of(CALLS):
        record = watch.take(event).record
        if record is not None:
            found.append(call_row(watch.traffic, record, event.at_ms))
    assert found == knn_dataset(CALLS).rows.tolist()


# -- neither names nor labels


@pytest.mark.parametrize("number", [elsewhere, shuffled(CALLS, 7)], ids=["elsewhere", "shuffled"])
def test_masking_rows_do_not_know_who_calls_whom(number: Callable[[str], str]) -> None:
    assert same_rows(masking_dataset(CALLS), masking_dataset(renamed(CALLS, number)))


def test_caller_rows_do_not_know_who_calls_whom() -> None:
    here = caller_dataset(CALLS, EVERY_S)
    assert same_rows(here, caller_dataset(renamed(CALLS, elsewhere), EVERY_S))
    shuffle = caller_dataset(renamed(CALLS, shuffled(CALLS, 7)), EVERY_S)
    of_neighbours = ("sequential_b_ratio_1h", "sequential_b_ratio_24h", "neighbour_ratio_24h")
    unordered = [place for place, name in enumerate(CALLER.names) if name not in of_neighbours]
    assert np.array_equal(here.rows[:, unordered], shuffle.rows[:, unordered])
    assert here.column("sequential_b_ratio_24h").max() > 0.9  # of the robot, who goes number by number
    assert shuffle.column("sequential_b_ratio_24h").max() < 0.1


def test_labels_and_kinds_are_in_no_row() -> None:
    unlabelled = [replace(call, label=0, kind="") for call in CALLS]
    assert same_rows(masking_dataset(CALLS), masking_dataset(unlabelled))
    told = [replace(call, label=1 - call.label, kind=call.kind + "?") for call in CALLS]
    assert same_rows(caller_dataset(CALLS, EVERY_S), caller_dataset(told, EVERY_S))


@pytest.mark.parametrize("hour", [9, 10, 11])
def test_rows_do_not_know_what_comes_later(hour: int) -> None:
    at_ms = MIDNIGHT_MS + hour * HOUR_MS
    known = until(CALLS, at_ms)
    assert same_rows(by(masking_dataset(CALLS), at_ms), masking_dataset(known))
    assert same_rows(by(caller_dataset(CALLS, EVERY_S), at_ms), by(caller_dataset(known, EVERY_S), at_ms))


def same_rows(one: Dataset, other: Dataset) -> bool:
    return np.array_equal(one.rows, other.rows) and np.array_equal(one.times_ms, other.times_ms)


def by(data: Dataset, at_ms: int) -> Dataset:
    return data.chosen(data.times_ms <= at_ms)


# -- what stands beside the rows


def test_a_masking_row_belongs_to_the_called_number() -> None:
    data = masking_dataset(CALLS)
    by_id = {call.call_id: call for call in CALLS}
    for call_id, group, kind, label, at_ms in zip(
        data.calls, data.groups, data.kinds, data.labels, data.times_ms, strict=True
    ):
        call = by_id[call_id]
        assert (group, kind, label, at_ms) == (call.b, call.kind, call.label, call.start_ms)
    assert {"masking", "call_centre"} <= set(data.kinds)
    assert data.schema is MASKING


def test_without_the_gate_every_call_has_a_row_and_the_gate_can_be_told_from_it() -> None:
    every, gated = masking_dataset(CALLS, gated=False), masking_dataset(CALLS)
    assert len(every) == len(CALLS)
    passed = (every.column("distinct_a_count") >= 2) | (every.column("cli_mismatch") == 1)
    assert same_rows(every.chosen(passed), gated)


def test_the_order_of_the_calls_does_not_matter() -> None:
    assert masking_dataset(CALLS[::-1]).rows.sum() == pytest.approx(masking_dataset(CALLS).rows.sum())
    assert sorted(masking_dataset(CALLS[::-1]).calls) == sorted(masking_dataset(CALLS).calls)


def test_a_caller_has_a_row_with_his_fifth_call_and_then_once_in_a_while() -> None:
    data = caller_dataset(CALLS, EVERY_S)
    ordinary = [call for call in CALLS if call.kind != "masking"]  # whose numbers are nobody's, or borrowed
    begun = {(call.a, call.start_ms) for call in ordinary}
    seen = list(zip(data.groups, data.times_ms.tolist(), strict=True))
    assert set(seen) <= begun
    calls = Counter(call.a for call in CALLS)
    assert {a for a, _ in seen} <= {a for a, count in calls.items() if count >= 5}
    for a in set(data.groups):
        times = sorted(at_ms for each, at_ms in seen if each == a)
        assert all(later - at_ms >= EVERY_S * 1000 for at_ms, later in pairwise(times))
    assert data.column("attempts_7d").min() == 5
    assert data.column("open_calls").min() == 1, "the call that he is looked at with"
    assert "masking" not in data.kinds
    assert HOTLINE not in data.groups  # it only answers
    robot = data.chosen(np.array([group == ROBOT for group in data.groups]))
    assert set(robot.labels.tolist()) == {1}
    assert set(robot.kinds) == {"robocall"}
    assert robot.column("distinct_b_ratio_24h").min() == 1


def test_a_daemon_asks_its_model_of_the_same_rows() -> None:
    calls = [call for call in CALLS if call.kind != "masking"]
    scene = Scene()
    model = scene.model(0.5)
    for event in events_of(calls):
        scene.now_ms = event.at_ms
        scene.take(event)
        scene.risks.score_waiting()
    assert model.rows == caller_dataset(calls, 60).rows.tolist()
    assert len(model.rows) > 200


def test_a_caller_is_fraudulent_from_his_first_fraudulent_call_on() -> None:
    first, *_ = CALLS
    fraud = next(call for call in CALLS if call.label and call.kind != "masking")
    calls = [
        SimulatedCall(
            f"x-{hour}", first.a, first.b, MIDNIGHT_MS + hour * HOUR_MS, 0, MIDNIGHT_MS + hour * HOUR_MS,
            MIDNIGHT_MS + hour * HOUR_MS + 5000, "ANSWERED", "t", "s", "", "", "", "", "",
            int(hour == 5), fraud.kind if hour == 5 else "ordinary",
        )
        for hour in range(7)
    ]  # fmt: skip
    data = caller_dataset(calls, 3600)
    assert data.labels.tolist() == [0, 1, 1]
    assert data.kinds == ["ordinary", fraud.kind, fraud.kind]


def test_satark_rows_are_sums_over_all_calls_of_a_caller() -> None:
    def call(a: str, hour: int, talk_s: int, origin: str, target: str, label: int) -> SimulatedCall:
        at_ms = MIDNIGHT_MS + hour * HOUR_MS
        return SimulatedCall(
            f"{a}-{hour}", a, "+918000000000", at_ms, 0, at_ms if talk_s else 0, at_ms + 1000 * talk_s,
            "ANSWERED" if talk_s else "BUSY", "", "", "", "", "", origin, target, label, "x" if label else "ordinary",
        )  # fmt: skip

    data = satark_dataset(
        [
            call("+919000000002", 21, 60, "Delhi", "Mumbai", 1),
            call("+919000000002", 22, 30, "Delhi", "Delhi", 1),
            call("+919000000001", 12, 180, "Chennai", "Chennai", 0),
            call("+919000000002", 29, 0, "Mumbai", "Chennai", 1),
        ]
    )
    assert data.schema is SATARK
    assert data.groups == ["+919000000001", "+919000000002"]
    assert data.rows.tolist() == [[180, 1, 0, 1, 1], [30, 3, pytest.approx(2 / 3), 2, 3]]
    assert data.labels.tolist() == [0, 1]
    assert data.kinds == ["ordinary", "x"]


def test_rows_of_single_calls_say_how_long_when_and_how_often() -> None:
    data = knn_dataset([call for call in CALLS if call.a == ROBOT])
    assert data.schema is KNN
    assert len(data) == 120
    assert data.rows[:, 1].tolist() == [11.0] * 120  # digits of +49301990000
    assert data.column("freq_calls").max() == 120
    assert set(data.column("call_duration").tolist()) == {0.0, 2.0, 7.0}


def test_events_of_no_call_give_no_rows() -> None:
    for data in (masking_dataset([]), caller_dataset([], 60), satark_dataset([]), knn_dataset([])):
        assert data.rows.shape == (0, len(data.schema))


def test_the_town_is_made_of_attempts() -> None:
    invites = [event for event in events_of(CALLS) if event.kind == INVITE]
    assert len(invites) == len(CALLS) == len({call.call_id for call in CALLS})
