"""How far a watched file is stored, so that a daemon that dies in the middle of it goes on where it was.

The daemon is killed when 4,096,512 rows of last night's ten million are on disk. `.calls.csv.progress` says so, as of
the last batch that was stored, or of the one before it; so at the most one batch is brought again, and its events are
those that every start remembers. What could not be read until then stands in `.calls.csv.errors`, as far as the note
of progress knows of it.

A file of the same name that is another one (its inode is) begins anew. The notes lie beside the file, hidden, and go
when it is moved. They are not forced to disk: the few seconds that a power cut may take back are events of the last
seconds of the log, too.
"""

import json
import os
from pathlib import Path
from typing import IO, Final

from ratingd.ingest.event_rows import RowFault


class FileProgress:
    """`line` is the last that is done with, `faults` how many rows there were that could not be read."""

    def __init__(self, file: Path) -> None:
        self._file: Final = file
        self._inode: Final = file.stat().st_ino
        self._note: Final = file.with_name(f".{file.name}.progress")
        self._errors: Final = file.with_name(f".{file.name}.errors")
        self.line = 0
        self.events = 0
        self.faults = 0
        self._written: IO[bytes] | None = None
        self._go_on(self._said())

    def fault(self, fault: RowFault) -> None:
        self.refuse(f"{self._file.name}:{fault}")
        self.faults += 1

    def refuse(self, text: str) -> None:
        if self._written is None:
            self._written = self._errors.open("ab")
        self._written.write(f"{text}\n".encode("utf-8", "backslashreplace"))

    def done(self, line: int, events: int) -> None:
        """All up to a line is stored, or noted as a fault."""
        self.line = line
        self.events += events
        self._flush()
        said = {
            "inode": self._inode,
            "line": self.line,
            "events": self.events,
            "faults": self.faults,
            "errors_bytes": self._errors.stat().st_size if self._errors.exists() else 0,
        }
        part = self._note.with_name(f"{self._note.name}.part")
        part.write_text(json.dumps(said), encoding="utf-8")
        part.replace(self._note)

    def close(self) -> None:
        if self._written is not None:
            self._written.close()
            self._written = None

    def move_to(self, target: Path) -> None:
        """First what was wrong with it, then the file, then the notes go: a crash between them changes nothing."""
        self.close()
        if self._errors.exists() and self._errors.stat().st_size:
            self._errors.replace(target.with_name(f"{target.name}.errors"))
        self._errors.unlink(missing_ok=True)
        os.replace(self._file, target)
        self._note.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._written is not None:
            self._written.flush()

    def _said(self) -> dict[str, int]:
        try:
            said = json.loads(self._note.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        known = isinstance(said, dict) and said.get("inode") == self._inode
        return said if known and all(isinstance(value, int) for value in said.values()) else {}

    def _go_on(self, said: dict[str, int]) -> None:
        self.line, self.events, self.faults = said.get("line", 0), said.get("events", 0), said.get("faults", 0)
        if self._errors.exists():
            os.truncate(self._errors, min(said.get("errors_bytes", 0), self._errors.stat().st_size))
