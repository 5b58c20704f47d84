"""A daemon ends: in its time when it is told to, and with a failure when it cannot serve any more."""

import time
from pathlib import Path

import grpc
import pytest

from ratingd.api.open_transport import why_not_native
from ratingd.v1.admin_pb2 import VerifyRequest
from ratingd.v1.admin_pb2_grpc import AdminServiceStub
from tests.faults.daemon_process import DaemonProcess
from tests.waiting import until

DRAIN_S = 1
TRANSPORTS = ["grpcio", "auto"]


def hindered(tmp_path: Path, url: str, how: str, transport: str = "auto") -> DaemonProcess:
    settings = {
        "RATINGD_DATABASE_URL": url,
        "RATINGD_DRAIN_SECONDS": str(DRAIN_S),
        "RATINGD_TRANSPORT": transport,
    }
    return DaemonProcess(settings, tmp_path / "daemon.log", ["-m", "tests.faults.hindered_daemon", how])


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_what_is_slow_does_not_keep_the_daemon_after_the_grace(tmp_path: Path, sqlite_url: str, transport: str) -> None:
    daemon = hindered(tmp_path, sqlite_url, "slow-verify", transport)
    daemon.start()
    with grpc.insecure_channel(daemon.address) as channel:
        call = AdminServiceStub(channel).Verify.future(VerifyRequest(), timeout=60)
        time.sleep(0.5)
        began = time.monotonic()
        daemon.stop()
        assert time.monotonic() - began < DRAIN_S + 9
        assert call.exception(5).code() is not grpc.StatusCode.OK
    log = (tmp_path / "daemon.log").read_text()
    assert "daemon.stopped" in log
    assert "daemon.left_behind" in log
    assert "ratingd.api.admin._verify" in log
    assert daemon.status == 0


def test_a_daemon_without_work_leaves_nothing_behind(tmp_path: Path, sqlite_url: str) -> None:
    daemon = DaemonProcess({"RATINGD_DATABASE_URL": sqlite_url}, tmp_path / "daemon.log")
    daemon.start()
    began = time.monotonic()
    daemon.stop()
    assert time.monotonic() - began < 8
    assert daemon.status == 0
    assert "left_behind" not in (tmp_path / "daemon.log").read_text()


def test_a_daemon_whose_network_is_lost_ends_with_a_failure(tmp_path: Path, sqlite_url: str) -> None:
    if why_not_native():  # gRPC's own server has no such thread
        return
    daemon = hindered(tmp_path, sqlite_url, "lost-network")
    daemon.start()
    until(lambda: daemon.status is not None, within_s=30)
    assert daemon.status == 1
    log = (tmp_path / "daemon.log").read_text()
    assert "edge.ended" in log
    assert "daemon.transport_lost" in log
