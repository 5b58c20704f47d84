"""A batch of fraud detection, on both databases: whole or not at all, and the same after it was stored twice."""

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ratingd.store import checkpoints
from ratingd.store.faults import DataRefused, VersionConflict
from ratingd.store.fraud_rows import AuditRow, FraudBatch, FraudStored, RulesRow, SealedNumber
from ratingd.store.rows import Batch
from ratingd.store.store import Store, open_store
from tests.fraud_store_rows import ACCOUNT, alert, alert_post, entry, events, flagged, incident, order, post, record
from tests.store_rows import operation, write
from tests.waiting import until


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def decided() -> FraudBatch:
    """What five calls to one number lead to."""
    calls = [flagged(f"c{n}", at_ms=1000 + n) for n in range(5)]
    return FraudBatch(
        incidents=[incident()],
        flagged=calls,
        alerts=[alert("u1", incident_id="i1")],
        orders=[order("o1")],
        outbox=[post(f"disconnect:{call.call_id}") for call in calls],
        records=[record(call.call_id, call.a_number) for call in calls],
    )


def test_batch_is_read_back_as_it_was_written(store: Store) -> None:
    batch = replace(
        decided(),
        events=[events(1000, b"\x00\xff'"), events(1001, b"2", count=64)],
        lists=[entry()],
        audits=[AuditRow(5, "ann", "lookup", "h:1", "ü")],
        rules=[RulesRow("[rule]", "ann", 7)],
        vault=[SealedNumber("h:1", b"\x00sealed", 9)],
    )
    assert store.fraud.commit(batch) == FraudStored((1, 2), (1,))
    chunks = store.fraud.events()
    assert [(c.id, c.row.content, c.row.count, c.row.source) for c in chunks] == [
        (1, b"\x00\xff'", 1, "grpc"),
        (2, b"2", 64, "grpc"),
    ]
    found = store.fraud.incident("i1")
    assert found is not None
    assert (found.row, found.calls) == (batch.incidents[0], batch.flagged)
    assert store.fraud.alert(1) == alert("u1", 1, incident_id="i1")
    assert store.fraud.orders_open() == batch.orders
    assert [e.id for e in store.outbox.waiting_for("disconnect", None)] == [f"disconnect:c{n}" for n in range(5)]
    assert [r.record.call_id for r in store.fraud.records_after()] == [f"c{n}" for n in range(5)]
    assert store.fraud.lists() == batch.lists
    assert [a.row for a in store.fraud.audits()] == batch.audits
    assert store.fraud.rules() == batch.rules[0]
    assert store.fraud.sealed("h:1") == b"\x00sealed"


def test_stored_twice_is_as_stored_once(store: Store) -> None:
    """After a crash the same calls are looked at again. What was acknowledged, delivered or done meanwhile stays so."""
    first = store.fraud.commit(decided())
    store.outbox.delivered("disconnect:c0")
    store.fraud.commit(
        FraudBatch(
            alerts=[alert("u1", 1, incident_id="i1", status="acked")],
            orders=[order("o1", done=True, result="disabled")],
            results=[("c0", "OK")],
        )
    )
    assert store.fraud.commit(decided()) == first
    assert [(a.id, a.status) for a in store.fraud.alerts()] == [(1, "acked")]
    assert store.fraud.orders() == [order("o1", done=True, result="disabled")]
    assert [call.result for call in store.fraud.flagged("i1")] == ["OK", "", "", "", ""]
    assert store.outbox.counts() == {"delivered": 1, "waiting": 4}
    assert len(store.fraud.records()) == 5


def test_nothing_of_a_batch_is_stored_where_one_row_is_refused(postgresql_url: str) -> None:
    store = open_store(postgresql_url)
    store.migrate()
    with pytest.raises(DataRefused, match=r"NUL|0x00"):
        store.fraud.commit(FraudBatch(events=[events()], incidents=[incident()], flagged=[flagged("c\0")]))
    assert (store.fraud.events(), store.fraud.incident("i1"), store.fraud.flagged_since(0)) == ([], None, [])
    assert store.fraud.commit(FraudBatch(alerts=[alert("u1")])).alert_ids == (1,)
    store.close()


def test_empty_batch_is_stored_at_no_cost(store: Store) -> None:
    assert store.fraud.commit(FraudBatch()) == FraudStored()


