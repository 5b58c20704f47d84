"""What became of a call, in one word, from what a switch says of it: a word of its own, a SIP code, or only an end.

486 and 600 are BUSY, 487 is CANCEL, 480 and 408 are NO_ANSWER, any other final code is FAILED. A BYE ends an answered
call; where no answer was heard of, the call was not answered.
"""

from typing import Final

from triggers.calls.call_event import (
    ANSWERED,
    BUSY,
    CANCEL,
    CANCELLED,
    DISCONNECTED_FRAUD,
    FAILED,
    NO_ANSWER,
    REJECT,
    REJECTED,
    CallEvent,
)
from triggers.traffic.counted_call import BUSY as BUSY_OUTCOME
from triggers.traffic.counted_call import CANCELLED as CANCELLED_OUTCOME
from triggers.traffic.counted_call import FAILED as FAILED_OUTCOME
from triggers.traffic.counted_call import NO_ANSWER as NO_ANSWER_OUTCOME

OUTCOMES: Final[dict[str, int]] = {
    BUSY: BUSY_OUTCOME,
    NO_ANSWER: NO_ANSWER_OUTCOME,
    CANCELLED: CANCELLED_OUTCOME,
    FAILED: FAILED_OUTCOME,
    REJECTED: FAILED_OUTCOME,
    DISCONNECTED_FRAUD: FAILED_OUTCOME,
}
_FIRST_FAILURE: Final = 400
_BY_SIP: Final[dict[int, str]] = {486: BUSY, 600: BUSY, 487: CANCELLED, 480: NO_ANSWER, 408: NO_ANSWER}


def of_sip(code: int) -> str:
    """ "" for codes that end nothing."""
    return _BY_SIP.get(code, FAILED if code >= _FIRST_FAILURE else "")


def disposition_of(event: CallEvent, answered: bool) -> str:
    """Of a call that this event ends."""
    details = event.details
    said = details.disposition
    if answered:
        return said if said == DISCONNECTED_FRAUD else ANSWERED
    if said and said != ANSWERED:
        return said
    if event.kind == CANCEL:
        return CANCELLED
    return of_sip(details.sip_code) or (REJECTED if event.kind == REJECT else NO_ANSWER)
