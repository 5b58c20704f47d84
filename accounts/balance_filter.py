"""Which balances an action, a monitor or a counter means.

A uuid decides alone, then an id decides alone; else every field that is given must hold. `None` means not given. Note
that `false,false` in BalanceBlocker and BalanceDisabled of a CSV row *are* given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from accounts.balance import Balance, BalanceKind


@dataclass(frozen=True, slots=True)
class BalanceFilter:
    kind: BalanceKind | None = None
    uuid: str | None = None
    id: str | None = None
    weight: Decimal | None = None
    expires_at_ns: int | None = None
    destinations: Mapping[str, bool] | None = None
    rating_subject: str | None = None
    categories: Mapping[str, bool] | None = None
    shared_groups: Mapping[str, bool] | None = None
    timing_ids: Mapping[str, bool] | None = None
    blocker: bool | None = None
    disabled: bool | None = None
    text: str = field(default="", init=False, repr=False, compare=False)  # accounts.document
    narrow: bool = field(default=False, init=False, repr=False, compare=False)  # whether more is given than names

    def __post_init__(self) -> None:
        given = (self.weight, self.expires_at_ns, self.destinations, self.rating_subject, self.categories,
                 self.shared_groups, self.timing_ids, self.blocker, self.disabled)  # fmt: skip
        object.__setattr__(self, "narrow", any(each is not None for each in given))

    def matches(self, balance: Balance) -> bool:
        """Whether an action means this balance: sets of the balance include every name asked for."""
        return self._decided(balance, exact=False)

    def matches_exactly(self, balance: Balance) -> bool:
        """Whether a monitor means this balance: as `matches`, but sets are equal."""
        return self._decided(balance, exact=True)

    def counts(self, balance: Balance) -> bool:
        """Whether a balance counter means this payer: an id that is given must be its own, other fields narrow further.

        The kind is not looked at: a generic balance that pays for a call is counted among the minutes.
        """
        return (self.id is None or balance.terms.id == self.id) and self._given_hold(balance, exact=False)

    def _decided(self, balance: Balance, *, exact: bool) -> bool:
        if self.kind is not None and balance.terms.kind is not self.kind:
            return False
        if self.uuid is not None:
            return balance.uuid == self.uuid
        if self.id is not None:
            return balance.terms.id == self.id
        return not self.narrow or self._given_hold(balance, exact=exact)

    def _given_hold(self, balance: Balance, *, exact: bool) -> bool:
        terms = balance.terms
        return (
            (self.weight is None or terms.weight == self.weight)
            and (self.expires_at_ns is None or terms.expires_at_ns == self.expires_at_ns)
            and (self.blocker is None or terms.blocker == self.blocker)
            and (self.disabled is None or terms.disabled == self.disabled)
            and (self.rating_subject is None or terms.rating_subject == self.rating_subject)
            and (self.destinations is None or _agrees(self.destinations, terms.destinations, exact=exact))
            and (self.categories is None or _agrees(self.categories, terms.categories, exact=exact))
            and (self.timing_ids is None or _agrees(self.timing_ids, terms.timing_ids, exact=exact))
            and (
                self.shared_groups is None
                or _agrees(self.shared_groups, dict.fromkeys(terms.shared_groups, True), exact=exact)
            )
        )


ANY_BALANCE: Final = BalanceFilter()


def _agrees(asked: Mapping[str, bool], held: Mapping[str, bool], *, exact: bool) -> bool:
    if exact:
        return dict(asked) == dict(held)
    return all(held.get(name, False) for name in asked)
