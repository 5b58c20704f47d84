"""The called number as balances and counters look at it: its known prefixes, longest first, and their destinations.

49171… is known as `49` of DST_49 and `4917` of DST_MOBILE; both are worked out once for a request, if anything asks.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from tariffs.tariff import Tariff


@mypyc_attr(acyclic=True, free_list_len=1)
class CalledNumber:
    __slots__ = ("_ids", "_prefixes", "_tariff", "digits")

    def __init__(self, tariff: Tariff, digits: str) -> None:
        self._tariff: Final = tariff
        self.digits: Final = digits
        self._prefixes: list[tuple[str, tuple[str, ...]]] | None = None
        self._ids: set[str] | None = None

    @property
    def prefixes(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each known prefix with the ids of the destinations that carry it, longest first."""
        if self._prefixes is None:
            self._prefixes = self._tariff.prefixes_of(self.digits)
        return self._prefixes

    @property
    def destination_ids(self) -> set[str]:
        """The destinations of the number at any prefix."""
        if self._ids is None:
            self._ids = {id for _, ids in self.prefixes for id in ids}
        return self._ids
