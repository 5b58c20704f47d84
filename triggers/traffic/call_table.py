"""Calls of which more may be heard, and the record each ends with.

An INVITE at 10:00:00.000, ringing at .900, an answer at 10:00:12 and a BYE at 10:01:12 make one record: pdd 900 ms,
60 s, ANSWERED. A CDR that comes a minute later and says that the answer was at 10:00:11.500 makes the record anew: a
CDR knows better than single events, the newer CDR better than the older one. A call is known for five minutes after
its last event, and while it is answered and not over for a day; of a call that is not known nothing but an INVITE or a
CDR is taken.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.calls.call_event import ANSWER, ANSWERED, CDR, NO_DETAILS, RINGING, UPDATE, CallEvent, EventDetails
from triggers.calls.call_record import CallRecord
from triggers.calls.disposition import OUTCOMES, disposition_of
from triggers.spread import Spread
from triggers.traffic.counted_call import CountedCall
from triggers.traffic.silence import Seat, Silence


@mypyc_attr(acyclic=True)
class OpenCall(Seat):
    """`counted` is what metrics see of it, `first` its INVITE, or its CDR where no INVITE was seen."""

    __slots__ = ("_cdr_ms", "counted", "details", "disposition", "first", "going", "start_ms")

    def __init__(self, first: CallEvent, counted: CountedCall) -> None:
        super().__init__()
        self.first: Final = first
        self.counted: Final = counted
        self.details: EventDetails = first.details  # of the last event that had any
        self.start_ms = counted.start_ms  # a CDR may know it better; the call is counted where it was counted
        self.disposition = ""
        self.going = False  # answered and not over
        self._cdr_ms = -1

    @property
    def over(self) -> bool:
        return self.counted.end_ms > 0

    def take(self, event: CallEvent) -> bool:
        """Note what an event says. Whether a record is due: the call is over, or was and is now told differently."""
        if event.details is not NO_DETAILS and event.details is not self.details:
            self.details = event.details
        kind = event.kind
        if kind == CDR:
            return self._take_record(event)
        if self._cdr_ms >= 0 or kind == UPDATE:
            return False
        if kind == RINGING:
            return self._rings(event.at_ms)
        if kind == ANSWER:
            return self._answered(event.at_ms)
        return self._ends(event)

    def record(self) -> CallRecord:
        first, details, counted = self.first, self.details, self.counted
        return CallRecord(
            first.call_id,
            first.a.text,
            first.b.text,
            self.start_ms,
            tenant=first.tenant,
            account=first.account,
            cli=details.cli.text,
            pai=details.p_asserted_identity.text,
            attestation=details.attestation,
            trunk=first.trunk,
            switch_id=first.switch_id,
            ring_ms=counted.ring_ms,
            answer_ms=counted.answer_ms,
            end_ms=counted.end_ms,
            pdd_ms=self._delay_ms(),
            disposition=self.disposition,
            origin_region=counted.origin,
            target_region=counted.target,
            label=details.label,
        )

    def _delay_ms(self) -> int:
        counted = self.counted
        heard_ms = counted.ring_ms if counted.ring_ms else counted.answer_ms
        return max(0, heard_ms - self.start_ms) if heard_ms and counted.set_up_known() else -1

    def _rings(self, at_ms: int) -> bool:
        """The first ringing counts, in whatever order they come."""
        counted = self.counted
        if counted.ring_ms and counted.ring_ms <= at_ms:
            return False
        counted.ring_ms = at_ms
        return self.over

    def _answered(self, at_ms: int) -> bool:
        """The first answer counts: a re-INVITE is answered too."""
        counted = self.counted
        if counted.answer_ms and counted.answer_ms <= at_ms:
            return False
        counted.answer_ms = at_ms
        if self.over:
            self.disposition, counted.outcome = ANSWERED, 0
        self.going = not self.over
        return self.over

    def _ends(self, event: CallEvent) -> bool:
        counted = self.counted
        if counted.end_ms > event.at_ms:
            return False
        length_ms = event.details.duration_ms
        if length_ms > 0 and not counted.answer_ms:
            counted.answer_ms = event.at_ms - length_ms
        return self._ended(event, event.at_ms)

    def _ended(self, event: CallEvent, end_ms: int) -> bool:
        counted = self.counted
        known = (counted.end_ms, self.disposition)
        counted.end_ms = max(end_ms, counted.answer_ms)
        self.disposition = disposition_of(event, counted.answer_ms > 0)
        counted.outcome = 0 if counted.answer_ms else OUTCOMES.get(self.disposition, 0)
        self.going = False
        return known != (counted.end_ms, self.disposition)

    def _take_record(self, event: CallEvent) -> bool:
        if event.at_ms < self._cdr_ms:
            return False
        self._cdr_ms = event.at_ms
        told = self._times()
        details, counted = event.details, self.counted
        if details.start_ms:
            self.start_ms = details.start_ms
        counted.answer_ms = answer_of(event, counted.answer_ms, self.start_ms)
        self._ended(event, _end_of(event, counted.answer_ms, counted.end_ms))
        return told != self._times()

    def _times(self) -> tuple[int, int, int, str]:
        return (self.start_ms, self.counted.answer_ms, self.counted.end_ms, self.disposition)


def answer_of(event: CallEvent, heard_ms: int, start_ms: int) -> int:
    """When a CDR says the call was answered; what was heard before where it does not say; 0: it was not."""
    details = event.details
    if details.answer_ms:
        return details.answer_ms
    if details.duration_ms == 0 or details.disposition not in ("", ANSWERED, "DISCONNECTED_FRAUD"):
        return 0
    if details.duration_ms > 0:
        return details.end_ms - details.duration_ms if details.end_ms else (heard_ms or start_ms)
    return heard_ms or (start_ms if details.disposition == ANSWERED else 0)


def _end_of(event: CallEvent, answer_ms: int, heard_ms: int) -> int:
    details = event.details
    if details.end_ms:
        return details.end_ms
    if answer_ms and details.duration_ms >= 0:
        return answer_ms + details.duration_ms
    return heard_ms or event.at_ms


@mypyc_attr(acyclic=True)
class CallTable:
    """At most `calls_max` calls; the one longest silent goes first, and is counted."""

    __slots__ = ("_brief", "_calls_max", "_ended_ms", "_going", "_lost_ms", "calls", "dropped")

    def __init__(self, calls_max: int, ended_ms: int, lost_ms: int) -> None:
        self._calls_max: Final = calls_max
        self._ended_ms: Final = ended_ms
        self._lost_ms: Final = lost_ms
        self.calls: Final[Spread[OpenCall]] = Spread()
        self._brief: Final = Silence()  # set up, or over: known for minutes
        self._going: Final = Silence()  # answered and not over: known for a day
        self.dropped = 0

    def enter(self, call: OpenCall, at_ms: int) -> OpenCall | None:
        """Returns a call that was going on and is now lost."""
        lost = self._dropped_for(at_ms)
        self.calls.put(call.first.call_id, call)
        (self._going if call.going else self._brief).enter(call, at_ms)
        return lost

    def moved(self, call: OpenCall, was_going: bool, at_ms: int) -> None:
        """An event has told of a call."""
        at_ms = max(at_ms, call.seen_ms)
        if call.going == was_going:
            (self._going if was_going else self._brief).touch(call, at_ms)
            return
        (self._going if was_going else self._brief).leave(call)
        (self._going if call.going else self._brief).enter(call, at_ms)

    def _dropped_for(self, at_ms: int) -> OpenCall | None:
        """Two may go for each that comes, of which one was going on."""
        brief, going = self._brief.oldest(), self._going.oldest()
        full = len(self.calls) >= self._calls_max
        if brief is not None and (at_ms - brief.seen_ms > self._ended_ms or (full and _longer(brief, going))):
            self._drop(brief, self._brief, at_ms - brief.seen_ms <= self._ended_ms)
            full = len(self.calls) >= self._calls_max
        if isinstance(going, OpenCall) and (full or at_ms - going.seen_ms > self._lost_ms):
            self._drop(going, self._going, full)
            return going
        return None

    def _drop(self, seat: Seat, order: Silence, counted: bool) -> None:
        if isinstance(seat, OpenCall):
            self.calls.pop(seat.first.call_id)
            order.leave(seat)
            if counted:
                self.dropped += 1


def _longer(one: Seat, other: Seat | None) -> bool:
    return other is None or one.seen_ms <= other.seen_ms
