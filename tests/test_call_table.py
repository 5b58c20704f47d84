import pytest

from tests.table import table
from triggers.calls.call_event import KIND_NAMES, CallEvent, EventDetails
from triggers.calls.call_record import CallRecord
from triggers.numbers.number import Number
from triggers.traffic.call_table import CallTable, OpenCall
from triggers.traffic.counted_call import FROM_CDR, CountedCall

A, B = Number("+4930111"), Number("+4989222")


def event(text: str, call_id: str = "c1") -> CallEvent:
    """INVITE@1000, CDR@9000:start=1000,answer=2000,end=8000, REJECT@500:sip=486"""
    head, _, rest = text.partition(":")
    kind, _, at = head.partition("@")
    said = dict(part.split("=") for part in rest.split(",")) if rest else {}
    details = EventDetails(
        start_ms=int(said.get("start", 0)),
        answer_ms=int(said.get("answer", 0)),
        end_ms=int(said.get("end", 0)),
        duration_ms=int(said.get("length", -1)),
        sip_code=int(said.get("sip", 0)),
        disposition=said.get("said", ""),
    )
    return CallEvent(KIND_NAMES.index(kind), int(at), call_id, A, B, trunk="t1", details=details)


def opened(first: CallEvent) -> OpenCall:
    from_cdr = KIND_NAMES[first.kind] == "CDR"
    start_ms = first.details.start_ms if from_cdr and first.details.start_ms else first.at_ms
    marks = FROM_CDR if from_cdr else 0
    call = OpenCall(first, CountedCall(start_ms, A.text, B.text, "", "", "t1", marks, None))
    if from_cdr:
        call.take(first)
    return call


def told(record: CallRecord) -> str:
    times = f"{record.start_ms} {record.ring_ms} {record.answer_ms} {record.end_ms}"
    return f"{times} pdd {record.pdd_ms} {record.disposition}"


@table("""
    events | record
    INVITE@1000 RINGING@1900 ANSWER@13000 BYE@73000 | 1000 1900 13000 73000 pdd 900 ANSWERED
    INVITE@1000 ANSWER@3000 BYE@9000 | 1000 0 3000 9000 pdd 2000 ANSWERED
    INVITE@1000 RINGING@1900 RINGING@1500 ANSWER@3000 ANSWER@5000 BYE@9000 | 1000 1500 3000 9000 pdd 500 ANSWERED
    INVITE@1000 CANCEL@3000 | 1000 0 0 3000 pdd -1 CANCEL
    INVITE@1000 REJECT@3000:sip=486 | 1000 0 0 3000 pdd -1 BUSY
    INVITE@1000 UPDATE@1500 REJECT@3000 | 1000 0 0 3000 pdd -1 REJECTED
    INVITE@1000 BYE@9000:length=5000 | 1000 0 4000 9000 pdd 3000 ANSWERED   # nobody told of the answer
    INVITE@1000 BYE@9000 ANSWER@3000 | 1000 0 3000 9000 pdd 2000 ANSWERED   # told in another order
    INVITE@1000 ANSWER@3000 BYE@9000 BYE@8000 | 1000 0 3000 9000 pdd 2000 ANSWERED
    INVITE@1000 ANSWER@3000 BYE@9000 BYE@9500 | 1000 0 3000 9500 pdd 2000 ANSWERED
    INVITE@1000 ANSWER@3000 BYE@9000 CDR@60000:start=1010,answer=2500,end=8800 | 1010 0 2500 8800 pdd 1490 ANSWERED
    INVITE@1000 ANSWER@3000 CDR@9000:end=8800 | 1000 0 3000 8800 pdd 2000 ANSWERED
    INVITE@1000 ANSWER@3000 CDR@9000:length=4000 | 1000 0 3000 7000 pdd 2000 ANSWERED
    INVITE@1000 ANSWER@3000 CDR@9000:said=NO_ANSWER | 1000 0 0 9000 pdd -1 NO_ANSWER
    INVITE@1000 CDR@9000:end=9000,length=0 | 1000 0 0 9000 pdd -1 NO_ANSWER
    INVITE@1000 ANSWER@3000 CDR@9000:end=8000,said=DISCONNECTED_FRAUD | 1000 0 3000 8000 pdd 2000 DISCONNECTED_FRAUD
    INVITE@1000 CDR@9000:end=8000,answer=3000 BYE@9500 | 1000 0 3000 8000 pdd 2000 ANSWERED   # a CDR knows better
    INVITE@1000 CDR@9000:end=8000,answer=3000 CDR@9100:end=8100,answer=3100 | 1000 0 3100 8100 pdd 2100 ANSWERED
    INVITE@1000 CDR@9100:end=8100,answer=3100 CDR@9000:end=8000,answer=3000 | 1000 0 3100 8100 pdd 2100 ANSWERED  # late
    CDR@9000:start=1000,answer=3000,end=8000 | 1000 0 3000 8000 pdd 2000 ANSWERED
    CDR@1000:start=1000,length=7000 | 1000 0 1000 8000 pdd -1 ANSWERED     # of its ringing nothing is said
    CDR@1000:start=1000,length=7000,end=9000 | 1000 0 2000 9000 pdd 1000 ANSWERED
    CDR@1000:start=1000,length=0 | 1000 0 0 1000 pdd -1 NO_ANSWER
    CDR@1000:start=1000,end=5000,said=BUSY | 1000 0 0 5000 pdd -1 BUSY
""")
def test_the_record_of_a_call(events: str, record: str) -> None:
    first, *later = [event(each) for each in events.split()]
    call = opened(first)
    for each in later:
        call.take(each)
    assert told(call.record()) == record


