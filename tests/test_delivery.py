"""Alerts, mails and exports over real receivers: at least once, in order, over restarts, dead when hopeless."""

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.delivery.attempt import Attempt
from ratingd.delivery.delivery import Delivery, DeliveryTerms
from ratingd.delivery.mailer import MailTerms
from ratingd.delivery.postman import PostmanTerms
from ratingd.store.rows import Batch, OutboxEntry, shard_of
from ratingd.store.store import Store, open_store
from tests.alert_receiver import AlertReceiver
from tests.mail_server import TAKEN, MailServer
from tests.store_rows import operation, write
from tests.waiting import until

SECRET = b"top secret"
A = AccountKey("cgrates.org", "1001")
B = AccountKey("cgrates.org", "1002")
SECOND = 1_000_000_000
HOUR = 3600 * SECOND


class Clock:
    """The wall clock, moved ahead by the test."""

    def __init__(self) -> None:
        self.ahead_ns = 0

    def __call__(self) -> int:
        return time.time_ns() + self.ahead_ns


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


@contextmanager
def delivering(
    store: Store,
    clock: Clock | None = None,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    exporters: Mapping[str, str] | None = None,
    mail: MailTerms | None = None,
) -> Iterator[Delivery]:
    delivery = Delivery(
        store,
        DeliveryTerms(SECRET, hosts, private=True, exporters=exporters or {}, mail=mail),
        postman=PostmanTerms(max_age_ns=72 * HOUR, threads=8, per_receiver=4),
        clock=clock if clock is not None else time.time_ns,
    )
    delivery.start()
    try:
        yield delivery
    finally:
        delivery.stop()


def alert(key: AccountKey, id: str, url: str, *, created_ns: int | None = None) -> OutboxEntry:
    now_ns = time.time_ns() if created_ns is None else created_ns
    body = json.dumps({"event": "trigger.fired", "id": id, "account": key.account})
    return OutboxEntry(id, key, shard_of(key), "webhook", url, body, now_ns, due_ns=now_ns)


def mail(key: AccountKey, id: str) -> OutboxEntry:
    now_ns, to = time.time_ns(), "noc@example.org"
    body = json.dumps({"id": id, "to": [to], "subject": id, "text": "reached"})
    return OutboxEntry(id, key, shard_of(key), "mail", to, body, now_ns, due_ns=now_ns)


def export(key: AccountKey, id: str, exporter: str) -> OutboxEntry:
    now_ns = time.time_ns()
    body = json.dumps({"EventType": "AccountUpdate", "of": id})
    return OutboxEntry(id, key, shard_of(key), "export", exporter, body, now_ns, due_ns=now_ns)


def put(store: Store, *entries: OutboxEntry, version: int = 1) -> None:
    """Commit entries as the operation of their account that brings it to `version` would."""
    keys = {entry.key for entry in entries}
    store.commit(
        Batch(
            [operation(key, f"o{version}", version, None) for key in keys],
            [write(key, version - 1, version) for key in keys],
            entries,
        )
    )


def states(store: Store) -> dict[str, str]:
    return {entry.id: entry.state for entry in store.outbox.entries()}


def ids(receiver: AlertReceiver) -> list[str]:
    return [alert.body["id"] for alert in receiver.alerts]


def test_alert_arrives_signed_and_is_done(store: Store) -> None:
    with AlertReceiver(SECRET) as receiver, delivering(store) as delivery:
        put(store, alert(A, "e1", receiver.url))
        delivery.wake()
        (arrived,) = receiver.wait_for(lambda alerts: len(alerts) == 1, 10)
        assert arrived.verified
        assert arrived.headers["X-Ratingd-Delivery"] == "e1"
        assert arrived.headers["X-Ratingd-Event"] == "trigger.fired"
        until(lambda: states(store) == {"e1": "delivered"})


