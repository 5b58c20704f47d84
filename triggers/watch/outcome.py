"""Outcomes: what one call event came to, for whoever answers the switch and for whoever acts on it.

The fifth caller within five seconds rings +49301234567. His verdict is DISCONNECT; `placed.flagged` are all five calls,
the first four of them answered ALLOW when they came; `placed.incident` is the run they belong to, and `decision` says
CRITICAL, disconnect. A RINGING of an ordinary call comes to nothing but ALLOW.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.calls.call_event import CallEvent
from triggers.calls.call_record import CallRecord
from triggers.calls.verdict import ALLOW, Verdict
from triggers.masking.decision import NOTHING, Decision
from triggers.masking.incident import MaskingIncident
from triggers.masking.window import Placed
from triggers.numbers.number_list import ListEntry
from triggers.rules.rule import RuleHit
from triggers.scores.scored import Scored

NO_HITS: Final[tuple[RuleHit, ...]] = ()
NO_TEXTS: Final[tuple[str, ...]] = ()


@mypyc_attr(acyclic=True)
class Outcome:
    """`attempt`: this event is a call's first INVITE, or its CDR where there was none.

    `blacklisted` is the entry that refuses the call, `blacklist_due` whether an alert is due for it (one an hour).
    `row` are the features that a model scored, `scored` what it said; `call_row` those of a call that is over.
    """

    __slots__ = (
        "attempt", "blacklist_due", "blacklisted", "call_row", "decision", "distinct", "duplicate", "event",
        "explanations", "hits", "late", "placed", "record", "row", "scored", "threshold", "verdict", "whitelisted",
    )  # fmt: skip

    def __init__(self, event: CallEvent, verdict: Verdict, *, attempt: bool = False, duplicate: bool = False) -> None:
        self.event: Final = event
        self.verdict = verdict
        self.attempt: Final = attempt
        self.duplicate: Final = duplicate
        self.late = False  # too old for the masking window; it counts in metrics all the same
        self.whitelisted = False
        self.distinct = 0  # callers within the window that this attempt ends, where it was placed
        self.threshold = 0  # that it was judged by
        self.placed: Placed | None = None
        self.decision: Decision = NOTHING
        self.blacklisted: ListEntry | None = None
        self.blacklist_due = False
        self.hits: tuple[RuleHit, ...] = NO_HITS
        self.record: CallRecord | None = None
        self.row: list[float] | None = None
        self.scored: Scored | None = None
        self.call_row: list[float] | None = None
        self.explanations: tuple[str, ...] = NO_TEXTS

    @property
    def incident(self) -> MaskingIncident | None:
        """The masking run that this attempt is part of, or has changed."""
        return None if self.placed is None else self.placed.incident

    @property
    def eventful(self) -> bool:
        """Whether it is out of the ordinary in any way, and so is counted apart."""
        if self.duplicate or self.late or self.whitelisted or self.hits or self.verdict.action != ALLOW:
            return True
        return self.incident is not None

    @property
    def urgent(self) -> bool:
        """Whether somebody is to be told at once, and not only with the next batch."""
        placed = self.placed
        return bool(self.hits) or self.blacklist_due or (placed is not None and bool(placed.flagged))
