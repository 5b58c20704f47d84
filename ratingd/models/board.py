"""The board: single calls as a board of scam calls tells them, and what the calls most like each of them were.

    {"call_duration": 12.5, "num_digits": 11, "hour_of_day": 3, "freq_calls": 4, "caller": "0171 2345678", "ts": 17321…}

is answered

    {"call": …the same…, "predicted_label": 1, "predicted_proba": [0.2, 0.8], "processed_ts": 1732161131.25}

Where no model of the name knn is active both predictions are null: a call of which nobody can say anything is not for
that a harmless one. A message that is none is told why, and holds up no other.
"""

from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any, Final

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import DURATION_MAX_S, shown, text_of, time_of
from ratingd.models.scorers import Scorers
from triggers.calls.call_record import SCAM_FROM
from triggers.scores.call_features import KNN, message_row

NAME: Final = KNN.name
DIGITS: Final = 10  # of a probability, so that 1 - 0.8 is 0.2


class MessageRefused(ValueError):
    """Why something is no message of a board. `writable`: it can be written as JSON again."""

    def __init__(self, why: str, *, writable: bool = True) -> None:
        super().__init__(why)
        self.writable: Final = writable


class BoardCall:
    """A message that was read. `at_ms` is when the call was over, 0 where nobody says; `caller` may be empty."""

    __slots__ = ("at_ms", "caller", "duration_ms", "row")

    def __init__(self, row: list[float], caller: str, at_ms: int) -> None:
        self.row: Final = row
        self.caller: Final = caller
        self.at_ms: Final = at_ms
        self.duration_ms: Final = round(1000 * min(max(row[0], 0), DURATION_MAX_S))


def board_call(message: object) -> BoardCall:
    """Raises MessageRefused. Fields that nobody knows are left alone."""
    try:
        whole = _whole(message)
    except RecursionError:  # JSON is read deeper than it is looked through
        raise MessageRefused("is nested deeper than any message", writable=False) from None
    if not whole:
        raise MessageRefused("it holds a number that is beyond all numbers", writable=False)
    if not isinstance(message, Mapping):
        raise MessageRefused(f"an object is wanted, not {shown(message)}")
    try:
        row = message_row(message)
        KNN.check(row)
        return BoardCall(row, text_of("caller", message.get("caller")), time_of("ts", message.get("ts")))
    except InvalidRequest as refused:
        raise MessageRefused(f"{refused.field}: {refused.description}") from None
    except ValueError as fault:
        raise MessageRefused(str(fault)) from None


def predictions(calls: Sequence[BoardCall], scorers: Scorers, at_s: float) -> list[dict[str, Any]]:
    """What is added to each call."""
    found = scorers.score_all(NAME, [call.row for call in calls])
    scams = [None] * len(calls) if found is None else [each.probability for each in found]
    return [
        {
            "predicted_label": None if scam is None else int(scam >= SCAM_FROM),
            "predicted_proba": None if scam is None else [round(1 - scam, DIGITS), round(scam, DIGITS)],
            "processed_ts": at_s,
        }
        for scam in scams
    ]


def _whole(value: object) -> bool:
    """Whether each number in it is one, so that it can be written again."""
    if isinstance(value, Mapping):
        return all(_whole(each) for each in value.values())
    if isinstance(value, list):
        return all(_whole(each) for each in value)
    return not isinstance(value, float) or isfinite(value)
