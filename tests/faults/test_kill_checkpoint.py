"""Kill the daemon while pages of the log are copied into the file: what was answered is there, once."""

import asyncio
import random
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alert_receiver import AlertReceiver
from tests.faults.daemon_process import DaemonProcess
from tests.faults.switch_clients import Clients
from tests.faults.test_kill import ACCOUNTS, check, load, settings_for
from tests.waiting import until

KILLS = 4
WITHIN = 0.5  # of the time that the quickest checkpoint took
THRESHOLD = 6
DEBITS = 2_000


class Killing(threading.Thread):
    """Has a daemon die in the midst of checkpoints, and brings it back."""

    def __init__(self, daemon: DaemonProcess, marks: Path, clients: Clients) -> None:
        super().__init__(daemon=True)
        self._daemon, self._marks, self._clients = daemon, marks, clients
        self.in_the_midst = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        chance = random.Random(5)
        try:
            for _ in range(KILLS):
                self._kill_after(chance.uniform(0, WITHIN))
        except BaseException as error:  # noqa: BLE001 (raised again where the test joins)
            self.error = error
            self._clients.given_up = f"what was killed did not come back: {error}"

    def _kill_after(self, share: float) -> None:
        self._marks.with_suffix(".kill").write_text(str(share))
        until(lambda: self._daemon.status is not None, within_s=60, pause_s=0.001)
        self.in_the_midst += self._marks.read_text()[-1:] == "("
        self._daemon.start()


@pytest.fixture
def receiver() -> Iterator[AlertReceiver]:
    with AlertReceiver(b"the-secret") as receiver:
        yield receiver


@pytest.mark.timeout(300)
def test_killing_the_daemon_amid_checkpoints_loses_and_doubles_nothing(tmp_path: Path, receiver: AlertReceiver) -> None:
    marks = tmp_path / "marks"
    daemon = DaemonProcess(
        settings_for(f"sqlite:///{tmp_path / 'ratingd.db'}"),
        tmp_path / "daemon.log",
        ["-m", "tests.faults.marked_checkpoints", str(marks)],
    )
    daemon.start()
    try:
        load(daemon.address, receiver, str(THRESHOLD))
        until(lambda: marks.stat().st_size > 0)
        clients = Clients(daemon.address, ACCOUNTS, DEBITS, 64, seed=9)
        killing = Killing(daemon, marks, clients)
        killing.start()
        asyncio.run(clients.run())
        killing.join(120)
        assert killing.error is None, killing.error
        sys.stdout.write(f"{clients.books.debits} debits, {killing.in_the_midst} of {KILLS} kills amid a checkpoint\n")
        assert killing.in_the_midst >= KILLS // 2, "the run proves nothing"
        check(daemon.address, clients, receiver, THRESHOLD)
    finally:
        daemon.kill()
