"""Failed actions: which of which set, and why. Its set is undone as a whole, and whoever ran it says so."""

from enum import StrEnum
from typing import Final

from actions.action import Action


class FailureReason(StrEnum):
    """What an operator is told apart from the text."""

    FAILED = "ACTION_FAILED"
    UNSUPPORTED = "ACTION_UNSUPPORTED"
    BALANCE_UNKNOWN = "BALANCE_UNKNOWN"
    INVALID_RATING_SUBJECT = "INVALID_RATING_SUBJECT"


class ActionFailed(Exception):
    """One action of a set cannot be done. The set has been undone when this is seen outside `actions.perform`."""

    def __init__(self, action: Action | None, cause: str, reason: FailureReason = FailureReason.FAILED) -> None:
        super().__init__(f"{_name(action)}: {cause}" if action is not None else cause)
        self.action: Final = action
        self.reason: Final = reason


def _name(action: Action) -> str:
    return f"{action.type} of {action.actions_id}" if action.actions_id else str(action.type)
