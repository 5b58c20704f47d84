"""Verify: books that agree, and each way in which they may not."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text

from accounts.account import AccountKey
from accounts.shared_group import group_key
from ratingd.engine.operation import Refund, RemoveAccount, SetAccount
from ratingd.store.verify import verify
from tests.engine_desk import Desk, debit
from tests.test_shared_accounts import sharing

KEY = AccountKey("cgrates.org", "1001")


@pytest.fixture
def desk(store_url: str) -> Iterator[Desk]:
    """Two accounts with a history: top-ups, debits, a refusal, a refund; one removed and created again."""
    with Desk(store_url) as desk:
        desk.top_up("1001", 10)
        desk.ask("1001", debit("1001", 60), "k1")
        (charge,) = [row.operation_id for row in desk.store.operations(KEY) if row.idempotency_key == "k1"]
        desk.ask("1001", debit("1001", 60, destination="999"), "k2")
        desk.ask("1001", Refund(charge), "k3")
        desk.top_up("1002", 5)
        desk.ask("1002", SetAccount(disabled=True, time_zone="Europe/Vienna"))
        desk.ask("1002", RemoveAccount())
        desk.top_up("1002", 7)
        yield desk


def spoil(desk: Desk, statement: str) -> None:
    with desk.store.database.write() as connection:
        assert connection.execute(text(statement)).rowcount == 1


def test_books_agree(desk: Desk) -> None:
    told: list[int] = []
    report = verify(desk.store, progress=told.append)
    assert (report.accounts, report.differences) == (2, ())
    assert report.operations >= 7
    assert told == [2]
    assert verify(desk.store, tenant="nobody").accounts == 0
    assert verify(desk.store, key=KEY).accounts == 1


def test_changed_document_is_told_field_by_field(desk: Desk) -> None:
    spoil(desk, "UPDATE accounts SET document = replace(document, '10000000000', '9') WHERE account = '1001'")
    (wrong,) = verify(desk.store).differences
    assert (wrong.key, wrong.field, wrong.stored, wrong.rebuilt) == (KEY, "balances[0].value", "9", "10000000000")


def test_lost_operation_is_found(desk: Desk) -> None:
    spoil(desk, "DELETE FROM operations WHERE idempotency_key = 'k1'")
    (wrong,) = verify(desk.store).differences
    assert (wrong.key, wrong.field) == (KEY, "operations")
    assert "is missing" in wrong.rebuilt


def test_lost_last_operation_is_found(desk: Desk) -> None:
    spoil(desk, "DELETE FROM operations WHERE idempotency_key = 'k3'")
    (wrong,) = verify(desk.store).differences
    assert (wrong.field, wrong.stored, wrong.rebuilt) == ("version", "3", "2")


def test_doubled_operation_is_found(desk: Desk) -> None:
    names = (
        "tenant, shard, account, kind, at_ns, fingerprint, tariff_version, changes, reply_code, version, operation_id"
    )
    with desk.store.database.write() as connection:
        copied = names.removesuffix("version, operation_id") + "4, 'again'"
        connection.execute(
            text(f"INSERT INTO operations ({names}) SELECT {copied} FROM operations WHERE idempotency_key = 'k3'")
        )
        connection.execute(text("UPDATE accounts SET version = 4 WHERE account = '1001'"))
    (wrong,) = verify(desk.store).differences
    assert wrong.field == "operations"
    assert "but replay stands at" in wrong.rebuilt


def test_lost_account_is_found(desk: Desk) -> None:
    spoil(desk, "DELETE FROM accounts WHERE account = '1001'")
    (wrong,) = verify(desk.store).differences
    assert (wrong.key, wrong.field) == (KEY, "account")
    assert verify(desk.store, key=AccountKey("cgrates.org", "1002")).differences == ()


def test_a_group_has_the_members_that_carry_it(store_url: str) -> None:
    with Desk(store_url) as desk:
        for account in ("1001", "1002"):
            desk.ask(account, sharing(1))
        report = verify(desk.store)
        assert (report.accounts, report.operations, report.differences) == (2, 4, ())
        forget = '[["set", "members", ["1002"]]]'
        spoil(desk, "UPDATE accounts SET document = replace(document, '\"1001\",', '') WHERE account = '*group:FAMILY'")
        spoil(desk, f"UPDATE operations SET changes = '{forget}' WHERE account = '*group:FAMILY' AND version = 2")
        (wrong,) = verify(desk.store).differences
        assert (wrong.key, wrong.field) == (group_key("cgrates.org", "FAMILY"), "members")
        assert (wrong.stored, wrong.rebuilt) == ("1001 is none", "1001 is a member")
        assert verify(desk.store, key=KEY).differences == (wrong,)
