"""The tariffs at hand: which version prices a request, and what becomes of calls when another one is activated.

A load makes version N+1 and says from when on it holds; a batch pins the version in force as it is decided and records
its number. A call that is under way keeps the version of its first debit, so that nobody is charged half by a price
list that came out in mid-call, unless the activation moves open calls too.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from actions.folder import EMPTY_PLAN_BOOK, PlanBook

KEPT_VERSIONS: Final = 4


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """`number` rises with each load; 0 is the empty tariff. `moves_calls`: calls under way go over to it."""

    number: int
    book: PlanBook
    effective_at_ns: int
    moves_calls: bool = False
    name: str = field(init=False, repr=False, compare=False)  # the number, as an open call keeps it

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", str(self.number))


NO_PLAN: Final = PlanVersion(0, EMPTY_PLAN_BOOK, 0)


class PlanDesk:
    """Holds the version in force, those about to be, and the last few for calls that began under them.

    `fetch` reads a version that is no longer at hand from the store; None where it has been removed.
    """

    def __init__(self, fetch: Callable[[int], PlanVersion | None]) -> None:
        self._fetch: Final = fetch
        self._lock: Final = threading.Lock()
        self._current = NO_PLAN
        self._coming: list[PlanVersion] = []
        self._former: dict[int, PlanVersion] = {}

    def current(self, now_ns: int) -> PlanVersion:
        """The version in force."""
        if self._coming and self._coming[0].effective_at_ns <= now_ns:
            self._advance(now_ns)
        return self._current

    def of_call(self, name: str, now_ns: int) -> PlanVersion:
        """The version for a call that began under the one of that name."""
        current = self.current(now_ns)
        if name == current.name or current.moves_calls:
            return current
        number = int(name)
        former = self._former.get(number)
        if former is None:
            former = self._fetch(number) or current
            with self._lock:
                self._keep(number, former)
        return former

    def activate(self, version: PlanVersion) -> None:
        """Let a version hold from its `effective_at_ns` on."""
        with self._lock:
            if version.number in {self._current.number, *(coming.number for coming in self._coming)}:
                return
            self._coming = sorted([*self._coming, version], key=lambda coming: (coming.effective_at_ns, coming.number))

    def knows(self, number: int) -> bool:
        """Whether a version is in force, has been lately, or will be."""
        return number <= self._current.number or number in [coming.number for coming in self._coming]

    def _advance(self, now_ns: int) -> None:
        with self._lock:
            while self._coming and self._coming[0].effective_at_ns <= now_ns:
                self._keep(self._current.number, self._current)
                self._current = self._coming[0]
                self._coming = self._coming[1:]

    def _keep(self, number: int, version: PlanVersion) -> None:
        self._former = {**dict(list(self._former.items())[-(KEPT_VERSIONS - 1) :]), number: version}