def test_ids_of_alerts_are_those_of_the_batch_in_its_order(store: Store) -> None:
    given = [alert(f"u{n}") for n in (3, 1, 2)]
    ids = store.fraud.commit(FraudBatch(alerts=given)).alert_ids
    assert ids == (1, 2, 3)
    assert [store.fraud.alert(id) for id in ids] == [alert(a.uuid, id) for a, id in zip(given, ids, strict=True)]
    known, new = store.fraud.commit(
        FraudBatch(alerts=[alert("u1", ids[1], severity="CRITICAL"), alert("u9")])
    ).alert_ids
    assert (known, new > 3) == (ids[1], True)
    assert store.fraud.alerts(severity=["CRITICAL"]) == [alert("u1", ids[1], severity="CRITICAL")]


@pytest.mark.parametrize("given", ["new", "acked", "resolved", "false_positive"])
@pytest.mark.parametrize("standing", ["new", "acked", "resolved", "false_positive"])
def test_an_alert_is_never_set_back_from_what_people_have_said(store: Store, standing: str, given: str) -> None:
    store.fraud.commit(FraudBatch(alerts=[alert("u1"), alert("u2")]))
    store.fraud.commit(FraudBatch(alerts=[alert("u1", 1, status=standing)]))
    done = store.fraud.commit(FraudBatch(alerts=[alert("u1", 1, status=given), alert("u2", 2, last_ms=9)]))
    back = (standing, given) in {
        ("acked", "new"), ("resolved", "new"), ("resolved", "acked"), ("false_positive", "new"),
        ("false_positive", "acked"),
    }  # fmt: skip
    assert [(each.id, each.status) for each in done.overtaken] == ([(1, standing)] if back else [])
    found = store.fraud.alert(1), store.fraud.alert(2)
    assert [(each.status, each.last_ms) for each in found if each] == [(standing if back else given, 1000), ("new", 9)]


def test_a_post_says_the_id_that_its_alert_gets_with_the_same_commit(store: Store) -> None:
    def bodies() -> dict[str, str]:
        return {each.id: each.body for each in store.outbox.entries()}

    quoting = '{"alert":{"id":null,"title":"says \\"alert\\":{\\"id\\":null,"}}'
    posts = [alert_post("p2", "u2"), alert_post("p1", "u1", quoting), alert_post("gone", "u7"), post("cut")]
    store.fraud.commit(FraudBatch(alerts=[alert("u1"), alert("u2")], outbox=posts))
    said = {
        "p1": quoting.replace("null", "1", 1),
        "p2": '{"alert":{"id":2,"uuid":"u"}}',
        "gone": '{"alert":{"id":null,"uuid":"u"}}',
        "cut": "{}",
    }
    assert bodies() == said
    later = [alert_post("p3", "u2"), alert_post("p1", "u1", quoting)]
    store.fraud.commit(FraudBatch(alerts=[alert("u9"), alert("u2")], outbox=later))  # as after a crash
    assert bodies() == said | {"p3": '{"alert":{"id":2,"uuid":"u"}}'}


def test_last_of_two_rows_with_one_key_counts(store: Store) -> None:
    batch = FraudBatch(
        incidents=[incident(max_distinct=5), incident(max_distinct=6)],
        flagged=[flagged("c1", result="OK"), flagged("c1", trunk="t2")],
        alerts=[alert("u1"), alert("u1", severity="LOW")],
        records=[record(end_ms=2000), record(end_ms=3000)],
        orders=[order("o1", document="first"), order("o1", document="second")],
        outbox=[post("p", "first"), post("p", "second")],
        lists=[entry(reason="a"), entry(reason="b")],
        vault=[SealedNumber("h", b"1", 1), SealedNumber("h", b"2", 2)],
    )
    assert store.fraud.commit(batch).alert_ids == (1, 1)
    found = store.fraud.incident("i1")
    assert found is not None
    assert found.row.max_distinct == 6
    assert store.fraud.flagged_call("c1") == flagged("c1", trunk="t2", result="OK")
    assert [a.severity for a in store.fraud.alerts()] == ["LOW"]
    assert [r.record.end_ms for r in store.fraud.records()] == [3000]
    assert [o.document for o in store.fraud.orders_open()] == ["first"]
    assert [e.body for e in store.outbox.entries()] == ["first"]
    assert [e.reason for e in store.fraud.lists()] == ["b"]


