"""The open calls of an account, as charges and actions see them.

A trunk of a carrier has two thousand calls open at once. A debit of one of them looks that one up by its name; only an
action that disconnects goes through all of them, so they are put into its words when it does and not for each debit.

A call opens with the first request that is served, is noted again once a minute, and closes with a `final` debit. One
that the switch never closes is over when it expires, whether or not its row is gone.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, overload

from accounts.account import AccountKey
from accounts.charge import ChargeRequest
from actions.context import OpenCall as ActionCall
from ratingd.engine.cache import Held
from ratingd.engine.plans import PlanVersion
from ratingd.store.rows import OpenCall, OpenCallWrite

NO_CALLS: Final[Mapping[AccountKey, Sequence[ActionCall]]] = {}
SEEN_EVERY_NS: Final = 60_000_000_000  # an open call's `last_seen` is written at most this often
CALL_VERSION: Final = "TariffVersion"
CALL_BEGUN: Final = "CallBegun"  # ns since the epoch


class OpenCalls(Sequence[ActionCall]):
    """The calls that an action may disconnect: those stored as open, and the one being debited. Read when looked at."""

    __slots__ = ("_found", "_held", "_now_ns", "_request")

    def __init__(self, held: Held, request: ChargeRequest | None, now_ns: int) -> None:
        self._held: Final = held
        self._request: Final = request
        self._now_ns: Final = now_ns
        self._found: tuple[ActionCall, ...] | None = None

    @overload
    def __getitem__(self, place: int) -> ActionCall: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ActionCall]: ...

    def __getitem__(self, place: int | slice) -> ActionCall | Sequence[ActionCall]:
        return self._all()[place]

    def __len__(self) -> int:
        return len(self._all())

    def __iter__(self) -> Iterator[ActionCall]:
        return iter(self._all())

    def _all(self) -> tuple[ActionCall, ...]:
        if self._found is None:
            self._found = _calls(self._held, self._request, self._now_ns)
        return self._found


def known_call(held: Held, request: ChargeRequest, now_ns: int) -> OpenCall | None:
    """The call as it is stored; one that has expired is over, whether or not its row is gone."""
    call = held.open_calls.get((request.switch_id, request.call_id)) if request.call_id else None
    return call if call is not None and call.expires_ns > now_ns else None


def call_write(
    known: OpenCall | None, request: ChargeRequest, version: PlanVersion, now_ns: int, lasts_ns: int, *, served: bool
) -> OpenCallWrite | None:
    """Whether this request opens a call, keeps it open or closes it; None where the stored row still serves."""
    if not request.call_id:
        return None
    if request.final:
        return None if known is None else OpenCallWrite(known, closed=True)
    if known is not None and now_ns - known.last_seen_ns < SEEN_EVERY_NS:
        return None
    if known is None and not served:
        return None
    fields = known.fields if known is not None else _call_fields(request, version)
    return OpenCallWrite(OpenCall(request.switch_id, request.call_id, request.key, now_ns, now_ns + lasts_ns, fields))


def _calls(held: Held, request: ChargeRequest | None, now_ns: int) -> tuple[ActionCall, ...]:
    calls = {
        (call.switch_id, call.call_id): ActionCall(call.call_id, call.switch_id, call.fields, call.key)
        for call in held.open_calls.values()
        if call.expires_ns > now_ns
    }
    if request is not None and request.call_id and not request.final:
        own = (request.switch_id, request.call_id)
        if own not in calls:
            calls[own] = ActionCall(request.call_id, request.switch_id, _seen(request), request.key)
    return tuple(calls.values())


def begun_ns(call: OpenCall | None, request: ChargeRequest) -> int:
    """When the call of a request began: as its first request said, or this one, where that is earlier."""
    said_ns = request.end_ns - request.duration_index
    first = None if call is None else call.fields.get(CALL_BEGUN)
    return said_ns if first is None else min(said_ns, int(first))


def _call_fields(request: ChargeRequest, version: PlanVersion) -> dict[str, str]:
    """The call as filters see it, and when and under which tariff it began, which nothing that the switch sends may
    name."""
    begun = str(request.end_ns - request.duration_index)
    return {**request.extra_fields, **_named(request), CALL_VERSION: str(version.number), CALL_BEGUN: begun}


def _seen(request: ChargeRequest) -> dict[str, str]:
    """The call as filters see it before it is stored."""
    return {**_named(request), **request.extra_fields}


def _named(request: ChargeRequest) -> dict[str, str]:
    return {
        "Tenant": request.key.tenant,
        "Account": request.key.account,
        "Subject": request.subject,
        "Category": request.category,
        "Destination": request.destination,
        "ToR": request.tor,
    }
