"""Buckets: what is kept of the calls of one second, minute, hour or day, once the calls themselves are let go.

A trunk makes 90 calls from 10:15 to 10:16. Its bucket of that minute has their sums, their distinct callers, called
numbers and regions, and their delays. At 11:17 the minute is joined into the bucket of 10:00 to 11:00, the day after
that one into the bucket of the day. Buckets begin at whole UTC minutes, hours and days.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.traffic.counted_call import CountedCall
from triggers.traffic.delay_counts import DelayCounts
from triggers.traffic.distinct_count import DistinctCount
from triggers.traffic.talkers import Talkers
from triggers.traffic.tally import Tally

# parts that are counted distinctly
CALLERS: Final = 0
CALLED: Final = 1
ORIGINS: Final = 2
TARGETS: Final = 3
TRUNKS: Final = 4
DEVICES: Final = 5
SIMS: Final = 6
CELLS: Final = 7


def said(call: CountedCall, part: int) -> str:
    """What a call says of a part; "" for nothing."""
    if part == CALLERS:
        return call.a
    if part == CALLED:
        return call.b
    if part == ORIGINS:
        return call.origin
    if part == TARGETS:
        return call.target
    if part == TRUNKS:
        return call.trunk
    phone = call.phone
    if phone is None:
        return ""
    return phone.imei if part == DEVICES else phone.sim if part == SIMS else phone.cell


def _joined(mine: DistinctCount | None, other: DistinctCount | None) -> DistinctCount | None:
    if other is not None:
        if mine is None:
            mine = DistinctCount()
        mine.join(other)
    return mine


@mypyc_attr(acyclic=True)
class TrafficParts(Tally):
    """Sums, and what is no sum but can be joined all the same. Parts are made when there is something in them."""

    __slots__ = (
        "_origin", "_target", "_trunk", "called", "callers", "cells", "delays", "devices", "origins", "sims", "talkers",
        "targets", "trunks",
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.callers: DistinctCount | None = None
        self.called: DistinctCount | None = None
        self.origins: DistinctCount | None = None
        self.targets: DistinctCount | None = None
        self.trunks: DistinctCount | None = None
        self.devices: DistinctCount | None = None
        self.sims: DistinctCount | None = None
        self.cells: DistinctCount | None = None
        self.delays: DelayCounts | None = None
        self.talkers: Talkers | None = None
        self._origin = ""  # those of the last call, which mostly are those of the next one, too
        self._target = ""
        self._trunk = ""

    def meet(self, call: CountedCall, *, callers: bool, called: bool) -> None:
        """Count who calls whom from where, once a call."""
        if callers:
            count = self.callers
            if count is not None and count.estimated:
                count.add_mixed(call.a_mixed())
            else:
                self.callers = _counted(count, call.a)
        if called:
            count = self.called
            if count is not None and count.estimated:
                count.add_mixed(call.b_mixed())
            else:
                self.called = _counted(count, call.b)
        self._come_from(call)
        phone = call.phone
        if phone is not None:
            if phone.imei:
                self.devices = _counted(self.devices, phone.imei)
            if phone.sim:
                self.sims = _counted(self.sims, phone.sim)
            if phone.cell:
                self.cells = _counted(self.cells, phone.cell)

    def _come_from(self, call: CountedCall) -> None:
        origin, target, trunk = call.origin, call.target, call.trunk
        if origin and origin is not self._origin:
            self._origin = origin
            self.origins = _counted(self.origins, origin)
        if target and target is not self._target:
            self._target = target
            self.targets = _counted(self.targets, target)
        if trunk and trunk is not self._trunk:
            self._trunk = trunk
            self.trunks = _counted(self.trunks, trunk)

    def distinct(self, part: int) -> DistinctCount | None:
        if part == CALLERS:
            return self.callers
        if part == CALLED:
            return self.called
        if part == ORIGINS:
            return self.origins
        if part == TARGETS:
            return self.targets
        if part == TRUNKS:
            return self.trunks
        return self.devices if part == DEVICES else self.sims if part == SIMS else self.cells

    def delayed(self, call: CountedCall, at_ms: int, sign: int) -> None:
        delay_ms = call.delay_ms(at_ms)
        if delay_ms >= 0:
            if self.delays is None:
                self.delays = DelayCounts()
            self.delays.add(delay_ms, sign)

    def talked(self, call: CountedCall, at_ms: int, sign: int) -> None:
        talk_ms = call.talk_ms(at_ms)
        if talk_ms > 0:
            if self.talkers is None:
                self.talkers = Talkers()
            self.talkers.add(call.a, sign * talk_ms)

    def join_all(self, other: "TrafficParts") -> None:
        self.join(other)
        self.callers = _joined(self.callers, other.callers)
        self.called = _joined(self.called, other.called)
        self.origins = _joined(self.origins, other.origins)
        self.targets = _joined(self.targets, other.targets)
        self.trunks = _joined(self.trunks, other.trunks)
        self.devices = _joined(self.devices, other.devices)
        self.sims = _joined(self.sims, other.sims)
        self.cells = _joined(self.cells, other.cells)
        if other.delays is not None:
            if self.delays is None:
                self.delays = DelayCounts()
            self.delays.join(other.delays)
        if other.talkers is not None:
            if self.talkers is None:
                self.talkers = Talkers()
            self.talkers.join(other.talkers)


def _counted(count: DistinctCount | None, text: str) -> DistinctCount:
    if count is None:
        count = DistinctCount()
    count.add(text)
    return count


@mypyc_attr(acyclic=True)
class TrafficBucket(TrafficParts):
    __slots__ = ("start_ms",)

    def __init__(self, start_ms: int) -> None:
        super().__init__()
        self.start_ms = start_ms
