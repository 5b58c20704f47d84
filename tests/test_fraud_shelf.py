"""What is read of fraud detection, on both databases: pages in their order, and only what was asked for."""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from ratingd.store.fraud_rows import AuditRow, FraudBatch, RulesRow
from ratingd.store.store import Store, open_store
from ratingd.store.tables import call_events
from tests.fraud_store_rows import B, alert, entry, events, flagged, incident, order, record
from triggers.calls.call_record import CallRecord


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def test_events_are_read_from_an_instant_on_and_then_by_their_ids(store: Store) -> None:
    assert (store.fraud.events_from(0), store.fraud.newest_event_id()) == ([], 0)
    store.fraud.commit(FraudBatch(events=[events(at) for at in (1000, 2000, 1990, 3000)]))
    assert [c.id for c in store.fraud.events_from(1990, 2)] == [2, 3]
    assert [c.id for c in store.fraud.events(3)] == [4]
    assert [c.id for c in store.fraud.events(0, 2)] == [1, 2]
    assert store.fraud.events_from(3001) == []
    assert store.fraud.newest_event_id() == 4


@pytest.mark.parametrize("content", [b"", b"\0", b"\1" * 511, b"event " * 100, os.urandom(4096)])
def test_chunk_comes_back_as_it_was_however_it_is_packed(store: Store, content: bytes) -> None:
    store.fraud.commit(FraudBatch(events=[events(content=content)]))
    assert [chunk.row.content for chunk in store.fraud.events()] == [content]


def test_chunk_is_compressed_where_that_is_worth_its_time(store: Store) -> None:
    sizes = {500: 501, 600: 20, 32_768: 200, 32_769: 32_770}
    store.fraud.commit(FraudBatch(events=[events(content=b"e" * size) for size in sizes]))
    with store.database.read() as connection:
        stored = (
            connection.execute(select(func.length(call_events.c.content)).order_by(call_events.c.id)).scalars().all()
        )
    assert [length <= most for length, most in zip(stored, sizes.values(), strict=True)] == [True] * 4
    assert stored[3] == 32_770


def test_records_of_a_number_are_read_backwards_in_pages(store: Store) -> None:
    calls = [record(f"c{n}", "+491" if n % 2 else "anonymous", f"+43{n % 3 + 1}", 1000 + n) for n in range(12)]
    store.fraud.commit(FraudBatch(records=calls))

    def ids(**asked: object) -> list[str]:
        return [found.record.call_id for found in store.fraud.records(**asked)]  # type: ignore[arg-type]

    assert ids(a="+491") == ["c11", "c9", "c7", "c5", "c3", "c1"]
    assert ids(a="anonymous", b="+431") == ["c6", "c0"]
    assert ids(number="+432", since_ms=1004, until_ms=1010) == ["c7", "c4"]
    assert ids(number="+491", limit=1) == ["c11"]
    assert ids(a="+499") == []
    first = store.fraud.records(limit=5)
    assert ids(limit=100, before_id=first[-1].id) == [f"c{n}" for n in range(6, -1, -1)]
    assert [found.record.call_id for found in store.fraud.records_after(first[1].id)] == ["c11"]


def test_ten_million_calls_are_less_than_one_and_a_half_gigabytes(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'ratingd.db'}")
    store.migrate()
    drawn = Random(1)
    empty = bytes_of(store)
    for _ in range(20):
        store.fraud.commit(FraudBatch(records=[usual_call(drawn) for _ in range(500)]))
    assert (bytes_of(store) - empty) / 10_000 < 150
    store.close()


def usual_call(drawn: Random) -> CallRecord:
    a, b = f"+4930{drawn.randrange(10**7):07d}", f"+49171{drawn.randrange(10**7):07d}"
    start_ms = 1_790_000_000_000 + drawn.randrange(10**9)
    return record(
        str(UUID(int=drawn.getrandbits(128))),
        a,
        b,
        start_ms,
        a_raw=a,
        b_raw="00" + b[1:],
        tenant="cgrates.org",
        account=a[1:],
        trunk=f"trunk-{drawn.randrange(40)}",
        switch_id="sw1",
        ring_ms=start_ms + drawn.randrange(1, 4000),
        answer_ms=start_ms + 4000 + drawn.randrange(20_000),
        end_ms=start_ms + 30_000 + drawn.randrange(400_000),
        disposition="ANSWERED",
        origin_region="DE",
        target_region="DE",
        risk=drawn.randrange(100),
    )


