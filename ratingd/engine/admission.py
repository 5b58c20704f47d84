"""Admission: whether a charged call may go on, as fraud detection sees it, and for how long at a time.

GetMaxSessionTime of a call to a number under attack is refused CALL_MASKED; one from a trunk that is blocked
NUMBER_BLOCKED. A call of an account that is kept short is granted two minutes where the account would pay for an hour.
A `final` debit is of a call that has happened and is charged whatever is thought of it. An emergency number may be
called from an account that is disabled.
"""

from typing import Final, Protocol

from accounts.account import Account
from accounts.charge import UNLIMITED, ChargeRequest, Granted, Reason, Refused
from tariffs.span import VOICE

NO_LIMIT: Final = 0


class Admission:
    """`reason` None lets the call pass. `limit_ns` is the most it is granted at a time; 0: no limit.

    `changes` says how many changes of blocks and lists were known when this was found.
    """

    __slots__ = ("changes", "detail", "limit_ns", "reason")

    def __init__(
        self, reason: Reason | None = None, detail: str = "", *, limit_ns: int = NO_LIMIT, changes: int = 0
    ) -> None:
        self.reason: Final = reason
        self.detail: Final = detail
        self.limit_ns: Final = limit_ns
        self.changes: Final = changes


ADMITTED: Final = Admission()


class Admitting(Protocol):
    def admit(self, request: ChargeRequest, now_ns: int) -> Admission:
        """What is thought of the call that a request is about. The first request of a call is told to detection.

        It never raises.
        """
        ...

    def helps(self, destination: str) -> bool:
        """Whether it is an emergency number."""
        ...


def admission(admitting: Admitting | None, request: ChargeRequest, now_ns: int, *, dry_run: bool) -> Admission:
    """Only calls of voice that have a name are looked at, and what is only asked for is not."""
    if admitting is None or dry_run or not request.call_id or request.tor != VOICE:
        return ADMITTED
    return admitting.admit(request, now_ns)


def for_help(admitting: Admitting | None, request: ChargeRequest, account: Account | None) -> bool:
    """Whether a disabled account calls an emergency number: a trial, an SMS or a call without a name counts too."""
    return account is not None and account.disabled and admitting is not None and admitting.helps(request.destination)


def refused(admission: Admission, request: ChargeRequest) -> Refused | None:
    if admission.reason is None or request.final:
        return None
    return Refused(admission.reason, admission.detail)


def shortened(admission: Admission, request: ChargeRequest) -> ChargeRequest:
    """The request, asking no more than the call's limit."""
    limit_ns = admission.limit_ns
    if limit_ns == NO_LIMIT or request.usage <= limit_ns:
        return request
    return request.ending_at(request.start_ns + limit_ns)


def within(admission: Admission, granted: Granted | Refused) -> Granted | Refused:
    """The grant within the call's limit, where the account may talk without one."""
    if admission.limit_ns != NO_LIMIT and isinstance(granted, Granted) and granted.usage == UNLIMITED:
        return Granted(admission.limit_ns)
    return granted
