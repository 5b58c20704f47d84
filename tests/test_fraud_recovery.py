"""What detection knows again after a start, over a real store."""

from collections.abc import Iterator
from typing import Any

import pytest

from accounts.account import AccountKey
from ratingd.engine.open_calls import CALL_BEGUN
from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
from ratingd.store.rows import OpenCall
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from tests.waiting import until

NOW_MS = 1_795_000_000_000
B = "+498912345678"
NO_SUBMIT: Any = None


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    store.migrate()
    yield store
    store.close()


def runtime(store: Store, now_ms: int = NOW_MS, **settings: Any) -> FraudRuntime:
    given = {"database_url": "sqlite:///none.db", "http_listen": "", "default_region": "DE"} | settings
    return FraudRuntime(Settings(**given), store, clock=lambda: now_ms * 1_000_000)


def event(number: int, kind: str = "INVITE", at_ms: int = 0, b: str = B) -> CallEvent:
    told = CallEvent(call_id=f"c-{number}", kind=kind, time_ms=NOW_MS + at_ms, switch_id="sbc-1")
    if kind == "INVITE":
        told.a_number, told.b_number = f"+4930123{number:05}", b
    return told


def bring(fraud: FraudRuntime, *events: CallEvent, received_ms: int = NOW_MS) -> list[Any]:
    batch = fraud.desk.reader.read_batch(CallEventsRequest(events=events).SerializeToString(), received_ms)
    assert not batch.faults
    return fraud.desk.take_and_wait(batch.events, batch.bodies, "grpc")


def test_a_run_that_is_known_again_keeps_as_many_calls_as_before(store: Store) -> None:
    most = {"masking_max_calls_per_b": 128}
    first = runtime(store, **most)
    first.start(NO_SUBMIT)
    bring(first, *[event(number, at_ms=number) for number in range(200)])
    first.stop()
    again = runtime(store, **most)
    again.start(NO_SUBMIT)
    bring(again, event(200, at_ms=200))
    run = again.desk.watch.masking.current(B)
    again.stop()
    assert run is not None
    assert len(run.calls) == 128


@pytest.mark.parametrize("behind_ms", [0, 3_600_000])
def test_a_run_that_goes_on_after_a_start_is_the_same_also_where_events_come_an_hour_late(
    store: Store, behind_ms: int
) -> None:
    first = runtime(store)
    first.start(NO_SUBMIT)
    bring(first, *[event(number, at_ms=number * 100 - behind_ms) for number in range(8)])
    others = [event(50 + number, at_ms=15_000 - behind_ms, b=f"+4922100{number:05}") for number in range(3)]
    bring(first, *others, received_ms=NOW_MS + 15_000)
    first.stop()
    again = runtime(store, NOW_MS + 15_000)
    again.start(NO_SUBMIT)
    later = [event(number, at_ms=16_000 + number * 100 - behind_ms) for number in range(20, 26)]
    bring(again, *later, received_ms=NOW_MS + 15_000)
    again.stop()
    runs = store.fraud.incidents(limit=9)
    assert [(run.b_number, len(store.fraud.flagged(run.id))) for run in runs] == [(B, 14)]


def test_charged_calls_count_where_the_daemon_died_before_anything_was_logged(store: Store) -> None:
    began_ns = NOW_MS * 1_000_000
    calls = [
        OpenCall(
            "sbc-1", f"k-{number}", AccountKey("t", f"1{number:03}"), began_ns, began_ns + 10**12,
            {"ToR": "*voice", "Destination": B[1:], CALL_BEGUN: str(began_ns + number)},
        )
        for number in range(5)
    ]  # fmt: skip
    fraud = runtime(store, NOW_MS + 1_000)
    asked: list[int] = []

    def seen(since_ns: int) -> list[OpenCall]:
        asked.append(since_ns)
        return calls

    fraud.recovery._seen_calls = seen  # type: ignore[misc]
    fraud.start(NO_SUBMIT)
    assert asked[0] > began_ns - 60 * 10**9, "lately"
    assert fraud.desk.stats()["calls"] == 5
    fraud.stop()
    (incident,) = store.fraud.incidents()
    assert incident.max_distinct == 5


@pytest.mark.parametrize("ago_ms", [0, 300_000, 3_600_000, 10 * 3_600_000])
def test_a_call_that_ends_before_it_is_counted_again_has_its_record(store: Store, ago_ms: int) -> None:
    """It began some time before the newest event of the log; its end comes while the background is at work."""
    first = runtime(store)
    first.start(NO_SUBMIT)
    bring(first, event(1, at_ms=-ago_ms), event(1, "ANSWER", 1_000 - ago_ms), received_ms=NOW_MS - ago_ms)
    bring(first, event(2))
    first.stop()
    again = runtime(store)
    begin, again.recovery.start = again.recovery.start, lambda: None  # type: ignore[method-assign]
    again.start(NO_SUBMIT)
    again.desk.begin_rebuild()
    bring(again, event(1, "BYE", 20_000))
    assert store.fraud.record("c-1") is None
    begin()
    bring(again, event(1, "BYE", 20_000))
    until(lambda: not again.desk.rebuilding)
    until(lambda: store.fraud.record("c-1") is not None)
    again.stop()
    stored = store.fraud.record("c-1")
    assert stored is not None
    assert (stored.start_ms, stored.answer_ms, stored.end_ms) == (
        NOW_MS - ago_ms, NOW_MS - ago_ms + 1_000, NOW_MS + 20_000,
    )  # fmt: skip
    assert again.desk.value("a", "+493012300001", "attempts", 86_400) == 1


def test_a_record_that_was_owed_when_the_daemon_ended_is_made_good(store: Store) -> None:
    """The daemon ends again before the background is done: the log has the call's end, and nothing has its record."""
    first = runtime(store)
    first.start(NO_SUBMIT)
    bring(first, event(1), event(1, "ANSWER", 1_000))
    first.stop()
    second = runtime(store)
    second.recovery.start = lambda: None  # type: ignore[method-assign]
    second.start(NO_SUBMIT)
    bring(second, event(1, "BYE", 20_000))
    second.stop()
    assert store.fraud.record("c-1") is None
    third = runtime(store)
    third.start(NO_SUBMIT)
    until(lambda: store.fraud.record("c-1") is not None)
    third.stop()