def bytes_of(store: Store) -> int:
    size = text("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    with store.database.read() as connection:
        return int(connection.execute(size).scalar_one())


def test_record_of_a_call_is_replaced_and_keeps_its_place(store: Store) -> None:
    store.fraud.commit(FraudBatch(records=[record("c1", origin_region="DE"), record("c2")]))
    store.fraud.commit(FraudBatch(records=[record("c1", answer_ms=5000, end_ms=65_000, origin_region="AT", trunk="t")]))
    found = store.fraud.record("c1")
    assert found is not None
    assert (found.duration_ms, found.origin_region, found.trunk) == (60_000, "AT", "t")
    assert [r.record.call_id for r in store.fraud.records()] == ["c2", "c1"]
    assert store.fraud.record("c3") is None


def test_what_models_said_of_a_call_comes_back_with_their_versions(store: Store) -> None:
    store.fraud.commit(FraudBatch(records=[record("c1"), record("c2", knn=0.0, models="knn:2 masking:13")]))
    plain, scored = store.fraud.record("c1"), store.fraud.record("c2")
    assert plain is not None
    assert scored is not None
    assert (plain.knn, plain.models, scored.knn, scored.versions) == (-1, "", 0, {"knn": 2, "masking": 13})


def test_incidents_are_read_newest_first_in_pages(store: Store) -> None:
    rows = [incident(f"i{n}", 1000 * (n // 2), b_number=B if n % 2 else "+371", severity="HIGH") for n in range(6)]
    store.fraud.commit(FraudBatch(incidents=[*rows, incident("last", 9000)]))
    assert [i.id for i in store.fraud.incidents(limit=3)] == ["last", "i5", "i4"]
    assert [i.id for i in store.fraud.incidents(before=rows[4])] == ["i3", "i2", "i1", "i0"]
    assert [i.id for i in store.fraud.incidents(b_number=B, since_ms=1000)] == ["last", "i5", "i3"]
    assert [i.id for i in store.fraud.incidents(severity="CRITICAL")] == ["last"]
    assert [i.id for i in store.fraud.incidents_since(2400)] == ["i4", "i5", "last"]


def test_flagged_calls_are_read_in_the_order_of_time(store: Store) -> None:
    calls = [flagged(f"c{n}", at_ms=1000 + n // 2) for n in range(6)]
    other = flagged("x", "", 1001, reason="blacklist", b_number="+371")
    store.fraud.commit(FraudBatch(flagged=[*reversed(calls), other]))
    assert store.fraud.flagged("i1") == calls
    assert store.fraud.flagged("i1", after=calls[2], limit=2) == calls[3:5]
    assert store.fraud.flagged_since(1001) == [calls[2], calls[3], other, calls[4], calls[5]]
    assert store.fraud.flagged_call("x") == other
    assert store.fraud.flagged_call("y") is None


def test_alerts_are_found_by_what_they_say(store: Store) -> None:
    given = [
        alert("u1", severity="CRITICAL", subject="+371", dedup_key="k1", created_ms=1000, last_ms=1000),
        alert("u2", fraud_type="irsf", detector="irsf", dedup_key="k2", created_ms=2000, last_ms=5000),
        alert("u3", status="acked", dedup_key="k2", created_ms=3000, last_ms=3000),
        alert("u4", status="resolved", dedup_key="k2", created_ms=4000, last_ms=9000, incident_id="i1"),
    ]
    store.fraud.commit(FraudBatch(alerts=given))

    def ids(**asked: object) -> list[int]:
        return [found.id for found in store.fraud.alerts(**asked)]  # type: ignore[arg-type]

    assert ids() == [4, 3, 2, 1]
    assert ids(severity=["CRITICAL", "LOW"]) == [1]
    assert ids(status=["acked", "new"]) == [3, 2, 1]
    assert ids(status=["resolved"]) == [4]
    assert ids(fraud_type="irsf", detector="irsf") == [2]
    assert (ids(subject="+371"), ids(incident_id="i1")) == ([1], [4])
    assert (ids(since_ms=3000), ids(after_id=2), ids(before_id=2), ids(limit=1)) == ([4, 3], [4, 3], [1], [4])
    assert [a.id for a in store.fraud.open_alerts()] == [1, 2, 3]
    assert store.fraud.alerts_open() == {"CRITICAL": 1, "HIGH": 2}
    assert [a.id for a in store.fraud.quiet_alerts(5001)] == [3, 2]
    newest = store.fraud.open_alert("k2")
    assert newest is not None
    assert newest.id == 3
    assert [found.id for key in ("k1", "k2", "k3") if (found := store.fraud.open_alert(key, 4000))] == [2]
    assert store.fraud.alert(9) is None


def test_orders_are_open_until_they_are_done(store: Store) -> None:
    given = [order(f"o{n}", 1000 - n // 2) for n in range(4)]
    store.fraud.commit(FraudBatch(orders=given))
    store.fraud.commit(FraudBatch(orders=[order("o2", 999, done=True, result="no such account")]))
    assert [o.id for o in store.fraud.orders_open()] == ["o3", "o0", "o1"]
    assert [o.id for o in store.fraud.orders()] == ["o1", "o0", "o3", "o2"]
    assert [o.id for o in store.fraud.orders(before=given[0])] == ["o3", "o2"]
    assert store.fraud.order("o2") == order("o2", 999, done=True, result="no such account")
    assert store.fraud.order("o9") is None


def test_audits_are_found_by_who_what_and_whom(store: Store) -> None:
    looks = [AuditRow(1000 + n, "ann" if n % 2 else "bob", "lookup", f"h:{n % 3}") for n in range(6)]
    store.fraud.commit(FraudBatch(audits=[*looks, AuditRow(2000, "ann", "list.add", "h:1", "prefix")]))
    assert [found.id for found in store.fraud.audits()] == [7, 6, 5, 4, 3, 2, 1]
    assert [found.id for found in store.fraud.audits(who="ann", what="lookup", before_id=6)] == [4, 2]
    assert [found.id for found in store.fraud.audits(subject="h:1", since_ms=1004, limit=1)] == [7]


def test_rules_in_force_are_those_set_last(store: Store) -> None:
    assert store.fraud.rules() is None
    given = [RulesRow("a", "ann", 1), RulesRow("b", "bob", 2)]
    for row in given:
        store.fraud.commit(FraudBatch(rules=[row]))
    assert store.fraud.rules() == given[1]
    assert store.fraud.rules_history() == given[::-1]


def test_totals_count_calls_spared_and_whom(store: Store) -> None:
    """Two runs to one number, one to another that ended by itself, and two calls refused by the blacklist."""
    store.fraud.commit(
        FraudBatch(
            incidents=[incident("i1"), incident("i2", 5000), incident("i3", b_number="+371")],
            flagged=[
                flagged("c1", "i1", result="OK"),
                flagged("c2", "i2", result="OK"),
                flagged("c3", "i2", result="ALREADY_ENDED"),
                flagged("c4", "i3", result="ALREADY_ENDED"),
                flagged("c5", "", reason="blacklist", b_number="+372"),
                flagged("c6", "", reason="blocked", b_number=B),
            ],
        )
    )
    counted = store.fraud.totals()
    assert (counted.flagged, counted.disconnected, counted.blocked) == (6, 2, 2)
    assert (counted.victims, counted.incidents) == (2, 3)
    store.fraud.commit(FraudBatch(results=[("c4", "OK")]))
    assert store.fraud.totals(outdated_s=3600) == counted
    assert store.fraud.totals(max_age_s=3600, outdated_s=0).victims == 3
    assert store.fraud.totals(max_age_s=3600, outdated_s=0) is store.fraud.totals(max_age_s=3600, outdated_s=0)


def test_totals_count_calls_of_a_run_that_never_started(store: Store) -> None:
    """The switch confirms nothing of two, says of one that there is no such call, and has one up all the same."""
    results = {"c1": "", "c2": "", "c3": "ALREADY_ENDED", "c4": "FAILED", "c5": "OK"}
    rows = [flagged(call_id, "i1", result=result, reason="refused") for call_id, result in results.items()]
    store.fraud.commit(FraudBatch(incidents=[incident("i1")], flagged=[*rows, flagged("c6", "i1")]))
    counted = store.fraud.totals()
    assert (counted.flagged, counted.disconnected, counted.blocked, counted.victims) == (6, 1, 3, 1)


def test_entries_of_lists_are_read_in_their_order(store: Store) -> None:
    rows = [entry("+3"), entry("+2", "blacklist"), entry("+1")]
    store.fraud.commit(FraudBatch(lists=rows))
    assert store.fraud.lists() == [rows[2], rows[0], rows[1]]
    assert store.fraud.lists("blacklist") == [rows[1]]
