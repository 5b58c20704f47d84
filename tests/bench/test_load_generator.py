"""The load generators against a server that answers at once: everything is answered and counted once."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.load_generator import Generator, Load, arguments, best_generator, outcome
from bench.sample import Sample, write_templates
from bench.served import TRANSPORTS, Transport, empty_server
from ratingd.api.charging import SERVICE
from ratingd.v1.call_pb2 import CallCost

SMALL = Sample(prefixes=100, rates=10, accounts=128)
PYTHON = Generator("python", (sys.executable, "-m", "bench.python_load"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    reply = tmp_path_factory.mktemp("reply") / "reply"
    reply.write_bytes(CallCost(charge_id="01").SerializeToString())
    with empty_server(reply) as address:
        yield address


@pytest.fixture(scope="module", params=["best", "python"])
def generator(request: pytest.FixtureRequest) -> Generator:
    """The one that this machine's bench uses (native where there is Go), and the one that works everywhere."""
    return best_generator(lambda _: None) if request.param == "best" else PYTHON


@pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda transport: transport.mode)
def test_every_request_is_answered_and_counted(
    generator: Generator, transport: Transport, address: str, tmp_path: Path
) -> None:
    marks: list[str] = []
    found = generator.run(load(transport, address, tmp_path), marks.append)
    assert found.trouble == ""
    assert marks == ["window", "closed"]
    assert 0 < found.counted <= found.answered
    assert 0 < found.p50_us <= found.p99_us


def test_a_run_sends_no_more_than_its_count(generator: Generator, address: str, tmp_path: Path) -> None:
    assert generator.run(load(TRANSPORTS[0], address, tmp_path, count=40)).answered == 40


def test_a_call_that_nobody_serves_is_told_by_its_status(generator: Generator, address: str, tmp_path: Path) -> None:
    unknown = Transport("none", "unary", "Nothing", 4, 2)
    found = generator.run(load(unknown, address, tmp_path, count=10))
    assert found.counted == 0
    assert found.trouble.startswith("10 with status 12")  # UNIMPLEMENTED


def test_a_load_stays_on_this_machine(generator: Generator, tmp_path: Path) -> None:
    far = load(TRANSPORTS[0], "192.0.2.1:1", tmp_path)
    done = subprocess.run(
        [*generator.command, *arguments(far)], capture_output=True, text=True, check=False, timeout=30
    )
    assert done.returncode != 0
    assert "loopback" in done.stderr


def test_without_go_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr("bench.load_generator.USUAL_PLACES", ())
    said: list[str] = []
    assert best_generator(said.append).name == "python"
    assert len(said) == 1
    assert "Go" in said[0]


def test_refusals_are_not_passed_over() -> None:
    report = {"answered": 9, "counted": 5, "seconds": 1, "p50_us": 1, "p99_us": 2, "cpu_us": 3}
    trouble = {"errors": {"14": 2}, "samples": {"14": "gone"}, "refused": 3, "failures": ["closed"]}
    assert outcome(report | trouble).trouble == "2 with status 14: gone; 3 refused; closed"


def load(transport: Transport, address: str, folder: Path, count: int = 2_000) -> Load:
    return Load(
        address,
        SERVICE + transport.method,
        transport.mode,
        write_templates(folder, SMALL)[transport.mode],
        transport.outstanding,
        transport.connections,
        seconds=0.5,
        warmup=0.05,
        count=count,
    )
