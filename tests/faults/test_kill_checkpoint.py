"""Kill the daemon while pages of the log are copied into the file: what was answered is there, once."""

import asyncio
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.alert_receiver import AlertReceiver
from tests.faults.daemon_process import DaemonProcess
from tests.faults.switch_clients import Clients
from tests.faults.test_kill import ACCOUNTS, check, load, settings_for
from tests.waiting import until

KILLS = 4
WITHIN_S = 0.004  # after a checkpoint has begun
THRESHOLD = 6
DEBITS = 1_500


class Killing(threading.Thread):
    """Kills a daemon in the midst of checkpoints, and brings it back."""

    def __init__(self, daemon: DaemonProcess, marks: Path, clients: Clients) -> None:
        super().__init__(daemon=True)
        self._daemon, self._marks, self._clients = daemon, marks, clients
        self.in_the_midst = 0
        self.error: BaseException | None = None

    def run(self) -> None:
        chance = random.Random(5)
        try:
            for _ in range(KILLS):
                self._kill_within(chance.uniform(0, WITHIN_S))
        except BaseException as error:  # noqa: BLE001 (raised again where the test joins)
            self.error = error
            self._clients.given_up = f"what was killed did not come back: {error}"

    def _kill_within(self, seconds: float) -> None:
        begun = self._marks.stat().st_size
        until(lambda: self._marks.stat().st_size > begun and self._last() == "(", pause_s=0.0002)
        time.sleep(seconds)
        self._daemon.kill()
        self.in_the_midst += self._last() == "("
        self._daemon.start()

    def _last(self) -> str:
        return self._marks.read_text()[-1:]


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
