"""What is old goes, in pieces, and nothing that is not."""

from collections.abc import Iterator

import pytest

from ratingd.store import fraud_forgetting
from ratingd.store.fraud_forgetting import Forgotten
from ratingd.store.fraud_rows import AuditRow, FraudBatch, SealedNumber
from ratingd.store.model_rows import CampaignMember, CampaignRow, LabelRow, NumberReport
from ratingd.store.store import Store, open_store
from tests.fraud_store_rows import alert, entry, events, flagged, incident, order, record

NOW = 1_000_000
OLD = 1_000
YOUNG = NOW - 10


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def of(at_ms: int, name: str) -> FraudBatch:
    """A row of each kind that is as old as that."""
    return FraudBatch(
        events=[events(at_ms)],
        records=[record(name, start_ms=at_ms)],
        incidents=[incident(name, at_ms, last_ms=at_ms, former_ids=(f"former {name}",))],
        flagged=[flagged(name, name, at_ms)],
        alerts=[alert(name, severity="CRITICAL", last_ms=at_ms)],
        orders=[order(name, at_ms, done=True), order(f"open {name}", at_ms)],
        audits=[AuditRow(at_ms, "ann", "lookup", name)],
        lists=[entry(f"+{at_ms}", expires_ms=at_ms), entry("+1")],
        vault=[SealedNumber(name, b"1", at_ms)],
    )


def left(store: Store) -> set[str]:
    fraud = store.fraud
    return {
        *(f"events {c.row.received_ms}" for c in fraud.events()),
        *(f"record {r.record.call_id}" for r in fraud.records()),
        *(f"incident {i.id}" for i in fraud.incidents()),
        *(f"former {name}" for name in ("old", "young") if fraud.incident(f"former {name}")),
        *(f"call {c.call_id}" for c in fraud.flagged_since(0)),
        *(f"alert {a.uuid}" for a in fraud.alerts()),
        *(f"order {o.id}" for o in fraud.orders()),
        *(f"audit {a.row.subject}" for a in fraud.audits()),
        *(f"entry {e.value}" for e in fraud.lists()),
        *(f"sealed {name}" for name in ("old", "young") if fraud.sealed(name)),
    }


def test_what_is_older_than_it_is_kept_goes(store: Store) -> None:
    store.fraud.commit(of(OLD, "old"))
    store.fraud.commit(of(YOUNG, "young"))
    everything = left(store)
    assert store.fraud.forget(NOW, 998_000, 998_000, 998_000) == Forgotten(1, 1, 3, 1, 1, 1, 1, 1)
    gone = {
        "events 1000",
        "record old",
        "incident old",
        "former old",
        "call old",
        "alert old",
        "order old",
        "audit old",
    }
    assert everything - left(store) == {*gone, "entry +1000", "sealed old"}
    assert store.fraud.forget(NOW, 998_000, 998_000, 998_000) == Forgotten(0, 0, 0, 0, 0, 0, 0, 0)


def test_each_kind_is_kept_as_long_as_is_said_and_the_vault_as_long_as_any(store: Store) -> None:
    store.fraud.commit(of(OLD, "old"))
    assert store.fraud.forget(NOW, 998_000, NOW, NOW) == Forgotten(1, 0, 0, 0, 0, 0, 0, 0)
    assert store.fraud.forget(NOW, 998_000, 998_000, NOW) == Forgotten(0, 1, 0, 0, 0, 0, 0, 0)
    assert store.fraud.forget(NOW, NOW, NOW, 998_000) == Forgotten(0, 0, 3, 1, 1, 1, 1, 0)
    assert store.fraud.sealed("old") == b"1"


def test_much_that_is_old_goes_in_pieces(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fraud_forgetting, "PIECE_ROWS", 4)
    monkeypatch.setattr(fraud_forgetting, "PIECE_BYTES", 25)
    for start in range(0, 20, 10):
        names = [str(n) for n in range(start, start + 10)]
        store.fraud.commit(
            FraudBatch(
                events=[events(OLD, b"0123456789") for _ in names],
                records=[record(name, start_ms=OLD) for name in names],
                alerts=[alert(name, last_ms=OLD) for name in names],
                flagged=[flagged(name, at_ms=OLD) for name in names],
            )
        )
    store.fraud.commit(FraudBatch(records=[record("young", start_ms=YOUNG)]))
    pieces = iter(range(100))
    stopping = iter([False] * 3 + [True] * 50)
    assert store.fraud.forget(NOW, 100, 100, 100, lambda: next(stopping)) == Forgotten(9, 0, 0, 0, 0, 0, 0, 0)
    gone = store.fraud.forget(NOW, 100, 100, 100, lambda: next(pieces) > 90)
    assert (gone.events, gone.records, gone.alerts, gone.incidents) == (11, 20, 20, 20)
    assert next(pieces) > 15
    assert [r.record.call_id for r in store.fraud.records()] == ["young"]


def test_old_calls_that_were_imported_lately_go_when_those_before_them_are_old(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fraud_forgetting, "PIECE_ROWS", 2)
    given = [
        record("a", start_ms=YOUNG),
        record("b", start_ms=OLD),
        record("c", start_ms=YOUNG),
        record("d", start_ms=OLD),
    ]
    store.fraud.commit(FraudBatch(records=given))
    assert store.fraud.forget(NOW, 100, 100, 100).records == 1
    assert store.fraud.forget(NOW + 1000, 100, 100, 100).records == 3


def test_numbers_of_alerts_rise_after_all_are_forgotten(store: Store) -> None:
    store.fraud.commit(FraudBatch(alerts=[alert("u1", last_ms=OLD), alert("u2", last_ms=OLD)]))
    assert store.fraud.forget(NOW, 1, 1, 1).alerts == 2
    assert store.fraud.commit(FraudBatch(alerts=[alert("u3")])).alert_ids == (3,)


def test_what_people_said_and_campaigns_are_kept_as_long_as_alerts(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fraud_forgetting, "PIECE_ROWS", 2)
    for at_ms in (OLD, YOUNG):
        for name in ("a", "b", "c"):
            id = f"{name} {at_ms}"
            store.labels.add(LabelRow("number", id, 1, "wangiri", "ann", at_ms, "analyst"))
            store.number_reports.add(NumberReport("+1", name, at_ms, "wangiri", "", at_ms))
            members = [CampaignMember(id, "caller", number) for number in ("+1", "+2")]
            store.campaigns.save([CampaignRow(id, "Closed", OLD, at_ms, at_ms, "{}")], members)
    assert store.fraud.forget(NOW, 998_000, 998_000, 998_000) == Forgotten(
        *(0, 0, 0, 0, 0, 0, 0, 0), labels=3, reports=3, campaigns=9
    )
    assert {found.at_ms for found in store.labels.current()} == {YOUNG}
    assert {found.at_ms for found in store.number_reports.of("+1")} == {YOUNG}
    assert {found.last_ms for found in store.campaigns.all()} == {YOUNG}
    assert len(store.campaigns.of_number("+1")) == 3
