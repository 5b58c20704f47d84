"""What was taken and is to be stored: the events of one message, as bytes, and what they came to.

`repeats` are the keys of events of the message that came before; whoever waits for it waits for these too.
"""

from collections.abc import Callable, Sequence
from typing import Final

from mypy_extensions import mypyc_attr

from triggers.watch.outcome import Outcome


@mypyc_attr(acyclic=True)
class Taken:
    """`bodies` are framed as in a CallEventsRequest. `urgent`: something is to be done about it as soon as possible."""

    __slots__ = (
        "bodies", "bytes", "count", "first_ms", "last_ms", "outcomes", "received_ms", "repeats", "source", "stored",
        "urgent",
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
        repeats: Sequence[str] = (),
    ) -> None:
        self.source: Final = source
        self.received_ms: Final = received_ms
        self.bodies: Final = bodies
        self.outcomes: Final = outcomes
        self.stored: Final = stored
        self.first_ms: Final = first_ms
        self.last_ms: Final = last_ms
        self.urgent: Final = urgent
        self.repeats: Final = repeats
        self.count: Final = len(bodies)
        self.bytes: Final = sum([len(body) for body in bodies])

    def tell(self, error: Exception | None) -> None:
        if self.stored is not None:
            self.stored(error)
