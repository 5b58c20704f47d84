"""Rows of tariff files: RFC 4180 read from bytes, every cell with its place, every fault at once.

An operator edits `Rates.csv` by hand and gets three cells wrong. One load names all three, each with file, line, field
number and field name, what was found and what is allowed:

    Rates.csv:4:2: fault: ConnectFee is not a number: '0,4' (a number such as 0.25, -1 or 6e-1; empty is 0)

So nothing here raises. A row with too few fields or a broken quote is reported and left out; a cell that cannot be read
is reported and reads as its default, and the caller goes on. A folder with a fault is refused as a whole, so a default
taken for a broken cell never prices a call.

How a module reads a file (here one of three columns):

    sheet = read_rows("AccountActions.csv", data, ("Tenant", "Account", "Disabled"), findings)
    for row in sheet:
        tenant, account = row["Tenant"], row["Account"]     # cells as written; blanks are part of a name
        disabled = row.flag("Disabled")                     # typed: a bad cell appends a Finding, and is False
        if not account:
            row.fault("Account", "has no account", "the number or name of an account")

The dialect: commas separate cells, which are not trimmed; a line whose first character is `#` is a comment, as headers
are; lines with nothing but blanks are skipped; a byte-order mark, CRLF and a missing last line end are accepted; in
quotes, `""` is a quote and a line may break. Columns count by their position.

Lines without a quote, nearly all, are split by `str.split`; only the others are read cell by cell. Set aside: the `csv`
module, which lets a bare quote pass, and whose exceptions end the file.
"""

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from tariffs.duration import DURATION_ALLOWED, parse_duration
from tariffs.fault import Finding, Severity
from tariffs.instant import INSTANT_ALLOWED, parse_instant
from tariffs.money import NANO_DECIMALS
from tariffs.zone import Zone

ANY: Final = "*any"
EMPTY_LIST: Final = "*zero"
TRUE_WORDS: Final = frozenset({"1", "t", "T", "TRUE", "true", "True"})
FALSE_WORDS: Final = frozenset({"0", "f", "F", "FALSE", "false", "False"})

NUMBER_ALLOWED: Final = "a number such as 0.25, -1 or 6e-1; empty is 0"
INTEGER_ALLOWED: Final = "a whole number such as 4 or -1; empty is 0"
FLAG_ALLOWED: Final = "true or false, also 1, t, T, TRUE, True, 0, f, F, FALSE, False; empty is false"
_QUOTE_ALLOWED: Final = 'the whole cell in quotes, and each quote inside it written ""'

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_NOT_FINITE: Final = re.compile(r"[+-]?(?:inf|infinity|nan)", re.IGNORECASE)
_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,19}")
_INTEGER_MAX: Final = 2**63 - 1
_NUMBER_SIZE_MAX: Final = 64  # digits on either side of the point; a price has neither so many
_NOT_TEXT: Final = re.compile(f"[\x00{chr(0xDC80)}-{chr(0xDCFF)}]")  # NUL, or a byte that is not UTF-8
_ALIKE_MAX: Final = 100  # warnings of one kind in one file
_FOUND_MAX: Final = 80  # characters of a cell that a finding repeats


class Sheet:
    """One file being read: its path inside the folder, the names of its columns, and where its findings go.

    All faults are reported, but of warnings that say the same of a hundred rows the rest is left out.
    """

    __slots__ = ("_alike", "columns", "file", "findings", "index")

    def __init__(self, file: str, columns: tuple[str, ...], findings: list[Finding]) -> None:
        self.file: Final = file
        self.columns: Final = columns
        self.findings: Final = findings
        self.index: Final = {name: number for number, name in enumerate(columns)}
        self._alike: Final[dict[tuple[str, str], int]] = {}

    def report(self, severity: Severity, line: int, column: int, found: str, message: str, allowed: str) -> None:
        """Append a finding; `column` counts from 1, and 0 is the whole row."""
        field = self.columns[column - 1] if 0 < column <= len(self.columns) else ""
        self.findings.append(Finding(self.file, line, column, field, severity, found, message, allowed))

    def alike(self, column: str, message: str) -> int:
        """Count the warnings of one kind."""
        kind = (column, message)
        self._alike[kind] = self._alike.get(kind, 0) + 1
        return self._alike[kind]


