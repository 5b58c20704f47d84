"""GetCost and Debit without a network and without a disk: what one core decides in a second.

A debit here is everything but the commit: the request is parsed, the account copied, settled and watched, the reply
serialised, the document of each changed account and the row of each operation built, as the store would get them. They
go through a real engine in chunks of 64, so that an account is written once a chunk as it is once a batch. The ceiling
is the same request parsed and the same reply serialised, with nothing decided in between.

Rates are per second of CPU, of all threads together; latencies are those of a chunk, divided by its requests.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Final

from google.protobuf.message import Message

import accounts.debit
from accounts.charge import ChargeRules
from bench.figure import Figure
from bench.machine import percentile
from bench.sample import BATCH, KEY, Sample
from ratingd.api.charging import Charging
from ratingd.api.config import ApiConfig
from ratingd.api.method import AnyMethod, Method, answer
from ratingd.api.rating import Rating
from ratingd.engine.command import Reply
from ratingd.engine.engine import Engine, EngineOptions
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from ratingd.v1.call_pb2 import CallCost
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.rating_pb2 import Cost, GetCostRequest

COMPILED: Final = not str(accounts.debit.__file__).endswith(".py")
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


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast chunks went: per second of CPU, and percentiles of the time of one request."""

    per_second: float
    p50_us: float
    p99_us: float
    last: bytes


def measure(folder: Path, sample: Sample, seconds: float) -> list[Figure]:
    store = Nowhere(open_store(f"sqlite:///{folder / 'in_process.db'}").database)
    store.migrate()
    rules = ChargeRules()
    engine = Engine(store, EngineOptions(rules), NoOutbox())
    engine.start()
    try:
        report = engine.tariffs.load(sample.folder())
        if report.version is None:
            raise RuntimeError(f"the sample tariff has faults: {report.findings[:3]}")
        store.landing = False
        return list(_figures(engine, sample, seconds))
    finally:
        engine.stop()
        store.close()


def _figures(engine: Engine, sample: Sample, seconds: float) -> list[Figure]:
    config = ApiConfig(clock=time.time_ns)
    get_cost = _method(Rating(config, engine).methods(), "GetCost")
    debit = _method(Charging(config).methods(), "Debit")
    costs = [request.SerializeToString() for request in sample.get_costs()]
    debits = [request.SerializeToString() for request in sample.debits()]
    rated = pace(_answering(get_cost, engine), costs, seconds)
    charged = pace(_answering(debit, engine), debits, seconds)
    params = {"accounts": sample.accounts, "compiled": COMPILED}
    return [
        _figure("get_cost_in_process", params, rated, _codec(GetCostRequest(), Cost(), rated.last), costs, seconds),
        _figure("debit_in_process", params, charged, _codec(DebitRequest(), CallCost(), charged.last), debits, seconds),
    ]


def _figure(
    name: str, params: Mapping[str, object], found: Pace, codec: Perform, bodies: Sequence[bytes], seconds: float
) -> Figure:
    return Figure(
        name,
        found.per_second,
        "1/s/core",
        dict(params),
        found.p50_us,
        found.p99_us,
        1e6 / found.per_second,
        pace(codec, bodies, min(1.0, seconds)).per_second,
        "request parsed, reply serialised",
    )


def pace(perform: Perform, bodies: Sequence[bytes], seconds: float) -> Pace:
    """Send chunk after chunk, each request under a key of its own, for `seconds` after a warm-up of a tenth of it.

    On a machine so busy that no chunk fits into that, one is measured all the same.
    """
    chunks = [bodies[first : first + BATCH] for first in range(0, len(bodies) - BATCH + 1, BATCH)]
    times: list[float] = []
    last, serial, cpu = b"", 0, 0.0
    warm = time.perf_counter() + seconds / 10
    end = warm + seconds
    while (begun := time.perf_counter()) < end or not times:
        keyed = [with_key(body, serial + place) for place, body in enumerate(chunks[serial // BATCH % len(chunks)])]
        spent, begun = time.process_time(), time.perf_counter()
        last = perform(keyed)[-1]
        if begun > warm:
            cpu += time.process_time() - spent
            times.append((time.perf_counter() - begun) / BATCH)
        serial += BATCH
    return Pace(len(times) * BATCH / cpu, percentile(times, 50) * 1e6, percentile(times, 99) * 1e6, last)


def with_key(body: bytes, serial: int) -> bytes:
    return body.replace(KEY.encode(), f"{serial:016x}".encode())


def _answering(method: Method, engine: Engine) -> Perform:
    replies: SimpleQueue[Reply] = SimpleQueue()

    def perform(bodies: Sequence[bytes]) -> list[bytes]:
        for body in bodies:
            answer(method.prepare(body, None), engine.submit, replies.put)
        return [_granted(replies.get(timeout=30)) for _ in bodies]

    return perform


def _granted(reply: Reply) -> bytes:
    if reply.code != 0:
        raise RuntimeError(f"refused, so there is nothing to measure: {reply.body!r}")
    return reply.body


def _codec(request: Message, response: Message, reply: bytes) -> Perform:
    """Only what the wire asks for: parse the request, serialise a reply."""
    response.ParseFromString(reply)

    def perform(bodies: Sequence[bytes]) -> list[bytes]:
        answers = []
        for body in bodies:
            request.ParseFromString(body)
            answers.append(response.SerializeToString())
        return answers

    return perform


def _method(methods: Sequence[AnyMethod], name: str) -> Method:
    return next(method for method in methods if isinstance(method, Method) and method.name.endswith(f"/{name}"))
