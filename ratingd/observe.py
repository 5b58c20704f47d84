"""What the daemon says of itself: events with fields, and a counter of the same name for each.

    2026-11-21T04:12:09.412Z debit.refused account=cgrates.org:1001 reason=ACCOUNT_DISABLED

is one line on standard error, or one JSON object where a program reads along. Nothing is written as prose, so that the
line can be searched by field, and what is not worth a line on the way of every call is only counted.
AdminService.Status shows the counters, /metrics too, with how long what is timed has taken.

The log is one for the process, as standard error is.
"""

import json
import sys
import threading
import time
import traceback
from bisect import bisect_left
from collections.abc import Mapping
from enum import Enum
from typing import Final, TextIO

BUCKETS_S: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class LogFormat(Enum):
    TEXT = "text"  # key=value, for people
    JSON = "json"  # one object a line, for programs
    NONE = "none"  # count only


class Log:
    """Where events go, and how often each has happened since the start."""

    def __init__(self) -> None:
        self._lock: Final = threading.Lock()
        self._counters: Final[dict[str, int]] = {}
        self._durations: Final[dict[str, tuple[list[int], list[float]]]] = {}  # counts by bucket, and the sum
        self._format = LogFormat.TEXT
        self._stream: TextIO | None = None  # None: whatever standard error is at that moment

    def configure(self, log_format: LogFormat, stream: TextIO | None = None) -> None:
        self._format = log_format
        self._stream = stream

    def count(self, name: str, by: int) -> None:
        with self._lock:
            self._counters[name] = self._counters.get(name, 0) + by

    def counters(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counters)

    def took(self, name: str, seconds: float) -> None:
        with self._lock:
            counts, total = self._durations.setdefault(name, ([0] * (len(BUCKETS_S) + 1), [0.0]))
            counts[bisect_left(BUCKETS_S, seconds)] += 1
            total[0] += seconds

    def durations(self, name: str) -> tuple[list[int], float]:
        with self._lock:
            counts, total = self._durations.get(name, ([0] * (len(BUCKETS_S) + 1), [0.0]))
            return list(counts), total[0]

    def write(self, name: str, fields: Mapping[str, object]) -> None:
        if self._format is LogFormat.NONE:
            return
        line = json_line(name, fields) if self._format is LogFormat.JSON else text_line(name, fields)
        stream = self._stream if self._stream is not None else sys.stderr
        with self._lock:
            try:
                stream.write(f"{line}\n")
                stream.flush()
            except (OSError, ValueError):  # nobody reads any more; charging goes on
                self._format = LogFormat.NONE


_LOG: Final = Log()
configure: Final = _LOG.configure
counters: Final = _LOG.counters
took: Final = _LOG.took  # one more of these, which took so many seconds
durations: Final = _LOG.durations  # how many took at most BUCKETS_S seconds each, or longer, and all of them together


def event(name: str, **fields: object) -> None:
    """Write an event and count it, by its `reason` or `trigger` where it has one: `debit.refused reason=…`."""
    _LOG.count(counter_name(name, fields), 1)
    _LOG.write(name, fields)


def counter_name(name: str, fields: Mapping[str, object]) -> str:
    reason, trigger = fields.get("reason"), fields.get("trigger")
    if reason is not None:
        return f"{name} reason={reason}"
    return f"{name} trigger={trigger}" if isinstance(trigger, str) else name


def count(name: str, by: int = 1) -> None:
    """Count an event that is not worth a line each time."""
    _LOG.count(name, by)


def fault(name: str, error: BaseException, **fields: object) -> None:
    """Write something that should not have happened, with the place where it did."""
    where = traceback.extract_tb(error.__traceback__)[-1:]
    place = {"at": f"{where[0].filename}:{where[0].lineno}"} if where else {}
    event(name, **fields, error=f"{type(error).__name__}: {error}", **place)


def text_line(name: str, fields: Mapping[str, object]) -> str:
    return " ".join([_instant(), name, *(f"{key}={_word(value)}" for key, value in fields.items())])


def json_line(name: str, fields: Mapping[str, object]) -> str:
    return json.dumps({"time": _instant(), "event": name, **fields}, ensure_ascii=False, default=str)


def _word(value: object) -> str:
    """A value without blanks as it is, another one in quotes; never more than one line."""
    text = "true" if value is True else "false" if value is False else str(value)
    plain = text != "" and all(sign.isprintable() and sign not in ' "=' for sign in text)
    return text if plain else json.dumps(text, ensure_ascii=False)


def _instant() -> str:
    seconds, nanos = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanos // 1_000_000:03d}Z"
