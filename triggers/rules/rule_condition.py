"""Conditions of fraud rules, ready to be asked: comparisons of traffic metrics, joined by and, or, not.

    attempts.3600 >= 50 and cancel_ratio.3600 >= 0.7        asked of a number: does it hold at 10:00, and why
    minutes.3600 > 5 * minutes_p99                          today's hour against the busiest hours of a week
    30 <= asr.86400 <= 70                                   a chain is two comparisons
    attempts.3600 >= 20 and trunk.asr.3600 < 30             the trunk of the same call

A metric without a kind is of the rule's own subject. Where an event has no such key (a call that names no trunk) its
metrics are nothing that can be compared, and a comparison with one does not hold.

Two things make rules cheap. `least`: a number with three calls cannot have made fifty, so it is not asked about.
`marks`: a rule on premium_ratio can begin to hold only with a call to a premium number, so no other call is looked at.
And of what is joined by `and` that is asked first which takes least to find out.

`triggers.rules.rule_parsing` makes conditions of texts.
"""

from math import nan
from typing import Final

from tariffs.duration import duration_text
from triggers.rules.scene import Scene
from triggers.traffic.counted_call import (
    ATTESTED_A,
    ATTESTED_B,
    ATTESTED_C,
    FOREIGN,
    HOME,
    INTERNATIONAL,
    INVALID,
    MISMATCH,
    NEIGHBOUR,
    NIGHT,
    PREMIUM,
    REPEATED,
    UNSOCIAL,
)
from triggers.traffic.metric_names import METRICS
from triggers.watch.explanation import Explanation, figure

SECOND_NS: Final = 1_000_000_000
WORDS: Final = {
    ">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "==": "exactly", "!=": "other than",
}  # fmt: skip
RISING: Final = (">=", ">", "==")
MIRRORED: Final = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "==", "!=": "!="}
_COUNTED: Final = frozenset(
    {
        "attempts", "total_calls", "answered_calls", "distinct_a", "distinct_b", "trunks", "unique_origin_regions",
        "unique_target_regions", "premium_calls", "night_calls", "cli_mismatches", "invalid_callers",
        "home_unattested", "home_attested_c", "spoofed_callers", "concurrent_calls", "open_calls",
        "premium_concurrent", "freq_calls",
    }
)  # fmt: skip
"""Never more than the attempts of their key."""
_MARKED: Final = {
    "attested_a": ATTESTED_A,
    "attested_b": ATTESTED_B,
    "attested_c": ATTESTED_C,
    "cli_mismatches": MISMATCH,
    "foreign_ratio": FOREIGN,
    "home_attested_c": ATTESTED_C,
    "home_unattested": HOME,
    "intl_ratio": INTERNATIONAL,
    "invalid_callers": INVALID,
    "neighbour_ratio": NEIGHBOUR,
    "night_call_ratio": NIGHT,
    "night_calls": NIGHT,
    "premium_calls": PREMIUM,
    "premium_concurrent": PREMIUM,
    "premium_ratio": PREMIUM,
    "repeat_b_share": REPEATED,
    "spoofed_callers": MISMATCH | INVALID | ATTESTED_C,
    "unsocial_ratio": UNSOCIAL,
}
"""They rise with calls that have one of these marks, and with no others."""
_QUICK: Final = {"hour_of_day": 0, "is_night": 0, "attempts": 1, "total_calls": 1}
_SLOW: Final = frozenset(
    {
        "distinct_a", "distinct_b", "distinct_b_ratio", "unique_origin_regions", "unique_target_regions", "trunks",
        "cells", "imei_per_sim", "sims_per_imei", "top_callers_share", "open_calls", "concurrent_calls",
        "premium_concurrent", "overlap_ratio", "sequential_b_ratio", "night_calls_earlier", "minutes_p99",
    }
)  # fmt: skip


class Term:
    """What has a value."""

    def value(self, scene: Scene) -> float:
        raise NotImplementedError

    def text(self) -> str:
        raise NotImplementedError

    def cost(self) -> int:
        """How much it takes to find out, in no unit."""
        return 0


class Constant(Term):
    def __init__(self, number: float) -> None:
        self.number: Final = number

    def value(self, scene: Scene) -> float:
        return self.number

    def text(self) -> str:
        return figure(self.number)


class Measured(Term):
    """A metric of a key of the event. `own`: the key is the rule's subject."""

    def __init__(self, kind: str, name: str, window_s: int, *, own: bool) -> None:
        self.kind: Final = kind
        self.name: Final = name
        self.window_s: Final = window_s
        self.own: Final = own

    def value(self, scene: Scene) -> float:
        key = scene.key(self.kind)
        if not key:
            return nan
        return scene.traffic.value(self.kind, key, self.name, self.window_s, scene.at_ms)

    def text(self) -> str:
        """As it is written in a rule."""
        name = self.name if self.own else f"{self.kind}.{self.name}"
        return f"{name}.{self.window_s}" if METRICS[self.name].windowed else name

    def cost(self) -> int:
        return 3 if self.name in _SLOW else _QUICK.get(self.name, 2)

    def words(self) -> str:
        of = "" if self.own else f" of the {self.kind}"
        meaning = METRICS[self.name].meaning + of
        return f"{meaning}, {duration_text(self.window_s * SECOND_NS)}" if METRICS[self.name].windowed else meaning


class Calculated(Term):
    """Two terms with +, -, * or / between them. What is divided by nothing is nothing that can be compared."""

    def __init__(self, left: Term, sign: str, right: Term) -> None:
        self.left: Final = left
        self.sign: Final = sign
        self.right: Final = right

    def value(self, scene: Scene) -> float:
        left, right = self.left.value(scene), self.right.value(scene)
        if self.sign == "+":
            return left + right
        if self.sign == "-":
            return left - right
        if self.sign == "*":
            return left * right
        return left / right if right else nan

    def text(self) -> str:
        return f"{_bracketed(self.left)} {self.sign} {_bracketed(self.right)}"

    def cost(self) -> int:
        return self.left.cost() + self.right.cost()


