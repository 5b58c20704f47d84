"""Campaigns over a real store: two groups of callers are two campaigns, and after a start they still are."""

from collections.abc import Iterator
from typing import Any

import pytest

from ratingd.fraud.runtime import FraudRuntime
from ratingd.settings import Settings
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
