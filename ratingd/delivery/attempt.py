"""One attempt to deliver an entry of the outbox, whatever it is: what came of it, and when the next one is due.

An alert fails at 12:00:00. It is tried again after 1 s, 5 s, 25 s, 125 s and then every 600 s, each pause spread by
20 % either way, so that a receiver that comes back is not met by all alerts of an hour at once.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

PAUSES_S: Final = (1.0, 5.0, 25.0, 125.0)  # after the first attempts; then
LAST_PAUSE_S: Final = 600.0
JITTER: Final = 0.2


class Verdict(Enum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`pause_s` is the least pause that the receiver asked for, 0 when it asked for none."""

    verdict: Verdict
    error: str = ""
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Attempt:
    """`status` is the code of the answer, 0 when there was none; `answer` its beginning, for who waits for it."""

    judgement: Judgement
    status: int = 0
    answer: bytes = b""


def pause_s(attempts: int, chance: float, asked_s: float = 0.0) -> float:
    """Seconds until the next attempt when `attempts` have failed; `chance` in [0, 1) spreads it by 20 % either way."""
    planned = PAUSES_S[attempts - 1] if attempts <= len(PAUSES_S) else LAST_PAUSE_S
    return max(planned * (1 - JITTER + 2 * JITTER * chance), asked_s)
