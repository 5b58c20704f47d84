"""Simulated calls: one call of labelled traffic, and the events that a switch would have told of it.

A model learns from calls of which somebody knows what they were. 17 rings, an answer at 10:00:05 and an end at 10:02:05
are one `SimulatedCall`; a switch tells it as four events:

    10:00:00.000  INVITE   +4930111 -> +4930555  over carrier-7
    10:00:01.500  RINGING
    10:00:05.000  ANSWER
    10:02:05.000  BYE      ANSWERED

A call that nobody answers ends with CANCEL, where the caller hung up, or with REJECT and its disposition. One that is
still up at the end of the data has no end. Whoever made the calls, a simulator or an operator who labelled his CDRs,
the events go through the code that counts live ones, in the order of time, whatever the order of the calls.
"""

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from triggers.calls.call_event import (
    ANSWER,
    ANSWERED,
    BYE,
    CANCEL,
    CANCELLED,
    INVITE,
    NO_DETAILS,
    REJECT,
    RINGING,
    CallEvent,
    EventDetails,
)
from triggers.numbers.number import NO_NUMBER
from triggers.numbers.number_reading import NumberReader

ORDINARY: Final = "ordinary"
UNJUDGED: Final = -1  # the label of a call of which nobody knows what it was: it was made, and gives no row


@dataclass(frozen=True, slots=True)
class SimulatedCall:
    """One attempt. Instants are ms since the epoch, 0 where it never came to that."""

    call_id: str
    a: str
    b: str
    start_ms: int
    ring_ms: int
    answer_ms: int
    end_ms: int
    disposition: str
    trunk: str
    switch_id: str
    cli: str
    pai: str
    attestation: str
    origin: str  # region
    target: str
    label: int  # 1: fraud, 0: none, UNJUDGED
    kind: str  # of subscriber or of fraud, such as call_centre or wangiri

    @property
    def duration_ms(self) -> int:
        """That is billed."""
        return self.end_ms - self.answer_ms if self.answer_ms and self.end_ms else 0


def events_of(
    calls: Iterable[SimulatedCall], numbers: NumberReader | None = None, *, tenant: str = ""
) -> Iterator[CallEvent]:
    """The events of all calls in the order of time. Of one instant: what calls of before did, then what begins."""
    telling = _Telling(numbers or NumberReader(), tenant)
    later: list[tuple[int, int, CallEvent]] = []
    order = 0
    for call in sorted(calls, key=_start_ms):
        while later and later[0][0] <= call.start_ms:
            yield heapq.heappop(later)[2]
        yield telling.invite(call)
        for event in telling.rest(call):
            heapq.heappush(later, (event.at_ms, order, event))
            order += 1
    while later:
        yield heapq.heappop(later)[2]


def _start_ms(call: SimulatedCall) -> int:
    return call.start_ms


class _Telling:
    def __init__(self, numbers: NumberReader, tenant: str) -> None:
        self._numbers: Final = numbers
        self._tenant: Final = tenant

    def invite(self, call: SimulatedCall) -> CallEvent:
        numbers = self._numbers
        details = EventDetails(
            cli=numbers.read(call.cli) if call.cli else NO_NUMBER,
            p_asserted_identity=numbers.read(call.pai) if call.pai else NO_NUMBER,
            attestation=call.attestation,
            origin_region=call.origin,
            target_region=call.target,
        )
        return self._event(INVITE, call.start_ms, call, details)

    def rest(self, call: SimulatedCall) -> Iterator[CallEvent]:
        if call.ring_ms:
            yield self._event(RINGING, call.ring_ms, call)
        if call.answer_ms:
            yield self._event(ANSWER, call.answer_ms, call)
        if call.end_ms:
            yield self._event(_last(call), call.end_ms, call, EventDetails(disposition=call.disposition))

    def _event(self, kind: int, at_ms: int, call: SimulatedCall, details: EventDetails = NO_DETAILS) -> CallEvent:
        return CallEvent(
            kind,
            at_ms,
            call.call_id,
            self._numbers.caller(call.a, "", call.call_id),
            self._numbers.read(call.b),
            trunk=call.trunk,
            switch_id=call.switch_id,
            tenant=self._tenant,
            account=call.a,
            received_ms=at_ms,
            details=details,
        )


def _last(call: SimulatedCall) -> int:
    if call.disposition == ANSWERED or call.answer_ms:
        return BYE
    return CANCEL if call.disposition == CANCELLED else REJECT