class Row:
    """One row with as many cells as its file has columns. `line` is where it begins, counted from 1.

    A column is named as in `Sheet.columns`. The typed readings append a fault where a cell cannot be read and answer
    with the default, which is also what an empty cell means: 0, False, None or nothing.
    """

    __slots__ = ("cells", "line", "sheet")

    def __init__(self, sheet: Sheet, line: int, cells: list[str]) -> None:
        self.sheet: Final = sheet
        self.line: Final = line
        self.cells: Final = cells

    @property
    def file(self) -> str:
        return self.sheet.file

    def __getitem__(self, column: str) -> str:
        """The cell as it is written."""
        return self.cells[self.sheet.index[column]]

    def fault(self, column: str, message: str, allowed: str = "") -> None:
        """Refuse the folder for a cell. `message` continues the column's name: "is not a number".

        Column "" is the row as a whole.
        """
        self._report(Severity.FAULT, column, message, allowed)

    def warn(self, column: str, message: str, allowed: str = "") -> None:
        """Say what a cell that loads will do, where an operator may expect something else."""
        count = self.sheet.alike(column, message)
        if count < _ALIKE_MAX:
            self._report(Severity.WARNING, column, message, allowed)
        elif count == _ALIKE_MAX:
            self._report(Severity.WARNING, column, message, f"{allowed}; more rows alike are not listed")

    def number(self, column: str) -> tuple[int, int]:
        """A decimal number as (digits, scale), which is digits × 10^-scale and exact; scale is 0 or more."""
        return self._digits(column) or (0, 0)

    def decimal(self, column: str) -> Decimal:
        """A decimal number, as weights and thresholds are."""
        return self.given_decimal(column) or Decimal(0)

    def given_decimal(self, column: str) -> Decimal | None:
        """A decimal number; None where the cell is empty, which can mean something else than 0."""
        number = self._digits(column)
        return None if number is None else Decimal(f"{number[0]}E-{number[1]}")

    def nano(self, column: str) -> int:
        """An amount in units of 1e-9; more decimals are a fault."""
        digits, scale = self.number(column)
        if scale > NANO_DECIMALS:
            self.fault(column, "has more than 9 decimals", "an amount of at most 9 decimals")
            return 0
        return int(digits * 10 ** (NANO_DECIMALS - scale))

    def integer(self, column: str) -> int:
        text = self[column]
        if not text:
            return 0
        if _INTEGER.fullmatch(text) and abs(int(text)) <= _INTEGER_MAX:
            return int(text)
        self.fault(column, "is not a whole number", INTEGER_ALLOWED)
        return 0

    def flag(self, column: str) -> bool:
        """Yes or no; an empty cell is no."""
        return self.given_flag(column) or False

    def given_flag(self, column: str) -> bool | None:
        """Yes or no; None where the cell is empty, which can mean "not given"."""
        text = self[column]
        if text in TRUE_WORDS:
            return True
        if text and text not in FALSE_WORDS:
            self.fault(column, "is neither true nor false", FLAG_ALLOWED)
        return False if text else None

    def duration(self, column: str) -> int:
        """Nanoseconds; empty is 0, `*unlimited` is -1."""
        try:
            return parse_duration(self[column])
        except ValueError:
            self.fault(column, "is not a duration", DURATION_ALLOWED)
            return 0

    def instant(self, column: str, *, now_ns: int, zone: Zone) -> int | None:
        """Nanoseconds since the epoch; None for empty and `*unlimited`."""
        try:
            return parse_instant(self[column], now_ns=now_ns, zone=zone)
        except ValueError:
            self.fault(column, "is not an instant", INSTANT_ALLOWED)
            return None

    def items(self, column: str) -> tuple[str, ...]:
        """The members of a `;`-list in their order, trimmed; empty ones are left out."""
        text = self[column]
        return tuple(item for part in text.split(";") if (item := part.strip())) if text else ()

    def names(self, column: str) -> dict[str, bool] | None:
        """A `;`-list of names, each mapped to False where a `!` leads it: `DST_DE;!DST_DE_MOBILE`.

        None where the list is not given, which an empty cell and `*any` say; `*zero` is given and empty.
        """
        items = self.items(column)
        if not items or items == (ANY,):
            return None
        if items == (EMPTY_LIST,):
            return {}
        names: dict[str, bool] = {}
        for item in items:
            name = item.removeprefix("!").strip()
            if not name:
                self.fault(column, "excludes nothing: a `!` stands alone", "`!` directly before a name")
            elif names.setdefault(name, name == item) != (name == item):
                self.fault(column, f"both includes and excludes {name!r}", "each name once")
        return names

    def _digits(self, column: str) -> tuple[int, int] | None:
        text = self[column]
        if not text:
            return None
        number = parse_number(text)
        if number is not None:
            return number
        if _NOT_FINITE.fullmatch(text):
            self.fault(column, "is not a finite number", NUMBER_ALLOWED)
        elif _NUMBER.fullmatch(text):
            self.fault(column, "has too many digits", f"at most {_NUMBER_SIZE_MAX} digits on either side of the point")
        else:
            self.fault(column, "is not a number", NUMBER_ALLOWED)
        return None

    def _report(self, severity: Severity, column: str, message: str, allowed: str) -> None:
        number = self.sheet.index[column] + 1 if column else 0
        found = shortened(self.cells[number - 1]) if number else ""
        text = f"{column} {message}: {found!r}" if number else message
        self.sheet.report(severity, self.line, number, found, text, allowed)


