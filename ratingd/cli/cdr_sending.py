"""Sending events of a file to a daemon: as fast as it stores them, and knowing which of them are on disk.

Batches of 256 go over one CallEvents stream, at most 32 of them unanswered. A batch is kept until the daemon says that
it is stored: 200,000 rows are done when `stored` has reached 200,000, and a daemon that has no room for more
(RESOURCE_EXHAUSTED) is asked again after the time it names, from the first event that it has not stored. Any other end
of the stream is the end of the import, which may be repeated: what is stored then is a repeat and counts nothing.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import grpc

from ratingd.cli.client import Client, refusal_of
from ratingd.cli.refusal import Refused
from ratingd.ingest.event_file import FileEvent
from ratingd.v1.fraud_pb2 import CallEventsRequest, CallEventsResponse, EventFault, Verdict

BATCH: Final = 256
UNANSWERED_MAX: Final = 32  # batches
RETRIES_MAX: Final = 100  # in a row, of a daemon that has no room
RETRY_MS: Final = 200


@dataclass(slots=True)
class Batch:
    """Events that go together. What is said of it counts once, however often it is sent."""

    events: list[FileEvent]
    answered: bool = False
    faults: int = 0


@dataclass(slots=True)
class Sent:
    """What came of it."""

    sent: int = 0
    stored: int = 0
    duplicates: int = 0
    disconnect: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


class EventSender:
    """`faulty` is told of each event that the daemon could not read, `moved` whenever more is stored."""

    def __init__(
        self,
        client: Client,
        faulty: Callable[[FileEvent, EventFault], None],
        moved: Callable[[], None] = lambda: None,
    ) -> None:
        self._client: Final = client
        self._faulty: Final = faulty
        self._moved: Final = moved
        self._unstored: Final[deque[Batch]] = deque()
        self.result: Final = Sent()

    def send(self, events: Iterator[FileEvent]) -> Sent:
        """All of them, until they are stored. Raises Refused."""
        batches, retries, more = _batches(events), 0, True
        while more:
            before = self.result.stored
            stream = _Stream(self._client, batches, self._unstored, self._answered, self._stored)
            try:
                stream.run()
                more = False
            except grpc.RpcError as error:
                retries = 0 if self.result.stored > before else retries + 1
                self._wait(error, retries)
        return self.result

    def _answered(self, batch: Batch, answer: CallEventsResponse) -> None:
        if batch.answered:
            return
        batch.answered = True
        batch.faults = len(answer.faults)
        self.result.sent += len(batch.events)
        for verdict in answer.verdicts:
            self._count(verdict)
        for fault in answer.faults:
            self._faulty(batch.events[fault.index], fault)

    def _stored(self, batch: Batch) -> None:
        self.result.stored += len(batch.events) - batch.faults
        self._moved()

    def _count(self, verdict: Verdict) -> None:
        self.result.duplicates += verdict.duplicate
        if verdict.action == Verdict.DISCONNECT and not verdict.duplicate:
            self.result.disconnect += 1
            for reason in verdict.reasons:
                self.result.reasons[reason] = self.result.reasons.get(reason, 0) + 1

    def _wait(self, error: grpc.RpcError, retries: int) -> None:
        refusal = refusal_of(error, self._client.address, encrypted=self._client.trust is not None)
        if error.code() != grpc.StatusCode.RESOURCE_EXHAUSTED or retries > RETRIES_MAX:
            raise Refused(refusal) from None
        time.sleep((refusal.retry_after_ms or RETRY_MS) / 1000)


class _Stream:
    """One stream: first what is not stored yet, then more."""

    def __init__(
        self,
        client: Client,
        batches: Iterator[Batch],
        unstored: deque[Batch],
        answered: Callable[[Batch, CallEventsResponse], None],
        stored: Callable[[Batch], None],
    ) -> None:
        self._client: Final = client
        self._batches: Final = batches
        self._unstored: Final = unstored
        self._answered: Final = answered
        self._stored: Final = stored
        self._again: Final = deque(unstored)
        self._room: Final = threading.Semaphore(UNANSWERED_MAX)
        self._unanswered: Final[deque[Batch]] = deque()
        self._reading: Final = threading.Lock()  # the file, of which there is one, whatever becomes of streams
        self._over = False
        self._fault: Exception | None = None

    def run(self) -> None:
        """Until all is stored. Raises RpcError, and what reading the file raises."""
        on_disk = 0  # of this stream, in whole batches
        try:
            for answer in self._client.fraud.CallEvents(self._requests()):
                if answer.seen:
                    self._room.release()
                    self._answered(self._unanswered.popleft(), answer)
                while self._unstored and on_disk + len(self._unstored[0].events) <= answer.stored:
                    on_disk += len(self._unstored[0].events)
                    self._stored(self._unstored.popleft())
        finally:
            with self._reading:
                self._over = True
            self._room.release()
        if self._fault is not None:
            raise self._fault
        while self._unstored:  # a stream ends well when all of it is on disk
            self._stored(self._unstored.popleft())

    def _requests(self) -> Iterator[CallEventsRequest]:
        """On gRPC's own thread, which waits where the daemon is not ready for more."""
        while (batch := self._next()) is not None:
            self._unanswered.append(batch)
            yield CallEventsRequest(events=[event.message for event in batch.events])

    def _next(self) -> Batch | None:
        self._room.acquire()
        with self._reading:
            if self._over:
                return None
            if self._again:
                return self._again.popleft()
            try:
                batch = next(self._batches, None)
            except Exception as error:  # noqa: BLE001 (it is the file's, and is raised where answers are read)
                self._fault = error
                return None
            if batch is not None:
                self._unstored.append(batch)
            return batch


def _batches(events: Iterator[FileEvent]) -> Iterator[Batch]:
    found: list[FileEvent] = []
    for event in events:
        found.append(event)
        if len(found) == BATCH:
            yield Batch(found)
            found = []
    if found:
        yield Batch(found)
