"""`ratingd serve` whose log begins anew all the time, and which dies in the middle of that when it is told to.

    python -m tests.faults.marked_checkpoints MARKS

appends "(" to the file MARKS where a checkpoint begins and ")" where it ends. Once there is a file MARKS.kill, the
process ends abruptly within the next checkpoint, after the share of the quickest one so far that stands in that file:
the system's own timer sees to it (SIGALRM, which nobody handles), so that it depends on no thread's turn.
"""

import os
import signal
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from ratingd.cli.main import main
from ratingd.store import checkpoints

ROWS: Final = 60
TIMED: Final = 3  # so many of a run are timed before one of it is the last
SOONEST_S: Final = 0.000_001  # a timer of nothing would be none


class Marked:
    """Marks the checkpoints, and ends the process in one of them."""

    def __init__(self, marks: Path) -> None:
        self._marks: Final = os.open(marks, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._order: Final = marks.with_suffix(".kill")
        self._took_s: Final[list[float]] = []

    def within(self, checkpoint: Callable[[], None]) -> None:
        os.write(self._marks, b"(")
        self._die_if_told()
        begun = time.monotonic()
        checkpoint()
        self._took_s.append(time.monotonic() - begun)
        os.write(self._marks, b")")

    def _die_if_told(self) -> None:
        with suppress(FileNotFoundError):
            share = float(self._order.read_text())
            if len(self._took_s) >= TIMED:
                self._order.unlink()
                signal.setitimer(signal.ITIMER_REAL, max(SOONEST_S, share * min(self._took_s)))


def mark(marked: Marked) -> None:
    given = checkpoints.Checkpoints._checkpoint

    def between_marks(self: checkpoints.Checkpoints, connection: sqlite3.Connection) -> None:
        marked.within(lambda: given(self, connection))

    checkpoints.Checkpoints._checkpoint = between_marks  # type: ignore[method-assign]
    checkpoints.ROWS = ROWS  # type: ignore[misc]


if __name__ == "__main__":
    mark(Marked(Path(sys.argv[1])))
    main(["serve"])
