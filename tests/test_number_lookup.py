"""Number lookup over a store: who called, who was called, who is listed, with numbers kept and with pseudonyms."""

from collections.abc import Iterator
from typing import Any

import pytest

from ratingd.fraud.alert import HIGH, Alert
from ratingd.fraud.number_lookup import Checked
from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from triggers.calls.call_record import CallRecord
from triggers.lookup.caller_score import CallerScore

NOW_MS = 1_795_262_400_000
DAY_MS = 86_400_000
CALLER, VICTIM = "+4930123400", "+4930654321"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


class Scene:
    def __init__(self, store: Store, **settings: Any) -> None:
        given = {"database_url": "sqlite:///none.db", "http_listen": "", "default_region": "DE"} | settings
        self.store = store
        self.fraud = FraudRuntime(Settings(**given), store, clock=lambda: NOW_MS * 1_000_000)
        self.fraud.start(lambda command, done: None)

    def __enter__(self) -> "Scene":
        return self

    def __exit__(self, *error: object) -> None:
        self.fraud.stop()

    def attack(self) -> None:
        events = [
            CallEvent(call_id=f"c{n}", kind=CallEvent.INVITE, time_ms=NOW_MS - 1000 + n, a_number=f"+493012340{n}",
                      b_number=VICTIM, trunk="t-7")
            for n in range(5)
        ]  # fmt: skip
        desk = self.fraud.desk
        batch = desk.reader.read_batch(CallEventsRequest(events=events).SerializeToString(), NOW_MS)
        desk.take_and_wait(batch.events, batch.bodies, "grpc")

    def check(self, number: str) -> Checked:
        return self.fraud.investigation.lookup.check(number)

    def record(self, call_id: str, ago_ms: int, probability: float) -> None:
        at_ms = NOW_MS - ago_ms
        made = CallRecord(call_id, CALLER, VICTIM, at_ms, end_ms=at_ms + 1000, disposition="CANCEL",
                          probability=probability)  # fmt: skip
        self.store.fraud.commit(FraudBatch(records=[made]))

    def alert(self, kind: str, subject: str, fraud_type: str, at_ms: int = NOW_MS) -> int:
        book = self.fraud.book
        made = Alert(HIGH, "", "", fraud_type, fraud_type, kind, subject, at_ms, at_ms, at_ms)
        return book.raise_now(made).id


def test_callers_of_a_run_are_suspicious_and_its_victim_is_not(store: Store) -> None:
    with Scene(store) as scene:
        scene.attack()
        caller, victim = scene.check("030 123400"), scene.check(VICTIM)
        assert (caller.number, caller.standing.status, caller.standing.fraud_type) == (CALLER, "SUSPICIOUS", "masking")
        assert (victim.standing.status, victim.standing.risk) == ("SAFE", 0)
        assert NOW_MS - 2_000 <= caller.last_ms <= NOW_MS


def test_masking_counts_for_a_day(store: Store) -> None:
    with Scene(store) as scene:
        scene.record("old", DAY_MS + 1, 0.9)
        assert scene.check(CALLER).standing.risk == 0
        assert scene.check(CALLER).last_ms == NOW_MS - DAY_MS - 1 + 1000
        scene.record("young", DAY_MS - 1, 0.8)
        assert scene.check(CALLER).standing.risk == 80


def test_rules_say_what_it_is_unless_they_were_wrong(store: Store) -> None:
    with Scene(store) as scene:
        scene.fraud.investigation.scored_by(lambda number, at_ms: CallerScore(70, "caller 3"))
        checked = scene.check(CALLER)
        assert (checked.standing.category, checked.behaviour.method) == ("Suspicious calls", "caller 3")
        assert scene.fraud.investigation.explaining.explain(CALLER).model == "caller 3"
        wrong = scene.alert("a_number", CALLER, "wangiri")
        scene.fraud.book.resolve(wrong, "ann", "", "false_positive")
        scene.alert("b_number", CALLER, "masking")  # it is the victim
        scene.alert("a_number", CALLER, "robocall", NOW_MS - 2 * DAY_MS)
        assert scene.check(CALLER).standing.category == "Suspicious calls"
        scene.alert("a_range", "+4930123", "sim_box")
        found = scene.check(CALLER).standing
        assert (found.category, found.confidence, found.status) == ("SIM box", "MEDIUM", "SUSPICIOUS")


def test_an_emergency_number_is_safe(store: Store) -> None:
    with Scene(store) as scene:
        for number in ("112", "+49112"):
            found = scene.check(number)
            assert (found.standing.status, found.subscriber.number_type) == ("SAFE", "emergency")


def test_with_pseudonyms_nobody_reads_a_number_and_both_spellings_are_found(store: Store) -> None:
    with Scene(store, hash_numbers=True, number_key="a key that nobody can guess") as scene:
        scene.attack()
        by_number = scene.check(CALLER)
        assert by_number.number.startswith("h:")
        assert (by_number.standing.status, by_number.subscriber.region) == ("SUSPICIOUS", "DE")
        by_pseudonym = scene.check(by_number.number)
        assert (by_pseudonym.number, by_pseudonym.standing.risk) == (by_number.number, by_number.standing.risk)
        assert by_pseudonym.subscriber.carrier == ""
        case = scene.fraud.investigation.cases.case(by_number.number, "ann")
        assert [call.call_id for call in case.calls] == ["c0"]
        assert CALLER not in repr([each.row for each in store.fraud.audits()])
