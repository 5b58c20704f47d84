"""Protection taken from the outbox: an entry is one block, one limit or one alert, however often it comes."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ratingd import observe
from ratingd.delivery.attempt import Verdict
from ratingd.errors import Unavailable
from ratingd.fraud.alert_book import AlertBook
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.protection_carrier import ProtectionCarrier
from ratingd.store.fraud_rows import AlertRow, FraudBatch, FraudStored
from ratingd.store.rows import OutboxEntry
from ratingd.store.store import Store, open_store
from tests.fraud_store_rows import ACCOUNT
from triggers.numbers.number_reading import NumberReader

NUMBERS = NumberReader("DE")
AT_MS = 1_795_262_400_000
FIRED = {"ID": "FRAUD", "UniqueID": "F1", "ThresholdValue": "20", "Observed": "20.5"}


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def entry(kind: str, **asked: Any) -> OutboxEntry:
    body = {"tenant": ACCOUNT.tenant, "account": ACCOUNT.account, "actions_id": "WATCH", "at_ms": AT_MS, **asked}
    return OutboxEntry("e-1", ACCOUNT, 0, "protect", kind, json.dumps(body), 0)


class Desk:
    def __init__(self, store: Store) -> None:
        self.blocks = Blocks()
        book = AlertBook(store.fraud, dedup_ms=300_000, storm_max=100)
        self.carrier = ProtectionCarrier(store.fraud, book, self.blocks, NUMBERS)

    def take(self, entry: OutboxEntry, times: int = 2) -> None:
        for _ in range(times):
            assert self.carrier.carry(entry).judgement.verdict is Verdict.DELIVERED


@pytest.mark.parametrize(
    ("asked", "stored"),
    [
        (entry("block_number", value="030 12345678", duration_ms=60_000), ("block", "number", "+493012345678", 0)),
        (entry("block_trunk", value="t-7", duration_ms=60_000), ("block", "trunk", "t-7", 0)),
        (
            entry("limit_session", limit_ms=30_000, duration_ms=60_000),
            ("limit", "account", "cgrates.org:1001", 30_000),
        ),
    ],
)
def test_what_is_asked_for_is_stored_and_holds(store: Store, asked: OutboxEntry, stored: tuple[object, ...]) -> None:
    desk = Desk(store)
    desk.take(asked)
    (row,) = store.fraud.lists()
    assert (row.list, row.kind, row.value, row.window_ms) == stored
    assert (row.reason, row.who, row.expires_ms) == ("WATCH", "account cgrates.org:1001", AT_MS + 60_000)
    assert desk.blocks.entries == [row]


def test_an_emergency_number_is_never_blocked(store: Store) -> None:
    desk = Desk(store)
    desk.take(entry("block_number", value="112", duration_ms=60_000))
    assert (store.fraud.lists(), desk.blocks.entries) == ([], [])


def test_an_alert_tells_which_monitor_has_fired_and_is_raised_once(store: Store) -> None:
    Desk(store).take(entry("alert", Severity="HIGH", Title="Premium", FraudType="irsf", trigger=FIRED, call_id="c-1"))
    (alert,) = store.fraud.alerts()
    shown = json.loads(alert.document)
    assert (alert.severity, alert.fraud_type, alert.subject, shown["title"]) == (
        "HIGH", "irsf", "cgrates.org:1001", "Premium",
    )  # fmt: skip
    assert (shown["trigger"], shown["fired"], shown["value"], shown["threshold"]) == ("FRAUD/F1", True, 20.5, 20.0)
    assert (shown["call_ids"], shown["count"]) == (["c-1"], 1)


def test_an_alert_of_a_recurrent_monitor_or_of_an_operator_leaves_no_mark(store: Store) -> None:
    desk = Desk(store)
    desk.take(entry("alert", Severity="LOW", FraudType="a", trigger=FIRED, recurrent=True))
    desk.take(entry("alert", Severity="LOW", FraudType="b"))
    shown = [json.loads(alert.document) for alert in store.fraud.alerts()]
    assert [(each["fired"], each.get("detector", "")) for each in shown] == [
        (False, "actions"), (False, "trigger"),
    ]  # fmt: skip


def test_what_cannot_be_stored_now_is_tried_again() -> None:
    class Away:
        def alert(self, id: int) -> AlertRow | None:
            return None

        def quiet_alerts(self, before_ms: int, limit: int) -> list[AlertRow]:
            return []

        def commit(self, batch: FraudBatch) -> FraudStored:
            raise Unavailable("the store does not answer")

    book = AlertBook(Away(), dedup_ms=300_000, storm_max=100)
    carrier = ProtectionCarrier(Away(), book, Blocks(), NUMBERS)
    for asked in (entry("alert", Severity="LOW"), entry("block_trunk", value="t-7", duration_ms=1)):
        assert carrier.carry(asked).judgement.verdict is Verdict.RETRY
