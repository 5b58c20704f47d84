"""Board files: messages of a board in a file, one JSON object a line, each answered with its prediction.

    {"call_duration": 12.5, "num_digits": 11}     ─▶  {"call":{"call_duration": 12.5, "num_digits": 11},"predicted_…
    {"call_duration": "long"}                     ─▶  calls.jsonl.dead: {"line":2,"error":"call_duration is 'long'; …

A message stands in its answer letter for letter as it stood in its line. A line that is none goes to the file of the
dead beside, with the reason; the others are answered in their order. A million lines need no more memory than a
thousand.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, NoReturn

from ratingd.models.board import BoardCall, MessageRefused, board_call, predictions
from ratingd.models.scorers import Scorers

BUNCH: Final = 1_000
DEAD: Final = ".dead"
LINE_BYTES_MAX: Final = 1 << 20
Line = tuple[str, BoardCall]


class DeadLines:
    """Lines that are no messages, in a file that is there only where there are some. Used as a context."""

    def __init__(self, beside: Path) -> None:
        self.path: Final = beside.with_name(f"{beside.name}{DEAD}")
        self.count = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> "DeadLines":
        self.path.unlink(missing_ok=True)  # of a run before
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, number: int, error: str, line: str) -> None:
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8")
        self.count += 1
        self._file.write(_written({"line": number, "error": error, "row": line}) + "\n")


class BoardFile:
    """`answers` can be read once; `messages` and `scams` are then how many there were."""

    def __init__(self, path: Path, scorers: Scorers, dead: DeadLines, clock: Callable[[], float] = time.time) -> None:
        self._path: Final = path
        self._scorers: Final = scorers
        self._dead: Final = dead
        self._clock: Final = clock
        self.messages = 0
        self.scams = 0

    def answers(self) -> Iterator[str]:
        """A line each. Raises OSError."""
        bunch: list[Line] = []
        for line in self._lines():
            bunch.append(line)
            if len(bunch) == BUNCH:
                yield from self._answered(bunch)
                bunch = []
        yield from self._answered(bunch)

    def _lines(self) -> Iterator[Line]:
        with self._path.open("rb") as file:
            number = 0
            while content := file.readline(LINE_BYTES_MAX + 1):
                number += 1
                if len(content) > LINE_BYTES_MAX:
                    self._dead.add(number, f"has more than {LINE_BYTES_MAX} bytes", "")
                    _skip(file, content)
                    continue
                text = content.decode("utf-8", "backslashreplace").removeprefix("\ufeff").strip()
                if not text:
                    continue
                try:
                    yield text, board_call(_json(content))
                except MessageRefused as refused:
                    self._dead.add(number, str(refused), text)

    def _answered(self, bunch: list[Line]) -> Iterator[str]:
        added = predictions([call for _, call in bunch], self._scorers, self._clock())
        for (text, _), said in zip(bunch, added, strict=True):
            self.messages += 1
            self.scams += said["predicted_label"] or 0
            yield f'{{"call":{text},{_written(said)[1:]}'


def _json(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_number)
    except UnicodeDecodeError as fault:
        raise MessageRefused(f"is no UTF-8: {fault.reason} at byte {fault.start}") from None
    except RecursionError:
        raise MessageRefused("is nested deeper than any message") from None
    except ValueError as fault:
        raise MessageRefused(f"is no JSON: {fault}") from None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _skip(file: IO[bytes], content: bytes) -> None:
    """The rest of a line."""
    while content and not content.endswith(b"\n"):
        content = file.readline(LINE_BYTES_MAX)


def _written(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
