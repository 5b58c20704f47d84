"""What was taken and is to be stored: the events of one message, as bytes, and what they came to.

`repeats` are the keys of events of the message that came before; whoever waits for it waits for these too.

Of a hundred events perhaps one leads to anything beside its place in the log. Those few are sorted out where events are
taken (`telling`), so that the thread that stores does not go through all of them while others wait for it.
"""

from collections.abc import Callable, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from triggers.watch.outcome import Outcome

NONE: Final[tuple[Outcome, ...]] = ()


@mypyc_attr(acyclic=True)
class Taken:
    """`bodies` are framed as in a CallEventsRequest. `urgent`: something is to be done about it as soon as possible.

    `telling` are those of the outcomes that lead to more than a place in the log.
    """

    __slots__ = (
        "bodies", "bytes", "count", "first_ms", "last_ms", "outcomes", "received_ms", "repeats", "source", "stored",
        "telling", "urgent",
    )  # fmt: skip

    def __init__(
        self,
        source: str,
        received_ms: int,
        bodies: Sequence[bytes],
        outcomes: Sequence[Outcome],
        stored: Callable[[Exception | None], None] | None,
        first_ms: int,
        last_ms: int,
        repeats: Sequence[str] = (),
    ) -> None:
        self.source: Final = source
        self.received_ms: Final = received_ms
        self.bodies: Final = bodies
        self.outcomes: Final = outcomes
        self.stored: Final = stored
        self.first_ms: Final = first_ms
        self.last_ms: Final = last_ms
        self.repeats: Final = repeats
        self.count: Final = len(bodies)
        size = 0
        for body in bodies:
            size += len(body)
        self.bytes: Final = size
        urgent = False
        telling: list[Outcome] | None = None
        for outcome in outcomes:
            if not leads_on(outcome):
                continue
            urgent = urgent or outcome.urgent
            if telling is None:
                telling = [outcome]
            else:
                telling.append(outcome)
        self.urgent: Final = urgent
        self.telling: Final[Sequence[Outcome]] = NONE if telling is None else telling

    def tell(self, error: Exception | None) -> None:
        if self.stored is not None:
            self.stored(error)


def leads_on(outcome: Outcome) -> bool:
    """Whether it comes to a record, an alert, a flagged call or an order, or to a score that is to be explained."""
    if outcome.record is not None or outcome.hits or outcome.blacklist_due or outcome.scored is not None:
        return True
    placed = outcome.placed
    if placed is not None and (placed.incident is not None or placed.flagged):
        return True
    return outcome.attempt and bool(outcome.verdict.reasons)
