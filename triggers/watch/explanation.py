"""Explanations: why a score is what it is, one line a feature, in words with numbers.

    feature          value  baseline  contribution  direction  text
    distinct_a       6      5         0.5           raises     6 callers within 5 s, 5 or more are a masking run
    cli_mismatch     1      0         0.2           raises     the number presented is not the one the network asserts

`baseline` is the value from which on a feature counts, `contribution` what it adds to the score, in the score's unit. A
line that only says what is known of a caller adds 0.
"""

from typing import Final

RAISES: Final = "raises"
LOWERS: Final = "lowers"
NEITHER: Final = "neither"
SHOWN_MAX: Final = 5  # lines of one score


class Explanation:
    __slots__ = ("baseline", "contribution", "direction", "feature", "text", "value")

    def __init__(
        self, feature: str, value: float, baseline: float, contribution: float, text: str, direction: str = ""
    ) -> None:
        self.feature: Final = feature
        self.value: Final = value
        self.baseline: Final = baseline
        self.contribution: Final = contribution
        self.direction: Final = direction or (RAISES if contribution > 0 else LOWERS if contribution < 0 else NEITHER)
        self.text: Final = text


def figure(value: float) -> str:
    """A value as people read it: 5, 0.92, 1800."""
    return f"{value:.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")


def strongest(found: list[Explanation]) -> tuple[Explanation, ...]:
    """The lines that add most, in that order."""
    return tuple(sorted(found, key=lambda each: -abs(each.contribution))[:SHOWN_MAX])