def test_alerts_of_an_account_keep_their_order_over_failures(store: Store) -> None:
    clock = Clock()
    with AlertReceiver(SECRET, lambda n: 503 if n in (0, 1) else 200) as receiver, delivering(store, clock) as delivery:
        put(store, alert(A, "e1", receiver.url), alert(A, "e2", receiver.url))
        put(store, alert(A, "e3", receiver.url), version=2)
        delivery.wake()
        for attempts in (1, 2):
            until(partial(first_failed, store, attempts))
            assert receiver.attempts == attempts  # e2 and e3 wait for e1
            clock.ahead_ns += 7 * SECOND
            delivery.wake()
        receiver.wait_for(lambda alerts: len(alerts) == 3, 10)
        assert ids(receiver) == ["e1", "e2", "e3"]
        until(lambda: set(states(store).values()) == {"delivered"})


def first_failed(store: Store, attempts: int) -> bool:
    return store.outbox.entries(state="waiting")[-1].attempts == attempts


def test_another_account_and_another_receiver_do_not_wait(store: Store) -> None:
    with (
        AlertReceiver(SECRET, lambda _: 500) as down,
        AlertReceiver(SECRET) as up,
        delivering(store) as delivery,
    ):
        put(store, alert(A, "e1", down.url), alert(A, "e2", down.url), alert(A, "e3", up.url), alert(B, "e4", up.url))
        delivery.wake()
        up.wait_for(lambda alerts: len(alerts) == 2, 10)
        assert sorted(ids(up)) == ["e3", "e4"]
        until(lambda: states(store) == {"e1": "waiting", "e2": "waiting", "e3": "delivered", "e4": "delivered"})


def test_hopeless_answer_puts_aside_and_replay_sends_again(store: Store) -> None:
    with AlertReceiver(SECRET, lambda n: 404 if n == 0 else 200) as receiver, delivering(store) as delivery:
        put(store, alert(A, "e1", receiver.url), alert(A, "e2", receiver.url))
        delivery.wake()
        receiver.wait_for(lambda alerts: len(alerts) == 1, 10)
        until(lambda: states(store) == {"e1": "dead", "e2": "delivered"})
        (dead,) = store.outbox.entries(state="dead")
        assert (dead.attempts, dead.last_error) == (1, "answered 404")
        assert store.outbox.counts() == {"dead": 1, "delivered": 1}
        assert store.outbox.replay(["e1", "e2"], time.time_ns()) == 1
        delivery.wake()
        receiver.wait_for(lambda alerts: len(alerts) == 2, 10)
        until(lambda: states(store) == {"e1": "delivered", "e2": "delivered"})
        assert store.outbox.replay(None, time.time_ns()) == 0


def test_alert_older_than_its_time_is_dead_after_one_more_attempt(store: Store) -> None:
    with AlertReceiver(SECRET, lambda _: 500) as receiver, delivering(store) as delivery:
        put(store, alert(A, "e1", receiver.url, created_ns=time.time_ns() - 73 * HOUR))
        delivery.wake()
        until(lambda: states(store) == {"e1": "dead"})


def test_receiver_that_is_down_is_tried_again(store: Store) -> None:
    clock = Clock()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with delivering(store, clock) as delivery:
            put(store, alert(A, "e1", url))
            delivery.wake()
            until(lambda: store.outbox.entries()[0].attempts == 1)
            (entry,) = store.outbox.entries()
            assert entry.state == "waiting"
            assert entry.last_error.startswith("no answer: ")
            assert 0.7 * SECOND < entry.due_ns - clock() + SECOND < 2.3 * SECOND


def test_host_that_is_not_allowed_is_never_called(store: Store) -> None:
    with AlertReceiver(SECRET) as receiver, delivering(store, hosts=("alerts.example.org",)) as delivery:
        put(store, alert(A, "e1", receiver.url))
        delivery.wake()
        until(lambda: states(store) == {"e1": "dead"})
        assert receiver.attempts == 0
        assert "not among webhook_hosts" in store.outbox.entries()[0].last_error


def test_redirect_is_not_followed(store: Store) -> None:
    with AlertReceiver(SECRET, lambda _: 307) as receiver, delivering(store) as delivery:
        put(store, alert(A, "e1", receiver.url))
        delivery.wake()
        until(lambda: states(store) == {"e1": "dead"})
        assert receiver.attempts == 1


