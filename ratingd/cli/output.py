"""What a command prints: a table for a person, JSON for a program.

`--output json` is one document, `--output jsonl` one line for each item of a list, so that a long list can be read
while it comes. Both hold the same plain values (`ratingd.cli.plain`); the table shows the most of them that a person
wants. Answers go to standard output, refusals and progress to standard error, so that a pipe gets answers only.
"""

import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from typing import Final

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from tariffs.duration import duration_text, parse_duration

WIDTH_IN_A_PIPE: Final = 500  # no line is wrapped that `grep` is to find


class Form(StrEnum):
    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


class Output:
    """The form that was asked for, and the two streams."""

    def __init__(self, form: Form) -> None:
        self.form: Final = form
        self.console: Final = console(stderr=False)

    @property
    def for_people(self) -> bool:
        return self.form is Form.TABLE

    def show(self, value: object, *tables: RenderableType) -> None:
        """One answer: the tables, or the value."""
        if self.for_people:
            self.console.print(*tables, sep="\n")
        else:
            write_json(value, indent=2 if self.form is Form.JSON else None)

    def show_list(self, items: Iterable[object], table: RenderableType) -> None:
        """A list: the table, one document, or a line each."""
        if self.form is Form.JSONL:
            for item in items:
                write_json(item)
        else:
            self.show(list(items), table)

    def tell(self, text: str, style: str = "") -> None:
        """A word to a person; a program does not get it."""
        if self.for_people:
            self.console.print(Text(text, style))


def console(*, stderr: bool, width: int | None = None) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    if width is None and not stream.isatty():
        width = WIDTH_IN_A_PIPE
    return Console(stderr=stderr, width=width, markup=False, emoji=False, highlight=False)


def write_json(value: object, indent: int | None = None) -> None:
    sys.stdout.write(json_text(value, indent) + "\n")
    sys.stdout.flush()


def json_text(value: object, indent: int | None = None) -> str:
    """Readable as it is; where a text holds half of a character, which no stream carries, everything is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=_decimal)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, indent=indent, default=_decimal)
    return text


def _decimal(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def table(*columns: str, numbers: Iterable[str] = (), title: str | None = None) -> Table:
    """A plain table; the columns in `numbers` stand to the right."""
    made = Table(
        box=box.SIMPLE_HEAD, title=title, title_justify="left", title_style="bold", pad_edge=False, show_edge=False
    )
    right = set(numbers)
    for name in columns:
        made.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return made


def amount(value: object) -> str:
    """A plain quantity as people read it: "6000s" is 1h40m; money and units stay as they are. Absent is 0."""
    text = "0" if value is None else str(value)
    if text.endswith("s") and text[:-1].replace(".", "").lstrip("-").isdecimal():
        return duration_text(parse_duration(text)) or "0s"
    return text


def moment(value: object) -> str:
    """An instant to the second; empty where there is none."""
    return re.sub(r"\.\d+Z$", "Z", str(value or ""))


def pairs(rows: Iterable[tuple[str, RenderableType]]) -> Table:
    """Names and values, one below the other."""
    made = Table(box=None, show_header=False, pad_edge=False)
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in rows:
        made.add_row(name, value)
    return made
