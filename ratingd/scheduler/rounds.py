"""Rounds: work that comes round every so often, measured by a clock that nobody sets.

A timer that waits for 12:00:01 waits an hour when the clock is set back to 11:00. What has to be looked after every
second is therefore a thread that sleeps a second, by the monotonic clock; only what an operator means by a time of the
day waits for that.
"""

import threading
from collections.abc import Callable

from ratingd import observe


class Round(threading.Thread):
    """Does `work` every `every_s` seconds, for the first time after `first_s`, until `stopping` is set."""

    def __init__(
        self, name: str, work: Callable[[], None], stopping: threading.Event, *, every_s: float, first_s: float
    ) -> None:
        super().__init__(name=f"scheduler-{name}", daemon=True)
        self._work = work
        self._stopping = stopping
        self._every_s = every_s
        self._wait_s = first_s

    def run(self) -> None:
        while not self._stopping.wait(self._wait_s):
            self._wait_s = self._every_s
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 (the next round tries again; without rounds nothing runs)
                observe.fault("schedule.fault", error, job=self.name)
