"""Labels, reports and campaigns as they are stored, on both databases."""

from collections.abc import Iterator

import pytest

from ratingd.store.fraud_rows import AuditRow
from ratingd.store.model_rows import LabelRow
from ratingd.store.store import Store, open_store

CALL = "3f2a@sw1"
NUMBER = "+37190012345"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def label(subject: str, fraud: int, at_ms: int, subject_kind: str = "call") -> LabelRow:
    return LabelRow(subject_kind, subject, fraud, "masking" if fraud else "", "ann", at_ms, "analyst", "alert 17")


def test_later_label_counts_and_the_former_is_kept(store: Store) -> None:
    store.labels.add(label(CALL, 1, 1000), label(NUMBER, 1, 1001, "number"))
    store.labels.add(label(CALL, 0, 2000), audits=(AuditRow(2000, "ann", "case.dismiss", CALL),))
    assert [(found.label, found.at_ms) for found in store.labels.of(CALL)] == [(0, 2000), (1, 1000)]
    assert [(found.subject, found.label) for found in store.labels.current()] == [(NUMBER, 1), (CALL, 0)]
    assert [found.subject for found in store.labels.current(subject_kind="number")] == [NUMBER]
    assert [audit.row.who for audit in store.fraud.audits(what="case.dismiss", subject=CALL)] == ["ann"]


def test_labels_are_read_in_pages(store: Store) -> None:
    store.labels.add(*(label(f"c{n}", n % 2, n) for n in range(5)))
    first = store.labels.current(limit=3)
    rest = store.labels.current(after_id=first[-1].id, limit=3)
    assert [found.subject for found in first + rest] == ["c0", "c1", "c2", "c3", "c4"]


def test_nothing_to_store_is_no_transaction(store: Store) -> None:
    store.labels.add()
    assert store.labels.current() == []
