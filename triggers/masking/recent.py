"""The latest calls of different callers, each linked to the one `earlier`: how many callers a window has.

Calls of a b a a c a: the latest are a, c and b. A call of b comes: b, a, c. How many of them the window still holds is
how many callers it has, however many calls; and none of the calls before need be looked at.
"""

from triggers.masking.incident import Attempt


def link(call: Attempt, latest: Attempt | None, begin_ms: int) -> int:
    """Put a call before the latest ones, which it is not among, and let go of those before `begin_ms`.

    Gives how many are left, that is, how many callers the window has.
    """
    caller, last, distinct = call.caller, call, 1
    digest = call.digest
    call.earlier = latest
    while latest is not None and latest.at_ms >= begin_ms:
        earlier = latest.earlier
        if latest.digest == digest and latest.caller == caller:
            last.earlier = earlier
            latest.earlier = None
        else:
            last = latest
            distinct += 1
        latest = earlier
    if latest is not None:
        last.earlier = None
        part(latest)
    return distinct


def part(latest: Attempt | None) -> None:
    """Link them no more."""
    while latest is not None:
        earlier = latest.earlier
        latest.earlier = None
        latest = earlier


def latest_of(calls: list[Attempt], distinct: int) -> Attempt | None:
    """Link the latest calls of different callers, of which there are so many."""
    first: Attempt | None = None
    last: Attempt | None = None
    place = len(calls)
    while distinct:
        place -= 1
        call = calls[place]
        if _has(first, call.caller):
            continue
        if last is None:
            first = call
        else:
            last.earlier = call
        last = call
        distinct -= 1
    return first


def _has(latest: Attempt | None, caller: str) -> bool:
    while latest is not None:
        if latest.caller == caller:
            return True
        latest = latest.earlier
    return False
