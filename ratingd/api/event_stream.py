"""The CallEvents stream: what happens to calls, told in messages of one event or many, and what is thought of it.

A switch sends 64 INVITEs. Before it sends the next ones it has the answer {seen: 64, verdicts: [the five that are not
ALLOW]}; some milliseconds later, when they are on disk, {stored: 64}. Should the connection break in between, it sends
again what `stored` does not cover, and nothing is counted twice.

    message of events  ──▶  read, looked at  ──▶  {seen, verdicts, faults}        at once, on the thread that brings it
                                         └─ disk ──▶  {stored}                    one a commit, however many messages

`seen` and `stored` count events of this stream from its first, those that could not be read among them: it is no use
to send those again. An event that is wrong is a fault beside the others' verdicts, and the stream goes on; a message
that is none ends it.

Events are looked at on the thread that deals with everybody's requests, so of large messages fewer are taken at once:
eight of 64 events, 64 of one. At most `UNSTORED_MAX` events wait for the disk: then the stream is not ready for more,
and the client feels it as HTTP/2 flow control. Where the daemon as a whole has no room for more events the stream ends
with RESOURCE_EXHAUSTED and says when to come again.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from librt.strings import BytesWriter
from mypy_extensions import mypyc_attr

from ratingd import observe
from ratingd.api.event_message import EventBatch, EventFault, EventReader
from ratingd.api.method import Outlet, told
from ratingd.api.status import failure
from ratingd.api.verdict_message import put_verdict
from ratingd.api.wire import begin, end, put_number, put_text, tag_of
from ratingd.engine.command import Reply
from ratingd.errors import InvalidRequest, InvariantBroken, RatingdError, Unavailable
from ratingd.store.faults import StoreFault
from ratingd.v1.fraud_pb2 import CallEventsResponse
from ratingd.v1.fraud_pb2 import EventFault as EventFaultMessage
from triggers.calls.call_event import CallEvent
from triggers.calls.verdict import ALLOW, Verdict

SOURCE: Final = "grpc"
BATCH_MAX: Final = 1_000  # events of a message: looking at more would keep other calls waiting
UNSTORED_MAX: Final = 16_384  # events of a stream that wait for the disk
PLACES: Final = 64  # messages of a stream that are on their way through Python
PLACES_MIN: Final = 4
BUNCH_EVENTS: Final = 512  # of a stream that are dealt with before other calls have their turn: some milliseconds
FLUSH_AFTER: Final = 32  # events whose verdicts may wait for the end of the bunch
MS: Final = 1_000_000

_SEEN: Final = tag_of(CallEventsResponse, "seen")
_VERDICTS: Final = tag_of(CallEventsResponse, "verdicts")
_FAULTS: Final = tag_of(CallEventsResponse, "faults")
_STORED: Final = tag_of(CallEventsResponse, "stored")
_INDEX: Final = tag_of(EventFaultMessage, "index")
_FIELD: Final = tag_of(EventFaultMessage, "field")
_MESSAGE: Final = tag_of(EventFaultMessage, "message")


class EventDesk(Protocol):
    """Where events are looked at."""

    @property
    def reader(self) -> EventReader: ...

    def take(
        self,
        events: Sequence[CallEvent],
        bodies: Sequence[bytes],
        source: str,
        stored: Callable[[Exception | None], None] | None = None,
        received_ns: int = 0,
    ) -> list[Verdict]: ...


class EventStream:
    def __init__(
        self,
        desk: EventDesk,
        outlet: Outlet,
        news: "StoredNews",
        clock: Callable[[], int],
        unstored_max: int = UNSTORED_MAX,
        places: int = PLACES,
    ) -> None:
        """`places` are those that the transport was told of: so many messages at most that `ready` was not said for."""
        self._desk: Final = desk
        self._reader: Final = desk.reader
        self._outlet: Final = outlet
        self._news: Final = news
        self._clock: Final = clock
        self._unstored_max: Final = unstored_max
        self._lock: Final = threading.Lock()
        self._waiting: Final[deque[_Message]] = deque()  # for the disk, in their order
        self._seen = 0
        self._answered = 0
        self._stored = 0
        self._told = 0  # of those stored
        self._places: Final = places
        self._unready = 0  # messages that the stream has not said `ready` for
        self._spare = 0  # places that messages as large as the last one are not to take
        self._unflushed = 0
        self._closing = False  # the client has sent all it will, or the daemon is going down
        self._over = False
        self._last_word: Reply | None = None

    def receive(self, message: bytes) -> None:
        received_ns = time.perf_counter_ns()
        batch = self._reader.read_batch(message, self._clock() // MS)
        if batch.count > BATCH_MAX:
            raise InvalidRequest("events", f"{batch.count} in one message; at most {BATCH_MAX} are allowed")
        waiting = self._enter(batch.count)
        if waiting is None:
            return
        verdicts: list[Verdict] = []
        if batch.events:
            verdicts = self._desk.take(batch.events, batch.bodies, SOURCE, waiting.stored, received_ns)
        else:
            waiting.stored(None)
        self._answer(batch.count, _found(batch, verdicts))
        self._unflushed += batch.count
        if self._unflushed >= FLUSH_AFTER:
            self._unflushed = 0
            self._outlet.flush()

    def half_close(self) -> None:
        self._close(None)

    def drain(self) -> None:
        self._close(failure(Unavailable("the daemon is going down. Open the stream again, here or at another one.")))

    def cancel(self) -> None:
        """What was looked at is stored all the same; who sends it again is told that it is known."""
        with self._lock:
            self._over = True
            self._waiting.clear()

    def stored(self, message: "_Message", error: Exception | None) -> None:
        """A message is on disk, or will never be."""
        if error is not None:
            self._fail(error)
            return
        message.on_disk = True
        self._news.add(self)

    def tell_stored(self) -> None:
        """Say what is on disk of that which is answered, and take more where there is room now."""
        with self._lock:
            self._count_stored()
            if not self._over:
                if min(self._stored, self._answered) > self._told:
                    self._outlet.send(self._body(b"", news=True))
                self._go_on()
        self._outlet.flush()

    def _count_stored(self) -> None:
        """Messages are counted in their order, up to the first that is not on disk."""
        while self._waiting and self._waiting[0].on_disk:
            self._stored += self._waiting.popleft().count

    def _enter(self, count: int) -> "_Message | None":
        """Take a message in; None when the stream takes no more."""
        waiting = _Message(self, count)
        lock = self._lock
        lock.acquire()  # in full: `with` takes longer, and this is done twice a message
        try:
            if self._over or self._closing:
                return None
            self._seen += count
            self._waiting.append(waiting)
        finally:
            lock.release()
        return waiting

    def _answer(self, count: int, found: bytes) -> None:
        lock = self._lock
        lock.acquire()
        try:
            self._answered += count
            self._unready += 1
            self._spare = max(self._places - max(BUNCH_EVENTS // max(count, 1), PLACES_MIN), 0)
            if not self._over:
                self._count_stored()
                self._outlet.send(self._body(found, news=False))
                self._go_on()
        finally:
            lock.release()

    def _body(self, found: bytes, *, news: bool) -> bytes:
        """A CallEventsResponse. `news`: that something is stored is all there is to say."""
        out = BytesWriter()
        if not news:
            put_number(out, _SEEN, self._answered)
        out.write(found)
        stored = min(self._stored, self._answered)
        if stored > self._told:
            self._told = stored
            put_number(out, _STORED, stored)
        return out.getvalue()

    def _go_on(self) -> None:
        """Take more, as far as there is room, or finish when all is done."""
        if self._seen - self._stored <= self._unstored_max:
            while self._unready > self._spare:
                self._unready -= 1
                self._outlet.ready()
        if self._closing and not self._waiting and self._answered == self._seen:
            self._over = True
            self._outlet.finish(self._last_word)

    def _close(self, last_word: Reply | None) -> None:
        with self._lock:
            if self._closing or self._over:
                return
            self._closing = True
            self._last_word = last_word
            self._count_stored()
            self._go_on()
        self._outlet.flush()

    def _fail(self, error: Exception) -> None:
        with self._lock:
            if self._over:
                return
            self._over = True
            self._waiting.clear()
            self._outlet.finish(_reply_of(error))
        self._outlet.flush()


@mypyc_attr(acyclic=True)  # it is forgotten when it is stored, or will never be
class _Message:
    """One that waits for the disk."""

    __slots__ = ("_stream", "count", "on_disk")

    def __init__(self, stream: EventStream, count: int) -> None:
        self._stream: Final = stream
        self.count: Final = count
        self.on_disk = False

    def stored(self, error: Exception | None) -> None:
        self._stream.stored(self, error)


class StoredNews:
    """Streams some of whose messages are on disk now: each is told once a commit."""

    def __init__(self) -> None:
        self._streams: Final[dict[EventStream, None]] = {}

    def add(self, stream: EventStream) -> None:
        self._streams[stream] = None

    def tell(self) -> None:
        """After a commit, on the thread of those that store."""
        for stream in list(self._streams):
            self._streams.pop(stream, None)
            stream.tell_stored()


def _found(batch: EventBatch, verdicts: Sequence[Verdict]) -> bytes:
    """What is to be said of the events of a message; of most there is nothing."""
    told = [number for number, verdict in enumerate(verdicts) if verdict.action != ALLOW or verdict.duplicate]
    if not told and not batch.faults:
        return b""
    out = BytesWriter()
    for number in told:
        put_verdict(out, _VERDICTS, verdicts[number], batch.places[number])
    for fault in batch.faults:
        _put_fault(out, fault)
    return out.getvalue()


def _put_fault(out: BytesWriter, fault: EventFault) -> None:
    begun = begin(out, _FAULTS)
    put_number(out, _INDEX, fault.index)
    put_text(out, _FIELD, fault.field)
    put_text(out, _MESSAGE, fault.message)
    end(out, begun)


def _reply_of(error: Exception) -> Reply:
    """What a stream ends with whose events cannot be stored."""
    if isinstance(error, (RatingdError, StoreFault)):
        return failure(told(error))
    observe.fault("api.fault", error, method="CallEvents")
    return failure(InvariantBroken(f"{type(error).__name__} while events were stored"))
