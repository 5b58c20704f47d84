"""Reports of users: counted once a day, twenty an hour, and stored without who sent them."""

from collections.abc import Iterator

import pytest

from ratingd.errors import InvalidRequest, TooManyRequests
from ratingd.fraud.reports import NumberReports
from ratingd.store.store import Store, open_store
from triggers.numbers.number_reading import NumberReader

NUMBER = "+37190012345"
HOUR_NS = 3_600_000_000_000
NOON_NS = 1_794_830_400_000_000_000  # 2026-11-16 12:00 UTC


class Clock:
    now_ns = NOON_NS

    def __call__(self) -> int:
        return self.now_ns


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    store = open_store(store_url)
    store.migrate()
    yield store
    store.close()


def reports_of(store: Store, clock: Clock, key: str = "") -> NumberReports:
    return NumberReports(store.number_reports, NumberReader("DE"), key, clock)


def test_one_counts_of_each_reporter_number_and_day(store: Store) -> None:
    clock = Clock()
    reports = reports_of(store, clock)
    assert [reports.report(NUMBER, "wangiri", "", "ann").counted for _ in range(3)] == [True, False, False]
    told = reports.report("00371 900 12345", "irs", "says he is from the tax office", "bob")
    assert (told.number, told.counted, told.reports) == (NUMBER, True, 2)
    clock.now_ns += 24 * HOUR_NS
    told = reports.report(NUMBER, "irs", "", "ann")
    assert (told.counted, told.reports) == (True, 2)
    assert reports.complaints(NUMBER).score == pytest.approx(15 + 15 * 2 ** (-1 / 30))
    assert reports.complaints("+4930111").reporters == 0


def test_twenty_an_hour_are_taken_of_each(store: Store) -> None:
    clock = Clock()
    reports = reports_of(store, clock)
    for number in range(20):
        reports.report(f"+4930555{number:03}", "robocall", "", "ann")
        clock.now_ns += 60_000_000_000
    with pytest.raises(TooManyRequests, match=r"20 reports an hour .* in 40 min") as refused:
        reports.report(NUMBER, "robocall", "", "ann")
    assert refused.value.retry_after_ms == 40 * 60_000
    assert reports.report(NUMBER, "robocall", "", "bob").counted
    clock.now_ns += 40 * 60_000_000_000
    assert reports.report(NUMBER, "robocall", "", "ann").reports == 2


def test_who_reports_is_not_kept(store: Store) -> None:
    reports_of(store, Clock(), key="a key that nobody can guess").report(NUMBER, "kyc", "", "192.0.2.7")
    reports_of(store, Clock(), key="another one").report(NUMBER, "kyc", "", "192.0.2.7")
    [one, other] = store.number_reports.of(NUMBER)
    assert one.reporter != other.reporter  # nobody tries all addresses without the key
    assert "192" not in one.reporter


@pytest.mark.parametrize(
    ("number", "category", "comment", "told"),
    [
        ("hello", "kyc", "", "'hello' is no telephone number"),
        ("anonymous", "kyc", "", "is no telephone number"),
        (NUMBER, "nuisance", "", "known are wangiri, irs, lottery, kyc, robocall, other"),
        (NUMBER, "kyc", "x" * 501, "at most 500 characters"),
        (NUMBER, "kyc", "\0", "none of them NUL"),
    ],
)
def test_what_cannot_be_meant_is_refused(sqlite_url: str, number: str, category: str, comment: str, told: str) -> None:
    store = open_store(sqlite_url)
    store.migrate()
    with pytest.raises(InvalidRequest, match=told):
        reports_of(store, Clock()).report(number, category, comment, "ann")
    store.close()
