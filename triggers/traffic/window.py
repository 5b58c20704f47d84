"""A window on the traffic of a key: the calls that began in it and what had become of them by its end.

Up to 300 s the calls themselves are looked at: 5 s at 10:00:07.000 are those that began after 10:00:02.000. An hour is
sixty minutes, the current one included: from 09:01:00 on. A day is 24 hours, a week seven days, in UTC; their sums are
those of the buckets and of the calls that are not in a bucket yet. Where a key has had more calls in five minutes than
are kept, buckets of whole seconds stand for the oldest of them.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.traffic.bucket import (
    CALLED,
    CALLERS,
    CELLS,
    DEVICES,
    ORIGINS,
    SIMS,
    TARGETS,
    TRUNKS,
    TrafficBucket,
    said,
)
from triggers.traffic.counted_call import LOST, PREMIUM, RINGS_MS, CountedCall
from triggers.traffic.delay_counts import DelayCounts, percentile_of
from triggers.traffic.distinct_count import DistinctCount
from triggers.traffic.fading_sum import faded
from triggers.traffic.history import DAY_MS, MINUTE_MS, SECOND_MS
from triggers.traffic.hourly_minutes import HOUR_MS, HOURS, p99_minutes
from triggers.traffic.key import TrafficKey
from triggers.traffic.metric_address import EXACT_S
from triggers.traffic.recent_calls import first_after, near, overlaps
from triggers.traffic.talkers import Talkers
from triggers.traffic.tally import Tally, share

NIGHT_BEFORE_MS: Final = 12 * HOUR_MS
_HOUR_S: Final = 3_600
_DAY_S: Final = 86_400
_PARTS: Final[dict[str, int]] = {
    "distinct_a": CALLERS,
    "distinct_b": CALLED,
    "trunks": TRUNKS,
    "unique_origin_regions": ORIGINS,
    "unique_target_regions": TARGETS,
    "cells": CELLS,
}


def begins_ms(window_ms: int, at_ms: int) -> int:
    """When the window begins that ends at `at_ms`: the first instant that is in it."""
    if window_ms <= EXACT_S * SECOND_MS:
        return at_ms - window_ms + 1
    size_ms = DAY_MS
    if window_ms <= _HOUR_S * SECOND_MS:
        size_ms = MINUTE_MS
    elif window_ms <= _DAY_S * SECOND_MS:
        size_ms = HOUR_MS
    return (at_ms // size_ms - window_ms // size_ms + 1) * size_ms


@mypyc_attr(acyclic=True)
class TrafficWindow:
    """Reads a key once; what several names need is found once."""

    __slots__ = ("_buckets", "_distinct_of", "_key", "_tally", "at_ms", "calls", "from_ms")

    def __init__(self, key: TrafficKey, window_ms: int, at_ms: int) -> None:
        self._key: Final = key
        self.at_ms: Final = at_ms
        self.from_ms: Final = begins_ms(window_ms, at_ms)
        calls = key.calls
        self.calls: Final = calls[first_after(calls, self.from_ms - 1) : first_after(calls, at_ms)]
        # the first second that is whole in an exact window; longer windows begin with one
        whole_ms = -(-self.from_ms // SECOND_MS) * SECOND_MS
        self._buckets: Final[list[TrafficBucket]] = [] if key.history is None else key.history.buckets(whole_ms, at_ms)
        self._tally: Tally | None = None
        self._distinct_of: Final[dict[int, DistinctCount]] = {}

    def tally(self) -> Tally:
        tally = self._tally
        if tally is None:
            tally = self._tally = Tally()
            for call in self.calls:
                tally.attempt(call)
                tally.fate(call, self.at_ms, 1)
            for bucket in self._buckets:
                tally.join(bucket)
        return tally

    def attempts(self) -> int:
        total = len(self.calls)
        for bucket in self._buckets:
            total += bucket.attempts
        return total

    def value(self, name: str) -> float:
        """Of all names that this key and window alone give."""
        value = self.tally().value(name)
        if value >= 0.0:
            return value
        if name.endswith("_ewma"):
            return 0.0
        if name == "overlap_ratio":
            return share(self._overlapped(), self.attempts())
        if name == "sequential_b_ratio":
            return share(self._sequential(), self.attempts())
        if name == "night_calls_earlier":
            return float(self._night_earlier())
        if name == "top_callers_share":
            return share(self._longest_talk_ms(), self.tally().talk_ms)
        if name == "pdd_p50":
            return self._delay(0.5)
        if name == "pdd_p95":
            return self._delay(0.95)
        return self._count_of(name)

    def callers(self) -> int:
        """Distinct callers."""
        return self.distinct(CALLERS).count()

    def distinct(self, part: int) -> DistinctCount:
        """One of the parts that are counted distinctly; the others of a busy trunk are not looked at."""
        count = self._distinct_of.get(part)
        if count is None:
            count = self._distinct_of[part] = DistinctCount()
            for bucket in self._buckets:
                kept = bucket.distinct(part)
                if kept is not None:
                    count.join(kept)
            for call in self.calls:
                text = said(call, part)
                if text:
                    count.add(text)
            self._add_own_name(part, count)
        return count

    def _add_own_name(self, part: int, count: DistinctCount) -> None:
        """Buckets of a number do not say each time whose they are."""
        kind = self._key.kind
        own = (part == CALLERS and not kind.callers) or (part == CALLED and not kind.called)
        if own and self.attempts():
            count.add(self._key.name)

    def _count_of(self, name: str) -> float:
        if name == "distinct_b_ratio":
            return min(1.0, share(self.distinct(CALLED).count(), self.attempts()))
        if name == "imei_per_sim":
            return share(self.distinct(DEVICES).count(), self.distinct(SIMS).count())
        return float(self.distinct(_PARTS[name]).count())

    def _overlapped(self) -> int:
        """Whoever began before the window may still speak in it."""
        calls = self._key.calls
        until = first_after(calls, self.at_ms)
        beside = overlaps(calls[:until], self.at_ms)
        total = 0
        for index in range(until - len(self.calls), until):
            if beside[index]:
                total += 1
        for bucket in self._buckets:
            total += bucket.overlapped
        return total

    def _sequential(self) -> int:
        """Numbers called one after the other, by whoever this key is."""
        calls = self._key.calls
        first = first_after(calls, self.from_ms - 1)
        before = calls[first - 1].b if first else self._key.last_folded_b
        total = 0
        for call in self.calls:
            if near(call.b, before):
                total += 1
            before = call.b
        for bucket in self._buckets:
            total += bucket.sequential
        return total

    def _night_earlier(self) -> int:
        earlier = TrafficWindowPart(self.calls, self._buckets, self.at_ms - NIGHT_BEFORE_MS)
        return earlier.night

    def _longest_talk_ms(self) -> int:
        talkers = Talkers()
        for bucket in self._buckets:
            if bucket.talkers is not None:
                talkers.join(bucket.talkers)
        for call in self.calls:
            talk_ms = call.talk_ms(self.at_ms)
            if talk_ms > 0:
                talkers.add(call.a, talk_ms)
        return talkers.longest_ms()

    def _delay(self, part: float) -> float:
        delays = [call.delay_ms(self.at_ms) for call in self.calls]
        known = [each for each in delays if each >= 0]
        counted = DelayCounts()
        kept = False
        for bucket in self._buckets:
            if bucket.delays is not None:
                counted.join(bucket.delays)
                kept = True
        if not kept:
            return percentile_of(known, part)
        for each in known:
            counted.add(each)
        return counted.percentile(part)


class TrafficWindowPart:
    """The attempts at night of the part of a window before an instant."""

    __slots__ = ("night",)

    def __init__(self, calls: list[CountedCall], buckets: list[TrafficBucket], until_ms: int) -> None:
        tally = Tally()
        for call in calls:
            if call.start_ms <= until_ms:
                tally.attempt(call)
        for bucket in buckets:
            if bucket.start_ms <= until_ms:
                tally.join(bucket)
        self.night: Final = tally.night


def going_on(key: TrafficKey, name: str, at_ms: int) -> float:
    """concurrent_calls, open_calls and premium_concurrent, in which calls of any age count."""
    premium_only, ringing_too = name == "premium_concurrent", name != "concurrent_calls"
    total = 0
    for call in key.calls:
        if call.start_ms <= at_ms and not call.over(at_ms) and (not premium_only or call.marks & PREMIUM):
            if call.answered(at_ms):
                total += call.outcome != LOST
            elif ringing_too and at_ms - call.start_ms < RINGS_MS:
                total += 1
    if key.history is not None:
        for bucket in key.history.buckets(0, at_ms):
            total += bucket.going_premium if premium_only else bucket.going
    return float(total)


def faded_sum(key: TrafficKey, name: str, half_life_s: int, at_ms: int) -> float:
    """attempts_ewma, answered_ewma and minutes_ewma."""
    total = 0.0
    for call in key.calls:
        if call.start_ms <= at_ms:
            if name == "attempts_ewma":
                total += faded(at_ms - call.start_ms, half_life_s)
            elif name == "answered_ewma":
                if call.answered(at_ms):
                    total += faded(at_ms - call.answer_ms, half_life_s)
            elif call.talk_ms(at_ms) > 0:
                total += call.talk_ms(at_ms) / MINUTE_MS * faded(at_ms - call.end_ms, half_life_s)
    history = key.history
    if history is not None:
        kept = history.minutes
        if name == "attempts_ewma":
            kept = history.tried
        elif name == "answered_ewma":
            kept = history.answered
        total += kept.value(half_life_s, at_ms)
    return max(0.0, total)


def usual_minutes(key: TrafficKey, at_ms: int) -> float:
    """minutes_p99: of the 168 hours before the current one."""
    now = at_ms // HOUR_MS
    talk_ms: dict[int, int] = {}
    for call in key.calls:
        talk = call.talk_ms(at_ms)
        if talk > 0:
            hour = call.start_ms // HOUR_MS
            talk_ms[hour] = talk_ms.get(hour, 0) + talk
    hours: list[int] = []
    hourly = None if key.history is None else key.history.hourly
    for hour in range(now - HOURS, now):
        hours.append(talk_ms.get(hour, 0) + (0 if hourly is None else hourly.talk_ms(hour)))
    return p99_minutes(hours)
