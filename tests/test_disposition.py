from tests.table import table
from triggers.calls.call_event import KIND_NAMES, CallEvent, EventDetails
from triggers.calls.disposition import disposition_of, of_sip
from triggers.numbers.number import NO_NUMBER


@table("""
    kind   | code | said               | answered | disposition
    BYE    | 0    |                    | yes      | ANSWERED
    BYE    | 0    | DISCONNECTED_FRAUD | yes      | DISCONNECTED_FRAUD
    BYE    | 0    |                    | no       | NO_ANSWER
    BYE    | 487  |                    | no       | CANCEL
    CANCEL | 0    |                    | no       | CANCEL
    REJECT | 486  |                    | no       | BUSY
    REJECT | 600  |                    | no       | BUSY
    REJECT | 487  |                    | no       | CANCEL
    REJECT | 480  |                    | no       | NO_ANSWER
    REJECT | 408  |                    | no       | NO_ANSWER
    REJECT | 404  |                    | no       | FAILED
    REJECT | 503  |                    | no       | FAILED
    REJECT | 0    |                    | no       | REJECTED
    REJECT | 503  | BUSY               | no       | BUSY
    CDR    | 0    | ANSWERED           | no       | NO_ANSWER
    CDR    | 0    | FAILED             | no       | FAILED
""")
def test_what_became_of_a_call(kind: str, code: str, said: str, answered: str, disposition: str) -> None:
    details = EventDetails(sip_code=int(code), disposition=said)
    event = CallEvent(KIND_NAMES.index(kind), 0, "c1", NO_NUMBER, NO_NUMBER, details=details)
    assert disposition_of(event, answered == "yes") == disposition


def test_codes_that_end_nothing() -> None:
    assert [of_sip(code) for code in (0, 180, 200, 302)] == [""] * 4
