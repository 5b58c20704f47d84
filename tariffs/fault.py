"""Faults and notices of a tariff folder: where, what was found, and what is allowed.

A folder is read to its end whatever is wrong in it, so that an operator mends everything at once. A fault refuses the
folder; a warning loads and says what it means; a notice says that a file is not used.
"""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    FAULT = "fault"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`line` and `column` count from 1 (column = field number); 0 where the finding is about the whole file or row."""

    file: str  # path inside the folder
    line: int
    column: int
    field: str  # the column's name, "" for the row
    severity: Severity
    found: str  # the text that was found, or what is missing
    message: str  # what is wrong
    allowed: str = ""  # what would be right, or what to do

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        hint = f" ({self.allowed})" if self.allowed else ""
        return f"{place}: {self.severity}: {self.message}{hint}"