def test_first_attempt_is_told_whenever_it_is_asked_for(store: Store) -> None:
    with AlertReceiver(SECRET, lambda n: 200 if n == 0 else 500) as receiver, delivering(store) as delivery:
        put(store, alert(A, "e1", receiver.url))
        before = delivery.first_attempt("e1")
        delivery.wake()
        assert status(before) == 200
        put(store, alert(B, "e2", receiver.url))
        delivery.wake()
        until(lambda: store.outbox.entries(key=B)[0].attempts == 1)
        assert status(delivery.first_attempt("e2")) == 500


def status(attempt: "Future[object]") -> int:
    result = attempt.result(10)
    assert isinstance(result, Attempt)
    return result.status


def test_alert_survives_a_restart(store: Store) -> None:
    with AlertReceiver(SECRET) as receiver:
        put(store, alert(A, "e1", receiver.url), alert(A, "e2", receiver.url))
        with delivering(store):
            receiver.wait_for(lambda alerts: len(alerts) == 2, 10)
            assert ids(receiver) == ["e1", "e2"]


def test_leased_alert_of_a_dead_daemon_is_sent_when_the_lease_ends(store: Store) -> None:
    clock = Clock()
    with AlertReceiver(SECRET) as receiver:
        put(store, alert(A, "e1", receiver.url))
        now_ns = clock()
        assert [e.id for e in store.outbox.lease("webhook", now_ns, now_ns + 30 * SECOND, 9)] == ["e1"]
        assert store.outbox.lease("webhook", now_ns + 29 * SECOND, now_ns + 60 * SECOND, 9) == []
        clock.ahead_ns = 31 * SECOND
        with delivering(store, clock):
            receiver.wait_for(lambda alerts: len(alerts) == 1, 10)
            assert ids(receiver) == ["e1"]


def test_two_daemons_share_the_work(postgresql_url: str) -> None:
    """Whatever one has leased the other leaves alone, so nothing arrives twice while both live."""
    stores = [open_store(postgresql_url) for _ in range(2)]
    stores[0].migrate()
    with AlertReceiver(SECRET) as receiver, delivering(stores[0]) as one, delivering(stores[1]) as two:
        for version in range(1, 21):
            put(
                stores[0],
                alert(A, f"a{version:02}", receiver.url),
                alert(B, f"b{version:02}", receiver.url),
                version=version,
            )
            one.wake()
            two.wake()
        receiver.wait_for(lambda alerts: len(alerts) == 40, 20)
        until(lambda: stores[0].outbox.counts() == {"delivered": 40})
        for name in "ab":
            assert [i for i in ids(receiver) if i[0] == name] == [f"{name}{n:02}" for n in range(1, 21)]
    for store in stores:
        store.close()


def test_slow_receiver_does_not_hold_up_others(store: Store) -> None:
    release = threading.Event()
    with (
        AlertReceiver(SECRET, lambda _: 200 if release.wait(10) else 500) as slow,
        AlertReceiver(SECRET) as fast,
        delivering(store) as delivery,
    ):
        put(store, alert(A, "e1", slow.url))
        put(store, alert(B, "e2", fast.url))
        delivery.wake()
        fast.wait_for(lambda alerts: len(alerts) == 1, 10)
        assert ids(fast) == ["e2"]
        release.set()
        slow.wait_for(lambda alerts: len(alerts) == 1, 10)


def test_silent_receiver_of_many_accounts_leaves_threads_for_others(store: Store) -> None:
    with socket.socket() as silent, AlertReceiver(SECRET) as up, delivering(store) as delivery:
        silent.bind(("127.0.0.1", 0))
        silent.listen(64)  # it takes connections and says nothing: each attempt lasts five seconds
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        put(store, *(alert(AccountKey("t", f"{n}"), f"s{n}", url) for n in range(40)))
        put(store, alert(A, "e1", up.url))
        delivery.wake()
        began = time.monotonic()
        up.wait_for(lambda alerts: len(alerts) == 1, 10)
        assert ids(up) == ["e1"]
        assert time.monotonic() - began < 4
        silent.close()  # what is on its way is waited for


