"""Call records on both databases: stored with the account's change or not at all, once, and read back as written."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from accounts.account import AccountKey
from ratingd.store.faults import VersionConflict
from ratingd.store.rows import Batch, CdrRow
from ratingd.store.store import Store, open_store
from tests.store_rows import operation, write

A = AccountKey("cgrates.org", "1001")
B = AccountKey("cgrates.org", "1002")
ELSEWHERE = AccountKey("other.org", "1001")

# cost, as 1e-9 of what the record counts: any sign, any size, and none for a record that could not be rated
COSTS = (0, 1, -1, 10_000_000_000, -500_000_000, -1_500_000_000, 10_737_418_240 * 10**9, -(10**27), None)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def record(key: AccountKey = A, cgr_id: str = "c1", run_id: str = "*default", created_ns: int = 5) -> CdrRow:
    return CdrRow(key, cgr_id, run_id, created_ns, origin_id="o1", cost=1)


def test_record_is_read_back_as_it_was_written(store: Store) -> None:
    whole = CdrRow(
        *(A, "c1", "*default", 9, "call-1", "sbc-1", "*sessions", "*voice", "*prepaid", "call", "1001", "4915", 5, 6),
        usage=60_000_000_000,
        cost=-500_000_001,
        cost_source="*sessions",
        cost_details='{"x":1}',
        pre_rated=True,
        partial=True,
        extra_fields={"Trunk": "Ä", "x": ""},
        extra_info="ACCOUNT_NOT_FOUND",
    )
    bare = CdrRow(A, "c1", "*raw", 9, "call-1")
    store.commit(Batch(cdrs=[bare, whole]))
    assert store.cdrs.get("cgrates.org", "c1") == [whole, bare]
    assert store.cdrs.get("cgrates.org", "c1", "*raw") == [bare]
    assert (store.cdrs.get("cgrates.org", "c2"), store.cdrs.get("other.org", "c1")) == ([], [])


def test_cost_of_any_size_is_exact(store: Store) -> None:
    store.commit(Batch(cdrs=[replace(record(run_id=f"{n}"), cost=cost) for n, cost in enumerate(COSTS)]))
    assert tuple(row.cost for row in store.cdrs.get("cgrates.org", "c1")) == COSTS


def test_record_is_stored_with_the_change_or_not_at_all(store: Store) -> None:
    store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)], cdrs=[record()]))
    with pytest.raises(VersionConflict):
        store.commit(Batch([operation(A, "o2", 2, "k2")], [write(A, 0, 2)], cdrs=[record(cgr_id="c2")]))
    assert [row.cgr_id for row in store.cdrs.page(A)] == ["c1"]


def test_second_record_of_a_call_and_run_is_left_out_and_undoes_nothing(store: Store) -> None:
    first, again = record(), replace(record(B), cost=2)
    store.commit(Batch(accounts=[write(A, 0, 1)], cdrs=[first, record(run_id="*reseller"), again]))
    store.commit(Batch(accounts=[write(A, 1, 2), write(ELSEWHERE, 0, 1)], cdrs=[again, record(ELSEWHERE)]))
    assert [(row.key, row.run_id, row.cost) for row in store.cdrs.get("cgrates.org", "c1")] == [
        (A, "*default", 1),
        (A, "*reseller", 1),
    ]
    assert store.versions([A, ELSEWHERE]) == {A: 2, ELSEWHERE: 1}
    assert store.cdrs.get("other.org", "c1") == [record(ELSEWHERE)]


def test_records_of_an_account_are_listed_in_pages_newest_first(store: Store) -> None:
    rows = [record(cgr_id=f"c{n}", created_ns=n // 2) for n in range(7)]  # of two that are as old the id decides
    store.commit(Batch(cdrs=[*rows, record(B, "b1"), record(ELSEWHERE, "e1")]))
    listed: list[CdrRow] = []
    while page := store.cdrs.page(A, limit=3, before=listed[-1] if listed else None):
        listed += page
    assert listed == rows[::-1]
