"""The alert book: what people say of alerts, beside a writer who goes on changing them."""

import json
import threading
from collections.abc import Iterator

import pytest

from ratingd import observe
from ratingd.errors import InvalidRequest
from ratingd.fraud.alert import CRITICAL, HIGH, LOW, MEDIUM, Alert, document, read, row
from ratingd.fraud.alert_book import AGAIN, KNOWN, NEW, QUIET_MS, AlertBook, AlertUnknown
from ratingd.fraud.posts import Posts
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.store import Store, open_store
from tests.waiting import until

NOON_MS = 1_795_262_400_000
URL = "https://noc.example.org/alerts"


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


@pytest.fixture
def book(store: Store) -> AlertBook:
    return new_book(store)


def new_book(store: Store) -> AlertBook:
    return AlertBook(
        store.fraud, dedup_ms=300_000, storm_max=100, posts=Posts((URL,), "t"), clock=lambda: NOON_MS * 1_000_000
    )


def alert(subject: str = "t-7", at: float = 0.0, severity: str = HIGH) -> Alert:
    at_ms = NOON_MS + round(1000 * at)
    return Alert(
        severity, "Spoofed callers", "why", "cli_spoofing", "cli_spoofing", "trunk", subject, at_ms, at_ms, at_ms
    )


def stored(book: AlertBook, store: Store, *alerts: Alert) -> list[str]:
    """What each turned out to be, committed as the writer does."""
    found = [book.raised(each)[1] for each in alerts]
    done = store.fraud.commit(FraudBatch(alerts=book.taken()))
    book.committed(done.alert_ids, done.overtaken)
    return found


def shown(store: Store) -> list[tuple[object, ...]]:
    """State, who acknowledged and resolved, and how often it was seen; oldest first."""
    documents = [json.loads(each.document) | {"column": each.status} for each in reversed(store.fraud.alerts())]
    return [
        tuple(each[name] for name in ("column", "status", "acked_by", "resolved_by", "count")) for each in documents
    ]


def test_alert_says_its_campaign_and_open_ones_get_it_where_it_is_told(book: AlertBook, store: Store) -> None:
    of = dict[str, str]()
    book.clustered_by(lambda each: of.get(each.subject, ""))
    stored(book, store, alert("t-7"), alert("t-8"))
    of |= {"t-7": "CMP-2026-1", "t-9": "CMP-2026-1", "CMP-2026-1": "CMP-2026-1"}
    campaign = alert("CMP-2026-1", 60)
    campaign.subject_kind = "campaign"
    stored(book, store, alert("t-9", 50), campaign)
    told = {each.subject: json.loads(each.document)["cluster_id"] for each in store.fraud.alerts()}
    assert told == {"t-7": "CMP-2026-1", "t-8": None, "t-9": "CMP-2026-1", "CMP-2026-1": "CMP-2026-1"}
    assert {read(each).cluster_id for each in store.fraud.alerts()} == {"", "CMP-2026-1"}
    posted = [json.loads(each.body)["alert"] for each in Posts((URL,), "t").told("alert.created", campaign, NOON_MS)]
    assert [each["cluster_id"] for each in posted] == ["CMP-2026-1"]


def test_repeat_learns_of_the_campaign(book: AlertBook, store: Store) -> None:
    of = dict[str, str]()
    book.clustered_by(lambda each: of.get(each.subject, ""))
    stored(book, store, alert("t-7"))
    of["t-7"] = "CMP-2026-1"
    assert stored(book, store, alert("t-7", 10)) == [AGAIN]
    [only] = store.fraud.alerts()
    assert json.loads(only.document)["cluster_id"] == "CMP-2026-1"


def test_a_repeat_raises_count_time_and_severity_and_never_lowers_them(book: AlertBook, store: Store) -> None:
    again = alert(at=299, severity=LOW)
    assert stored(book, store, alert(severity=MEDIUM), alert(at=10, severity=CRITICAL), again) == [NEW, AGAIN, AGAIN]
    assert stored(book, store, alert(at=10)) == [KNOWN]  # seen already
    assert stored(book, store, alert(at=600)) == [NEW]  # more than five minutes after the last
    first, second = reversed(store.fraud.alerts())
    shown = json.loads(first.document)
    assert (first.severity, shown["count"], shown["last_seen"]) == (CRITICAL, 3, NOON_MS / 1000 + 299)
    assert (second.severity, json.loads(second.document)["count"]) == (HIGH, 1)


def test_another_subject_is_another_alert(book: AlertBook, store: Store) -> None:
    assert stored(book, store, alert("t-7"), alert("t-8")) == [NEW, NEW]
    assert book.raised_total == {(HIGH, "cli_spoofing"): 2}


def test_an_alert_is_acknowledged_and_resolved_with_who_and_why_and_an_audit(book: AlertBook, store: Store) -> None:
    told: list[dict[str, object]] = []
    book.listen(told.append)
    stored(book, store, alert())
    book.ack(1, "anna")
    done = book.resolve(1, "bert", "a partner's test", "false_positive")
    assert (done.status, done.acked_by, done.resolved_by, done.comment) == (
        "false_positive", "anna", "bert", "a partner's test",
    )  # fmt: skip
    assert [each["status"] for each in told] == ["new", "acked", "false_positive"]
    audits = [(audit.row.who, audit.row.what, audit.row.subject) for audit in store.fraud.audits()]
    assert sorted(audits) == [("anna", "alert.ack", "1"), ("bert", "alert.resolve", "1")]
    posts = [json.loads(entry.body) for entry in reversed(store.outbox.entries())]
    assert [(post["event"], post["alert"]["id"], post["alert"]["status"]) for post in posts] == [
        ("alert.updated", 1, "acked"), ("alert.updated", 1, "false_positive"),
    ]  # fmt: skip
    assert stored(book, store, alert(at=20)) == [NEW]  # what comes after it was resolved is told again


