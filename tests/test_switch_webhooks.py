"""Switch webhooks: who has no stream is posted to, signed, thrice within two seconds, and what it answers counts."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from accounts.account import AccountKey
from ratingd import observe
from ratingd.delivery.delivery import Delivery, DeliveryTerms
from ratingd.delivery.switch_webhooks import parse_webhooks, pause_ns
from ratingd.delivery.webhook import verify
from ratingd.store.rows import Batch, OutboxEntry, shard_of
from ratingd.store.store import Store, open_store
from tests.alert_receiver import POLL_S
from tests.waiting import until

SECRET = b"top secret"
A = AccountKey("cgrates.org", "1001")
SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    opened.migrate()
    yield opened
    opened.close()


class SwitchHook:
    """A switch's HTTP side: answers each order with the next of `answers`, the last of them for ever."""

    def __init__(self, *answers: tuple[int, str]) -> None:
        self.orders: list[dict[str, Any]] = []
        self.deliveries: list[str] = []
        self.genuine: list[bool] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                status, text = answers[min(len(hook.orders), len(answers) - 1)]
                hook.genuine.append(verify(SECRET, dict(self.headers.items()), raw, now_s=time.time()))
                hook.deliveries.append(self.headers["X-Ratingd-Delivery"])
                hook.orders.append(json.loads(raw))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/cut"

    def __enter__(self) -> "SwitchHook":
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def delivering(store: Store, **switches: str) -> Iterator[tuple[Delivery, list[tuple[str, str]]]]:
    """A delivery and the results that it tells, by call."""
    urls = {name.replace("_", "-") if name != "every" else "*": url for name, url in switches.items()}
    delivery = Delivery(store, DeliveryTerms(SECRET, ("127.0.0.1",), private=True, switches=urls))
    results: list[tuple[str, str]] = []
    delivery.desk.on_result(lambda entry, result: results.append((json.loads(entry.body)["call_id"], result)))
    delivery.start()
    try:
        yield delivery, results
    finally:
        delivery.stop()


def cut(store: Store, call_id: str, switch_id: str = "sbc-1") -> None:
    body = {"call_id": call_id, "reason": "CALL_MASKED", "cause": 21, "text": "masking", "incident_id": "8d1f"}
    now_ns = time.time_ns()
    entry = OutboxEntry(
        f"masking:{switch_id}:{call_id}", A, shard_of(A), "disconnect", switch_id, json.dumps(body), now_ns,
        due_ns=now_ns,
    )  # fmt: skip
    store.commit(Batch(outbox=[entry]))


def test_an_order_for_a_switch_without_a_stream_is_posted_signed_and_settled(store: Store) -> None:
    with SwitchHook((200, '{"result": "OK"}')) as hook, delivering(store, sbc_1=hook.url) as (delivery, results):
        cut(store, "c-1")
        delivery.wake()
        until(lambda: results == [("c-1", "OK")])
        until(lambda: store.outbox.counts() == {"delivered": 1})
        order = hook.orders[0]
        told = {name: order[name] for name in ("event", "switch_id", "call_id", "cause", "text", "incident_id")}
        assert told == {
            "event": "call.disconnect", "switch_id": "sbc-1", "call_id": "c-1", "cause": 21, "text": "masking",
            "incident_id": "8d1f",
        }  # fmt: skip
        assert hook.genuine == [True]


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        ((200, ""), "OK"),
        ((204, ""), "OK"),
        ((200, "no json"), "OK"),
        ((200, '{"result": "ALREADY_ENDED"}'), "ALREADY_ENDED"),
        ((404, ""), "ALREADY_ENDED"),
        ((410, ""), "ALREADY_ENDED"),
    ],
)
def test_what_a_switch_answers_is_what_became_of_the_call(store: Store, answer: tuple[int, str], result: str) -> None:
    with SwitchHook(answer) as hook, delivering(store, every=hook.url) as (delivery, results):
        cut(store, "c-1", "any-switch")
        delivery.wake()
        until(lambda: results == [("c-1", result)])


def test_three_tries_have_one_delivery_id_and_the_call_counts_as_failed_after_them(store: Store) -> None:
    with SwitchHook((500, "")) as hook, delivering(store, sbc_1=hook.url) as (delivery, results):
        cut(store, "c-1")
        delivery.wake()
        until(lambda: results == [("c-1", "FAILED")])
        assert [order["attempt"] for order in hook.orders] == [1, 2, 3]
        assert len(set(hook.deliveries)) == 1
        assert store.outbox.counts() == {"waiting": 1}


def test_a_switch_that_refuses_once_is_tried_again(store: Store) -> None:
    answers = ((503, ""), (200, '{"result": "FAILED"}'), (200, ""))
    with SwitchHook(*answers) as hook, delivering(store, sbc_1=hook.url) as (delivery, results):
        cut(store, "c-1")
        delivery.wake()
        until(lambda: results == [("c-1", "OK")])
        assert len(hook.orders) == 3


def test_a_stream_that_watches_is_told_instead(store: Store) -> None:
    with SwitchHook((200, "")) as hook, delivering(store, sbc_1=hook.url) as (delivery, results):
        told: list[str] = []
        delivery.desk.watch("sbc-1", lambda order: told.append(order.call_id))
        cut(store, "c-1")
        cut(store, "c-2", "sbc-2")  # nobody's: it waits
        delivery.wake()
        until(lambda: told == ["c-1"])
        assert (hook.orders, results) == ([], [])


@pytest.mark.parametrize(("tries", "seconds"), [(1, 0.7), (2, 1.3), (3, 5.0), (4, 25.0), (5, 125.0), (6, 600.0)])
def test_three_tries_are_made_within_two_seconds_and_further_ones_seldom(tries: int, seconds: float) -> None:
    assert pause_ns(tries) == seconds * SECOND


def test_webhooks_are_read_from_settings() -> None:
    assert parse_webhooks(("sbc-1=https://a/cut?x=1", "*=http://b")) == {"sbc-1": "https://a/cut?x=1", "*": "http://b"}
    for wrong in ("sbc-1", "=https://a", "sbc-1=ftp://a"):
        with pytest.raises(ValueError, match=r"is no SWITCH=URL, such as sbc-1=https"):
            parse_webhooks((wrong,))
