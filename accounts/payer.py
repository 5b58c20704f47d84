"""Payers: the accounts that take part in a charge, as far as the charge needs to know them.

Account 1001 calls, and a shared group lets its balances be paid from those of 1002. What is taken of 1002 is changed
on its own page, moves its own counters and is watched by its own monitors; and what a call of 1002 that is going on
holds of its 5.00 is not there for 1001. Each account is looked at once for a charge, when it first comes up.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from accounts.account import AccountKey
from accounts.book import Page
from accounts.call_name import cgr_id
from accounts.called_number import CalledNumber
from accounts.charge import ChargeRequest
from accounts.counting import Tally
from accounts.reservation import held_by_others

NOTHING_HELD: Final[Mapping[str, int]] = MappingProxyType({})


class Payer:
    """One account: its page, the counters that its balances move, and what other calls hold of them, by uuid."""

    __slots__ = ("held", "key", "page", "tally")

    def __init__(self, page: Page, tally: Tally, held: Mapping[str, int]) -> None:
        self.key: Final = page.account.key
        self.page: Final = page
        self.tally: Final = tally
        self.held: Final = held


class Payers:
    """All accounts of one charge. `caller` is the one that the request is about."""

    __slots__ = ("_call", "_found", "_now_ns", "_request", "caller", "number")

    def __init__(self, page: Page, number: CalledNumber, request: ChargeRequest, now_ns: int) -> None:
        self.number: Final = number
        self._request: Final = request
        self._now_ns: Final = now_ns
        self._call: Final = cgr_id(request.switch_id, request.call_id)
        self._found: Final[dict[AccountKey, Payer]] = {}
        self.caller: Final = self.of(page)

    def of(self, page: Page) -> Payer:
        key = page.account.key
        found = self._found.get(key)
        if found is None:
            found = self._found[key] = Payer(page, self._tally(page), self._held(page))
        return found

    def reconsider(self) -> None:
        """Forget which counters move: actions may have changed counters and balances."""
        for payer in self._found.values():
            payer.tally.reconsider()

    def _tally(self, page: Page) -> Tally:
        return Tally(page.account, self.number, self._request.category, self._call)

    def _held(self, page: Page) -> Mapping[str, int]:
        reservations = page.account.reservations
        return held_by_others(reservations, self._request.call, self._now_ns) if reservations else NOTHING_HELD
