"""GetCost and Debit without a network and without a disk: what one core decides in a second.

    python -m bench.in_process FOLDER SECONDS ACCOUNTS      # in a process of its own, interpreted or compiled

Two of the figures are the core alone (`bench.core`). In the two `_in_process` a debit is everything but the commit: the
request is parsed, the account copied, settled and watched, the reply serialised, the document of each changed account
and the row of each operation built, as the store would get them. They go through a real engine in chunks of 64, so that
an account is written once a chunk as it is once a batch. The ceiling is the same request parsed and the same reply
serialised, with nothing decided in between.

Rates are per second of CPU, of all threads together; latencies are those of a chunk, divided by its requests.
"""

import random
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from typing import Final, Self

from google.protobuf.message import Message

import accounts.debit
from accounts.charge import ChargeRules
from bench import core
from bench.build import report
from bench.figure import Figure
from bench.pace import Pace
from bench.picker import Pick, picker
from bench.sample import ACCOUNT, BATCH, KEY, SEED, TEMPLATES, Sample
from ratingd.api.charging import Charging
from ratingd.api.config import ApiConfig
from ratingd.api.method import AnyMethod, Method, answer_all
from ratingd.api.rating import Rating
from ratingd.collector import settle
from ratingd.engine.command import Reply
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.engine.lane import LaneLimits
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from ratingd.v1.call_pb2 import CallCost
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.rating_pb2 import Cost, GetCostRequest

COMPILED: Final = not str(accounts.debit.__file__).endswith(".py")
NAMES: Final = ("get_cost_core", "debit_core", "get_cost_in_process", "debit_in_process")
ANSWER_S: Final = 30
Perform = Callable[[Sequence[bytes]], list[bytes]]


class Nowhere(Store):
    """A store whose commits end where the database would begin."""

    landing = True

    def commit(self, batch: Batch) -> None:
        if self.landing:
            super().commit(batch)


class NoOutbox:
    def wake(self) -> None:
        """Nothing is sent."""

    def first_attempt(self, entry_id: str) -> "Future[object]":
        return Future()


class Desk:
    """An engine with the sample in force, whose commits go nowhere once it is loaded. Use as a context."""

    def __init__(self, url: str, sample: Sample, *, load: bool = True, cache: int = 100_000) -> None:
        self.sample: Final = sample
        self.store: Final = Nowhere(open_store(url).database)
        self.store.migrate()
        self.engine: Final = Engine(
            self.store, EngineOptions(ChargeRules(), limits=LaneLimits(accounts_max=cache)), NoOutbox()
        )
        self._load: Final = load
        config = ApiConfig(clock=time.time_ns)
        self.get_cost: Final = _method(Rating(config, self.engine).methods(), "GetCost")
        self.debit: Final = _method(Charging(config).methods(), "Debit")

    def __enter__(self) -> Self:
        self.engine.start()
        report = self.engine.tariffs.load(self.sample.folder()) if self._load else None
        if report is not None and report.version is None:
            raise RuntimeError(f"the sample tariff has faults: {report.findings[:3]}")
        self.store.landing = False
        settle()
        return self

    def __exit__(self, *_: object) -> None:
        self.engine.stop()
        self.store.close()

    def debits(self, count: int = TEMPLATES, pick: Pick = "turn") -> list[bytes]:
        """Requests whose keys are still markers."""
        chance, choose = random.Random(SEED), picker(pick, self.sample.accounts)
        bodies = [self.sample.debit(chance, f"49{ACCOUNT}").SerializeToString() for _ in range(min(count, TEMPLATES))]
        return [bodies[n % len(bodies)].replace(ACCOUNT.encode(), b"%08d" % choose()) for n in range(count)]

    def answering(self, method: Method) -> Perform:
        """A chunk in, its replies out; RuntimeError where one is refused."""
        replies: SimpleQueue[Reply] = SimpleQueue()
        engine = self.engine

        def perform(bodies: Sequence[bytes]) -> list[bytes]:
            answer_all([(method.prepare(body, None), replies.put) for body in bodies], engine.submit_all)
            return [_granted(replies.get(timeout=ANSWER_S)) for _ in bodies]

        return perform


def measure(folder: Path, sample: Sample, seconds: float) -> list[Figure]:
    with Desk(f"sqlite:///{folder / 'in_process.db'}", sample) as desk:
        cores = core.measure(sample, seconds, desk.store)
        costs = [request.SerializeToString() for request in sample.get_costs()]
        asked = _paced("get_cost_in_process", desk.answering(desk.get_cost), GetCostRequest(), Cost(), costs, seconds)
        debited = _paced(
            "debit_in_process", desk.answering(desk.debit), DebitRequest(), CallCost(), desk.debits(), seconds
        )
    params = {"accounts": sample.accounts, "compiled": COMPILED}
    return [replace(figure, params=params) for figure in (*cores, asked, debited)]


def _paced(
    name: str, perform: Perform, request: Message, response: Message, bodies: Sequence[bytes], seconds: float
) -> Figure:
    found = pace(perform, bodies, seconds)
    response.ParseFromString(perform([with_key(body, 1 << 60) for body in bodies[:1]])[0])
    ceiling = pace(_codec(request, response), bodies, seconds / 4)
    return Figure(
        name, found.per_second, "1/s/core", {}, found.p50_us, found.p99_us, cpu_us=1e6 / found.per_second,
        ceiling=ceiling.per_second, bound_by="request parsed, reply serialised",
    )  # fmt: skip


def pace(perform: Perform, bodies: Sequence[bytes], seconds: float) -> Pace:
    """Send chunk after chunk, each request under a key of its own, for `seconds` after a warm-up of a tenth of it.

    On a machine so busy that no chunk fits into that, one is measured all the same.
    """
    chunks = [bodies[first : first + BATCH] for first in range(0, len(bodies) - BATCH + 1, BATCH)]
    times: list[float] = []
    serial, cpu = 0, 0.0
    warm = time.perf_counter() + seconds / 10
    end = warm + seconds
    while (begun := time.perf_counter()) < end or not times:
        keyed = [with_key(body, serial + place) for place, body in enumerate(chunks[serial // BATCH % len(chunks)])]
        spent, begun = time.process_time(), time.perf_counter()
        perform(keyed)
        if begun > warm:
            cpu += time.process_time() - spent
            times.append((time.perf_counter() - begun) / BATCH)
        serial += BATCH
    return Pace.of(len(times) * BATCH, cpu, times)


def with_key(body: bytes, serial: int) -> bytes:
    return body.replace(KEY.encode(), b"%016x" % serial)


def _granted(reply: Reply) -> bytes:
    if reply.code != 0:
        raise RuntimeError(f"refused, so there is nothing to measure: {reply.body!r}")
    return reply.body


def _codec(request: Message, response: Message) -> Perform:
    """Only what the wire asks for: parse the request, serialise a reply."""

    def perform(bodies: Sequence[bytes]) -> list[bytes]:
        answers = []
        for body in bodies:
            request.ParseFromString(body)
            answers.append(response.SerializeToString())
        return answers

    return perform


def _method(methods: Sequence[AnyMethod], name: str) -> Method:
    return next(method for method in methods if isinstance(method, Method) and method.name.endswith(f"/{name}"))


def main() -> None:
    folder, seconds, accounts = sys.argv[1:]
    report(measure(Path(folder), Sample(accounts=int(accounts)), float(seconds)))


if __name__ == "__main__":
    main()
