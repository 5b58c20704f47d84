"""A post: one station of the plan as it stands, a daemon on a store of its own, and what was asked of it so far.

After the last round the journal is asked whether what was answered is what is stored, for a load that was refused, or
answered from memory, would be quick and worth nothing.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from bench.daemon import Daemon
from bench.figure import Figure
from bench.plan import NAMES, Shot, Station
from bench.sample import TENANT, destinations_100k
from bench.shooting import Meter, Shooting, figure
from bench.wire import load_tariff
from ratingd.store.store import open_store

JOURNAL: Final = "stored_of_answered"
START: Final = "start"
IDLE: Final = "beside nothing"
LOADING: Final = "beside a load"  # of 100,000 destinations


class Post:
    def __init__(self, station: Station, url: str, daemon: Daemon, database_pid: int | None, step: str = "") -> None:
        self.station: Final = station
        self._step: Final = {"step": step} if step else {}  # what tells it from another post of the same station
        self._url: Final = url
        self._daemon: Final = daemon
        self._database_pid: Final = database_pid
        self._answered = 0
        self._stored_before: Final = stored_debits(url)

    def debits(self, shooting: Shooting, shot: Shot, on_mark: Callable[[str], None] = lambda _: None) -> Figure:
        """One row, once."""
        if not self._daemon.alive:
            self._daemon.start()
        meter = Meter(self._daemon, self._database_pid)

        def mark(when: str) -> None:
            meter.mark(when)
            on_mark(when)

        load = shooting.load(shot, self._daemon.address, self.station.accounts)
        found = shooting.generator.run(load, mark)
        self._answered += found.answered * shot.debits
        params = {**self.station.params, **shot.params, "pick": shot.pick}
        return figure(NAMES[shot.shape], params, shot, found, meter)

    def beside_a_load(self, shooting: Shooting, shot: Shot, idle_s: float) -> list[Figure]:
        """The same debits twice: beside nothing else, and while the daemon checks and loads another tariff.

        How long a load takes is learnt first; the debits that count are those answered in so much time after its
        begin, which is well within the load, since it takes longer beside them.
        """
        idle = self.debits(replace(shooting, seconds=idle_s), shot)
        begun = time.perf_counter()
        load_tariff(self._daemon.address, another_tariff())
        alone_s = time.perf_counter() - begun
        loader = _Loader(self._daemon.address)
        busy = self.debits(replace(shooting, seconds=alone_s), shot, loader.mark)
        loader.join()
        return [
            replace(idle, params=idle.params | {"step": IDLE}),
            replace(busy, params=busy.params | {"step": LOADING}),
        ]

    def restart(self) -> Figure:
        """Seconds from the start of the process to its first SERVING, and its memory then."""
        self._daemon.stop()
        seconds = self._daemon.start()
        return Figure(START, seconds, "s", self.station.params, rss_mib=self._daemon.rss_mib())

    def journal(self) -> Figure:
        """How many of the debits that were answered are stored: all of them, or something is wrong."""
        self._daemon.stop()
        stored = stored_debits(self._url) - self._stored_before
        missing = self._answered - stored
        trouble = f"{missing} of {self._answered} answered debits are not in the journal" if missing else ""
        share = stored / self._answered if self._answered else 1.0
        return Figure(JOURNAL, share, "of 1", self.station.params | self._step, trouble=trouble)


class _Loader:
    """Loads a tariff from the first mark of the generator on."""

    def __init__(self, address: str) -> None:
        self._address: Final = address
        self._error: Exception | None = None
        self._thread: Final = threading.Thread(target=self._load)

    def mark(self, when: str) -> None:
        if when == "window":
            self._thread.start()

    def join(self) -> None:
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _load(self) -> None:
        try:
            load_tariff(self._address, another_tariff())
        except Exception as error:  # noqa: BLE001 (it is raised where the figure is taken)
            self._error = error


def another_tariff() -> dict[str, bytes]:
    """100,000 destinations, and a name that no tariff before has, so that there is something to load."""
    files = destinations_100k()
    name = f"TIMING_{time.time_ns()}"
    return files | {"Timings.csv": files["Timings.csv"] + f"{name},*any,*any,*any,*any,00:00:00\n".encode()}


def stored_debits(url: str) -> int:
    """How many debits the journal holds."""
    store = open_store(url, exclusive=False, connections=1)
    try:
        with store.database.read() as connection:
            query = f"SELECT count(*) FROM operations WHERE tenant = '{TENANT}' AND kind = 'debit' AND reply_code = 0"
            return int(connection.exec_driver_sql(query).scalar_one())
    finally:
        store.close()