@table("""
    events                                          | records
    INVITE@1 ANSWER@2 BYE@3                         | 1
    INVITE@1 ANSWER@2 BYE@3 BYE@3                   | 1    # told twice
    INVITE@1 BYE@3 ANSWER@2                         | 2    # and the second is another
    INVITE@1 ANSWER@2 BYE@3 CDR@9:answer=2,end=3    | 1    # a CDR with nothing new
    INVITE@1 ANSWER@2 BYE@3 CDR@9:answer=2,end=4    | 2
    INVITE@1 RINGING@2 UPDATE@3 ANSWER@4            | 0
""")
def test_a_record_is_due_when_it_says_something_new(events: str, records: str) -> None:
    first, *later = [event(each) for each in events.split()]
    call = opened(first)
    assert sum(call.take(each) for each in later) == int(records)


def entered(table_: CallTable, name: str, at_ms: int, *, going: bool = False) -> tuple[OpenCall, OpenCall | None]:
    call = opened(event(f"INVITE@{at_ms}", name))
    call.going = going
    return call, table_.enter(call, at_ms)


def test_calls_are_known_for_minutes_and_while_they_go_on_for_a_day() -> None:
    calls = CallTable(100, 300_000, 86_400_000)
    entered(calls, "brief", 0)
    going, _ = entered(calls, "going", 0, going=True)
    entered(calls, "later", 300_001)
    assert sorted(calls.calls) == ["going", "later"]
    _, lost = entered(calls, "much later", 86_400_001)
    assert lost is going
    assert (sorted(calls.calls), calls.dropped) == (["much later"], 0)


@pytest.mark.parametrize("going_first", [True, False])
def test_beyond_the_most_the_one_longest_silent_goes(going_first: bool) -> None:
    calls = CallTable(2, 300_000, 86_400_000)
    first, _ = entered(calls, "first", 0, going=going_first)
    entered(calls, "second", 1, going=not going_first)
    _, lost = entered(calls, "third", 2)
    assert sorted(calls.calls) == ["second", "third"]
    assert (lost, calls.dropped) == (first if going_first else None, 1)


def test_what_is_heard_of_a_call_keeps_it() -> None:
    calls = CallTable(2, 300_000, 86_400_000)
    call, _ = entered(calls, "first", 0)
    entered(calls, "second", 1)
    call.take(event("ANSWER@5", "first"))
    calls.moved(call, False, 5)
    entered(calls, "third", 6)
    assert sorted(calls.calls) == ["first", "third"]
    call.take(event("BYE@7", "first"))
    calls.moved(call, True, 7)
    entered(calls, "fourth", 8)
    assert sorted(calls.calls) == ["first", "fourth"]
