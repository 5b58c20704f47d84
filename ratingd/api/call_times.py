"""The times of a CDR: what a switch left out follows from what it said.

    start    answer   end      duration     becomes
    10:00:00 10:00:05 10:01:05              60 s, as it stands
    10:00:00 -        -        60 s         answered at 10:00:00, ended at 10:01:00
    10:00:00 -        10:01:05 60 s         answered at 10:00:05
    10:00:00 -        -        0            nobody answered; it was over at once
    -        -        -        60 s         it ended when the CDR came

A CDR that contradicts itself (an end before its answer, an answer without an end or a duration) is refused. Times that
lie further ahead than clocks may differ count as of when the CDR came: one of next year would make every call of today
a late one.
"""

from typing import Final

from ratingd.errors import InvalidRequest


class CallTimes:
    """Milliseconds; `answer_ms` is 0 where nobody answered. `at_ms` is when all of it had happened."""

    __slots__ = ("answer_ms", "at_ms", "end_ms", "skewed", "start_ms")

    def __init__(self, start_ms: int, answer_ms: int, end_ms: int, at_ms: int, skewed: bool) -> None:
        self.start_ms: Final = start_ms
        self.answer_ms: Final = answer_ms
        self.end_ms: Final = end_ms
        self.at_ms: Final = at_ms
        self.skewed: Final = skewed

    @property
    def duration_ms(self) -> int:
        return self.end_ms - self.answer_ms if self.answer_ms else 0


def call_times(
    start_ms: int, answer_ms: int, end_ms: int, duration_ms: int, time_ms: int, received_ms: int, latest_ms: int
) -> CallTimes:
    """`duration_ms` is -1 and every time 0 where it was not said; `time_ms` is the event's own."""
    skewed = max(start_ms, answer_ms, end_ms, time_ms) > latest_ms
    if skewed:
        start_ms, answer_ms, end_ms, time_ms = [
            received_ms if at_ms > latest_ms else at_ms for at_ms in (start_ms, answer_ms, end_ms, time_ms)
        ]
    spoken_ms = max(duration_ms, 0)
    if start_ms == 0:
        start_ms = _start(answer_ms, end_ms, spoken_ms, time_ms, received_ms)
    if answer_ms == 0 and spoken_ms > 0:
        answer_ms = max(end_ms - spoken_ms, start_ms) if end_ms else start_ms
    if end_ms == 0:
        if answer_ms and duration_ms < 0:
            raise InvalidRequest("end_ms", "is missing, and so is duration_ms: an answered call ends or lasts")
        end_ms = answer_ms + spoken_ms if answer_ms else start_ms
    _in_order(start_ms, answer_ms, end_ms)
    at_ms = max(time_ms, end_ms)
    return CallTimes(start_ms, answer_ms, end_ms, received_ms if at_ms > latest_ms else at_ms, skewed)


def _start(answer_ms: int, end_ms: int, spoken_ms: int, time_ms: int, received_ms: int) -> int:
    if answer_ms:
        return answer_ms
    if end_ms:
        return end_ms - spoken_ms
    return time_ms if time_ms else received_ms - spoken_ms


def _in_order(start_ms: int, answer_ms: int, end_ms: int) -> None:
    if answer_ms and answer_ms < start_ms:
        raise InvalidRequest("answer_ms", f"{answer_ms} is before start_ms {start_ms}")
    if end_ms < max(start_ms, answer_ms):
        before = "answer_ms" if answer_ms > start_ms else "start_ms"
        raise InvalidRequest("end_ms", f"{end_ms} is before {before} {max(start_ms, answer_ms)}")
