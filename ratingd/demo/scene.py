"""Who calls whom in the demo: an ordinary quarter of an hour, some calls that cannot be, a family, a package that runs
out, two calls at once, a hijacked telephone and one that was left off the hook; then those who hide who they are.

All of it on a Monday at ten in the morning, in peak time, so that the prices of the story are always the same.
"""

import random
import time
from typing import Final

from ratingd.demo.switch import Planned
from ratingd.v1.fraud_pb2 import CallEvent
from tariffs.zone import DAY_NS, UTC

HIJACKED: Final = "1008"
EXPLAINED: Final = Planned("call-explained", "1006", "4930123456", 90)
SATELLITE: Final = Planned("call-satellite", HIJACKED, "8816123456", 600, 60)
BYSTANDER: Final = Planned("call-bystander", HIJACKED, "4930765432", 1800, 12)
PAYER: Final = "1011"
FAMILY: Final = Planned("call-family", "1012", "4930123456", 90)
PACKAGE: Final = Planned("call-package", "1002", "4930123456", 300)
MINUTES_LEFT_S: Final = 120
HOUR_S: Final = 3600
AT_ONCE: Final = (Planned("call-a", "1003", "391555010", 60), Planned("call-b", "1003", "331555010", 60))
CAPPED: Final = "1007"
FORGOTTEN: Final = Planned("call-forgotten", "1007b", "391555010", 7200, 60, speed=6000)
CAP: Final = "15"
ALERTS: Final = 3  # of the hijacked telephone, and of the forgotten one: its dear call, and its day's cap
_CALLERS: Final = ("1001", "1002", "1003", "1004", "1005", "1006", "1007", "1010")
_NUMBERS: Final = ("4930555100", "491715550100", "4915155502", "1004", "331555010", "391555010", "4989555400")
_ORDINARY: Final = 32
_APART_NS: Final = 20 * 1_000_000_000  # so that nobody takes those who call one number for a masking run
CALL_CENTRE: Final = "+4930555900"
CUSTOMERS: Final = 30
TOGETHER: Final = 16  # events in a message
VICTIM: Final = "4930765000"
MASKED: Final = 8
CARRIER: Final = "1010"
SURGERY: Final = "+4930555700"
UNSEEN_VICTIM: Final = "4930765001"
FOUR: Final = 4  # callers at once: one too few for the rule
_LATER_NS: Final = 1800 * 1_000_000_000  # half an hour into the scene
_STILL_LATER_NS: Final = 2700 * 1_000_000_000
_MONDAY: Final = 1
_TEN_O_CLOCK_NS: Final = 10 * 3600 * 1_000_000_000


def monday_morning() -> int:
    """Ten o'clock UTC of the last Monday, in nanoseconds since the epoch."""
    day = UTC.day_of(time.time_ns() - DAY_NS)
    while day.week_day != _MONDAY:
        day = UTC.day_of(day.start_ns - 1)
    return day.at(_TEN_O_CLOCK_NS)


def ordinary() -> list[Planned]:
    """The same calls every time: who, where to, how long."""
    dice = random.Random(2026)
    calls = [
        Planned(
            f"call-{number:02}", _CALLERS[number % len(_CALLERS)], dice.choice(_NUMBERS), dice.randrange(18, 120),
            at_ns=number * _APART_NS,
        )
        for number in range(_ORDINARY)
    ]  # fmt: skip
    return [*calls, EXPLAINED]


def impossible() -> list[Planned]:
    """A number nobody prices, a disabled account, one that does not exist."""
    return [
        Planned("call-unpriced", "1003", "442079460000", 30),
        Planned("call-disabled", "1009", "4930555100", 30),
        Planned("call-unknown", "1099", "4930555100", 30),
    ]


def hijacked() -> list[Planned]:
    """A satellite number that earns the thief money, while the owner speaks with somebody."""
    return [BYSTANDER, SATELLITE]


def customers(now_ns: int) -> list[CallEvent]:
    """Thirty people called the call centre within five seconds, all but three were answered and spoke for two minutes;
    it is over by now.
    """
    begun_ms = now_ns // 1_000_000 - 150_000
    events = []
    for number in range(CUSTOMERS):
        call_id, at_ms = f"care-{number:02}", begun_ms + number * 150
        caller = f"+4916090000{number:02}"
        events.append(_event(call_id, CallEvent.INVITE, at_ms, caller))
        if number % 10:
            events.append(_event(call_id, CallEvent.ANSWER, at_ms + 4_000, caller))
            events.append(_event(call_id, CallEvent.BYE, at_ms + 124_000, caller))
    return sorted(events, key=lambda event: event.time_ms)


def _event(call_id: str, kind: CallEvent.Kind, at_ms: int, caller: str) -> CallEvent:
    return CallEvent(
        call_id=call_id, kind=kind, time_ms=at_ms, a_number=caller, b_number=CALL_CENTRE, trunk="city", switch_id="care"
    )


def masked() -> list[Planned]:
    """One caller who shows another number each time, over a carrier's account, half a second apart."""
    return [
        Planned(
            f"call-masked-{number}", CARRIER, VICTIM, 120, at_ns=_LATER_NS + number * 500_000_000,
            a_number=f"4915110000{number:02}", trunk="carrier-7", waits_s=number * 0.03,
        )
        for number in range(MASKED)
    ]  # fmt: skip


def patients(now_ns: int) -> list[CallEvent]:
    """Four of our own subscribers, each vouched for, call their doctor within five seconds."""
    events = []
    for number in range(FOUR):
        at_ms, caller = now_ns // 1_000_000 + 1_200 * (number - FOUR), f"+49306661{number:02}0"
        events.append(
            CallEvent(
                call_id=f"patient-{number}", kind=CallEvent.INVITE, time_ms=at_ms, a_number=caller, b_number=SURGERY,
                cli=caller, p_asserted_identity=caller, attestation="A", trunk="city", switch_id="care",
            )
        )  # fmt: skip
    return events


def under_the_rule() -> list[Planned]:
    """Four calls to one number within five seconds, each under another number from abroad that nobody vouches for."""
    return [
        Planned(
            f"call-unseen-{number}", CARRIER, UNSEEN_VICTIM, 300, at_ns=_STILL_LATER_NS + number * 1_200_000_000,
            a_number=f"371260000{number:02}", trunk="carrier-9", waits_s=number * 0.25,
        )
        for number in range(FOUR)
    ]  # fmt: skip
