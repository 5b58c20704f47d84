"""The bench's own arithmetic, and its sample: every debit of it is charged."""

import json
from pathlib import Path

import pytest

from bench import in_process
from bench.build import attempt
from bench.figure import NUMBERS, PARAMS, Figure, write
from bench.in_process import with_key
from bench.machine import fdatasync, percentile
from bench.rounds import Rounds, middle, spread
from bench.sample import KEY, Sample

KEYS = {"name", "params", "unit", *NUMBERS, "ratio", "bound_by", "trouble"}


def test_the_file_has_one_shape_for_every_figure(tmp_path: Path) -> None:
    figures = [Figure("debit_unary", 1234.56, "debits/s", {"store": "sqlite"}), Figure("start", None, "s", trouble="x")]
    write(tmp_path / "results.json", {"cores": 2}, figures)
    document = json.loads((tmp_path / "results.json").read_text())
    assert document["machine"] == {"cores": 2}
    assert [set(figure) for figure in document["figures"]] == [KEYS, KEYS]
    first = document["figures"][0]
    assert first["params"] == dict.fromkeys(PARAMS) | {"store": "sqlite"}
    assert {first[name] for name in NUMBERS} == {1235.0, None}


@pytest.mark.parametrize(("unit", "ratio"), [("debits/s", 0.25), ("s", 4.0), ("MiB", 4.0)])
def test_a_ratio_of_one_is_the_ceiling_whichever_way_is_better(unit: str, ratio: float) -> None:
    assert Figure("any", 5.0, unit, ceiling=20.0).ratio == ratio


def test_the_median_of_the_rounds_counts_and_their_spread_is_told() -> None:
    rounds = Rounds()
    for value in (10.0, 90.0, 20.0):
        rounds.add(Figure("debit_unary", value, "debits/s", {"disk": "memory"}, p99_us=value / 10))
        rounds.add(Figure("debit_unary", value + 1, "debits/s", {"disk": "disk"}))
    memory, disk = rounds.medians()
    assert (memory.value, memory.p99_us, memory.spread) == (20.0, 2.0, 4.0)
    assert (disk.value, disk.params) == (21.0, {"disk": "disk"})


def test_one_round_has_no_spread() -> None:
    assert spread([5.0]) is None


def test_a_round_that_failed_is_told_and_does_not_count() -> None:
    failed = Figure("debit_unary", None, "debits/s", trouble="the daemon is gone")
    found = middle([Figure("debit_unary", 10.0, "debits/s"), failed, Figure("debit_unary", 30.0, "debits/s")])
    assert (found.value, found.trouble) == (20.0, "the daemon is gone")
    assert middle([failed, failed]) == failed


def test_what_cannot_be_measured_is_a_figure_that_says_why() -> None:
    def broken(reason: str) -> Figure:
        raise RuntimeError(reason)

    failed = Figure("start", None, "s", {"store": "sqlite"})
    assert attempt(failed, broken, "no port") == [
        Figure("start", None, "s", {"store": "sqlite"}, trouble="RuntimeError: no port")
    ]


def test_percentiles_are_values_that_occurred() -> None:
    assert [percentile([3.0, 1.0, 2.0, 4.0], percent) for percent in (0, 50, 99)] == [1.0, 3.0, 4.0]
    assert percentile([float(n) for n in range(1000)], 99.9) == 999.0


def test_a_sync_is_timed_and_leaves_nothing_behind(tmp_path: Path) -> None:
    times = fdatasync(tmp_path)
    assert 0 < times["p50_us"] <= times["p99_us"]
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_written_over_its_marker() -> None:
    request = next(Sample(accounts=1).debits())
    keyed = type(request).FromString(with_key(request.SerializeToString(), 10))
    assert (request.idempotency_key, keyed.idempotency_key) == (KEY, "000000000000000a")
    assert keyed.call == request.call


def test_the_sample_is_charged_in_process(tmp_path: Path) -> None:
    """A refusal would raise: a load that is refused is quick and worth nothing."""
    figures = in_process.measure(tmp_path, Sample(prefixes=200, rates=20, accounts=128), seconds=0.1)
    assert [figure.name for figure in figures] == list(in_process.NAMES)
    assert all(figure.value for figure in figures)
