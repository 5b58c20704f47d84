"""What a replay reads: the events of a file, of a file sorted by time, or of the log of a database.

No clock is read: an event came when it happened, and one of next year is believed. What cannot be read is given with
its line, as it is everywhere else. `sorted_by_time` has all events of a file in memory, some 250 bytes each; what comes
in the order of time, or within the lateness of it, needs none of that.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from ratingd.api.event_message import EventReader
from ratingd.errors import InvalidRequest
from ratingd.fraud.pseudonym import MARK, Pseudonyms
from ratingd.ingest.event_file import EventFile, FileEvent, begun_ms
from ratingd.ingest.event_rows import RowFault
from ratingd.settings import Settings
from ratingd.store.store import Store
from ratingd.v1.fraud_pb2 import CallEvent as CallEventMessage
from triggers.calls.call_event import CallEvent
from triggers.numbers.logged_numbers import LoggedNumbers
from triggers.numbers.number_reading import NumberReader

ANY_FUTURE: Final = -1
CHUNKS: Final = 64  # of the log, read at a time
Faulty = Callable[[RowFault], None]


def numbers_of(settings: Settings, *, stored: bool = False) -> NumberReader:
    """How numbers are read; of a log of pseudonyms, how a list's numbers become such."""
    hidden = stored and settings.hash_numbers
    return NumberReader(
        settings.default_region,
        settings.emergency_numbers,
        settings.anonymous_distinct_by,
        Pseudonyms(settings.number_key.get_secret_value()) if hidden else None,
    )


def events_of_file(
    file: EventFile, settings: Settings, faulty: Faulty, *, by_time: bool = False
) -> Iterator[CallEvent]:
    """In the order of the file, or sorted. Raises FileRefused and OSError."""
    reader = EventReader(numbers_of(settings), default_tenant=settings.default_tenant, max_future_skew_ms=ANY_FUTURE)
    for found in sorted_by_time(file) if by_time else file:
        if isinstance(found, RowFault):
            faulty(found)
            continue
        try:
            yield reader.read(found.message.SerializeToString(), begun_ms(found.message))
        except InvalidRequest as error:
            faulty(found.fault(file.map, error))


def sorted_by_time(file: EventFile) -> Iterable[FileEvent | RowFault]:
    """The faults of a file, then its events by their time; those of one instant as they stand there."""
    events: list[tuple[int, int, bytes]] = []
    for found in file:
        if isinstance(found, RowFault):
            yield found
        else:
            events.append((begun_ms(found.message), found.line, found.message.SerializeToString()))
    events.sort()
    for _, line, body in events:
        yield FileEvent(line, CallEventMessage.FromString(body), "")


def stored_events(
    store: Store, settings: Settings, faulty: Faulty, since_ms: int, until_ms: int
) -> Iterator[CallEvent]:
    """What came from `since_ms` on and before `until_ms`, in the order in which it was stored. Raises StoreFault."""
    numbers = numbers_of(settings)
    logged = LoggedNumbers(numbers, MARK) if settings.hash_numbers else numbers
    reader = EventReader(logged, default_tenant=settings.default_tenant, max_future_skew_ms=ANY_FUTURE)
    chunks = store.fraud.events_from(since_ms, CHUNKS)
    while chunks:
        for chunk in chunks:
            if chunk.row.received_ms >= until_ms:
                continue
            batch = reader.read_batch(chunk.row.content, chunk.row.received_ms)
            for fault in batch.faults:
                faulty(RowFault(chunk.id, fault.field, fault.message, f"event {fault.index} of the chunk"))
            yield from batch.events
        chunks = store.fraud.events(chunks[-1].id, CHUNKS, received_ms=since_ms)
