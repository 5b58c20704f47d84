"""Methods: what a transport serves, as bytes in and bytes out.

A method is prepared on the transport's thread: the request is parsed, checked and turned into a command, or answered at
once when it is wrong. What a command comes to is a `Reply`, handed to `done` when its batch is committed, on a thread
of the lane. No method can tell which transport calls it, and no transport knows what charging is.

    kind        prepared          answered                                          example
    lane        on its thread     when the batch commits, on the lane's thread      Debit, SubmitCallEvent
    quick       on its thread     at once                                           GetCost
    slow        on a pool         when it is done                                   Verify
    stream      per message       as the stream likes, see `StreamMethod`           Charge, WatchDisconnects, CallEvents
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Final, Protocol, TypeVar

from google.protobuf.message import DecodeError, Message

from ratingd import observe
from ratingd.api.status import failure
from ratingd.engine.command import Command, Reply
from ratingd.errors import InvalidRequest, RatingdError, Unavailable
from ratingd.store.faults import StoreFault


class Kind(Enum):
    LANE = "lane"
    QUICK = "quick"
    SLOW = "slow"
    STREAM = "stream"
    PROMPT = "prompt"


Done = Callable[[Reply], None]
SubmitAll = Callable[[list[tuple[Command, Done]]], None]  # `Submit` for commands that arrived together


class Submit(Protocol):
    """The way into the engine. `done` is called once, on another thread or on this one, and must not block."""

    def __call__(self, command: Command, done: Done) -> None: ...


@dataclass(frozen=True, slots=True)
class Many:
    """Commands (or replies known already) that are answered together, in their order."""

    parts: tuple[Command | Reply, ...]
    join: Callable[[Sequence[Reply]], Reply]


@dataclass(frozen=True, slots=True)
class Later:
    """What is answered by others than the lanes: `begin` has it done, and never blocks."""

    begin: Callable[[Done], None]


Prepared = Command | Many | Later | Reply


@dataclass(frozen=True, slots=True)
class Method:
    """`prepare(request, deadline_ns)` never raises what a client did wrong; the deadline is on the monotonic clock."""

    name: str  # "/ratingd.v1.ChargingService/Debit"
    kind: Kind
    prepare: Callable[[bytes, int | None], Prepared]


class Outlet(Protocol):
    """Where a stream's answers go. No call blocks; after `finish` nothing more is sent."""

    def send(self, message: bytes) -> None: ...

    def finish(self, reply: Reply | None = None) -> None:
        """End the stream, with OK or with a status."""

    def ready(self) -> None:
        """A stream of kind PROMPT can take one more message."""

    def flush(self) -> None:
        """What was sent leaves now, where it would wait for the end of a bunch (LANE, PROMPT)."""


class Stream(Protocol):
    """One open stream. The transport calls one method at a time, and `cancel` at the latest when the stream is over."""

    def receive(self, message: bytes) -> None:
        """A message came. May block to hold the client back; raises RatingdError to end the stream."""

    def half_close(self) -> None:
        """The client will send no more."""

    def drain(self) -> None:
        """The daemon is going down: finish soon. May be called while `receive` blocks."""

    def cancel(self) -> None:
        """The client is gone, or the stream is over. May be called while `receive` blocks."""


@dataclass(frozen=True, slots=True)
class StreamMethod:
    """Two kinds need no thread of their own, for `receive` does not block:

    LANE     each message has one answer, which the engine gives; at most `in_flight_max` messages wait for theirs
    PROMPT   the stream says `ready` for each message, at once or when it can take one more; at most `in_flight_max`
             messages are given to it that it has not said so of
    """

    name: str
    open: Callable[[Outlet], Stream]
    kind: Kind = Kind.STREAM
    in_flight_max: int = 1


AnyMethod = Method | StreamMethod
Request = TypeVar("Request", bound=Message)


def parse(request: Request, body: bytes) -> Request:
    """Fill a message from what came; InvalidRequest where it is none."""
    try:
        request.ParseFromString(body)
    except DecodeError:
        raise InvalidRequest("request", f"is not a {request.DESCRIPTOR.full_name}") from None
    return request


def guarded(prepare: Callable[[bytes, int | None], Prepared]) -> Callable[[bytes, int | None], Prepared]:
    """A `prepare` whose errors are replies."""

    def prepared(body: bytes, deadline_ns: int | None) -> Prepared:
        try:
            return prepare(body, deadline_ns)
        except (RatingdError, StoreFault) as error:
            return failure(told(error))

    return prepared


def told(error: RatingdError | StoreFault) -> RatingdError:
    """What a client is told of an error; the store's own are none of its business."""
    if isinstance(error, RatingdError):
        observe.count(f"api.refused reason={error.reason}")
        return error
    observe.event("api.store_fault", error=str(error))
    return Unavailable("the store does not answer. Nothing is known to be done; ask again in a moment.")


def answer(prepared: Prepared, submit: Submit, done: Done) -> None:
    """See a prepared request through; `done` is called once."""
    if isinstance(prepared, Command):
        submit(prepared, done)
    elif isinstance(prepared, Reply):
        done(prepared)
    elif isinstance(prepared, Later):
        prepared.begin(done)
    else:
        for command, fill in _gathered(prepared, done):
            submit(command, fill)


def answer_all(requests: Sequence[tuple[Prepared, Done]], submit_all: SubmitAll) -> None:
    """See requests that arrived together through: their commands enter the engine in one bunch, in their order."""
    commands: list[tuple[Command, Done]] = []
    for prepared, done in requests:
        if isinstance(prepared, Command):
            commands.append((prepared, done))
        elif isinstance(prepared, Reply):
            done(prepared)
        elif isinstance(prepared, Later):
            prepared.begin(done)
        else:
            commands += _gathered(prepared, done)
    if commands:
        submit_all(commands)


def _gathered(many: Many, done: Done) -> list[tuple[Command, Done]]:
    """The commands of `Many`, each with who takes its reply; with the last of them `done` is called."""
    gathering = _Gathering(many, done)
    commands: list[tuple[Command, Done]] = [
        (part, _Slot(gathering, place).fill) for place, part in enumerate(many.parts) if isinstance(part, Command)
    ]
    if not commands:
        gathering.join()
    gathering.last = len(commands)
    return commands


class _Gathering:
    """The replies of `Many` as they come in, on threads of more than one lane; counting is one step for all of them."""

    __slots__ = ("_arrived", "_done", "_many", "last", "replies")

    def __init__(self, many: Many, done: Done) -> None:
        self._many: Final = many
        self._done: Final = done
        self._arrived: Final = count(1)
        self.replies: Final[list[Command | Reply]] = list(many.parts)  # a command until it is answered
        self.last = 0

    def fill(self, place: int, reply: Reply) -> None:
        self.replies[place] = reply
        if next(self._arrived) == self.last:
            self.join()

    def join(self) -> None:
        self._done(self._many.join([reply for reply in self.replies if isinstance(reply, Reply)]))


class _Slot:
    __slots__ = ("_gathering", "_place")

    def __init__(self, gathering: _Gathering, place: int) -> None:
        self._gathering: Final = gathering
        self._place: Final = place

    def fill(self, reply: Reply) -> None:
        self._gathering.fill(self._place, reply)
