"""The rows of the bench: few enough to be measured thrice, and every choice is in them."""

import pytest

from bench.__main__ import USUAL
from bench.ceilings import with_ceilings
from bench.figure import FEW, Figure
from bench.plan import LOADED, MANY, MANY_CALLS, STATIONS, Offer, Shot, empty_shots, planned

EVERYTHING = Offer(frozenset({"edge", "grpcio"}), frozenset({True, False}), frozenset({"memory", "disk"}))
SHOTS = [(station, shot) for station in STATIONS for shot in station.shots]


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("transport", {"edge", "grpcio"}),
        ("store", {"sqlite", "postgresql"}),
        ("disk", {"memory", "disk"}),
        ("compiled", {True, False}),
        ("accounts", {FEW, MANY}),
    ],
)
def test_every_kind_of_station_is_in_the_plan(axis: str, values: set[object]) -> None:
    assert {station.params[axis] for station in STATIONS} == values


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ("outstanding", {1, 16, 256, 1024}),
        ("connections", {1, 16}),
        ("shape", {"unary", "stream", "batch"}),
        ("pick", {"uniform", "zipf"}),
    ],
)
def test_every_way_to_send_is_in_the_plan(axis: str, values: set[object]) -> None:
    assert {getattr(shot, axis) for _, shot in SHOTS} == values


def test_three_rounds_of_the_plan_stay_within_a_quarter_of_an_hour() -> None:
    runs = len(SHOTS) + 3 * len(list(empty_shots(STATIONS))) + 2 * len(LOADED.shots)
    a_run_s = USUAL.warmup + USUAL.seconds + 0.4
    assert USUAL.rounds * runs * a_run_s < 9 * 60  # the other parts take the rest


def test_a_ceiling_is_measured_for_every_way_to_send() -> None:
    ways = {(shot.shape, shot.outstanding, shot.connections) for _, shot in SHOTS}
    assert {(shot.shape, shot.outstanding, shot.connections) for shot in empty_shots(STATIONS)} == ways


def test_everything_there_leaves_the_plan_as_it_is() -> None:
    assert planned(EVERYTHING) == list(STATIONS)


def test_without_edge_and_compiler_the_rest_is_measured_once() -> None:
    plain = planned(Offer(frozenset({"grpcio"}), frozenset({False}), frozenset({"disk", "memory"})))
    assert {(station.transport, station.compiled) for station in plain} == {("grpcio", False)}
    assert len({station.name for station in plain}) == len(plain) < len(STATIONS)
    assert {shot for station in plain for shot in station.shots} == {shot for _, shot in SHOTS}


def test_a_file_system_that_is_not_there_takes_its_stations_along() -> None:
    found = planned(Offer(EVERYTHING.transports, EVERYTHING.builds, frozenset({"disk"})))
    assert found == [station for station in STATIONS if station.disk == "disk"]


def row(transport: str, shot: Shot = MANY_CALLS) -> Figure:
    params = {"transport": transport, "store": "sqlite", "disk": "disk", **shot.params}
    return Figure("debit_unary", 5_000.0, "debits/s", params)


def empty(server: str, rate: float) -> Figure:
    return Figure(f"empty_{server}", rate, "debits/s", {"shape": "unary", **MANY_CALLS.params})


@pytest.mark.parametrize(
    ("transport", "commits", "ceiling", "bound_by"),
    [
        ("edge", 1_000.0, 80_000.0, "empty_native"),
        ("grpcio", 1_000.0, 4_000.0, "empty_grpcio"),
        ("edge", 10.0, 2_560.0, "commits"),  # 256 in flight share each
    ],
)
def test_a_row_stands_beside_what_bounds_it(transport: str, commits: float, ceiling: float, bound_by: str) -> None:
    around = [
        empty("native", 80_000.0),
        empty("grpcio", 4_000.0),
        Figure("bare_commit", commits, "commits/s", {"store": "sqlite", "disk": "disk"}),
    ]
    found = with_ceilings([row(transport), *around])[0]
    assert (found.ceiling, found.bound_by) == (ceiling, bound_by)
