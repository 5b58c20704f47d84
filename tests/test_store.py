"""What the store promises, on both databases: a batch whole or not at all, and told apart why not."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from accounts.account import AccountKey
from ratingd.store.database import Bulk, Row
from ratingd.store.faults import DataRefused, RepeatedKeys, VersionConflict
from ratingd.store.rows import (
    SHARDS,
    Batch,
    CursorWrite,
    OpenCall,
    OpenCallWrite,
    ScheduleRow,
    StoredReply,
    receiver_of,
    shard_of,
)
from ratingd.store.store import Store, open_store
from ratingd.store.transaction import UPDATE_ACCOUNTS
from tests.store_rows import account, operation, write

A = AccountKey("cgrates.org", "1001")
B = AccountKey("cgrates.org", "1002")


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def stored(store: Store, key: AccountKey) -> tuple[int, str | None] | None:
    row = store.accounts([key]).get(key)
    return None if row is None else (row.version, row.document)


def test_batch_is_read_back_as_it_was_written(store: Store) -> None:
    call = OpenCall("sw1", "c1", A, last_seen_ns=5, expires_ns=9, fields={"Destination": "4915"})
    store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1, '{"v":1}')], (), [OpenCallWrite(call)]))
    (row,) = store.accounts([A, B]).values()
    assert (row.key, row.version, row.document, row.open_calls) == (A, 1, '{"v":1}', (call,))
    assert store.replies([(A, "k1"), (A, "k2"), (B, "k1")]) == {(A, "k1"): StoredReply(b"print", 0, b"reply", 1000)}
    assert store.versions([A, B]) == {A: 1}
    assert (store.accounts([]), store.replies([]), store.versions([])) == ({}, {}, {})


def test_accounts_that_are_read_together_keep_each_its_own(store: Store) -> None:
    """Documents of every length, with letters of one byte and of four, a removed account, calls of one of them."""
    keys = [AccountKey(f"t{number % 2}", f'10"{number}ä\\') for number in range(9)]
    documents = [None if number == 4 else "ä€😀\n"[: number % 4] * number for number in range(9)]
    calls = [OpenCallWrite(OpenCall(f's"{n}', "ü", keys[3], n, 2**62 + n, {"To": 'ö"'})) for n in range(3)]
    writes = [write(key, 0, 2**60 + n, document) for n, (key, document) in enumerate(zip(keys, documents, strict=True))]
    store.commit(Batch(accounts=writes, open_calls=calls))
    read = store.accounts([*reversed(keys), A, keys[0]])
    assert {key: (row.key, row.version, row.document) for key, row in read.items()} == {
        key: (key, 2**60 + n, document) for n, (key, document) in enumerate(zip(keys, documents, strict=True))
    }
    assert {key: row.open_calls for key, row in read.items() if row.open_calls} == {
        keys[3]: tuple(each.call for each in calls)
    }


def test_document_whose_length_sqlite_cannot_tell_is_refused_with_those_beside_it(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'ratingd.db'}")
    store.migrate()
    store.commit(Batch(accounts=[write(A, 0, 1, '{"a":\0}'), write(B, 0, 1, '{"b":1}')]))
    with pytest.raises(DataRefused, match=r"has a NUL in it: .*1001"):
        store.accounts([A, B])
    assert stored(store, B) == (1, '{"b":1}')
    store.close()


def test_repeated_key_stores_nothing_and_is_named(store: Store) -> None:
    store.commit(Batch([operation(A, "o1", 1, "k1")], [write(A, 0, 1)]))
    with pytest.raises(RepeatedKeys) as refused:
        store.commit(Batch([operation(A, "o2", 2, "k2"), operation(A, "o3", 3, "k1")], [write(A, 1, 3)]))
    assert refused.value.keys == ((A, "k1"),)
    assert (store.versions([A]), store.replies([(A, "k2")])) == ({A: 1}, {})


def test_key_twice_in_one_batch_is_repeated(store: Store) -> None:
    with pytest.raises(RepeatedKeys) as refused:
        store.commit(Batch([operation(A, "o1", 1, "k"), operation(A, "o2", 2, "k"), operation(B, "o3", 1, "k")]))
    assert refused.value.keys == ((A, "k"),)


def test_same_key_on_another_account_is_another_key(store: Store) -> None:
    store.commit(Batch([operation(A, "o1", 1, "k"), operation(B, "o2", 1, "k")]))
    assert len(store.replies([(A, "k"), (B, "k")])) == 2


def test_operations_without_key_never_repeat(store: Store) -> None:
    store.commit(Batch([operation(A, "o1", 1, None), operation(A, "o2", 2, None)]))
    assert [row.operation_id for row in store.operations(A)] == ["o1", "o2"]


@pytest.mark.parametrize(("expected", "stored_version"), [(0, 1), (1, 2), (3, 2)])
def test_version_conflict_stores_nothing_and_names_the_account(
    store: Store, expected: int, stored_version: int
) -> None:
    store.commit(Batch(accounts=[write(A, 0, stored_version, "mine")]))
    with pytest.raises(VersionConflict) as refused:
        store.commit(Batch([operation(B, "o1", 1, "k")], [write(B, 0, 1), write(A, expected, 9, "theirs")]))
    assert refused.value.keys == (A,)
    assert (stored(store, A), stored(store, B), store.operations(B)) == ((stored_version, "mine"), None, [])


def test_update_of_an_account_that_is_not_there_is_a_conflict(store: Store) -> None:
    with pytest.raises(VersionConflict) as refused:
        store.commit(Batch(accounts=[write(A, 4, 5)]))
    assert refused.value.keys == (A,)


def test_removed_account_keeps_its_version(store: Store) -> None:
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    store.commit(Batch(accounts=[write(A, 1, 2, None)]))
    assert stored(store, A) == (2, None)
    assert store.directory.page() == []
    store.commit(Batch(accounts=[write(A, 2, 3, "{}")]))
    assert stored(store, A) == (3, "{}")


@pytest.mark.parametrize(
    "row",
    [
        operation(A, "\ud800", 1, "k2"),
        operation(A, "o2", 2**63, "k2"),
        operation(A, "o1", 1, "k2"),
    ],
    ids=["lone surrogate", "beyond 64 bits", "operation id twice"],
)
def test_refused_data_stores_nothing(store: Store, row: object) -> None:
    store.commit(Batch([operation(A, "o1", 1, "k1")]))
    with pytest.raises(DataRefused):
        store.commit(Batch([operation(B, "o9", 1, "k9"), row], [write(B, 0, 1)]))  # type: ignore[list-item]
    assert (store.operations(B), stored(store, B)) == ([], None)
    store.commit(Batch([operation(B, "o9", 1, "k9")], [write(B, 0, 1)]))


def test_charge_tells_its_refunds(store: Store) -> None:
    store.commit(Batch([operation(A, "o1", 1, "k1", charge='{"cost":5}')]))
    store.commit(Batch([operation(A, "o2", 2, "k2", charge='{"back":1}', refunds="o1")]))
    store.commit(Batch([operation(A, "o3", 3, "k3", charge='{"back":2}', refunds="o1"), operation(A, "o4", 4, "k4")]))
    charge = store.charge(A, "o1")
    assert charge is not None
    assert (charge.charge, list(charge.refunds.items())) == ('{"cost":5}', [("o2", '{"back":1}'), ("o3", '{"back":2}')])
    assert (store.charge(A, "o4"), store.charge(A, "o9"), store.charge(B, "o1")) == (None, None, None)


def test_open_call_is_renewed_and_closed(store: Store) -> None:
    first = OpenCall("sw", "c1", A, 1, 10)
    renewed = OpenCall("sw", "c1", A, 2, 20, {"Category": "call"})
    other = OpenCall("sw", "c2", A, 1, 10)
    store.commit(Batch(accounts=[write(A, 0, 1)], open_calls=[OpenCallWrite(first), OpenCallWrite(other)]))
    store.commit(Batch(open_calls=[OpenCallWrite(first), OpenCallWrite(renewed)]))
    assert sorted(account(store, A).open_calls, key=lambda call: call.call_id) == [renewed, other]
    store.commit(Batch(open_calls=[OpenCallWrite(renewed), OpenCallWrite(renewed, closed=True)]))
    assert account(store, A).open_calls == (other,)
    assert (store.forget_calls(10), store.forget_calls(11)) == (0, 1)
    assert account(store, A).open_calls == ()


def test_memberships_follow_the_account(store: Store) -> None:
    keys = [AccountKey(tenant, f"{n:02}") for tenant in ("a", "b") for n in range(5)]
    store.commit(Batch(accounts=[write(key, 0, 1, plans=("P", "Q"), time_zone="+02:00") for key in keys]))
    assert store.members("P") == keys
    assert store.members("P", after=keys[3], limit=3) == keys[4:7]
    store.commit(
        Batch(accounts=[write(keys[0], 1, 2), write(keys[1], 1, 2, plans=("Q",)), write(keys[2], 1, 2, plans=())])
    )
    assert store.members("P") == [keys[0], *keys[3:]]
    assert store.members("Q") == [*keys[:2], *keys[3:]]
    assert (store.directory.zones("P"), store.directory.zones("Q"), store.directory.zones("R")) == (
        ["+02:00"],
        ["", "+02:00"],
        [],
    )
    assert store.directory.members("Q", time_zone="") == [keys[1]]


def test_due_accounts_are_the_overdue_first(store: Store) -> None:
    dues = {"a": 30, "b": 10, "c": None, "d": 20, "e": 99}
    store.commit(Batch(accounts=[write(AccountKey("t", n), 0, 1, next_due_ns=due) for n, due in dues.items()]))
    assert [key.account for key in store.due_accounts(30)] == ["b", "d", "a"]
    assert [key.account for key in store.due_accounts(30, limit=1)] == ["b"]


def test_directory_lists_in_pages(store: Store) -> None:
    names = ["10%1", "1001", "1002", "10_1", "2001", "Änne"]
    keys = [AccountKey("t", name) for name in names] + [AccountKey("u", "1001")]
    store.commit(Batch(accounts=[write(key, 0, 1, disabled=key.account == "1002") for key in keys]))
    page = store.directory.page("t", limit=4)
    assert [row.key for row in page] == keys[:4]
    assert [row.key for row in store.directory.page("t", after=page[-1].key)] == keys[4:6]
    assert [row.key.account for row in store.directory.page("t", prefix="10_")] == ["10_1"]
    assert [row.key.account for row in store.directory.page(disabled=True)] == ["1002"]
    assert sorted(store.directory.every_key(chunk=2)) == sorted(keys)
    assert store.directory.count() == 7


def test_operations_are_listed_by_version(store: Store) -> None:
    store.commit(Batch([operation(A, "o9", 1, "k1"), operation(A, "o1", 2, "k2"), operation(A, "o5", 2, "k3")]))
    assert [row.operation_id for row in store.operations(A)] == ["o9", "o1", "o5"]
    assert [row.operation_id for row in store.operations(A, after_version=1)] == ["o1", "o5"]
    assert [row.operation_id for row in store.journal.page(A, 2, after_id="o1")] == ["o5"]
    assert store.operations(A, limit=1)[0].reply == b"reply"


def test_forgotten_reply_leaves_its_key_used(store: Store) -> None:
    rows = [operation(A, f"{1000 * n:016x}beef", n, f"k{n}", at_ns=1000 * n) for n in range(1, 10)]
    store.commit(Batch(rows))
    assert store.journal.forget_some_replies(0, 4000, chunk=2) == (2, 3000)
    assert store.journal.forget_some_replies(3000, 4000, chunk=2) == (1, 4000)
    assert store.forget_replies(6000) == 2
    assert store.forget_replies(6000) == 0
    known = store.replies([(A, f"k{n}") for n in range(1, 10)])
    assert [known[A, f"k{n}"].reply for n in range(1, 10)] == [None] * 5 + [b"reply"] * 4
    with pytest.raises(RepeatedKeys):
        store.commit(Batch([operation(A, "o99", 10, "k1")]))


def test_ledger_unfolds_what_moved(store: Store) -> None:
    changes = '[["value","b1",-600000000,4400000000],["count","*monetary","*event","c",1,2],["value","b2",5,6]]'
    store.commit(Batch([operation(A, "o1", 1, "k1", changes=changes), operation(A, "o2", 2, "k2")]))
    with store.database.read() as connection:
        rows = connection.execute(
            text("SELECT account, version, place, balance_uuid, delta, after FROM ledger ORDER BY place")
        )
        assert [tuple(row) for row in rows] == [
            ("1001", 1, 0, "b1", -600_000_000, 4_400_000_000),
            ("1001", 1, 2, "b2", 5, 6),
        ]


def test_cursors_and_schedules_are_kept(store: Store) -> None:
    store.commit(Batch(cursors=[CursorWrite("a", "1"), CursorWrite("a", "2"), CursorWrite("b", "3")]))
    store.keep_cursor("b", "4")
    assert (store.cursor("a"), store.cursor("b"), store.cursor("c")) == ("2", "4", None)
    store.schedules.save(ScheduleRow("P/TOPUP", "UTC", 5))
    store.schedules.save(ScheduleRow("P/TOPUP", "UTC", 5, 9, A))
    assert store.schedules.get("P/TOPUP", "UTC") == ScheduleRow("P/TOPUP", "UTC", 5, 9, A)
    assert (store.schedules.get("P/TOPUP", "+01:00"), len(store.schedules.rows())) == (None, 1)


def test_tariff_in_force_is_the_last_that_came_into_force(store: Store) -> None:
    def add(effective_at_ns: int | None) -> int:
        return store.tariffs.add(
            b"image", source_fingerprint="f", loaded_ns=1, loaded_by="me", effective_at_ns=effective_at_ns
        )

    one, two, three, four = add(100), add(200), add(None), add(900)
    assert one < two < three < four
    assert [version.number for version in store.versions_to_serve(50)] == [one, two, four]
    assert [version.number for version in store.versions_to_serve(300)] == [two, four]
    assert store.tariffs.activate(one, 400)
    assert not store.tariffs.activate(99, 1)
    assert [version.number for version in store.versions_to_serve(500)] == [one, four]
    found = store.tariff_version(three)
    assert found is not None
    assert (found.image, found.effective_at_ns, found.moves_calls) == (b"image", None, False)
    assert store.tariff_version(99) is None
    assert [version.number for version in store.tariffs.history(limit=2)] == [four, three]


def test_reading_is_not_held_up_by_a_writer(store: Store) -> None:
    store.commit(Batch(accounts=[write(A, 0, 1)]))
    with store.database.write() as connection:
        store.database.run(connection, *update_of(A))
        assert store.versions([A]) == {A: 1}
    assert store.versions([A]) == {A: 2}


def update_of(key: AccountKey) -> tuple[Bulk, list[Row]]:
    return UPDATE_ACCOUNTS, [(2, "{}", False, None, key.tenant, shard_of(key), key.account, 1)]


@given(st.text(), st.text())
def test_shard_is_in_range_and_separates_tenant_from_account(tenant: str, name: str) -> None:
    assert 0 <= shard_of(AccountKey(tenant, name)) < SHARDS


def test_shards_never_move() -> None:
    assert [shard_of(AccountKey("cgrates.org", name)) for name in ("1001", "1002", "1003")] == [27, 33, 55]


@pytest.mark.parametrize(
    ("target", "receiver"),
    [
        ("http://Host:80/a?b=1", "http://host:80"),
        ("https://host", "https://host"),
        ("switch-1", "switch-1"),
    ],
)
def test_receiver_is_who_answers_at_the_target(target: str, receiver: str) -> None:
    assert receiver_of(target) == receiver


def test_sqlite_file_is_private_and_durable(tmp_path: Path) -> None:
    file = tmp_path / "with space.db"
    store = open_store(f"sqlite:///{file}")
    store.migrate()
    assert file.stat().st_mode & 0o777 == 0o600
    with store.database.read() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()
    assert sqlite3.connect(file).execute("SELECT count(*) FROM accounts").fetchone() == (0,)
