"""NumberLists.csv: white and black lists as an operator keeps them in a file, read and written.

    #List,Kind,Value,Reason,Who,ExpiresAt,Threshold,Window
    b_whitelist,number,+498001234567,sales line,anna,,,
    b_whitelist,prefix,+4990056,televoting,anna,2026-12-31T23:00:00Z,60,5s
    blacklist,trunk,bad-carrier,unpaid,ben,+720h,,

Numbers may be written as anybody writes them; they are kept as `NumberReader` reads them, and what is no number is a
fault of its row. A prefix is written with its calling code. `Window` without `Threshold` keeps the threshold of the
settings, and the other way round. Who is not named in a row is whoever imports the file.
"""

from collections.abc import Sequence
from typing import Final

from tariffs.csv_rows import Row, read_rows
from tariffs.duration import duration_text
from tariffs.fault import Finding
from tariffs.instant import instant_text
from tariffs.zone import Zone
from triggers.numbers.number_list import B_WHITELIST, KINDS, LISTS, PREFIX, TRUNK, ListEntry
from triggers.numbers.number_reading import RAW, NumberReader
from triggers.numbers.number_spelling import all_digits, bare

FILE: Final = "NumberLists.csv"
COLUMNS: Final = ("List", "Kind", "Value", "Reason", "Who", "ExpiresAt", "Threshold", "Window")
THRESHOLD_MAX: Final = 100_000
TEXT_MAX: Final = 200  # characters of a trunk
_MS_NS: Final = 1_000_000
_SHORT_PREFIX: Final = 3


def entry_value(kind: str, text: str, numbers: NumberReader) -> str:
    """The value of an entry as it is kept. ValueError says what is wrong with the text, and what would be right."""
    text = text.strip()
    if kind == TRUNK:
        if not text or len(text) > TEXT_MAX or not text.isprintable():
            raise ValueError(f"{text[:TEXT_MAX]!r} is no name of a trunk; write what the switch calls it")
        return text
    if kind == PREFIX:
        return prefix_value(text)
    clear = numbers.clear(text)
    if not clear or clear.startswith(RAW):
        raise ValueError(f"{text[:TEXT_MAX]!r} is no number; write it with its country, such as +498001234567")
    return numbers.read(text).text


def prefix_value(text: str) -> str:
    """A prefix as it is kept: "+" and digits, the calling code first. ValueError as above."""
    digits = bare(text).removeprefix("+")
    digits = digits[2:] if digits.startswith("00") else digits
    if not all_digits(digits) or digits.startswith("0") or len(digits) > 15:
        raise ValueError(f"{text[:TEXT_MAX]!r} is no prefix; write it with its calling code, such as +4990056")
    return "+" + digits


def read_entries(
    data: bytes,
    numbers: NumberReader,
    findings: list[Finding],
    *,
    now_ms: int,
    zone: Zone,
    who: str = "",
    file: str = FILE,
) -> list[ListEntry]:
    """The entries of a file, in its order. Each fault on the way is appended."""
    found = list[ListEntry]()
    for row in read_rows(file, data, COLUMNS, findings):
        list_name, kind = _word(row, "List", LISTS), _word(row, "Kind", KINDS)
        value = _value(row, kind, numbers) if kind else ""
        expires_ns = row.instant("ExpiresAt", now_ns=now_ms * _MS_NS, zone=zone)
        threshold, window_ms = _own_terms(row, list_name)
        if list_name and value:
            found.append(
                ListEntry(
                    list_name,
                    kind,
                    value,
                    reason=row["Reason"].strip(),
                    who=row["Who"].strip() or who,
                    created_ms=now_ms,
                    expires_ms=0 if expires_ns is None else expires_ns // _MS_NS,
                    threshold=threshold,
                    window_ms=window_ms,
                )
            )
    return found


def entries_text(entries: Sequence[ListEntry]) -> str:
    """A file that `read_entries` reads as the same entries."""
    rows = [f"#{','.join(COLUMNS)}", *[_row(entry) for entry in entries]]
    return "\n".join(rows) + "\n"


def _word(row: Row, column: str, known: tuple[str, ...]) -> str:
    text = row[column].strip()
    if text in known:
        return text
    row.fault(column, "is unknown" if text else "is empty", "one of " + ", ".join(known))
    return ""


def _value(row: Row, kind: str, numbers: NumberReader) -> str:
    try:
        value = entry_value(kind, row["Value"], numbers)
    except ValueError as error:
        row.fault("Value", "cannot be listed", str(error))
        return ""
    if kind == PREFIX and len(value) <= _SHORT_PREFIX:
        row.warn("Value", "is the prefix of whole countries", "a longer one, if fewer are meant")
    return value


def _own_terms(row: Row, list_name: str) -> tuple[int, int]:
    """The threshold and the window that an entry brings."""
    threshold, window_ms = row.integer("Threshold"), row.duration("Window") // _MS_NS
    if (threshold or window_ms) and list_name not in ("", B_WHITELIST):
        row.fault("", "only a b_whitelist has a threshold and a window", "neither")
    if threshold and not 2 <= threshold <= THRESHOLD_MAX:
        row.fault("Threshold", "is out of range", f"2 to {THRESHOLD_MAX}, or nothing")
    if window_ms and not 1_000 <= window_ms <= 60_000:
        row.fault("Window", "is out of range", "1s to 60s, or nothing")
    return threshold, window_ms


def _row(entry: ListEntry) -> str:
    cells = (
        entry.list,
        entry.kind,
        entry.value,
        entry.reason,
        entry.who,
        instant_text(entry.expires_ms * _MS_NS) if entry.expires_ms else "",
        str(entry.threshold) if entry.threshold else "",
        duration_text(entry.window_ms * _MS_NS) if entry.window_ms else "",
    )
    return ",".join([_cell(cell) for cell in cells])


def _cell(text: str) -> str:
    if any(char in text for char in ',"\n\r') or text.startswith("#"):
        return '"' + text.replace('"', '""') + '"'
    return text