def test_incident_that_was_moved_or_joined_is_found_under_its_former_ids(store: Store) -> None:
    store.fraud.commit(
        FraudBatch(
            incidents=[incident("i1"), incident("i2", 2000)],
            flagged=[flagged("c1", "i1"), flagged("c2", "i2", 2000)],
            alerts=[alert("u1", incident_id="i1")],
        )
    )
    store.fraud.commit(FraudBatch(incidents=[incident("i0", 900, former_ids=("i1",))]))
    store.fraud.commit(
        FraudBatch(incidents=[incident("i9", 800, former_ids=("i0", "i2"))], flagged=[flagged("c0", "i9", 800)])
    )
    for id in ("i9", "i0", "i1", "i2"):
        found = store.fraud.incident(id)
        assert found is not None
        assert (found.row.id, [call.call_id for call in found.calls]) == ("i9", ["c0", "c1", "c2"])
    assert [i.id for i in store.fraud.incidents()] == ["i9"]
    assert [a.uuid for a in store.fraud.alerts(incident_id="i9")] == ["u1"]
    assert store.fraud.incident("i7") is None


def test_incident_may_be_moved_twice_within_one_batch(store: Store) -> None:
    moved = [incident("i1"), incident("i0", 900, former_ids=("i1",)), incident("i9", 800, former_ids=("i0",))]
    store.fraud.commit(FraudBatch(incidents=moved))
    assert [i.id for i in store.fraud.incidents()] == ["i9"]
    assert {found.row.id for id in ("i0", "i1", "i9") if (found := store.fraud.incident(id))} == {"i9"}


def test_lists_are_replaced_and_removed(store: Store) -> None:
    store.fraud.commit(FraudBatch(lists=[entry("+491"), entry("+492"), entry("+49", kind="prefix")]))
    store.fraud.commit(
        FraudBatch(
            lists=[entry("+491", threshold=9, window_ms=4000)],
            lists_removed=[("b_whitelist", "number", "+492"), ("b_whitelist", "number", "+493")],
        )
    )
    assert store.fraud.lists() == [entry("+491", threshold=9, window_ms=4000), entry("+49", kind="prefix")]
    assert store.fraud.lists("blacklist") == []


def test_large_chunks_are_brought_into_the_file_beside_the_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chunk of a hundred pages counts as a hundred, or the log would grow for as many rows as it has pages."""
    monkeypatch.setattr(checkpoints, "ROWS", 300)
    store = open_store(f"sqlite:///{tmp_path / 'ratingd.db'}")
    store.migrate()
    log = tmp_path / "ratingd.db-wal"
    content = os.urandom(409_600)

    def times_begun() -> int:
        store.fraud.commit(FraudBatch(events=[events(content=content)]))
        return int.from_bytes(log.read_bytes()[12:16], "big")

    begun = times_begun()
    until(lambda: times_begun() > begun, pause_s=0.02)
    assert len(store.fraud.events(limit=1000)) < 300
    store.close()


def test_daemons_and_lanes_store_at_once(store_url: str) -> None:
    """Each stores its own calls and, in the other order, those that both have seen; a lane charges beside them."""
    stores = [open_store(store_url)]
    stores[0].migrate()
    stores.append(open_store(store_url) if stores[0].shared else stores[0])
    faults: list[BaseException] = []

    def store_all(number: int) -> None:
        shared = [f"shared {n}" for n in range(8)][:: 1 - 2 * number]
        for chunk in range(12):
            again(
                stores[number],
                FraudBatch(
                    events=[events()],
                    records=[record(name) for name in (*shared, f"{number} {chunk}")],
                    incidents=[incident("i1")],
                    flagged=[flagged(name) for name in shared],
                    alerts=[alert(f"{number} {chunk}")],
                    outbox=[post(name) for name in shared],
                ),
            )

    def charge() -> None:
        for version in range(1, 13):
            row = operation(ACCOUNT, f"{version:016x}", version, f"k{version}")
            stores[0].commit(Batch([row], [write(ACCOUNT, version - 1, version)]))

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)
            raise

    works = [lambda: store_all(0), lambda: store_all(1), charge]
    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    fraud = stores[0].fraud
    assert len({chunk.id for chunk in fraud.events()}) == 24
    assert len({found.record.call_id for found in fraud.records()}) == len(fraud.records()) == 32
    assert (len(fraud.flagged("i1")), len(fraud.alerts()), stores[0].versions([ACCOUNT])) == (8, 24, {ACCOUNT: 12})
    assert stores[0].outbox.counts() == {"waiting": 8}
    for each in dict.fromkeys(stores):
        each.close()


def again(store: Store, batch: FraudBatch) -> None:
    """Until no other daemon is in the way."""
    while True:
        try:
            store.fraud.commit(batch)
        except VersionConflict:
            continue
        return
