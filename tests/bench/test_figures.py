"""The bench's own arithmetic, and its sample: every debit of it is charged."""

import json
from pathlib import Path

import pytest

from bench import in_process
from bench.figure import PARAMS, Figure, write
from bench.in_process import with_key
from bench.machine import fdatasync, percentile
from bench.page import BEGIN, END, publish
from bench.sample import KEY, Sample


def test_the_file_has_one_shape_for_every_figure(tmp_path: Path) -> None:
    write(tmp_path / "results.json", {"cores": 2}, [Figure("debit_unary", 1234.56, "debits/s", {"store": "sqlite"})])
    assert json.loads((tmp_path / "results.json").read_text()) == {
        "machine": {"cores": 2},
        "figures": [
            {
                "name": "debit_unary",
                "params": dict.fromkeys(PARAMS) | {"store": "sqlite"},
                "value": 1235.0,
                "unit": "debits/s",
                "p50_us": None,
                "p99_us": None,
                "cpu_us": None,
                "ceiling": None,
                "ratio": None,
            }
        ],
    }


@pytest.mark.parametrize(("unit", "ratio"), [("debits/s", 0.25), ("s", 4.0), ("MiB", 4.0)])
def test_a_ratio_of_one_is_the_ceiling_whichever_way_is_better(unit: str, ratio: float) -> None:
    assert Figure("any", 5.0, unit, ceiling=20.0).ratio == ratio


def test_the_page_keeps_the_words_around_its_figures(tmp_path: Path) -> None:
    page = tmp_path / "performance.md"
    page.write_text(f"above\n{BEGIN}\nold\n{END}\nbelow\n", encoding="utf-8")
    machine = {"fdatasync": {"disk": {"p50_us": 100.0, "p99_us": 200.0}}, "cores": 2, "cpu": "EPYC", "memory_gib": 8}
    machine |= {
        "kernel": "Linux",
        "python": "3.11",
        "sqlite": "3.40",
        "generator": "go",
        "load_before": 0.1,
        "load_after": 3,
    }
    figure = Figure("debit_unary", 1234.5, "debits/s", {"store": "sqlite"}, 1500.0, 2500.0, 300.0, 2469.0)
    publish(page, machine, [figure], "2026-01-02")
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [lines[0], lines[1], lines[-2], lines[-1]] == ["above", BEGIN, END, "below"]
    assert "Measured on 2026-01-02: 2 cores of EPYC" in lines[2]
    assert lines[-3] == "| `debit_unary` | sqlite |  | 1,234 debits/s | 1,500 / 2,500 | 300 | 2,469 | 0.50 |"


def test_percentiles_are_values_that_occurred() -> None:
    assert [percentile([3.0, 1.0, 2.0, 4.0], percent) for percent in (0, 50, 99)] == [1.0, 3.0, 4.0]


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
    figures = in_process.measure(tmp_path, Sample(prefixes=200, rates=20, accounts=128), seconds=0.2)
    assert [figure.name for figure in figures] == ["get_cost_in_process", "debit_in_process"]
    assert all(figure.value > 0 and figure.ratio for figure in figures)
