"""The fraud desk over a real store: verdicts at once, all of it on disk once, nothing lost while the store is away."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from accounts.account import AccountKey
from accounts.charge import ChargeRequest, Granted, Reason
from ratingd.engine.admission import ADMITTED, admission, refused, shortened, within
from ratingd.errors import InvalidRequest, Overloaded, Unavailable
from ratingd.fraud.blocks import ACCOUNT, NUMBER, block, limit
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.runtime import FraudRuntime
from ratingd.fraud.writer import FraudWriter, NoEffects
from ratingd.settings import Settings
from ratingd.store.faults import StoreUnavailable
from ratingd.store.fraud_rows import FraudBatch, FraudStored, ListRow
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from tariffs.zone import UTC
from tests.waiting import until
from triggers.calls.verdict import ALLOW, DISCONNECT
from triggers.rules.rule_file import read_rules

NOW_MS = 1_795_000_000_000
B = "+498912345678"
NO_SUBMIT: Any = None


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    store.migrate()
    yield store
    store.close()


def runtime(store: Store, **settings: object) -> FraudRuntime:
    given = {"database_url": "sqlite:///none.db", "http_listen": "", "default_region": "DE"} | settings
    return FraudRuntime(Settings(**given), store, clock=lambda: NOW_MS * 1_000_000)  # type: ignore[arg-type]


@pytest.fixture
def fraud(store: Store) -> Iterator[FraudRuntime]:
    fraud = runtime(store)
    fraud.start(NO_SUBMIT)
    yield fraud
    fraud.stop()


def invite(number: int, at_ms: int = 0, b: str = B, **more: Any) -> CallEvent:
    return CallEvent(call_id=f"c-{number}", kind=CallEvent.INVITE, time_ms=NOW_MS + at_ms,
                     a_number=f"+4930123{number:05}", b_number=b, **more)  # fmt: skip


def bring(desk: FraudDesk, *events: CallEvent, source: str = "grpc") -> list[Any]:
    batch = desk.reader.read_batch(CallEventsRequest(events=events).SerializeToString(), NOW_MS)
    assert not batch.faults
    return desk.take_and_wait(batch.events, batch.bodies, source)


def call(number: int, b: str = "498912345678", account: str = "", after_s: int = 0, **more: Any) -> ChargeRequest:
    start_ns = NOW_MS * 1_000_000 + number + after_s * 1_000_000_000
    return ChargeRequest(
        AccountKey("t", account or f"1{number:03}"), "call", "x", b, more.pop("tor", "*voice"), start_ns,
        start_ns + 60_000_000_000, UTC, call_id=f"k-{number}", switch_id="sbc-1", **more,
    )  # fmt: skip


def admitted(desk: FraudDesk, request: ChargeRequest) -> Any:
    return desk.admit(request, NOW_MS * 1_000_000)


# -- events


def test_what_was_taken_is_on_disk_with_what_came_of_it(store: Store, fraud: FraudRuntime) -> None:
    verdicts = bring(fraud.desk, *[invite(number, 100 * number) for number in range(6)])
    assert [verdict.action == DISCONNECT for verdict in verdicts] == [False] * 4 + [True] * 2
    (incident,) = store.fraud.incidents()
    assert incident.id == verdicts[5].incident_id
    assert [call.call_id for call in store.fraud.flagged(incident.id)] == [f"c-{number}" for number in range(6)]
    (chunk,) = store.fraud.events()
    assert (chunk.row.count, chunk.row.source) == (6, "grpc")
    assert [event.call_id for event in CallEventsRequest.FromString(chunk.row.content).events][:2] == ["c-0", "c-1"]


def test_a_repeat_is_not_stored_again_and_is_told_when_the_first_is(store: Store, fraud: FraudRuntime) -> None:
    bring(fraud.desk, invite(1))
    (again,) = bring(fraud.desk, invite(1))
    assert again.duplicate
    assert sum(chunk.row.count for chunk in store.fraud.events()) == 1
    assert fraud.desk.figures.duplicates == 1


def test_an_event_is_written_so_that_it_is_read_as_it_was_taken(store: Store, fraud: FraudRuntime) -> None:
    without_time = CallEvent(kind=CallEvent.INVITE, a_number="+4930", b_number="+49891", trunk="t")
    ahead = CallEvent(call_id="ahead", kind=CallEvent.INVITE, time_ms=NOW_MS + 600_000, a_number="1", b_number="2")
    bring(fraud.desk, without_time, ahead)
    (chunk,) = store.fraud.events()
    first, second = CallEventsRequest.FromString(chunk.row.content).events
    assert first.time_ms == NOW_MS
    assert len(first.call_id) == 16
    assert second.time_ms == NOW_MS
    assert fraud.desk.figures.skewed == 1


def test_many_threads_bring_events_and_each_is_counted_once(store: Store, fraud: FraudRuntime) -> None:
    def bring_all(first: int) -> None:
        for start in range(0, 300, 30):
            bring(
                fraud.desk,
                *[invite(1_000 * first + start + each, b=f"+4940{first}{start + each:05}") for each in range(30)],
            )

    threads = [threading.Thread(target=bring_all, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert fraud.desk.stats()["calls"] == 1_200
    assert sum(chunk.row.count for chunk in store.fraud.events()) == 1_200


def test_numbers_are_logged_as_pseudonyms_where_they_are_not_to_be_stored(store: Store) -> None:
    hashed = {"hash_numbers": True, "number_key": "a-key-that-nobody-guesses-1"}
    fraud = runtime(store, **hashed)
    fraud.start(NO_SUBMIT)
    bring(fraud.desk, *[invite(number, 100 * number) for number in range(4)], invite(9, b="112"))
    fraud.stop()
    (chunk,) = store.fraud.events()
    assert b"4930123" not in chunk.row.content
    assert b"4989123" not in chunk.row.content
    assert b"112" in chunk.row.content
    pseudonym = fraud.numbers.read(B).text
    assert fraud.vault is not None
    assert fraud.vault.number(pseudonym, "ann", NOW_MS) == B
    restarted = runtime(store, **hashed)
    restarted.start(NO_SUBMIT)
    (verdict,) = bring(restarted.desk, invite(5, 500))
    assert verdict.reasons == ("masking",)
    restarted.stop()


# -- a store that is away


class Shelf:
    """A shelf that fails as often as it is told to."""

    def __init__(self, faults: int = 0) -> None:
        self.faults = faults
        self.batches: list[FraudBatch] = []
        self.open = threading.Event()
        self.open.set()

    def commit(self, batch: FraudBatch) -> FraudStored:
        self.open.wait(30)
        if self.faults:
            self.faults -= 1
            raise StoreUnavailable("it is away")
        self.batches.append(batch)
        return FraudStored()


def desk_on(shelf: Shelf, store: Store, events_max: int = 1_000) -> tuple[FraudDesk, FraudWriter]:
    parts = runtime(store)
    writer = FraudWriter(shelf, NoEffects(), events_max=events_max)
    desk = FraudDesk(parts.desk.watch, parts.desk.reader, parts.numbers, writer, parts.blocks)
    return desk, writer


def test_while_the_store_is_away_it_is_tried_again(store: Store) -> None:
    shelf = Shelf(faults=3)
    desk, writer = desk_on(shelf, store)
    writer.start()
    bring(desk, invite(1))
    assert sum(row.count for batch in shelf.batches for row in batch.events) == 1
    writer.stop()


def test_what_is_no_invite_is_shed_first_and_then_nothing_more_is_taken(store: Store) -> None:
    shelf = Shelf()
    shelf.open.clear()
    desk, writer = desk_on(shelf, store, events_max=100)
    writer.start()
    told: list[Exception | None] = []

    def take(*events: CallEvent) -> int:
        batch = desk.reader.read_batch(CallEventsRequest(events=events).SerializeToString(), NOW_MS)
        return len(desk.take(batch.events, batch.bodies, "grpc", told.append))

    assert take(*[invite(number, b=f"+4940{number:07}") for number in range(80)]) == 80
    ringing = CallEvent(call_id="c-1", kind=CallEvent.RINGING, time_ms=NOW_MS)
    assert take(ringing, invite(90, b="+49891"), ringing) == 3
    assert desk.figures.shed == 2
    assert desk.stats()["calls"] == 81
    with pytest.raises(Overloaded):
        take(*[invite(number, b=f"+4940{number:07}") for number in range(100, 120)])
    assert desk.stats()["calls"] == 81
    shelf.open.set()
    until(lambda: len(told) == 2)
    writer.stop()
    assert told == [None, None]
    assert sum(row.count for batch in shelf.batches for row in batch.events) == 81


def test_who_waits_when_the_daemon_ends_without_a_store_is_told(store: Store) -> None:
    shelf = Shelf(faults=1_000)
    desk, writer = desk_on(shelf, store)
    writer.start()
    told: list[Exception | None] = []
    batch = desk.reader.read_batch(CallEventsRequest(events=[invite(1)]).SerializeToString(), NOW_MS)
    desk.take(batch.events, batch.bodies, "grpc", told.append)
    writer.stop()
    assert isinstance(told[0], Unavailable)


# -- charged calls


def test_a_charged_call_is_an_invite_once(store: Store, fraud: FraudRuntime) -> None:
    for _ in range(3):
        assert admitted(fraud.desk, call(1)).reason is None
    assert fraud.desk.stats()["calls"] == 1
    fraud.stop()
    (chunk,) = store.fraud.events()
    (event,) = CallEventsRequest.FromString(chunk.row.content).events
    assert chunk.row.source == "charging"
    assert (event.call_id, event.a_number, event.b_number, event.account) == ("k-1", "1001", "+498912345678", "1001")
    assert event.time_ms == NOW_MS


def test_the_fields_of_a_switch_say_more_of_a_charged_call(fraud: FraudRuntime) -> None:
    extra = {"a_number": "+4930777", "trunk": "t-9", "cli": "+4930888", "p_asserted_identity": "+4930777"}
    admitted(fraud.desk, call(1, extra_fields=extra))
    seen = fraud.desk.watch.traffic.call("k-1")
    assert seen is not None
    assert (seen.first.a.text, seen.first.trunk, seen.first.details.cli_mismatch) == ("+4930777", "t-9", True)


def test_masked_calls_are_refused_the_earlier_ones_at_their_next_debit(fraud: FraudRuntime) -> None:
    found = [admitted(fraud.desk, call(number)).reason for number in range(6)]
    assert found == [None] * 4 + [Reason.CALL_MASKED] * 2
    first = admitted(fraud.desk, call(0))
    assert first.reason is Reason.CALL_MASKED
    assert refused(first, call(0)) is not None
    assert refused(first, call(0, final=True)) is None, "it has happened: it is charged"


def test_blocks_and_limits_hold_for_the_next_request_of_a_call_that_goes_on(fraud: FraudRuntime) -> None:
    desk, later_ms = fraud.desk, NOW_MS + 3_600_000
    before = admitted(desk, call(1))
    assert (before.reason, before.limit_ns) == (None, 0)
    fraud.blocks.take([limit(ACCOUNT, "t:1001", 30_000, "irsf", "rule irsf", NOW_MS, later_ms)])
    short = admitted(desk, call(1))
    assert short.limit_ns == 30_000_000_000
    assert shortened(short, call(1)).usage == 30_000_000_000
    assert within(short, Granted(-1), call(1)) == Granted(30_000_000_000)
    fraud.blocks.take([block(NUMBER, B, "wangiri", "rule wangiri", NOW_MS, later_ms)])
    assert admitted(desk, call(1)).reason is Reason.NUMBER_BLOCKED
    assert admitted(desk, call(2, b="+4940555")).reason is None


def test_the_blacklist_refuses_charged_calls(store: Store, fraud: FraudRuntime) -> None:
    assert admitted(fraud.desk, call(1)).reason is None
    fraud.lists.add([ListRow("blacklist", "number", B, "fraud", "ann", 0, 0)], "ann")
    assert admitted(fraud.desk, call(1)).reason is Reason.NUMBER_BLOCKED
    assert admitted(fraud.desk, call(2)).reason is Reason.NUMBER_BLOCKED


def test_a_refused_call_goes_on_when_the_entry_is_lifted_or_has_expired(fraud: FraudRuntime) -> None:
    fraud.lists.add([ListRow("blacklist", "number", B, "fraud", "ann", 0, NOW_MS + 1_000)], "ann")
    assert admitted(fraud.desk, call(1)).reason is Reason.NUMBER_BLOCKED
    assert fraud.desk.admit(call(1, after_s=1), (NOW_MS + 1_000) * 1_000_000).reason is None
    fraud.lists.add([ListRow("blacklist", "number", "+4940555123", "fraud", "ann", 0, 0)], "ann")
    assert admitted(fraud.desk, call(2, b="4940555123")).reason is Reason.NUMBER_BLOCKED
    fraud.lists.remove("blacklist", "number", "+4940555123", "ann")
    assert admitted(fraud.desk, call(2, b="4940555123")).reason is None


def test_a_reason_is_told_as_the_kind_of_fraud_that_it_is(fraud: FraudRuntime) -> None:
    found = [fraud.desk.fraud_type(reason) for reason in ("spoofed_cli", "masking", "blacklist")]
    assert found == ["cli_spoofing", "masking", "blacklist"]


def test_an_emergency_call_passes_always(fraud: FraudRuntime) -> None:
    fraud.blocks.take([block(NUMBER, "112", "x", "x", NOW_MS, NOW_MS + 9_999)])
    assert [admitted(fraud.desk, call(number, b="112")).reason for number in range(9)] == [None] * 9


def test_only_named_calls_of_voice_that_are_not_tried_out_are_looked_at(fraud: FraudRuntime) -> None:
    now_ns = NOW_MS * 1_000_000
    for request, dry_run in ((call(1, tor="*sms"), False), (call(2), True)):
        assert admission(fraud.desk, request, now_ns, dry_run=dry_run) is ADMITTED
    assert admission(None, call(3), now_ns, dry_run=False) is ADMITTED
    assert fraud.desk.stats()["calls"] == 0


def test_with_detection_off_charged_calls_are_not_counted_and_blocks_hold(store: Store) -> None:
    fraud = runtime(store, detection=False)
    fraud.start(NO_SUBMIT)
    fraud.blocks.take([block(NUMBER, B, "x", "x", NOW_MS, NOW_MS + 9_999)])
    assert admitted(fraud.desk, call(1)).reason is Reason.NUMBER_BLOCKED
    assert fraud.desk.stats()["calls"] == 0
    fraud.stop()


# -- after a start


def test_an_attack_goes_on_after_a_start_as_one_incident(store: Store, fraud: FraudRuntime) -> None:
    bring(fraud.desk, *[invite(number, 100 * number) for number in range(6)])
    fraud.stop()
    again = runtime(store)
    again.start(NO_SUBMIT)
    (repeat,) = bring(again.desk, invite(2, 200))
    (seventh,) = bring(again.desk, invite(7, 900))
    again.stop()
    assert repeat.duplicate
    assert seventh.reasons == ("masking",)
    (incident,) = store.fraud.incidents()
    assert incident.max_distinct == 7
    assert len(store.fraud.alerts()) == 1
    assert [call.call_id for call in store.fraud.flagged(incident.id)][-1] == "c-7"


@pytest.mark.parametrize(("cutting", "reason"), [(True, Reason.CALL_MASKED), (False, None)])
def test_flagged_calls_are_refused_after_a_start_unless_their_run_was_only_reported(
    store: Store, cutting: bool, reason: Reason | None
) -> None:
    first = runtime(store, masking_auto_disconnect=cutting)
    first.start(NO_SUBMIT)
    for number in range(5):
        admitted(first.desk, call(number))
    first.stop()
    again = runtime(store, masking_auto_disconnect=cutting)
    again.start(NO_SUBMIT)
    assert admitted(again.desk, call(2)).reason is reason
    assert again.desk.stats()["calls"] == 0, "it is known"
    again.stop()


def test_a_call_that_could_not_be_cut_is_refused_after_a_start(store: Store, fraud: FraudRuntime) -> None:
    bring(fraud.desk, *[invite(number, 100 * number) for number in range(5)])
    for number, result in ((1, "FAILED"), (2, "ALREADY_ENDED")):
        flagged = store.fraud.flagged_call(f"c-{number}")
        assert flagged is not None
        store.fraud.commit(FraudBatch(flagged=[replace(flagged, result=result)]))
    fraud.stop()
    again = runtime(store)
    again.start(NO_SUBMIT)
    found = [again.desk.watch.verdict_of_call(f"c-{number}").action for number in range(3)]
    again.stop()
    assert found == [DISCONNECT, DISCONNECT, ALLOW]


def test_a_repeat_of_minutes_ago_is_answered_as_it_was_after_a_start(store: Store, fraud: FraudRuntime) -> None:
    then = CallEventsRequest(events=[invite(number, 100 * number - 120_000) for number in range(5)])
    batch = fraud.desk.reader.read_batch(then.SerializeToString(), NOW_MS - 120_000)
    fraud.desk.take_and_wait(batch.events, batch.bodies, "grpc")
    bring(fraud.desk, invite(99, b="+49891234"))
    fraud.stop()
    again = runtime(store)
    again.start(NO_SUBMIT)
    until(lambda: not again.desk.rebuilding)
    verdict = bring(again.desk, then.events[4])[0]
    again.stop()
    assert (verdict.duplicate, verdict.action) == (True, DISCONNECT)


def test_traffic_of_before_the_window_is_counted_again(store: Store, fraud: FraudRuntime) -> None:
    bring(fraud.desk, *[invite(number, -3_000_000 + number, b=f"+49405{number:06}") for number in range(50)])
    fraud.stop()
    rows = store.fraud.events()
    aged = [type(rows[0].row)(row.row.received_ms - 3_000_000, row.row.first_ms, row.row.last_ms, row.row.count,
                              row.row.source, row.row.content) for row in rows]  # fmt: skip
    newer = runtime(store)
    newer.start(NO_SUBMIT)
    bring(newer.desk, invite(99, 0))
    newer.stop()
    store.fraud.commit(FraudBatch(events=aged))
    third = runtime(store)
    third.start(NO_SUBMIT)
    until(lambda: not third.desk.rebuilding)
    assert third.desk.value("b", "+49405000007", "attempts", 86_400) >= 1
    third.stop()


# -- what is asked and changed


def test_an_analysis_counts_nothing_and_may_assume(fraud: FraudRuntime) -> None:
    bring(fraud.desk, *[invite(number, 100 * number) for number in range(4)])
    as_it_is = fraud.desk.analyze("x", "+4930999", B, at_ms=NOW_MS + 400)
    assert (as_it_is.is_masking, as_it_is.features["distinct_a_count"], as_it_is.threat_level) == (False, 4.0, "HIGH")
    what_if = fraud.desk.analyze("x", "+4930999", B, distinct=5, at_ms=NOW_MS + 400)
    assert (what_if.is_masking, what_if.action) == (True, DISCONNECT)
    assert fraud.desk.analyze("x", "+4930999", "112", distinct=9).is_masking is False
    assert fraud.desk.stats()["calls"] == 4


@pytest.mark.parametrize(
    ("window_s", "threshold", "field"),
    [(0.9, 5, "window_seconds"), (61, 5, "window_seconds"), (5, 1, "threshold"), (5, 101, "threshold")],
)
def test_terms_that_make_no_sense_are_refused(fraud: FraudRuntime, window_s: float, threshold: int, field: str) -> None:
    with pytest.raises(InvalidRequest) as wrong:
        fraud.desk.set_terms(window_s, threshold)
    assert wrong.value.field == field
    assert fraud.desk.detection == (5_000, 5)


def test_terms_hold_from_the_next_call_on(fraud: FraudRuntime) -> None:
    fraud.desk.set_terms(10, 3)
    verdicts = bring(fraud.desk, *[invite(number, 3_000 * number) for number in range(3)])
    assert verdicts[2].reasons == ("masking",)


def test_a_call_that_a_rule_and_a_masking_run_want_cut_is_cut_by_one_order_for_who_pays(
    store: Store, fraud: FraudRuntime
) -> None:
    rules, _ = read_rules("three,test,account,attempts.60 >= 3,HIGH,HIGH,*alert;*disconnect,false,1h,a third call")
    fraud.desk.set_rules(rules)
    for number in range(5):
        bring(fraud.desk, invite(number, 100 * number, account="1001", tenant="t", switch_id="sbc-1"))
    orders = store.outbox.waiting_for("disconnect", None)
    assert sorted(order.id for order in orders) == [f"masking:sbc-1:c-{number}" for number in range(5)]
    assert {order.key for order in orders} == {AccountKey("t", "1001")}


def test_a_charged_call_that_a_rule_cuts_is_refused_at_once(fraud: FraudRuntime) -> None:
    rules, _ = read_rules("third,test,account,attempts.60 >= 3,HIGH,HIGH,*alert;*disconnect,false,1h,a third call")
    fraud.desk.set_rules(rules)
    found = [admitted(fraud.desk, call(number, account="1001")).reason for number in range(4)]
    assert found == [None, None, Reason.CALL_MASKED, None], "the rule pauses for an hour, and its call stays cut"
    assert admitted(fraud.desk, call(2, account="1001")).reason is Reason.CALL_MASKED


def record(number: int, at_ms: int, ended_ms: int) -> CallEvent:
    begun_ms = NOW_MS + at_ms
    return CallEvent(
        call_id=f"c-{number}", kind=CallEvent.CDR, a_number="+493012300001", b_number=B,
        start_ms=begun_ms, answer_ms=begun_ms + 1_000, end_ms=begun_ms + ended_ms,
    )  # fmt: skip


def test_a_call_is_counted_once_also_where_its_record_comes_an_hour_later(store: Store, fraud: FraudRuntime) -> None:
    begun_ms = -3_600_000
    end = CallEvent(call_id="c-1", kind=CallEvent.BYE, time_ms=NOW_MS + begun_ms + 20_000)
    bring(fraud.desk, invite(1, begun_ms), end)
    for number in range(2, 4):  # five minutes later c-1 is over for whoever keeps metrics
        bring(fraud.desk, invite(number, begun_ms + 400_000 * number, b="+49891234"))
    assert fraud.desk.watch.traffic.call("c-1") is None
    (verdict,) = bring(fraud.desk, record(1, begun_ms, 21_000))
    assert not verdict.duplicate
    assert fraud.desk.value("a", "+493012300001", "attempts", 86_400, NOW_MS) == 1
    stored = store.fraud.record("c-1")
    assert stored is not None
    assert (stored.answer_ms, stored.end_ms) == (NOW_MS + begun_ms + 1_000, NOW_MS + begun_ms + 21_000)


def test_a_record_that_tells_a_call_differently_replaces_it_and_a_repeat_does_not(
    store: Store, fraud: FraudRuntime
) -> None:
    first, again, corrected = bring(fraud.desk, *[record(1, -9_000, ended_ms) for ended_ms in (5_000, 5_000, 7_000)])
    assert [verdict.duplicate for verdict in (first, again, corrected)] == [False, True, False]
    stored = store.fraud.record("c-1")
    assert stored is not None
    assert stored.end_ms == NOW_MS - 2_000
    assert fraud.desk.value("b", B, "attempts", 300, NOW_MS) == 1
