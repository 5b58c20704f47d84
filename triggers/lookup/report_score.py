"""Report scores: how much the complaints of users weigh against a number.

+37190012345 rang three people today and one ten days ago, and each of them has said so: 3 · 15 + 15 · 2^(-10/30) are
56.9 of 100. Nobody complains any more, and ten days later it is 45.2. A hundred complaints weigh no more than sixty:
people can make a number suspicious, and never dangerous, for a rival's hundred friends complain as well.

One reporter counts once for a number, by what he said last; who complained more than thirty days ago counts no more.
"""

from collections.abc import Iterable
from typing import Final

REPORT_DAYS: Final = 30
A_REPORTER: Final = 15.0
REPORTS_MOST: Final = 60.0
WANGIRI: Final = "wangiri"
IRS: Final = "irs"
LOTTERY: Final = "lottery"
KYC: Final = "kyc"
ROBOCALL: Final = "robocall"
OTHER: Final = "other"
REPORT_CATEGORIES: Final = (WANGIRI, IRS, LOTTERY, KYC, ROBOCALL, OTHER)


class Complaint:
    """What one user said of a number, on which day since the epoch."""

    __slots__ = ("category", "day", "reporter")

    def __init__(self, reporter: str, category: str, day: int) -> None:
        self.reporter: Final = reporter
        self.category: Final = category
        self.day: Final = day


class Complaints:
    """Those of the last thirty days, one a reporter."""

    __slots__ = ("_day", "_last")

    def __init__(self, told: Iterable[Complaint], day: int) -> None:
        self._day: Final = day
        self._last: Final[dict[str, Complaint]] = {}
        for each in told:
            if 0 <= day - each.day < REPORT_DAYS:
                known = self._last.get(each.reporter)
                if known is None or known.day < each.day:
                    self._last[each.reporter] = each

    @property
    def reporters(self) -> int:
        return len(self._last)

    @property
    def score(self) -> float:
        """0 to 60 of 100."""
        total = 0.0
        for each in self._last.values():
            age = float(self._day - each.day)
            total += A_REPORTER * 2.0 ** (-age / REPORT_DAYS)
        return min(REPORTS_MOST, total)

    @property
    def category(self) -> str:
        """What most of them say; of equals the one that stands first in `REPORT_CATEGORIES`. "" without any."""
        best, most = "", 0
        for category in REPORT_CATEGORIES:
            count = 0
            for each in self._last.values():
                count += int(each.category == category)
            if count > most:
                best, most = category, count
        return best
