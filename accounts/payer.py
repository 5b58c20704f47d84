"""Payers: the accounts that take part in a charge, as far as the charge needs to know them.

Account 1001 calls, and a shared group lets its balances be paid from those of 1002. What is taken of 1002 is changed
on its own page, moves its own counters and is watched by its own monitors; and what a call of 1002 that is going on
holds of its 5.00 is not there for 1001. Each account is looked at once for a charge, when it first comes up.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import Account, Window
from accounts.book import Page
from accounts.call_name import cgr_id
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.counting import Tally
from accounts.reservation import Reservation, held_by_call, held_by_others

NOTHING_HELD: Final[Mapping[str, int]] = MappingProxyType({})


@mypyc_attr(acyclic=True, free_list_len=1)
class Payer:
    """One account: its page, the counters that its balances move, and what is held of them, by uuid.

    `held` is what other calls hold, `reserved` what this one does.
    """

    __slots__ = ("held", "key", "page", "reserved", "tally")

    def __init__(self, page: Page, tally: Tally, held: Mapping[str, int], reserved: Mapping[str, int]) -> None:
        self.key: Final = page.account.key
        self.page: Final = page
        self.tally: Final = tally
        self.held: Final = held
        self.reserved: Final = reserved


@mypyc_attr(acyclic=True, free_list_len=1)
class Payers:
    """All accounts of one charge. `caller` is the one that the request is about."""

    __slots__ = ("_members", "_now_ns", "_request", "caller", "number")

    def __init__(self, page: Page, number: CalledNumber, request: ChargeRequest, now_ns: int) -> None:
        self.number: Final = number
        self._request: Final = request
        self._now_ns: Final = now_ns
        self._members: Final[dict[Page, Payer]] = {}
        self.caller: Final = self._payer(page)

    def of(self, page: Page) -> Payer:
        if page is self.caller.page:
            return self.caller
        found = self._members.get(page)
        if found is None:
            found = self._members[page] = self._payer(page)
        return found

    @property
    def reserved(self) -> Reservation | None:
        """What the call holds, if it has reserved."""
        for reservation in self.caller.page.account.reservations:
            if reservation.call == self._request.call and reservation.expires_at_ns > self._now_ns:
                return reservation
        return None

    def reserved_order(self) -> Mapping[str, int]:
        """The places of the balances in what the call holds, by uuid; none where it holds nothing."""
        reserved = self.reserved
        return NOTHING_HELD if reserved is None else {uuid: place for place, uuid in enumerate(reserved.order)}

    def reconsider(self) -> None:
        """Forget which counters move: actions may have changed counters and balances."""
        self.caller.tally.reconsider()
        for payer in self._members.values():
            payer.tally.reconsider()

    def _payer(self, page: Page) -> Payer:
        account, request = page.account, self._request
        held = reserved = NOTHING_HELD
        if account.reservations:
            held = held_by_others(account.reservations, request.call, self._now_ns)
            reserved = held_by_call(account.reservations, request.call, self._now_ns) or NOTHING_HELD
        return Payer(page, Tally(account, self.number, request.category, self._call(account)), held, reserved)

    def _call(self, account: Account) -> str:
        """The name of the call, if one of the counters is of single calls."""
        for counter in account.counters:
            if counter.window is Window.CALL:
                return cgr_id(self._request.switch_id, self._request.call_id)
        return ""