def test_mails_of_an_account_keep_their_order_over_failures(store: Store) -> None:
    clock = Clock()
    with MailServer(data=lambda n: "451 try again" if n == 0 else TAKEN) as server:
        terms = MailTerms("127.0.0.1", server.port, "ratingd@example.org", "none")
        with delivering(store, clock, mail=terms) as delivery:
            put(store, mail(A, "m1"), mail(A, "m2"))
            delivery.wake()
            until(partial(first_failed, store, 1))
            assert server.taken == []  # m2 waits for m1
            clock.ahead_ns += 7 * SECOND
            delivery.wake()
            taken = server.wait_for(lambda taken: len(taken) == 2)
            assert [mail.message["Message-ID"] for mail in taken] == [
                "<ratingd-m1@example.org>",
                "<ratingd-m2@example.org>",
            ]
            until(lambda: states(store) == {"m1": "delivered", "m2": "delivered"})


def test_mail_that_no_server_takes_is_put_aside_and_holds_up_nothing(store: Store) -> None:
    with AlertReceiver(SECRET) as receiver, delivering(store) as delivery:
        put(store, mail(A, "m1"), alert(A, "e1", receiver.url), export(A, "x1", "GONE"))
        delivery.wake()
        until(lambda: states(store) == {"m1": "dead", "e1": "delivered", "x1": "dead"})
        errors = {entry.id: entry.last_error.partition(",")[0] for entry in store.outbox.entries(state="dead")}
        assert errors == {
            "m1": "smtp_host is not set",
            "x1": "exporter 'GONE' is not among the exporters of the settings (none is set)",
        }


def test_exports_reach_their_places_in_order(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "accounts.jsonl"
    with AlertReceiver(SECRET) as receiver:
        exporters = {"CRM": receiver.url, "FILE": file.as_uri()}
        with delivering(store, hosts=(), exporters=exporters) as delivery:
            put(store, *(export(A, f"x{n}", "FILE" if n % 2 else "CRM") for n in range(6)))
            delivery.wake()
            until(lambda: set(states(store).values()) == {"delivered"})
    assert [arrived.headers["X-Ratingd-Delivery"] for arrived in receiver.alerts] == ["x0", "x2", "x4"]
    assert [json.loads(line)["id"] for line in file.read_text().splitlines()] == ["x1", "x3", "x5"]


def test_clock_that_is_set_back_holds_up_nothing(store: Store) -> None:
    clock = Clock()
    with AlertReceiver(SECRET, lambda n: 503 if n == 0 else 200) as receiver, delivering(store, clock) as delivery:
        put(store, alert(A, "e1", receiver.url), alert(A, "e2", receiver.url))
        delivery.wake()
        until(partial(first_failed, store, 1))
        clock.ahead_ns -= 3600 * SECOND
        delivery.wake()
        receiver.wait_for(lambda alerts: len(alerts) == 2, 10)
        assert ids(receiver) == ["e1", "e2"]


def test_delivered_is_forgotten_chunk_by_chunk_until_it_is_to_stop(store: Store) -> None:
    put(store, *(alert(A, f"e{n}", "http://127.0.0.1/", created_ns=n) for n in range(7)))
    for n in range(7):
        store.outbox.delivered(f"e{n}")
    asked = iter([False, False, True])
    assert store.outbox.forget_delivered(7, lambda: next(asked), chunk=2) == 4
    assert sorted(states(store)) == ["e4", "e5", "e6"]
    assert store.outbox.forget_delivered(6, chunk=2) == 2
    assert store.outbox.forget_delivered(6, chunk=2) == 0


def test_delivered_is_forgotten_and_the_rest_stays(store: Store) -> None:
    put(store, *(alert(A, f"e{n}", "http://127.0.0.1/", created_ns=n) for n in range(3)))
    store.outbox.delivered("e0")
    store.outbox.dead("e1", "answered 404")
    assert not store.outbox.delivered("e0")
    assert store.outbox.forget_delivered(10) == 1
    assert states(store) == {"e1": "dead", "e2": "waiting"}
