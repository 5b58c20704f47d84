"""Admission: whether a charged call may go on, as fraud detection sees it, and how long it may last.

GetMaxSessionTime of a call to a number under attack is refused CALL_MASKED; one from a trunk that is blocked
NUMBER_BLOCKED. A call of an account that is kept short is granted two minutes where the account would pay for an hour:
of its MaxDebits of 50 s the first two are granted whole, the third 20 s, and the fourth is refused.
A `final` debit is of a call that has happened and is charged whatever is thought of it. An emergency number may be
called from an account that is disabled.
"""

from typing import Final, Protocol

from accounts.account import Account
from accounts.charge import UNLIMITED, ChargeRequest, Granted, Reason, Refused
from ratingd.engine.open_calls import begun_ns
from ratingd.store.rows import OpenCall
from tariffs.duration import duration_text
from tariffs.span import VOICE

NO_LIMIT: Final = 0


class Admission:
    """`reason` None lets the call pass. `limit_ns` is how long it may last from its beginning; 0: no limit.

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


def over_limit(admission: Admission, request: ChargeRequest, call: OpenCall | None, *, whole: bool) -> Refused | None:
    """The refusal of a debit when the call has lasted as long as it may, or would with all of one that is `whole`."""
    limit_ns = admission.limit_ns
    if limit_ns == NO_LIMIT or request.final:
        return None
    left_ns = _left_ns(limit_ns, request, call)
    if request.usage <= left_ns or (left_ns and not whole):
        return None
    asked, limit, left = (duration_text(ns) for ns in (request.usage, limit_ns, left_ns))
    return Refused(Reason.NUMBER_BLOCKED, f"{asked} are asked; this call may last {limit}, of which {left} are left")


def shortened(admission: Admission, request: ChargeRequest, call: OpenCall | None = None) -> ChargeRequest:
    """The request, asking no more than is left of the call's limit."""
    if admission.limit_ns == NO_LIMIT or request.final:
        return request
    left_ns = _left_ns(admission.limit_ns, request, call)
    return request if request.usage <= left_ns else request.ending_at(request.start_ns + left_ns)


def within(
    admission: Admission, granted: Granted | Refused, request: ChargeRequest, call: OpenCall | None = None
) -> Granted | Refused:
    """The grant within the call's limit, where the account may talk without one."""
    if admission.limit_ns != NO_LIMIT and isinstance(granted, Granted) and granted.usage == UNLIMITED:
        return Granted(_left_ns(admission.limit_ns, request, call))
    return granted


def _left_ns(limit_ns: int, request: ChargeRequest, call: OpenCall | None) -> int:
    """What is left of a limit when the request begins."""
    return max(0, limit_ns - (request.start_ns - begun_ns(call, request)))
