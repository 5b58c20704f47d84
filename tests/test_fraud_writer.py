"""The fraud writer over a real store that refuses: what is told stored is stored, and nobody pays for his neighbour."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from accounts.account import AccountKey
from accounts.charge import ChargeRequest
from ratingd.errors import Overloaded, RatingdError, Unavailable
from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
from ratingd.store.faults import DataRefused, StoreFault, StoreUnavailable, VersionConflict
from ratingd.store.fraud_rows import FraudBatch, FraudStored
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from tariffs.zone import UTC
from tests.waiting import until

NOW_MS = 1_795_000_000_000
B = "+498912345678"
NO_SUBMIT: Any = None
Told = list[Exception | None]


class RefusingShelf:
    """The store's shelf, but that a commit with something in it meets a fault."""

    def __init__(self, store: Store) -> None:
        self._shelf = store.fraud
        self.commits = 0
        self.fault: Callable[[FraudBatch], Exception | None] = lambda batch: None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._shelf, name)

    def commit(self, batch: FraudBatch) -> FraudStored:
        self.commits += 1
        fault = self.fault(batch)
        if fault is not None:
            raise fault
        return self._shelf.commit(batch)


class Town:
    def __init__(self, store: Store, **settings: Any) -> None:
        self.store = store
        given = {"database_url": "sqlite:///none.db", "http_listen": "", "default_region": "DE"} | settings
        self.fraud = FraudRuntime(Settings(**given), store, clock=lambda: NOW_MS * 1_000_000)
        self.shelf = RefusingShelf(store)
        self.fraud.writer._shelf = self.shelf
        self.fraud.start(NO_SUBMIT)
        self.desk = self.fraud.desk

    def put(self, *events: CallEvent) -> Told:
        """What is told of a message once it is known; nothing where it was not taken."""
        batch = self.desk.reader.read_batch(CallEventsRequest(events=events).SerializeToString(), NOW_MS)
        assert not batch.faults
        told: Told = []
        self.desk.take(batch.events, batch.bodies, "grpc", told.append)
        return told

    def bring(self, *events: CallEvent) -> Exception | None:
        told = self.put(*events)
        until(lambda: bool(told))
        return told[0]

    def logged(self) -> list[str]:
        chunks = self.store.fraud.events(0, 1_000)
        return sorted(
            event.call_id for chunk in chunks for event in CallEventsRequest.FromString(chunk.row.content).events
        )

    def found(self) -> tuple[int, list[str], int]:
        shelf = self.store.fraud
        flagged = sorted(call.call_id for call in shelf.flagged_since(0))
        return len(shelf.incidents()), flagged, len(shelf.alerts())


@pytest.fixture
def town(sqlite_url: str) -> Iterator[Town]:
    store = open_store(sqlite_url)
    store.migrate()
    town = Town(store)
    yield town
    town.shelf.fault = lambda batch: None
    town.fraud.stop()
    store.close()


def invite(number: int, at_ms: int = 0, b: str = B, **more: Any) -> CallEvent:
    return CallEvent(call_id=f"c-{number}", kind=CallEvent.INVITE, time_ms=NOW_MS + at_ms,
                     a_number=f"+4930123{number:05}", b_number=b, **more)  # fmt: skip


ATTACK = [invite(number, 100 * number) for number in range(6)]
CALLS = [f"c-{number}" for number in range(6)]


def once(fault: Exception) -> Callable[[FraudBatch], Exception | None]:
    """The first commit of events meets it."""
    left = [fault]
    return lambda batch: left.pop() if left and batch.events else None


def holding(text: bytes) -> Callable[[FraudBatch], Exception | None]:
    """Whatever has this call among its events is refused."""

    def fault(batch: FraudBatch) -> Exception | None:
        return DataRefused("a NUL in a text") if any(text in row.content for row in batch.events) else None

    return fault


@pytest.mark.parametrize("fault", [VersionConflict((), "deadlock"), StoreUnavailable("away"), DataRefused("a NUL")])
def test_a_batch_that_met_a_fault_once_is_stored_and_told_so(town: Town, fault: StoreFault) -> None:
    town.shelf.fault = once(fault)
    assert town.bring(*ATTACK) is None
    assert town.logged() == CALLS
    assert town.found() == (1, CALLS, 1)


def test_only_who_sent_what_is_refused_is_told(town: Town) -> None:
    town.shelf.fault = holding(b"c-31")
    messages = [town.put(invite(number, b=f"+49407{number:05}")) for number in range(20, 40)]
    until(lambda: all(messages))
    refused = [20 + place for place, told in enumerate(messages) if told[0] is not None]
    assert refused == [31]
    assert isinstance(messages[11][0], Unavailable)
    assert town.logged() == [f"c-{number}" for number in range(20, 40) if number != 31]


