"""Talkers: who speaks for how long, so that three callers who make most of the minutes of a range are seen.

At most 64 are kept, the longest; who comes behind them is counted in the sum alone. So the share of the ten longest is
exact up to 64 callers a bucket, and never too high.
"""

from typing import Final

from mypy_extensions import mypyc_attr

KEPT: Final = 64
LONGEST: Final = 10


def _by_talk(one: tuple[int, str]) -> tuple[int, str]:
    return (-one[0], one[1])


@mypyc_attr(acyclic=True)
class Talkers:
    __slots__ = ("_talk_ms",)

    def __init__(self) -> None:
        self._talk_ms: Final[dict[str, int]] = {}

    def add(self, caller: str, talk_ms: int) -> None:
        left = self._talk_ms.get(caller, 0) + talk_ms
        if left > 0:
            self._talk_ms[caller] = left
        else:
            self._talk_ms.pop(caller, None)
        if len(self._talk_ms) >= 2 * KEPT:
            self._keep_longest()

    def join(self, other: "Talkers") -> None:
        for caller, talk_ms in other._talk_ms.items():
            self.add(caller, talk_ms)

    def longest_ms(self) -> int:
        return sum(sorted(self._talk_ms.values(), reverse=True)[:LONGEST])

    def _keep_longest(self) -> None:
        ordered = sorted([(talk_ms, caller) for caller, talk_ms in self._talk_ms.items()], key=_by_talk)
        for _, caller in ordered[KEPT:]:
            del self._talk_ms[caller]
