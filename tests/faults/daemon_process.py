"""A daemon in a process of its own, to be killed and started again."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DaemonProcess:
    """`ratingd serve` on a loopback port that stays the same over restarts. Its log goes to `log`."""

    def __init__(
        self, settings: Mapping[str, str], log: Path, arguments: Sequence[str] = ("-m", "ratingd", "serve")
    ) -> None:
        self.port: Final = free_port()
        self.address: Final = f"127.0.0.1:{self.port}"
        self._log: Final = log
        self._arguments: Final = arguments
        self._environment: Final = {
            **{name: value for name, value in os.environ.items() if not name.startswith("RATINGD_")},
            "RATINGD_LISTEN": self.address,
            "RATINGD_HTTP_LISTEN": "",
            "RATINGD_DETECTION": "false",  # sixty-four clients who call one number are a masking run
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self._status: int | None = None

    def start(self, ready_within_s: float = 30.0) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, *self._arguments], env=self._environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL,
            )  # fmt: skip
        self._wait_until_serving(ready_within_s)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    @property
    def status(self) -> int | None:
        """How it has ended; None while it runs."""
        return self._status if self._process is None else self._process.poll()

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """SIGTERM, and wait for the drain."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._status = self._process.wait(30)
            self._process = None

    def _wait_until_serving(self, within_s: float) -> None:
        deadline = time.monotonic() + within_s
        while True:
            with grpc.insecure_channel(self.address) as channel:
                try:
                    reply = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=1)
                    if reply.status == health_pb2.HealthCheckResponse.SERVING:
                        return
                except grpc.RpcError:
                    pass
            assert self._process is not None
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the daemon is not serving; its log ends:\n{self._log.read_text()[-3000:]}")
            time.sleep(0.05)
