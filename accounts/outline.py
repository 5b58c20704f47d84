"""The outline of an account: what stays true of it while only values move, worked out once and not with each debit.

A carrier's account has a hundred monitors and forty balances, and a debit of one minute moves one balance and two
counters. In which order the balances pay, when the first of them expires, at which levels a monitor may fire and until
when no counter begins another window: all of that is what it was a second ago. It is found out when it is first asked
for, handed on from copy to copy, and forgotten as soon as a page changes more than values.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from mypy_extensions import mypyc_attr

from tariffs.zone import Zone

if TYPE_CHECKING:
    from accounts.bounds import Bounds

NEVER: Final = (1 << 62) - 1  # in the year 2116; compared with instants only


@mypyc_attr(acyclic=True)
class Outline:
    """`units` are by the type of the event, each the places of balances among all of the account, in order.

    `bounds` hold from `armed_from_ns` on and before `armed_until_ns`; counters stay in their windows, those of a day of
    `windows_zone`, before `windows_until_ns`.
    """

    __slots__ = (
        "armed_from_ns", "armed_until_ns", "bounds", "first_end_ns", "first_expiry_ns", "money", "of_calls",
        "of_metrics", "shared", "units", "windows_until_ns", "windows_zone",
    )  # fmt: skip

    def __init__(
        self, first_expiry_ns: int, first_end_ns: int, *, of_calls: bool, shared: bool, of_metrics: bool = False
    ) -> None:
        self.first_expiry_ns: Final = first_expiry_ns  # of the balances
        self.first_end_ns: Final = first_end_ns  # of the triggers
        self.of_calls: Final = of_calls  # whether a monitor is on single calls
        self.of_metrics: Final = of_metrics  # whether a monitor is on a score or a traffic metric
        self.shared: Final = shared  # whether a balance carries a group
        self.money: list[int] | None = None
        self.units: Final[dict[str, list[int]]] = {}
        self.bounds: Bounds | None = None
        self.armed_from_ns = 0
        self.armed_until_ns = 0
        self.windows_zone: Zone | None = None
        self.windows_until_ns = 0


def earliest(instants_ns: Iterable[int | None]) -> int:
    return min([at_ns for at_ns in instants_ns if at_ns is not None], default=NEVER)