class Condition:
    """What holds or does not."""

    def holds(self, scene: Scene) -> bool:
        raise NotImplementedError

    def explain(self, scene: Scene, found: list[Explanation]) -> None:
        """Add why it holds."""

    def least(self) -> int:
        """So many attempts of the rule's subject it takes at least, whichever the window."""
        return 1

    def marks(self) -> int:
        """With a call that has none of these marks it does not begin to hold; 0: with any call."""
        return 0

    def cost(self) -> int:
        """How much it takes to find out, in no unit."""
        return 0

    def measures(self, found: list[Measured]) -> None:
        """Add the metrics that it looks at."""


class Compared(Condition):
    def __init__(self, left: Term, sign: str, right: Term) -> None:
        self.left: Final = left
        self.sign: Final = sign
        self.right: Final = right

    def holds(self, scene: Scene) -> bool:
        left, right, sign = self.left.value(scene), self.right.value(scene), self.sign
        if left != left or right != right:  # nothing that can be compared
            return False
        if sign == ">=":
            return left >= right
        if sign == ">":
            return left > right
        if sign == "<=":
            return left <= right
        if sign == "<":
            return left < right
        return left == right if sign == "==" else left != right

    def explain(self, scene: Scene, found: list[Explanation]) -> None:
        if self.holds(scene):
            left, sign, right = self._turned()
            value, bound = left.value(scene), right.value(scene)
            named = left.words() if isinstance(left, Measured) else left.text()
            text = f"{named}: {figure(value)}, {WORDS[sign]} {_bound_text(right, bound)}"
            found.append(Explanation(left.text(), value, bound, 0, text))

    def least(self) -> int:
        left, sign, right = self._turned()
        if not isinstance(left, Measured) or not isinstance(right, Constant) or not left.own:
            return 1
        if left.name not in _COUNTED or sign not in RISING:
            return 1
        whole = int(right.number)
        return max(whole + 1 if sign == ">" or whole < right.number else whole, 1)

    def marks(self) -> int:
        left, sign, right = self._turned()
        if not isinstance(left, Measured) or not isinstance(right, Constant) or not left.own:
            return 0
        rises = sign in RISING and (right.number > 0 or (sign == ">" and right.number >= 0))
        return _MARKED.get(left.name, 0) if rises else 0

    def cost(self) -> int:
        return self.left.cost() + self.right.cost()

    def measures(self, found: list[Measured]) -> None:
        _measures(self.left, found)
        _measures(self.right, found)

    def _turned(self) -> tuple[Term, str, Term]:
        """With a constant on the right, where there is one."""
        if isinstance(self.left, Constant):
            return self.right, MIRRORED[self.sign], self.left
        return self.left, self.sign, self.right


class All(Condition):
    def __init__(self, parts: tuple[Condition, ...]) -> None:
        self.parts: Final = parts  # as they are written
        self._asked: Final = tuple(sorted(parts, key=lambda part: part.cost()))

    def holds(self, scene: Scene) -> bool:
        for part in self._asked:  # noqa: SIM110 (all() would ask every part when compiled)
            if not part.holds(scene):
                return False
        return True

    def explain(self, scene: Scene, found: list[Explanation]) -> None:
        for part in self.parts:
            part.explain(scene, found)

    def least(self) -> int:
        return max([part.least() for part in self.parts])

    def marks(self) -> int:
        """The fewest that any part needs."""
        needed = [marks for part in self.parts if (marks := part.marks())]
        return min(needed, key=lambda marks: marks.bit_count(), default=0)

    def cost(self) -> int:
        return max([part.cost() for part in self.parts])

    def measures(self, found: list[Measured]) -> None:
        for part in self.parts:
            part.measures(found)


class Any(Condition):
    def __init__(self, parts: tuple[Condition, ...]) -> None:
        self.parts: Final = parts

    def holds(self, scene: Scene) -> bool:
        for part in self.parts:  # noqa: SIM110 (any() would ask every part when compiled)
            if part.holds(scene):
                return True
        return False

    def explain(self, scene: Scene, found: list[Explanation]) -> None:
        for part in self.parts:
            if part.holds(scene):
                part.explain(scene, found)

    def least(self) -> int:
        return min([part.least() for part in self.parts])

    def marks(self) -> int:
        needed = 0
        for part in self.parts:
            marks = part.marks()
            if not marks:
                return 0
            needed |= marks
        return needed

    def cost(self) -> int:
        return max([part.cost() for part in self.parts])

    def measures(self, found: list[Measured]) -> None:
        for part in self.parts:
            part.measures(found)


class Not(Condition):
    def __init__(self, part: Condition) -> None:
        self.part: Final = part

    def holds(self, scene: Scene) -> bool:
        return not self.part.holds(scene)

    def cost(self) -> int:
        return self.part.cost()

    def measures(self, found: list[Measured]) -> None:
        self.part.measures(found)


def _measures(term: Term, found: list[Measured]) -> None:
    if isinstance(term, Measured):
        found.append(term)
    elif isinstance(term, Calculated):
        _measures(term.left, found)
        _measures(term.right, found)


def _bracketed(term: Term) -> str:
    return f"({term.text()})" if isinstance(term, Calculated) else term.text()


def _bound_text(term: Term, value: float) -> str:
    return term.text() if isinstance(term, Constant) else f"{figure(value)} ({term.text()})"
