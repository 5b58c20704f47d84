"""Reservations: what calls that are going on hold of an account's balances, so that several never overspend together.

Account 1001 has 2.00. A first call is granted two minutes at 0.60 and holds 1.20; a second one that asks while the
first goes on finds 0.80 and is granted one minute. What a call holds is still in the balance, and monitors see all of
it; only other calls may not spend it. A debit of the call consumes what it holds before anything else, its end releases
the rest, and so does the expiry of the reservation.

A call may hold balances of other members of a shared group. Each account keeps what is held of its own balances; the
caller's reservation names the others.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call holds of the balances of one account. `owner` is the account (of the same tenant) that called.

    `held` maps the uuid of a balance to an amount in the scale of that balance. `granted` is the usage it was made for,
    in ns or units as `tor` is used; `others` are the accounts whose balances the call holds too, told on the owner's
    reservation alone. So is `order`, the balances in the order in which they pay where there are several: those of a
    shared group may stand in another one by the time they are debited, and the pieces of a price would not fit them.
    """

    owner: str
    switch_id: str
    call_id: str
    expires_at_ns: int
    held: Mapping[str, int]
    granted: int = 0
    others: tuple[str, ...] = ()
    tor: str = "*voice"
    order: tuple[str, ...] = ()

    @property
    def call(self) -> tuple[str, str, str]:
        """Who holds: owner, switch, call."""
        return self.owner, self.switch_id, self.call_id


def held_by_others(
    reservations: Iterable[Reservation], call: tuple[str, str, str] | None, now_ns: int
) -> dict[str, int]:
    """What other calls than this one hold of each balance, by its uuid. Expired reservations hold nothing."""
    held: dict[str, int] = {}
    for reservation in reservations:
        if reservation.expires_at_ns > now_ns and reservation.call != call:
            for uuid, amount in reservation.held.items():
                held[uuid] = held.get(uuid, 0) + amount
    return held


def held_by_call(
    reservations: Iterable[Reservation], call: tuple[str, str, str] | None, now_ns: int
) -> Mapping[str, int] | None:
    """What this call holds of each balance, by its uuid; None where it has not reserved, or its time is over."""
    for reservation in reservations:
        if reservation.call == call and reservation.expires_at_ns > now_ns:
            return reservation.held
    return None