def read_rows(file: str, data: bytes, columns: tuple[str, ...], findings: list[Finding]) -> list[Row]:
    """The rows of a file that have the right number of fields, in their order; each fault on the way is appended."""
    sheet = Sheet(file, columns, findings)
    lines = _lines(sheet, data)
    suspect = b"\0" in data or not _is_utf8(data)
    wanted, rows, at = len(columns), list[Row](), 0
    while at < len(lines):
        line, first = lines[at], at
        at += 1
        if not line or line[0] == "#" or line.isspace():
            continue
        if '"' in line:
            cells, at = _quoted_cells(sheet, lines, first)
        else:
            cells = line.split(",")
        if suspect and _reported_bytes(sheet, first + 1, cells):
            continue
        if len(cells) == wanted:
            rows.append(Row(sheet, first + 1, cells))
        elif cells:
            _report_count(sheet, first + 1, len(cells))
    return rows


def parse_number(text: str) -> tuple[int, int] | None:
    """(digits, scale) of a decimal text such as `0.25`, `.5`, `+1` or `6e-1`; None for any other.

    Written differently, equal numbers are equal: `0.10` is (1, 1), as `0.1` is.
    """
    return _number(text) if len(text) <= 2 * _NUMBER_SIZE_MAX else None


@lru_cache(maxsize=4096)
def _number(text: str) -> tuple[int, int] | None:
    if not _NUMBER.fullmatch(text):
        return None
    mantissa, _, exponent = text.replace("E", "e").partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits, scale = int(whole + fraction), len(fraction) - int(exponent or 0)
    if scale > _NUMBER_SIZE_MAX or len(str(abs(digits))) - scale > _NUMBER_SIZE_MAX:
        return None
    while scale > 0 and digits % 10 == 0:
        digits, scale = digits // 10, scale - 1
    return (digits, scale) if scale >= 0 else (digits * 10**-scale, 0)


def shortened(text: str) -> str:
    """A cell as a finding repeats it: not endless, and fit to be written as UTF-8."""
    text = _NOT_TEXT.sub(lambda bad: f"\\x{ord(bad[0]) & 0xFF:02x}", text)
    return text if len(text) <= _FOUND_MAX else text[: _FOUND_MAX - 1] + "…"


def _lines(sheet: Sheet, data: bytes) -> list[str]:
    """The lines without their ends. Bytes that are not UTF-8 stay visible as lone surrogates; cells report them."""
    if data.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        sheet.report(Severity.FAULT, 1, 0, "UTF-16", "the file is written in UTF-16", "UTF-8, with or without a BOM")
        return []
    text = data.decode("utf-8", "surrogateescape").removeprefix("\ufeff")
    if "\r" in text:
        text = text.replace("\r\n", "\n").removesuffix("\r")
    return text.split("\n")


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _reported_bytes(sheet: Sheet, line: int, cells: Sequence[str]) -> bool:
    bad = [(number, shortened(cell)) for number, cell in enumerate(cells, 1) if _NOT_TEXT.search(cell)]
    for number, found in bad:
        message = f"the cell is not valid UTF-8 text: {found}"
        sheet.report(Severity.FAULT, line, number, found, message, "text in UTF-8 without NUL")
    return bool(bad)


def _report_count(sheet: Sheet, line: int, found: int) -> None:
    wanted = len(sheet.columns)
    message = f"wrong number of fields: {found} found, {wanted} wanted"
    sheet.report(Severity.FAULT, line, 0, f"{found} fields", message, ",".join(sheet.columns))


def _quoted_cells(sheet: Sheet, lines: Sequence[str], first: int) -> tuple[list[str], int]:
    """The cells of a record with quotes, and the index of the line behind it. No cells where a fault was reported.

    After a fault reading goes on in the line below the record's first: most likely only that one is broken.
    """
    cells, line, at = list[str](), first, 0
    while True:
        broken = ""
        if lines[line].startswith('"', at):
            cell, line, end = _quoted_cell(lines, line, at + 1)
            if line == len(lines):
                line, broken = first, "a quote is opened and never closed"
            elif not lines[line].startswith(",", end) and end < len(lines[line]):
                broken = "text follows the closing quote of a cell"
        else:
            comma = lines[line].find(",", at)
            end = comma if comma >= 0 else len(lines[line])
            cell = lines[line][at:end]
            if '"' in cell:
                broken = "a bare quote in an unquoted cell"
        if broken:
            found = shortened(lines[line])
            sheet.report(Severity.FAULT, line + 1, len(cells) + 1, found, f"{broken}: {found}", _QUOTE_ALLOWED)
            return [], first + 1
        cells.append(cell)
        if end == len(lines[line]):
            return cells, line + 1
        at = end + 1


def _quoted_cell(lines: Sequence[str], line: int, at: int) -> tuple[str, int, int]:
    """The text of a cell whose quote opened just before `at`, and where it ends; past the last line if it does not."""
    parts = list[str]()
    while line < len(lines):
        text = lines[line]
        end = text.find('"', at)
        if end < 0:
            parts.append(text[at:] + "\n")
            line, at = line + 1, 0
        elif text.startswith('"', end + 1):
            parts.append(text[at : end + 1])
            at = end + 2
        else:
            parts.append(text[at:end])
            return "".join(parts), line, end + 1
    return "", line, 0
