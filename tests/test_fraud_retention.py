"""Retention: what the settings say, by one daemon of several, and later where the store is away."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ratingd.fraud.retention import DAY_MS, LOCK, forget_old
from ratingd.fraud_settings import FraudSettings
from ratingd.store.fraud_forgetting import Forgotten
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.store import Store, open_store
from tests.fraud_store_rows import alert, events, record

NOW = 1000 * DAY_MS
NOTHING = Forgotten(0, 0, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class Kept:
    events_days: int = 7
    call_records_days: int = 90
    alerts_days: int = 730


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def test_each_kind_goes_after_its_days(store: Store) -> None:
    for days in (7, 90, 730):
        for before_ms in (0, 1):
            at_ms = NOW - days * DAY_MS - before_ms
            store.fraud.commit(
                FraudBatch(
                    events=[events(at_ms)],
                    records=[record(f"{days} {before_ms}", start_ms=at_ms)],
                    alerts=[alert(f"{days} {before_ms}", severity="CRITICAL", last_ms=at_ms)],
                )
            )
    gone = forget_old(store, Kept(), NOW)
    assert gone == Forgotten(events=5, records=3, incidents=0, alerts=1, orders=0, audits=0, lists=0, vault=0)
    assert forget_old(store, FraudSettings(), NOW) == NOTHING


def test_one_daemon_of_several_does_it(postgresql_url: str) -> None:
    store, other = open_store(postgresql_url), open_store(postgresql_url)
    store.migrate()
    with other.database.alone(LOCK) as ours:
        assert ours
        assert forget_old(store, Kept(), NOW) is None
    assert forget_old(store, Kept(), NOW) == NOTHING
    store.close()
    other.close()


def test_store_that_is_away_means_later(empty_url: str, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(empty_url)
    assert forget_old(store, Kept(), NOW) is None  # there are no tables
    store.close()
    assert "fraud.forgetting_waits" in capfd.readouterr().err


def test_whoever_stops_waits_for_a_piece_at_most(store: Store) -> None:
    store.fraud.commit(FraudBatch(events=[events(1)], records=[record(start_ms=1)]))
    assert forget_old(store, Kept(), NOW, lambda: True) == NOTHING
