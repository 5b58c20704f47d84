"""One POST has its time in all: whatever a receiver drips, it is cut off, and what it has answered by then counts."""

import time

import pytest

from ratingd.delivery import post
from ratingd.delivery.address_guard import AddressGuard
from ratingd.delivery.attempt import Verdict
from tests.alert_receiver import AlertReceiver
from tests.dripping_server import DrippingServer

SECRET = b"top secret"


@pytest.mark.parametrize(
    ("url", "beginning"),
    [
        ("http://127.0.0.1:{}/", b"HTTP/1.1 200 OK\r\nX-Header: "),
        ("http://127.0.0.1:{}/", b""),
        ("https://127.0.0.1:{}/", b"\x16\x03\x03\x3f\x00"),
    ],
    ids=["headers", "status line", "TLS handshake"],
)
def test_answer_that_drips_is_cut_off_and_tried_again(
    url: str, beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post, "TIMEOUT_S", 0.5)
    poster = post.Poster(AddressGuard(("127.0.0.1",), private=True), SECRET, 1)
    with DrippingServer(beginning) as server:
        began = time.monotonic()
        attempt = poster.post("e1", url.format(server.port), b"{}", time.time())
        assert time.monotonic() - began < 3
        assert attempt.judgement.verdict is Verdict.RETRY
        assert attempt.judgement.error == f"no answer: TimeoutError: {post.TOO_LATE}"
        assert server.cut(1)
    poster.close()


def test_answer_whose_body_drips_has_been_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "TIMEOUT_S", 0.5)
    poster = post.Poster(AddressGuard(("127.0.0.1",), private=True), SECRET, 1)
    with DrippingServer(b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n") as server:
        attempt = poster.post("e1", f"http://127.0.0.1:{server.port}/", b"{}", time.time())
        assert (attempt.judgement.verdict, attempt.status) == (Verdict.DELIVERED, 200)
        assert attempt.answer.startswith(b"xx")
        assert server.cut(1)
    poster.close()


def test_connection_that_is_kept_open_is_under_the_time_of_each_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "TIMEOUT_S", 0.5)
    poster = post.Poster(AddressGuard(("127.0.0.1",), private=True), SECRET, 1)
    with AlertReceiver(SECRET) as receiver:
        for _ in range(3):
            assert poster.post("e1", receiver.url, b"{}", time.time()).status == 200
            time.sleep(0.3)  # longer in all than one exchange may last
    poster.close()