def test_what_was_refused_is_stored_with_what_came_of_it_when_it_is_sent_again(town: Town) -> None:
    town.shelf.fault = holding(b"c-4")
    assert town.bring(*ATTACK[:4]) is None
    assert isinstance(town.bring(ATTACK[4]), Unavailable), "the fifth caller, who opens the run"
    assert isinstance(town.bring(ATTACK[4]), Unavailable), "it is still refused"
    assert town.bring(ATTACK[5]) is None
    town.shelf.fault = lambda batch: None
    assert town.bring(ATTACK[4]) is None
    assert town.logged() == CALLS, "each once"
    assert town.found() == (1, CALLS, 1)
    (incident,) = town.store.fraud.incidents()
    assert (incident.max_distinct, incident.last_ms) == (6, NOW_MS + 500), "as it stands now"
    assert town.desk.stats()["calls"] == 6
    assert town.bring(*ATTACK) is None
    assert town.logged() == CALLS, "now they are repeats"


def test_whoever_repeats_what_is_on_its_way_is_told_what_becomes_of_it(town: Town) -> None:
    held = [True]

    def fault(batch: FraudBatch) -> Exception | None:
        if not batch.events:
            return None
        return StoreUnavailable("away") if held else DataRefused("a NUL in a text")

    town.shelf.fault = fault
    first = town.put(invite(1))
    again = [town.put(invite(1)) for _ in range(3)]
    held.clear()
    until(lambda: all([first, *again]))
    assert [isinstance(told[0], Unavailable) for told in [first, *again]] == [True] * 4
    town.shelf.fault = lambda batch: None
    assert town.bring(invite(1)) is None
    assert town.logged() == ["c-1"]


def test_a_row_that_the_database_never_takes_is_left_out_and_nothing_else(town: Town) -> None:
    town.shelf.fault = lambda batch: DataRefused("no") if "c-2" in [call.call_id for call in batch.flagged] else None
    assert town.bring(*ATTACK) is None
    assert town.logged() == CALLS
    assert town.found() == (1, [call for call in CALLS if call != "c-2"], 1)


def test_an_alert_that_is_refused_does_not_hold_up_what_comes_after_it(town: Town) -> None:
    town.shelf.fault = lambda batch: DataRefused("no") if batch.alerts else None
    assert town.bring(*ATTACK) is None
    commits = town.shelf.commits
    for number in range(50, 60):
        assert town.bring(invite(number, b=f"+49407{number:05}")) is None
    assert town.shelf.commits == commits + 10
    assert len(town.logged()) == 16


def test_a_fault_of_our_own_in_a_row_is_found_like_one_of_the_data(town: Town) -> None:
    town.shelf.fault = lambda batch: TypeError("no text") if batch.incidents else None
    assert town.bring(*ATTACK) is None
    assert town.found() == (0, CALLS, 1)
    assert town.fraud.book._under_way == ()


# -- a log that is nearly full


def pressed(town: Town) -> Callable[[], None]:
    """Keep the store away until three quarters of the room are taken; what ends it."""
    town.shelf.fault = lambda batch: StoreUnavailable("away") if batch.events else None
    town.fraud.writer._events_max = 40
    for number in range(30):
        town.put(invite(100 + number, b=f"+49407{number:05}"))
    assert town.fraud.writer.pressed

    def end() -> None:
        town.shelf.fault = lambda batch: None
        until(lambda: town.fraud.writer.waiting == 0)

    return end


def test_a_call_record_is_not_shed_and_told_stored(town: Town) -> None:
    end = pressed(town)
    cdr = CallEvent(call_id="r-1", kind=CallEvent.CDR, start_ms=NOW_MS - 5_000, end_ms=NOW_MS, duration_ms=4_000,
                    a_number="+4930777777", b_number="+498955555")  # fmt: skip
    with pytest.raises(Overloaded):
        town.put(invite(1), cdr)
    assert town.desk.stats()["calls"] == 30, "nothing of the message was taken"
    ringing = CallEvent(call_id="c-101", kind=CallEvent.RINGING, time_ms=NOW_MS)
    told = town.put(invite(1), ringing)
    assert town.desk.figures.shed == 1
    end()
    assert told == [None]
    assert town.bring(cdr) is None
    assert town.store.fraud.record("r-1") is not None


def test_charged_calls_that_there_is_no_room_for_are_stored_when_the_switch_tells_of_them(town: Town) -> None:
    end = pressed(town)
    for number in range(10):
        town.put(invite(200 + number, b=f"+49407{number:05}"))
    start_ns = NOW_MS * 1_000_000
    for number in range(5):  # the fifth is flagged: that is stored whatever waits
        request = ChargeRequest(
            AccountKey("t", f"1{number:03}"), "call", "x", B[1:], "*voice", start_ns, start_ns + 60_000_000_000, UTC,
            call_id=f"c-{number}", switch_id="sbc-1",
        )  # fmt: skip
        town.desk.admit(request, start_ns)
    assert town.desk.figures.not_stored == 4
    end()
    assert "c-1" not in town.logged()
    assert town.found() == (1, CALLS[:5], 1)
    assert town.bring(ATTACK[1]) is None
    assert town.logged().count("c-1") == 1
    assert town.desk.stats()["calls"] == 45, "it is no further call"


def test_at_the_end_who_waits_is_told(town: Town) -> None:
    town.shelf.fault = lambda batch: VersionConflict((), "deadlock") if batch.events else None
    told = town.put(invite(1))
    town.fraud.stop()
    assert isinstance(told[0], RatingdError)
