"""The vault opens for whoever has the key, and every look is written down first."""

from collections.abc import Iterator

import pytest

from ratingd.fraud.pseudonym import NumberKeyMissing, Pseudonyms
from ratingd.fraud.vault import DAY_MS, NumberVault, VaultClosed
from ratingd.store.faults import StoreFault
from ratingd.store.fraud_rows import AuditRow, FraudBatch
from ratingd.store.store import Store, open_store

KEY = "0123456789abcdef"
NUMBER = "+4930123456"
PSEUDONYM = Pseudonyms(KEY)(NUMBER)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def vault(store: Store) -> NumberVault:
    sealing = NumberVault(store.fraud, KEY)
    row = sealing.seal(PSEUDONYM, NUMBER, 1000)
    assert row is not None
    assert NUMBER.encode() not in row.sealed
    store.fraud.commit(FraudBatch(vault=[row]))
    return sealing


def test_number_is_found_and_the_look_is_written_down(store: Store, vault: NumberVault) -> None:
    assert vault.number(PSEUDONYM, who="ann", now_ms=5, why="case 17") == NUMBER
    assert NumberVault(store.fraud, KEY).number("h:nobody", who="bob", now_ms=6) is None
    assert [found.row for found in store.fraud.audits()] == [
        AuditRow(6, "bob", "vault", "h:nobody"),
        AuditRow(5, "ann", "vault", PSEUDONYM, "case 17"),
    ]


def test_other_key_does_not_open_it_and_the_look_is_written_down(store: Store, vault: NumberVault) -> None:
    with pytest.raises(VaultClosed, match="sealed with another one"):
        NumberVault(store.fraud, KEY + "!").number(PSEUDONYM, who="eve", now_ms=5)
    assert [found.row.who for found in store.fraud.audits()] == ["eve"]


def test_entry_under_another_pseudonym_does_not_open(store: Store, vault: NumberVault) -> None:
    row = NumberVault(store.fraud, KEY).seal("h:other", "+491", 1000)
    assert row is not None
    moved = type(row)(PSEUDONYM[:-1] + "7", row.sealed, 1000)
    store.fraud.commit(FraudBatch(vault=[moved]))
    with pytest.raises(VaultClosed):
        vault.number(moved.pseudonym, who="ann", now_ms=5)


def test_nothing_is_shown_where_the_look_cannot_be_written_down(empty_url: str) -> None:
    store = open_store(empty_url)
    vault = NumberVault(store.fraud, KEY)  # there are no tables
    with pytest.raises(StoreFault, match="fraud_audits"):
        vault.number(PSEUDONYM, who="ann", now_ms=5)
    store.close()


def test_number_is_sealed_once_a_day_while_it_is_in_use(store: Store, vault: NumberVault) -> None:
    assert vault.seal(PSEUDONYM, NUMBER, 2000) is None
    tomorrow = vault.seal(PSEUDONYM, NUMBER, DAY_MS + 1)
    assert tomorrow is not None
    store.fraud.commit(FraudBatch(vault=[tomorrow]))
    store.fraud.forget(DAY_MS + 10, 100, 100, 100)
    assert store.fraud.sealed(PSEUDONYM) is not None
    vault.unseen([tomorrow])
    assert vault.seal(PSEUDONYM, NUMBER, DAY_MS + 2) is not None


def test_key_that_can_be_guessed_is_refused(store: Store) -> None:
    with pytest.raises(NumberKeyMissing):
        NumberVault(store.fraud, "")
