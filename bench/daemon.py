"""The daemon under measurement: `ratingd serve` in a process of its own, and what it costs the machine.

How long a start takes is measured here: from the start of the process, its imports included, to the moment when it
answers SERVING.
"""

import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import grpc
import psutil
from grpc_health.v1 import health_pb2, health_pb2_grpc

from bench.build import Build

LOOK_S: Final = 0.005
START_S: Final = 120
STOP_S: Final = 60
MIB: Final = 1 << 20


class Daemon:
    """Use as a context; it is ended however the context ends. The port stays the same over restarts."""

    def __init__(self, build: Build, settings: Mapping[str, str], log: Path) -> None:
        self.address: Final = f"127.0.0.1:{free_port()}"
        self._build: Final = build
        self._log: Final = log
        self._settings: Final = {"RATINGD_HTTP_LISTEN": "", **settings, "RATINGD_LISTEN": self.address}
        self.http: Final = self._settings["RATINGD_HTTP_LISTEN"]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Daemon":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> float:
        """Seconds until it served."""
        begun = time.perf_counter()
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._build.command("ratingd", "serve"), env=self._build.environment() | self._settings,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            self._wait_until_serving(begun + START_S)
        except BaseException:
            self.stop()
            raise
        return time.perf_counter() - begun

    def stop(self) -> None:
        """SIGTERM and the drain; SIGKILL where that takes too long."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(STOP_S)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def cpu_s(self) -> float:
        """What it has spent, with processes that it started and that still run."""
        return 0.0 if self._process is None else family_cpu_s(self._process.pid)

    def rss_mib(self) -> float:
        return 0.0 if self._process is None else float(psutil.Process(self._process.pid).memory_info().rss / MIB)

    def last_words(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"

    def _wait_until_serving(self, deadline: float) -> None:
        while not (listening(self.address) and serving(self.address)):
            if not self.alive or time.perf_counter() > deadline:
                raise RuntimeError(f"the daemon does not serve: {self.last_words()}")
            time.sleep(LOOK_S)


def listening(address: str) -> bool:
    """Whether anybody is there at all, which costs less to ask than gRPC does."""
    host, _, port = address.rpartition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def serving(address: str) -> bool:
    with grpc.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
        try:
            reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
        except grpc.RpcError:
            return False
    return bool(reply.status == health_pb2.HealthCheckResponse.SERVING)


def family_cpu_s(pid: int) -> float:
    """CPU of a process and of all that descend from it."""
    try:
        first = psutil.Process(pid)
        return sum(_cpu_s(process) for process in [first, *first.children(recursive=True)])
    except psutil.NoSuchProcess:
        return 0.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)
