"""The demo's receiver: it takes what is signed, refuses what is not, and finds itself another port."""

import json
import time
import urllib.error
import urllib.request

from ratingd.delivery.webhook import headers
from ratingd.demo.receiver import Receiver

BODY = json.dumps({"event": "trigger.fired", "account": "1008"}).encode()


def post(port: int, given: dict[str, str], body: bytes = BODY) -> int:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/alerts", data=body, headers=given, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


def test_only_what_is_signed_is_taken() -> None:
    with Receiver("secret", 0) as receiver:
        now = int(time.time())
        assert post(receiver.port, headers(b"secret", "d1", BODY, now)) == 200
        assert post(receiver.port, headers(b"guessed", "d2", BODY, now)) == 401
        assert post(receiver.port, headers(b"secret", "d3", BODY, now), BODY + b" ") == 401
        assert post(receiver.port, headers(b"secret", "d4", BODY, now - 400)) == 401
        assert post(receiver.port, {}) == 401
        assert [alert.genuine for alert in receiver.wait(1)] == [True, False, False, False, False]


def test_a_taken_port_is_left_to_its_owner() -> None:
    with Receiver("secret", 0) as first, Receiver("secret", first.port) as second:
        assert second.port not in (0, first.port)
        assert post(second.port, headers(b"secret", "d1", BODY, int(time.time()))) == 200
        assert first.alerts == []
