"""Calls of a board in the traffic of their callers.

A board says that 0171 2345678 has called for 12.5 s until 10:00:00, and not whom. The call counts for the caller, his
a.freq_calls.3600 is one more, and it belongs to no called number, no trunk and no account: no masking run, no record
and no rule comes of it. The same message again (caller and time) is the same call, as long as calls that are over are
known. Messages are not in the log of events, so after a start those of before count no more.
"""

import hashlib
from collections.abc import Sequence
from typing import Final

from ratingd.fraud.desk import SLICE, FraudDesk
from ratingd.models.board import BoardCall
from triggers.calls.call_event import ANSWERED, CDR, NO_ANSWER, CallEvent, EventDetails
from triggers.numbers.number import Number

ID_SIGNS: Final = 16


def count(desk: FraudDesk, calls: Sequence[BoardCall], now_ms: int) -> int:
    """Count those that name a caller; how many were new."""
    events = [event_of(desk, call, place, now_ms) for place, call in enumerate(calls) if call.caller]
    new = 0
    for start in range(0, len(events), SLICE):
        with desk.lock:
            traffic = desk.watch.traffic
            for event in events[start : start + SLICE]:
                if traffic.call(event.call_id) is None:
                    traffic.attempt(event)
                    new += 1
    return new


def event_of(desk: FraudDesk, call: BoardCall, place: int, now_ms: int) -> CallEvent:
    """Nobody is called. A call without a time is of now, and no other than itself; nor is one of the future."""
    caller = desk.numbers.caller(call.caller)
    end_ms = min(call.at_ms or now_ms, now_ms)
    told = f"board|{caller.text}|{end_ms}" if call.at_ms else f"board|{caller.text}|{end_ms}|{place}"
    length_ms = min(call.duration_ms, end_ms)
    start_ms = end_ms - length_ms
    details = EventDetails(
        start_ms=start_ms, answer_ms=start_ms if length_ms else 0, end_ms=end_ms, duration_ms=length_ms,
        disposition=ANSWERED if length_ms else NO_ANSWER,
    )  # fmt: skip
    call_id = hashlib.sha1(told.encode(), usedforsecurity=False).hexdigest()[:ID_SIGNS]
    return CallEvent(CDR, end_ms, call_id, caller, Number(""), received_ms=now_ms, details=details)
