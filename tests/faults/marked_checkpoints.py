"""`ratingd serve` whose log begins anew all the time, and which tells when: for those who kill it in the middle.

    python -m tests.faults.marked_checkpoints MARKS

appends "(" to the file MARKS where a checkpoint begins and ")" where it ends.
"""

import os
import sqlite3
import sys

from ratingd.cli.main import main
from ratingd.store import checkpoints

ROWS = 100


def marked(marks: int) -> None:
    given = checkpoints.Checkpoints._checkpoint

    def between_marks(self: checkpoints.Checkpoints, connection: sqlite3.Connection) -> None:
        os.write(marks, b"(")
        given(self, connection)
        os.write(marks, b")")

    checkpoints.Checkpoints._checkpoint = between_marks  # type: ignore[method-assign]
    checkpoints.ROWS = ROWS  # type: ignore[misc]


if __name__ == "__main__":
    marked(os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    main(["serve"])
