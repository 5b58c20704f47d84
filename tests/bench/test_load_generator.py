"""The load generators against a server that answers at once: everything is answered and counted once."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bench.build import INTERPRETED
from bench.empty import empty_python
from bench.empty_server import Echo, stream_reply
from bench.load_generator import Generator, Load, arguments, best_generator, outcome
from bench.picker import Pick
from bench.plan import METHODS, Shot
from bench.sample import Sample, write_templates
from ratingd.api.charging import SERVICE
from ratingd.api.grpcio_server import GrpcioServer
from ratingd.api.method import AnyMethod, Kind, Method, Outlet, StreamMethod
from ratingd.api.transport import TransportOptions
from ratingd.engine.command import Reply
from ratingd.v1.call_pb2 import CallCost
from ratingd.v1.charging_pb2 import BatchDebitRequest, ChargeRequest, DebitRequest

SMALL = Sample(prefixes=100, rates=10)
SHOTS = (Shot("unary", 64, 4), Shot("stream", 512, 4), Shot("batch", 16, 4))
PYTHON = Generator("python", (sys.executable, "-m", "bench.python_load"))


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("reply")
    with empty_python(INTERPRETED, "grpcio", folder, CallCost(charge_id="01").SerializeToString()) as address:
        yield address


@pytest.fixture(scope="module", params=["best", "python"])
def generator(request: pytest.FixtureRequest) -> Generator:
    """The one that this machine's bench uses (native where there is Go), and the one that works everywhere."""
    return best_generator(lambda _: None) if request.param == "best" else PYTHON


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.shape)
def test_every_request_is_answered_and_counted(generator: Generator, shot: Shot, address: str, tmp_path: Path) -> None:
    marks: list[str] = []
    found = generator.run(load(shot, address, tmp_path), marks.append)
    assert found.trouble == ""
    assert marks == ["window", "closed"]
    assert 0 < found.counted <= found.answered
    assert 0 < found.p50_us <= found.p99_us <= found.p999_us


def test_a_run_sends_no_more_than_its_count(generator: Generator, address: str, tmp_path: Path) -> None:
    assert generator.run(load(SHOTS[0], address, tmp_path, count=40)).answered == 40


def test_a_call_that_nobody_serves_is_told_by_its_status(generator: Generator, address: str, tmp_path: Path) -> None:
    unknown = replace(load(Shot("unary", 4, 2), address, tmp_path, count=10), method=f"{SERVICE}Nothing")
    found = generator.run(unknown)
    assert found.counted == 0
    assert found.trouble.startswith("10 with status 12")  # UNIMPLEMENTED


def test_a_load_stays_on_this_machine(generator: Generator, tmp_path: Path) -> None:
    far = load(SHOTS[0], "192.0.2.1:1", tmp_path)
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
    report = {"answered": 9, "counted": 5, "seconds": 1, "p50_us": 1, "p99_us": 2, "p999_us": 2, "cpu_us": 3}
    trouble = {"errors": {"14": 2}, "samples": {"14": "gone"}, "refused": 3, "failures": ["closed"]}
    assert outcome(report | trouble).trouble == "2 with status 14: gone; 3 refused; closed"


@pytest.mark.parametrize(("shot", "pick"), list(zip(SHOTS, ("turn", "uniform", "zipf"), strict=True)))
def test_accounts_are_picked_anew_for_each_debit(generator: Generator, shot: Shot, pick: Pick, tmp_path: Path) -> None:
    debits = received(generator, replace(shot, pick=pick), 50, tmp_path)
    assert len({debit.idempotency_key for debit in debits}) == len(debits)
    assert all(debit.call.call_id.startswith(debit.call.account) for debit in debits)  # an account, its calls
    picked = Counter(int(debit.call.account.removeprefix("49")) for debit in debits)
    assert set(picked) <= set(range(50))
    most, share = picked.most_common(1)[0][1], len(debits) / 50
    assert most > 4 * share if pick == "zipf" else most < 3 * share


def received(generator: Generator, shot: Shot, accounts: int, folder: Path) -> list[DebitRequest]:
    """The debits that a server gets of a run."""
    bodies: list[bytes] = []

    def noted(body: bytes, _: int | None) -> Reply:
        bodies.append(body)
        return Reply(0, b"")

    methods: list[AnyMethod] = [
        Method(f"{SERVICE}Debit", Kind.LANE, noted),
        Method(f"{SERVICE}BatchDebit", Kind.LANE, noted),
        StreamMethod(f"{SERVICE}Charge", lambda outlet: Noting(outlet, bodies)),
    ]
    server = GrpcioServer(methods, lambda command, done: None, TransportOptions("127.0.0.1:0"))
    server.start()
    try:
        count = 40 if shot.shape == "batch" else 1_000
        sent = replace(load(shot, f"127.0.0.1:{server.port}", folder, count), accounts=accounts, pick=shot.pick)
        generator.run(sent)
    finally:
        server.stop(0)
    match shot.shape:
        case "unary":
            return [DebitRequest.FromString(body) for body in bodies]
        case "stream":
            return [ChargeRequest.FromString(body).debit for body in bodies]
        case "batch":
            return [debit for body in bodies for debit in BatchDebitRequest.FromString(body).requests]


class Noting(Echo):
    def __init__(self, outlet: Outlet, bodies: list[bytes]) -> None:
        super().__init__(outlet, stream_reply(b""))
        self._bodies = bodies

    def receive(self, message: bytes) -> None:
        self._bodies.append(message)
        super().receive(message)


def load(shot: Shot, address: str, folder: Path, count: int = 2_000) -> Load:
    return Load(
        address,
        SERVICE + METHODS[shot.shape],
        shot.shape,
        write_templates(folder, SMALL)[shot.shape],
        shot.outstanding,
        shot.connections,
        seconds=0.3,
        warmup=0.05,
        count=count,
    )
