"""Reports: what people say of numbers that rang them, and how often one of them may say it.

Ann was rung by +37190012345 and reports it as wangiri. She is angry and reports it five times more: it counts once
today. Whoever sends twenty reports within an hour is asked to wait, for a program could make a rival's number
suspicious; nothing but a hash of who reported is kept, made with `number_key` where there is one.
"""

import hmac
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from ratingd.errors import InvalidRequest, TooManyRequests
from ratingd.fraud.asked_number import read_number
from ratingd.store.model_rows import NumberReport
from triggers.lookup.report_score import REPORT_CATEGORIES, REPORT_DAYS, Complaint, Complaints
from triggers.numbers.number_reading import NumberReader

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
HOURLY_MAX: Final = 20
CLIENTS_MAX: Final = 10_000
COMMENT_MAX: Final = 500
HASH_DIGITS: Final = 32


class Shelf(Protocol):
    def add(self, report: NumberReport) -> bool: ...

    def of(self, number: str, since_ms: int = 0, limit: int = 1000) -> Sequence[NumberReport]: ...


@dataclass(frozen=True, slots=True)
class Reported:
    """`counted`: it is the first of this reporter about this number today."""

    number: str
    counted: bool
    reports: int


class NumberReports:
    """Thread-safe."""

    def __init__(
        self, shelf: Shelf, numbers: NumberReader, key: str = "", clock: Callable[[], int] = time.time_ns
    ) -> None:
        self._shelf: Final = shelf
        self._numbers: Final = numbers
        self._key: Final = key.encode() or b"ratingd reports"
        self._clock: Final = clock
        self._lock: Final = threading.Lock()
        self._sent: Final[OrderedDict[str, deque[int]]] = OrderedDict()  # when each client reported, within an hour

    def report(self, number: str, category: str, comment: str, client: str) -> Reported:
        """Take a report in. Raises InvalidRequest, and TooManyRequests beyond twenty an hour."""
        if category not in REPORT_CATEGORIES:
            raise InvalidRequest("category", f"is {category!r}; known are {', '.join(REPORT_CATEGORIES)}")
        if len(comment) > COMMENT_MAX or "\0" in comment:
            raise InvalidRequest("comment", f"has to be at most {COMMENT_MAX} characters, none of them NUL")
        text, now_ms = read_number(self._numbers, number).text, self._clock() // 1_000_000
        self._admit(client, now_ms)
        counted = self._shelf.add(
            NumberReport(text, self.pseudonym(client), now_ms // DAY_MS, category, comment, now_ms)
        )
        return Reported(text, counted, self.complaints(text).reporters)

    def complaints(self, number: str) -> Complaints:
        """What is said of a number, as it is counted."""
        day = self._clock() // 1_000_000 // DAY_MS
        told = self._shelf.of(number, since_ms=(day - REPORT_DAYS) * DAY_MS)
        return Complaints([Complaint(each.reporter, each.category, each.day) for each in told], day)

    def pseudonym(self, client: str) -> str:
        """What is kept of who reports."""
        return hmac.new(self._key, client.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:HASH_DIGITS]

    def _admit(self, client: str, now_ms: int) -> None:
        with self._lock:
            sent = self._sent.pop(client, None) or deque()
            self._sent[client] = sent
            if len(self._sent) > CLIENTS_MAX:
                self._sent.popitem(last=False)
            while sent and sent[0] <= now_ms - HOUR_MS:
                sent.popleft()
            if len(sent) >= HOURLY_MAX:
                wait_ms = sent[0] + HOUR_MS - now_ms
                raise TooManyRequests(
                    f"{HOURLY_MAX} reports an hour are taken from one client. Nothing was stored; "
                    f"report again in {max(1, wait_ms // 60_000)} min.",
                    wait_ms,
                )
            sent.append(now_ms)
