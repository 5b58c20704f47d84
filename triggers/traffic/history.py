"""The history of a busy key: seven days of calls in a few dozen buckets.

A call lies in exactly one bucket. While its minute is among the last sixty that is a bucket of a minute; then minutes
are joined into hours, hours into days, and after seven days they are let go. A window of 24 h adds the hours that are
left and the minutes that are not joined yet: the current hour, as far as it has come, and the 23 before. Keys with
thousands of calls in five minutes have buckets of seconds, too.

What becomes known of a call later, such as its end, changes the one bucket it lies in.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.traffic.bucket import TrafficBucket
from triggers.traffic.counted_call import CountedCall
from triggers.traffic.fading_sum import FadingSum
from triggers.traffic.hourly_minutes import HourlyMinutes

SECOND_MS: Final = 1_000
MINUTE_MS: Final = 60_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
SIZES_MS: Final = (SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS)
RAW_MS: Final = 360_000  # so long calls are kept themselves: the longest exact window, and a minute for late ones
KEPT_MS: Final = (RAW_MS, 61 * MINUTE_MS, 24 * HOUR_MS, 7 * DAY_MS)
EVER_MS: Final = 1 << 60
FINEST: Final = 0
COARSEST: Final = 3


@mypyc_attr(acyclic=True)
class TrafficHistory:
    __slots__ = (
        "_called", "_callers", "_floors", "_latest", "_levels", "_talkers", "answered", "attempts", "hourly",
        "minutes", "tried",
    )  # fmt: skip

    def __init__(self, *, callers: bool, called: bool, talkers: bool) -> None:
        self._callers: Final = callers
        self._called: Final = called
        self._talkers: Final = talkers
        self._levels: Final[list[list[TrafficBucket]]] = [[], [], [], []]
        self._floors: Final[list[int]] = [0, 0, 0, 0]  # what began earlier is in a coarser bucket
        self._latest: TrafficBucket | None = None  # the one of a second that was looked for last
        self.attempts = 0  # in all buckets
        self.tried: Final = FadingSum()
        self.answered: Final = FadingSum()
        self.minutes: Final = FadingSum()
        self.hourly: HourlyMinutes | None = None

    def buckets(self, from_ms: int, to_ms: int) -> list[TrafficBucket]:
        """Those that begin from `from_ms` on and by `to_ms`."""
        found = []
        for level in self._levels:
            for bucket in level:
                if from_ms <= bucket.start_ms <= to_ms:
                    found.append(bucket)
        return found

    def place(self, call: CountedCall, *, sequential: bool, overlapped: bool) -> None:
        """Let a call go into its bucket."""
        start_ms = call.start_ms
        self.tried.add(1.0, start_ms)
        if call.answer_ms:
            self._remember(call, 1)
        latest = self._latest
        if latest is not None and latest.start_ms <= start_ms < latest.start_ms + SECOND_MS:
            bucket: TrafficBucket | None = latest
        else:
            bucket = self._bucket(start_ms)
        if bucket is None:
            return
        self.attempts += 1
        bucket.attempt(call)
        if sequential:
            bucket.sequential += 1
        if overlapped:
            bucket.overlapped += 1
        bucket.meet(call, callers=self._callers, called=self._called)
        if call.told():
            self._fate(bucket, call, 1)

    def take_out(self, call: CountedCall) -> None:
        """Before more is known of a call that lies in a bucket: its fate so far is taken out ..."""
        self._change(call, -1)

    def put_in(self, call: CountedCall) -> None:
        """... and after that the new one is put in."""
        self._change(call, 1)

    def turn(self, newest_ms: int) -> None:
        """Join what has become too old for its level."""
        self._latest = None
        for level in range(len(SIZES_MS)):
            size_ms = SIZES_MS[level]
            floor_ms = (newest_ms - KEPT_MS[level]) // size_ms * size_ms
            if floor_ms > self._floors[level]:
                self._floors[level] = floor_ms
        for level in range(len(SIZES_MS)):
            buckets = self._levels[level]
            if buckets and buckets[0].start_ms < self._floors[level]:
                self._join_older(level, buckets)

    def _join_older(self, level: int, buckets: list[TrafficBucket]) -> None:
        floor_ms, count = self._floors[level], 0
        while count < len(buckets) and buckets[count].start_ms < floor_ms:
            old = buckets[count]
            coarser = self._bucket(old.start_ms)
            if coarser is None:
                self.attempts -= old.attempts
            else:
                coarser.join_all(old)
            count += 1
        del buckets[:count]

    def _change(self, call: CountedCall, sign: int) -> None:
        self._remember(call, sign)
        bucket = self._bucket(call.start_ms)
        if bucket is not None:
            self._fate(bucket, call, sign)

    def _fate(self, bucket: TrafficBucket, call: CountedCall, sign: int) -> None:
        bucket.fate(call, EVER_MS, sign)
        bucket.delayed(call, EVER_MS, sign)
        if self._talkers:
            bucket.talked(call, EVER_MS, sign)

    def _remember(self, call: CountedCall, sign: int) -> None:
        if call.answer_ms:
            self.answered.add(float(sign), call.answer_ms)
            talk_ms = call.talk_ms(EVER_MS)
            if talk_ms > 0:
                self.minutes.add(sign * talk_ms / MINUTE_MS, call.end_ms)
                if self.hourly is None:
                    self.hourly = HourlyMinutes()
                self.hourly.add(call.start_ms, sign * talk_ms)

    def _bucket(self, start_ms: int) -> TrafficBucket | None:
        """The bucket of a call that began then, made where there is none; None: it began too long ago."""
        for level in range(FINEST, COARSEST + 1):
            if start_ms >= self._floors[level]:
                size_ms = SIZES_MS[level]
                bucket = _found(self._levels[level], start_ms // size_ms * size_ms)
                if level == FINEST:
                    self._latest = bucket
                return bucket
        return None


def _found(buckets: list[TrafficBucket], start_ms: int) -> TrafficBucket:
    place = len(buckets)
    while place and buckets[place - 1].start_ms > start_ms:
        place -= 1
    if place and buckets[place - 1].start_ms == start_ms:
        return buckets[place - 1]
    bucket = TrafficBucket(start_ms)
    buckets.insert(place, bucket)
    return bucket
