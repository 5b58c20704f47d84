"""What was taken and is to be stored: the events of one message, as bytes, and what they came to."""

from collections.abc import Callable, Sequence
from typing import Final

from triggers.outcome import Outcome


class Taken:
    """`bodies` are framed as in a CallEventsRequest. `urgent`: something is to be done about it as soon as possible."""

    __slots__ = (
        "bodies", "bytes", "count", "first_ms", "last_ms", "outcomes", "received_ms", "source", "stored", "urgent",
    )  # fmt: skip

    def __init__(
        self,
        source: str,
        received_ms: int,
        bodies: Sequence[bytes],
        outcomes: Sequence[Outcome],
        stored: Callable[[Exception | None], None] | None,
        *,
        first_ms: int,
        last_ms: int,
        urgent: bool,
    ) -> None:
        self.source: Final = source
        self.received_ms: Final = received_ms
        self.bodies: Final = bodies
        self.outcomes: Final = outcomes
        self.stored: Final = stored
        self.first_ms: Final = first_ms
        self.last_ms: Final = last_ms
        self.urgent: Final = urgent
        self.count: Final = len(bodies)
        self.bytes: Final = sum([len(body) for body in bodies])

    def tell(self, error: Exception | None) -> None:
        if self.stored is not None:
            self.stored(error)
