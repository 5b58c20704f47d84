"""Balances: what an account may spend, on what, until when, and in which order.

An operator sells 100 minutes to German numbers and 5.00 EUR for everything else: a voice balance of 6e12 ns bound to
DST_49 and a monetary balance of 5e9 nano. The minutes go first, because units are tried before money.

A balance knows what it may pay for; it does not pay itself. What was agreed (the terms) is frozen and shared between
copies of an account; only the value moves.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from mypy_extensions import mypyc_attr

DEFAULT_BALANCE_ID: Final = "*default"


class BalanceKind(StrEnum):
    """What a balance counts. Values are 1e-9 of a currency or base unit, but whole nanoseconds for voice."""

    MONETARY = "*monetary"
    VOICE = "*voice"
    SMS = "*sms"
    DATA = "*data"
    MMS = "*mms"
    GENERIC = "*generic"

    @property
    def scale(self) -> int:
        """Value units in one unit of usage: 1 for voice (ns), a billion for sms, bytes and the like."""
        return kind_scale(self.value)


def kind_scale(kind: str) -> int:
    """Value units in one unit of what a balance or counter of this kind counts, `*event_connect` included."""
    return 1 if kind == "*voice" else 1_000_000_000


@dataclass(frozen=True, slots=True)
class BalanceTerms:
    """What was agreed about a balance. Empty sets and None mean "no constraint".

    `destinations` and `categories` map a name to True (include) or False (exclude). A rating subject `*zero…` makes
    units free in increments of that size; another text prices usage as that subject; "" is the default of the kind.
    """

    id: str
    kind: BalanceKind
    weight: Decimal = Decimal(0)  # heavier pays first, after the precision of the destination
    expires_at_ns: int | None = None
    destinations: Mapping[str, bool] = field(default_factory=dict)
    rating_subject: str = ""
    categories: Mapping[str, bool] = field(default_factory=dict)
    shared_groups: frozenset[str] = frozenset()
    timing_ids: Mapping[str, bool] = field(default_factory=dict)
    factors: Mapping[str, Decimal] = field(default_factory=dict)
    blocker: bool = False
    disabled: bool = False
    text: str = field(default="", init=False, repr=False, compare=False)  # accounts.document
    excludes_only: bool = field(init=False, repr=False, compare=False)  # no destination is included

    def __post_init__(self) -> None:
        """Nearly all balances have no constraint of a kind: one empty mapping serves all accounts."""
        for name in ("destinations", "categories", "timing_ids", "factors"):
            if not getattr(self, name):
                object.__setattr__(self, name, NO_CONSTRAINT)
        object.__setattr__(self, "excludes_only", not any(self.destinations.values()))

    def expired(self, at_ns: int) -> bool:
        return self.expires_at_ns is not None and self.expires_at_ns < at_ns


NO_CONSTRAINT: Final[Mapping[str, bool]] = {}


@mypyc_attr(acyclic=True, free_list_len=1)
class Balance:
    """One bucket of an account. `uuid` is unique over the system; `terms.id` is the operator's name for it."""

    __slots__ = ("terms", "uuid", "value")

    def __init__(self, uuid: str, terms: BalanceTerms, value: int) -> None:
        self.uuid: Final = uuid
        self.terms = terms
        self.value = value

    def copy(self) -> "Balance":
        return Balance(self.uuid, self.terms, self.value)
