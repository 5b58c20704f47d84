"""Campaigns over a real store: two groups of callers are two campaigns, and after a start they still are."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from ratingd.fraud.alert import HIGH, Alert
from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
from ratingd.store.faults import StoreUnavailable
from ratingd.store.store import Store, open_store
from tests.campaign_scene import HOUR_MS, MINUTE_MS, NOW_MS, Scene, bring
from tests.waiting import until

NO_SUBMIT: Any = None


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    store.migrate()
    yield store
    store.close()


class Clock:
    def __init__(self, now_ms: int = NOW_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms * 1_000_000


def started(store: Store, clock: Clock) -> FraudRuntime:
    settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
    fraud = FraudRuntime(settings, store, clock=clock)
    fraud.start(NO_SUBMIT)
    until(lambda: not fraud.desk.rebuilding)
    return fraud


def test_wangiri_and_sim_boxes_are_two_campaigns_and_keep_their_ids_over_a_start(store: Store) -> None:
    scene, clock = Scene(), Clock()
    scene.people()
    ringing, boxes = scene.wangiri(), scene.sim_box()
    fraud = started(store, clock)
    bring(fraud, scene.events())
    fraud.campaigns.run()
    found = {each["fraud_type"]: each for each in fraud.campaigns.campaigns()}
    assert sorted(found) == ["sim_box", "wangiri"]
    assert found["wangiri"]["name"] == f"Wangiri +371 #{found['wangiri']['id'].removeprefix('CMP-2026-')}"
    assert sorted(fraud.campaigns.callers(found["wangiri"]["id"])) == ringing
    assert sorted(fraud.campaigns.callers(found["sim_box"]["id"])) == boxes
    assert {each["status"] for each in found.values()} == {"Emerging"}
    ids = {number: fraud.campaigns.campaign_of(number) for number in ringing + boxes}
    assert {each and each["fraud_type"] for each in ids.values()} == {"wangiri", "sim_box"}
    fraud.stop()

    clock.now_ms += 2 * MINUTE_MS
    again = started(store, clock)
    assert {each["id"] for each in again.campaigns.campaigns()} == {each["id"] for each in found.values()}
    assert again.campaigns.graph(found["wangiri"]["id"]) is not None, "also before it is found again"
    again.campaigns.run()
    for number in ringing + boxes:
        before, now = ids[number], again.campaigns.campaign_of(number)
        assert now is not None
        assert before is not None
        assert (now["id"], now["status"]) == (before["id"], "Active")
    assert len(again.campaigns.campaigns()) == 2
    alerts = [each for each in store.fraud.alerts(limit=100) if each.detector == "campaign"]
    assert sorted(each.subject for each in alerts) == sorted(each["id"] for each in found.values())
    again.stop()


def group(fraud: FraudRuntime, callers: int = 8, **more: Any) -> list[str]:
    """A wangiri that has just been found."""
    scene = Scene()
    numbers = scene.wangiri(callers, **more)
    bring(fraud, scene.events())
    fraud.campaigns.run()
    return numbers


def test_alerts_of_its_callers_say_which_campaign_they_are_of(store: Store) -> None:
    fraud, scene = started(store, Clock()), Scene()
    numbers = scene.wangiri()
    bring(fraud, scene.events())
    before = Alert(HIGH, "", "", "test", "wangiri", "a_number", numbers[0], NOW_MS, NOW_MS, NOW_MS)
    assert fraud.book.raise_now(before).cluster_id == ""
    fraud.campaigns.run()
    (campaign,) = fraud.campaigns.campaigns()
    after = Alert(HIGH, "", "", "test", "wangiri", "b_number", "+4930111", NOW_MS, NOW_MS, NOW_MS, caller_id=numbers[1])
    assert fraud.book.raise_now(after).cluster_id == campaign["id"]
    told = {each.subject: json.loads(each.document)["cluster_id"] for each in store.fraud.alerts(limit=100)}
    assert {told[subject] for subject in (numbers[0], "+4930111", campaign["id"])} == {campaign["id"]}
    fraud.stop()


def subjects(store: Store) -> list[tuple[str, str]]:
    """Alerts of campaigns, the oldest first."""
    alerts = [each for each in store.fraud.alerts(limit=100) if each.detector == "campaign"]
    return [(each.subject, each.severity) for each in reversed(alerts)]


def test_what_is_asked_while_nothing_is_known(store: Store) -> None:
    fraud = started(store, Clock())
    fraud.campaigns.run()
    assert fraud.campaigns.campaigns() == []
    assert fraud.campaigns.campaign("CMP-2026-1") is None
    assert fraud.campaigns.graph("CMP-2026-1") is None
    assert fraud.campaigns.graph() == {
        "nodes": [], "edges": [], "truncated": False,
        "metrics": {"node_count": 0, "edge_count": 0, "density": 0, "velocity": 0},
    }  # fmt: skip
    assert fraud.campaigns.campaign_of("+37120000001") is None
    assert (fraud.campaigns.active, fraud.campaigns.risk_total) == (0, 0)
    fraud.stop()


def test_who_takes_part_is_known_however_he_is_spelled_and_whom_he_calls_does_not(store: Store) -> None:
    fraud = started(store, Clock())
    numbers = group(fraud)
    found = fraud.campaigns.campaign_of(numbers[0].replace("+", "00"))
    assert found == fraud.campaigns.campaign("CMP-2026-1")
    graph = fraud.campaigns.graph("CMP-2026-1")
    assert graph is not None
    called = next(each["label"] for each in graph["nodes"] if each["kind"] == "callee")
    assert fraud.campaigns.campaign_of(called) is None
    assert (fraud.campaigns.active, fraud.campaigns.risk_total) == (1, 85)
    fraud.stop()


def test_a_campaign_sleeps_after_an_hour_and_ends_after_a_day(store: Store) -> None:
    clock = Clock()
    fraud = started(store, clock)
    group(fraud)
    for hours, status in ((1, "Dormant"), (23, "Dormant"), (25, "Closed")):
        clock.now_ms = NOW_MS + hours * HOUR_MS
        fraud.campaigns.run()
        assert [each["status"] for each in fraud.campaigns.campaigns()] == [status]
        assert len(fraud.campaigns.campaigns(status)) == 1
        assert fraud.campaigns.active == 0
    fraud.campaigns.run()
    closed = fraud.campaigns.campaign("CMP-2026-1")
    assert closed is not None
    assert (closed["status"], closed["callers"]) == ("Closed", 8)
    assert fraud.campaigns.graph("CMP-2026-1") is not None
    assert fraud.campaigns.campaigns("Active") == []
    fraud.stop()


def test_one_that_ended_while_the_daemon_was_away_has_ended(store: Store) -> None:
    clock = Clock()
    fraud = started(store, clock)
    group(fraud)
    fraud.stop()
    clock.now_ms += 48 * HOUR_MS
    again = started(store, clock)
    assert [each["status"] for each in again.campaigns.campaigns()] == ["Closed"]
    again.campaigns.run()
    assert [each.status for each in store.campaigns.all()] == ["Closed"]
    again.stop()


def test_one_alert_a_campaign_and_another_where_it_is_worse_than_was_told(store: Store) -> None:
    clock = Clock()
    fraud = started(store, clock)
    group(fraud)
    fraud.campaigns.run()
    assert subjects(store) == [("CMP-2026-1", "HIGH")]
    (alert,) = [each for each in store.fraud.alerts(limit=100) if each.detector == "campaign"]
    fraud.book.resolve(alert.id, "ann")
    fraud.campaigns.run()
    fraud.stop()
    clock.now_ms += MINUTE_MS
    again = started(store, clock)
    again.campaigns.run()
    assert subjects(store) == [("CMP-2026-1", "HIGH")], "told is told, also when it was resolved"
    scene = Scene(8)
    scene.wangiri(12, first=100)
    bring(again, scene.events())
    again.campaigns.run()
    assert subjects(store) == [("CMP-2026-1", "HIGH"), ("CMP-2026-1", "CRITICAL")], "1,240 people by now"
    again.stop()


def test_campaigns_wait_for_a_store_that_is_away(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    fraud = started(store, Clock())
    with monkeypatch.context() as away:
        away.setattr(store.campaigns, "save", unavailable)
        group(fraud)
        assert fraud.campaigns.campaigns() == []
    fraud.campaigns.run()
    assert [each["id"] for each in fraud.campaigns.campaigns()] == ["CMP-2026-1"]
    assert [each.id for each in store.campaigns.all()] == ["CMP-2026-1"]
    assert subjects(store) == [("CMP-2026-1", "HIGH")]
    fraud.stop()


def unavailable(*asked: Any) -> Any:
    raise StoreUnavailable("away")


def test_nothing_is_grouped_while_traffic_of_before_is_still_counted(store: Store) -> None:
    fraud = started(store, Clock())
    fraud.desk.rebuilding = True
    group(fraud)
    assert fraud.campaigns.campaigns() == []
    fraud.stop()


def test_two_daemons_number_their_campaigns_together(postgresql_url: str) -> None:
    stores = [open_store(postgresql_url) for _ in range(2)]
    stores[0].migrate()
    one, other = (started(each, Clock()) for each in stores)
    group(one)
    scene = Scene()
    boxes = scene.sim_box()
    bring(other, scene.events())
    other.campaigns.run()
    one.campaigns.run()
    for fraud in (one, other):
        assert {each["id"]: each["fraud_type"] for each in fraud.campaigns.campaigns()} == {
            "CMP-2026-1": "wangiri", "CMP-2026-2": "sim_box",
        }  # fmt: skip
        assert (fraud.campaigns.campaign_of(boxes[0]) or {})["id"] == "CMP-2026-2"
    assert sorted(subjects(stores[0])) == [("CMP-2026-1", "HIGH"), ("CMP-2026-2", "HIGH")]
    for fraud, each in zip((one, other), stores, strict=True):
        fraud.stop()
        each.close()


def test_pseudonyms_are_grouped_as_numbers_are(store: Store) -> None:
    settings = Settings(
        database_url="sqlite:///none.db",
        http_listen="",
        default_region="DE",
        hash_numbers=True,
        number_key=SecretStr("k" * 32),
    )
    fraud = FraudRuntime(settings, store, clock=Clock())
    fraud.start(NO_SUBMIT)
    numbers = group(fraud)
    found = fraud.campaigns.campaign_of(numbers[0])
    assert found is not None
    assert (found["callers"], found["fraud_type"]) == (8, "wangiri")
    assert not any(number in row.document for number in numbers for row in store.campaigns.all())
    assert not set(numbers) & set(fraud.campaigns.callers(found["id"]))
    fraud.stop()
