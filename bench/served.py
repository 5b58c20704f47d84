"""Debits over gRPC with durable commits: the whole daemon, on each database, on a disk and in memory.

The daemon is `ratingd serve` in a process of its own, with its default settings, the sample tariff loaded and its
accounts imported. The load generator debits every account in turn: single calls, one stream for each connection, and
batches of 64. Afterwards the journal is asked whether what was answered is what is stored, for a load that was refused,
or answered from memory, would be quick and worth nothing.
"""

import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Final

import grpc
import psutil

from bench.empty_commit import postgresql_commits, sqlite_commits
from bench.figure import Figure
from bench.in_process import COMPILED
from bench.load_generator import Generator, Load, Outcome
from bench.sample import BATCH, TENANT, Sample
from ratingd.api.charging import SERVICE
from ratingd.store.store import open_store
from ratingd.v1.charging_pb2 import DebitRequest
from ratingd.v1.charging_pb2_grpc import ChargingServiceStub
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub
from tests.faults.daemon_process import DaemonProcess
from tests.postgres_server import PostgresServer

CHUNK: Final = 1 << 20
LOAD_S: Final = 300


@dataclass(frozen=True, slots=True)
class Transport:
    """One way to send debits. `debits` is how many one request carries."""

    figure: str
    mode: str
    method: str
    outstanding: int
    connections: int
    debits: int = 1

    @property
    def in_flight(self) -> int:
        return self.outstanding * self.debits


TRANSPORTS: Final = (
    Transport("debit_unary", "unary", "Debit", 64, 4),
    Transport("debit_stream", "stream", "Charge", 512, 4),
    Transport("debit_batch64", "batch", "BatchDebit", 16, 4, BATCH),
)


@dataclass(slots=True)
class Served:
    """What the runs share: the generator, the requests, and how fast the empty handlers were."""

    generator: Generator
    templates: dict[str, Path]
    sample: Sample
    seconds: float
    empty: dict[str, float] = field(default_factory=dict)

    def load(self, transport: Transport, address: str) -> Load:
        return Load(
            address,
            SERVICE + transport.method,
            transport.mode,
            self.templates[transport.mode],
            transport.outstanding,
            transport.connections,
            self.seconds,
        )

    def measure_empty(self, folder: Path, reply: bytes) -> None:
        """The transport with nothing behind it, once for all stores."""
        if self.empty:
            return
        path = folder / "reply"
        path.write_bytes(reply)
        with empty_server(path) as address:
            for transport in TRANSPORTS:
                found = self.generator.run(self.load(transport, address))
                self.empty[transport.mode] = found.per_second * transport.debits


def measure(served: Served, store: str, disk: str, parent: Path) -> Iterator[Figure]:
    """The three transports on one store in one folder."""
    with ExitStack() as stack:
        folder = parent / f"{store}-{disk}"
        folder.mkdir()
        server = stack.enter_context(PostgresServer(durable=True, parent=parent)) if store == "postgresql" else None
        commits = sqlite_commits(folder) if server is None else postgresql_commits(server.conninfo("postgres"))
        url = f"sqlite:///{folder / 'ratingd.db'}" if server is None else server.new_database()
        daemon = DaemonProcess({"RATINGD_DATABASE_URL": url}, folder / "daemon.log")
        stack.callback(daemon.stop)
        daemon.start()
        load_tariff(daemon.address, served.sample.folder())
        served.measure_empty(folder, one_debit(daemon.address, served.sample))
        for transport in TRANSPORTS:
            before = stored_debits(url)
            usage = Usage(daemon, server)
            found = served.generator.run(served.load(transport, daemon.address), usage.mark)
            missing = found.answered * transport.debits - (stored_debits(url) - before)
            yield figure(served, transport, store, disk, found, usage, commits, missing)


def figure(
    served: Served,
    transport: Transport,
    store: str,
    disk: str,
    found: Outcome,
    usage: "Usage",
    commits: float,
    missing: int,
) -> Figure:
    debits = found.counted * transport.debits
    empty, synced = served.empty[transport.mode], commits * transport.in_flight
    notes = [f"generator {found.cpu_us / transport.debits:.0f} µs", found.trouble]
    if usage.database:
        notes.insert(0, f"database {usage.database_s * 1e6 / max(1, debits):.0f} µs of the CPU")
    if missing:
        notes.append(f"{missing} answered debits are not in the journal")
    return Figure(
        transport.figure,
        debits / found.seconds,
        "debits/s",
        {
            "transport": f"grpcio {transport.mode}",
            "store": store,
            "disk": disk,
            "outstanding": transport.outstanding,
            "connections": transport.connections,
            "accounts": served.sample.accounts,
            "compiled": COMPILED,
        },
        found.p50_us,
        found.p99_us,
        (usage.daemon_s + usage.database_s) * 1e6 / max(1, debits),
        min(empty, synced),
        "empty handler" if empty <= synced else f"{commits:,.0f} empty commits/s",
        "; ".join(note for note in notes if note),
    )


class Usage:
    """CPU of the daemon and of its database server between the two marks of the generator."""

    def __init__(self, daemon: DaemonProcess, server: PostgresServer | None) -> None:
        self._daemon: Final = psutil.Process(daemon.pid)
        self.database: Final = server is not None and server.process is not None
        self._server: Final = psutil.Process(server.process.pid) if server is not None and server.process else None
        self.daemon_s = 0.0
        self.database_s = 0.0

    def mark(self, when: str) -> None:
        sign = -1 if when == "window" else 1
        self.daemon_s += sign * spent(self._daemon)
        if self._server is not None:
            family = [self._server, *self._server.children(recursive=True)]
            self.database_s += sign * sum(spent(process) for process in family)


def spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return times.user + times.system


def load_tariff(address: str, files: dict[str, bytes]) -> None:
    with grpc.insecure_channel(address) as channel:
        report = TariffServiceStub(channel).LoadTariff(uploads(files), timeout=LOAD_S)
    if not report.loaded:
        raise RuntimeError(f"the sample tariff has faults: {report.findings[:3]}")


def uploads(files: dict[str, bytes]) -> Iterator[TariffUpload]:
    yield TariffUpload(options=TariffOptions())
    for path, content in files.items():
        for first in range(0, len(content), CHUNK):
            yield TariffUpload(file=TariffFile(path=path, content=content[first : first + CHUNK]))


def one_debit(address: str, sample: Sample) -> bytes:
    """The answer of a debit like those of the load, as bytes."""
    request = DebitRequest()
    request.CopyFrom(next(sample.debits()))
    request.idempotency_key = uuid.uuid4().hex
    with grpc.insecure_channel(address) as channel:
        reply = ChargingServiceStub(channel).Debit(request, timeout=30)
    if reply.granted.duration.seconds != 60 or reply.cost.nanos <= 0:
        raise RuntimeError(f"the sample debit was not charged in full: {reply}")
    return bytes(reply.SerializeToString())


def stored_debits(url: str) -> int:
    """How many debits the journal holds."""
    store = open_store(url, exclusive=False, connections=1)
    try:
        with store.database.read() as connection:
            query = f"SELECT count(*) FROM operations WHERE tenant = '{TENANT}' AND kind = 'debit' AND reply_code = 0"
            return int(connection.exec_driver_sql(query).scalar_one())
    finally:
        store.close()


@contextmanager
def empty_server(reply: Path) -> Iterator[str]:
    process = Popen([sys.executable, "-m", "bench.empty_server", str(reply)], stdin=PIPE, stdout=PIPE, text=True)
    try:
        assert process.stdout is not None
        yield f"127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.communicate(timeout=30)