def test_a_repeat_of_an_acknowledged_alert_counts_and_stays_acknowledged(book: AlertBook, store: Store) -> None:
    stored(book, store, alert())
    book.ack(1, "anna")
    assert stored(book, store, alert(at=5)) == [AGAIN]
    assert (book.alert(1).status, book.alert(1).count) == ("acked", 2)


@pytest.mark.parametrize(
    ("ask", "wrong"),
    [
        (lambda book: book.ack(7, "anna"), "there is no alert 7"),
        (lambda book: book.resolve(7, "anna"), "there is no alert 7"),
        (lambda book: book.resolve(1, "anna", verdict="maybe"), "'maybe' is neither true_positive nor false_positive"),
    ],
)
def test_what_cannot_be_meant_is_refused(book: AlertBook, store: Store, ask: object, wrong: str) -> None:
    stored(book, store, alert())
    with pytest.raises((AlertUnknown, InvalidRequest), match=wrong):
        ask(book)  # type: ignore[operator]


def test_a_resolved_alert_is_acknowledged_no_more(book: AlertBook, store: Store) -> None:
    stored(book, store, alert())
    book.resolve(1, "anna")
    with pytest.raises(InvalidRequest, match="alert 1 is resolved already"):
        book.ack(1, "bert")


def test_who_acknowledges_waits_for_the_writer_and_neither_loses_what_the_other_did(
    book: AlertBook, store: Store
) -> None:
    stored(book, store, alert())
    book.raised(alert(at=1))
    rows = book.taken()  # on their way to the disk, saying new
    acked = threading.Thread(target=book.ack, args=(1, "anna"))
    acked.start()
    book.committed(store.fraud.commit(FraudBatch(alerts=rows)).alert_ids)
    acked.join(10)
    (found,) = store.fraud.alerts()
    assert (found.status, json.loads(found.document)["count"]) == ("acked", 2)


def test_what_people_say_at_one_daemon_is_not_undone_by_another_that_goes_on_writing(
    book: AlertBook, store: Store
) -> None:
    other = new_book(store)
    stored(book, store, alert())
    stored(other, store, alert())  # of the same calls: the same alert
    book.ack(1, "anna")
    stored(other, store, alert(at=1))
    assert shown(store) == [("acked", "acked", "anna", "", 1)]
    assert (other.alert(1).status, other.alert(1).acked_by) == ("acked", "anna")
    stored(other, store)  # what it has found meanwhile goes with its next batch
    assert shown(store) == [("acked", "acked", "anna", "", 2)]
    book.resolve(1, "bert")
    stored(other, store, alert(at=2))
    assert shown(store) == [("resolved", "resolved", "anna", "bert", 2)]
    assert stored(other, store, alert(at=3)) == [NEW]  # as where it was resolved here


def test_a_person_is_told_what_another_has_said_at_another_daemon(book: AlertBook, store: Store) -> None:
    other = new_book(store)
    stored(book, store, alert())
    stored(other, store, alert())
    stored(other, store, alert(at=1))
    book.resolve(1, "anna", verdict="false_positive")
    with pytest.raises(InvalidRequest, match="alert 1 is false_positive already"):
        other.ack(1, "bert")
    assert shown(store) == [("false_positive", "false_positive", "", "anna", 2)]


def test_what_is_quiet_for_a_day_is_resolved_by_itself_but_for_a_critical_one(book: AlertBook, store: Store) -> None:
    stored(book, store, alert("t-1"), alert("t-2", severity=CRITICAL), alert("t-3", at=3600))
    assert book.resolve_quiet(NOON_MS + QUIET_MS - 1) == 0
    assert book.resolve_quiet(NOON_MS + QUIET_MS + 1) == 1
    assert {each.subject: each.status for each in store.fraud.alerts()} == {
        "t-1": "resolved", "t-2": "new", "t-3": "new",
    }  # fmt: skip


def test_an_alert_raised_by_others_is_stored_told_and_posted_at_once_and_once(book: AlertBook, store: Store) -> None:
    told: list[object] = []
    end = book.listen(lambda shown: told.append(shown["id"]))
    for _ in range(2):
        book.raise_now(alert())
    end()
    book.raise_now(alert(at=1))
    assert ([each.id for each in store.fraud.alerts()], told) == ([1], [1])
    assert [json.loads(entry.body)["event"] for entry in reversed(store.outbox.entries())] == [
        "alert.created", "alert.updated",
    ]  # fmt: skip


def test_a_listener_that_fails_keeps_nobody_else_from_hearing(book: AlertBook, store: Store) -> None:
    told: list[object] = []

    def fails(shown: dict[str, object]) -> None:
        raise OSError("gone")

    book.listen(fails)
    book.listen(told.append)
    stored(book, store, alert())
    until(lambda: len(told) == 1)


def test_a_stored_alert_is_read_as_it_was(book: AlertBook) -> None:
    one = alert()
    one.add_calls([f"c-{number}" for number in range(200)])
    one.add_result("*log: done")
    one.acked_by, one.acked_ms = "anna", NOON_MS + 1
    again = read(row(one))
    assert (again, document(again)) == (one, document(one))
    assert len(again.call_ids) == 100
    assert one.add_result("*log: done") is False
