"""Reports of users: one counts for a reporter, a number and a day."""

from collections.abc import Iterator

import pytest

from ratingd.store.model_rows import NumberReport
from ratingd.store.store import Store, open_store

NUMBER = "+37190012345"


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


def report(reporter: str, day: int, at_ms: int = 0, number: str = NUMBER) -> NumberReport:
    return NumberReport(number, reporter, day, "wangiri", "rang once", at_ms or day * 86_400_000)


def test_one_counts_for_a_reporter_a_number_and_a_day(store: Store) -> None:
    given = [("ann", 1), ("ann", 1), ("bob", 1), ("ann", 2)]
    assert [store.number_reports.add(report(*each)) for each in given] == [True, False, True, True]
    assert store.number_reports.add(report("ann", 1, number="+4930123456"))
    newest = store.number_reports.of(NUMBER)[0]
    assert (newest.reporter, newest.day) == ("ann", 2)
    assert len(store.number_reports.of(NUMBER)) == 3


def test_reporters_are_different_people(store: Store) -> None:
    for each in (("ann", 1), ("ann", 2), ("bob", 2), ("eve", 3)):
        store.number_reports.add(report(*each))
    assert store.number_reports.reporters(NUMBER, 0) == 3
    assert store.number_reports.reporters(NUMBER, 3 * 86_400_000) == 1
    assert store.number_reports.reporters("+4930123456", 0) == 0
