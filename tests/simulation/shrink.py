"""Cutting a history that fails down to the steps that matter: halves, quarters, … single steps are left out in turn."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from tests.simulation.player import Disagreement
from tests.simulation.steps import Step

PATIENCE_S: Final = 60
Failure: TypeAlias = tuple[int, Disagreement]
Play: TypeAlias = Callable[[list[Step], str], Failure | None]


def shrunk(steps: list[Step], first: Failure, play: Play) -> tuple[list[Step], Disagreement]:
    """A history that still fails, and how it does. Steps are independent of each other, so any part can be played.

    One that failed at first, yet not when it is played again, depends on chance or time: it is told as it was.
    """
    begin, trials = time.monotonic(), 0
    failed = play(steps, "0")
    if failed is None:
        return steps[: first[0] + 1], Disagreement(f"once, and not when it is played again: {first[1]}")
    steps, found = steps[: failed[0] + 1], failed[1]
    size = len(steps) // 2
    while size and time.monotonic() - begin < PATIENCE_S:
        at = 0
        while at < len(steps):
            trials += 1
            rest = steps[:at] + steps[at + size :]
            failed = play(rest, str(trials))
            if failed is None:
                at += size
            else:
                steps, found = rest[: failed[0] + 1], failed[1]
        size //= 2
    return steps, found
