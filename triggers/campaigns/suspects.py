"""Suspects: callers against whom something was found within a day, and what.

At 10:00 the rule wangiri holds for +37120001: a flag of type wangiri, HIGH and so of risk 85, sure to 0.9. At 10:20 the
rule wangiri_range holds for +3712000: every caller of that range is flagged with it. At 14:00 five callers ring one
number within five seconds: all five are flagged with masking. A flag is forgotten a day after it was seen last.

Whoever calls a number while it is attacked, or while a television show asks for calls, is in the run as well. A number
that somebody shows to hide his own makes no other calls; one of a subscriber does. So a flag of masking is heeded where
at least half of the caller's calls of the day were part of runs: 3 of 4, and not 1 of 9.
"""

from typing import Final

MASKING: Final = "masking"
SUSPECTS_MAX: Final = 200_000  # numbers, and ranges; the one that was flagged first goes first
RISKS: Final = {"LOW": 50.0, "MEDIUM": 75.0, "HIGH": 85.0, "CRITICAL": 95.0}  # what a severity stands for
SURE: Final = {"LOW": 0.4, "MEDIUM": 0.7, "HIGH": 0.9}  # what the confidence of a rule stands for
MASKED_SURE: Final = 0.95
RUNS_LEAST: Final = 0.5  # of a caller's calls
LISTED: Final = ""  # the fraud type of those of whom nobody says which fraud it is: they are on the blacklist


class Flag:
    """`risk` is 0 to 100; `sure`, 0 to 1, is how sure it is that such a caller is a case of that fraud; `calls` is how
    often it was said."""

    __slots__ = ("at_ms", "calls", "fraud_type", "risk", "sure")

    def __init__(self, fraud_type: str, risk: float, sure: float, at_ms: int) -> None:
        self.fraud_type: Final = fraud_type
        self.risk = risk
        self.sure = sure
        self.at_ms = at_ms
        self.calls = 1


def heeded(flags: list[Flag], calls: int) -> list[Flag]:
    """Of the flags of a caller who made so many calls, those that are not a bystander's."""
    return [flag for flag in flags if flag.fraud_type != MASKING or flag.calls >= RUNS_LEAST * calls]


class Suspects:
    """What is said against numbers and ranges; one flag of each fraud type. One thread at a time changes it; others may
    ask meanwhile whether a name is in `numbers` or `ranges`, and `of`."""

    __slots__ = ("_max", "numbers", "ranges")

    def __init__(self, suspects_max: int = SUSPECTS_MAX) -> None:
        self._max: Final = suspects_max
        self.numbers: Final[dict[str, dict[str, Flag]]] = {}
        self.ranges: Final[dict[str, dict[str, Flag]]] = {}

    def note(self, number: str, fraud_type: str, risk: float, sure: float, at_ms: int) -> None:
        self._note(self.numbers, number, fraud_type, risk, sure, at_ms)

    def note_range(self, range: str, fraud_type: str, risk: float, sure: float, at_ms: int) -> None:
        self._note(self.ranges, range, fraud_type, risk, sure, at_ms)

    def of(self, number: str, range: str) -> list[Flag]:
        """The flags of a number and of its range."""
        found = list(self.numbers.get(number, {}).values())
        return found + list(self.ranges.get(range, {}).values())

    def silent(self, before_ms: int) -> list[str]:
        """Those that were not flagged since an instant."""
        found = list[str]()
        for kept in (self.numbers, self.ranges):
            for name, flags in list(kept.items()):
                if _last_ms(flags) < before_ms:
                    found.append(name)
        return found

    def forget(self, names: list[str], before_ms: int) -> None:
        """Forget these, but for who was flagged again."""
        for kept in (self.numbers, self.ranges):
            for name in names:
                flags = kept.get(name)
                if flags is not None and _last_ms(flags) < before_ms:
                    del kept[name]

    def _note(
        self, kept: dict[str, dict[str, Flag]], name: str, fraud_type: str, risk: float, sure: float, at_ms: int
    ) -> None:
        flags = kept.get(name)
        if flags is None:
            if len(kept) >= self._max:
                del kept[next(iter(kept))]
            flags = kept[name] = {}
        flag = flags.get(fraud_type)
        if flag is None:
            flags[fraud_type] = Flag(fraud_type, risk, sure, at_ms)
            return
        flag.risk = max(flag.risk, risk)
        flag.sure = max(flag.sure, sure)
        flag.at_ms = max(flag.at_ms, at_ms)
        flag.calls += 1


def _last_ms(flags: dict[str, Flag]) -> int:
    last_ms = 0
    for flag in list(flags.values()):
        last_ms = max(last_ms, flag.at_ms)
    return last_ms
