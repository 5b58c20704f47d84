"""Webhooks: signatures, the schedule of attempts, and what answers mean."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratingd.delivery import webhook
from ratingd.delivery.address_guard import AddressGuard, AddressRefused
from ratingd.delivery.attempt import Verdict, pause_s

SECRET = b"top secret"
BODY = json.dumps({"event": "trigger.fired", "id": "d1"}).encode()
NOW = 1_795_255_200


def test_signature_is_the_hmac_of_timestamp_dot_body() -> None:
    given = webhook.headers(SECRET, "d1", BODY, NOW)
    expected = hmac.new(SECRET, b"1795255200." + BODY, hashlib.sha256).hexdigest()
    assert given["X-Ratingd-Signature"] == f"sha256={expected}"
    assert given["X-Ratingd-Event"] == "trigger.fired"
    assert given["X-Ratingd-Delivery"] == "d1"
    assert given["X-Ratingd-Timestamp"] == "1795255200"
    assert given["Content-Type"] == "application/json"


def test_no_secret_no_signature() -> None:
    assert "X-Ratingd-Signature" not in webhook.headers(b"", "d1", BODY, NOW)


@given(st.binary(), st.integers(0, 2**40))
def test_what_is_signed_verifies_within_300_seconds(body: bytes, sent: int) -> None:
    headers = webhook.headers(SECRET, "d1", body, sent)
    lower = {name.lower(): value for name, value in headers.items()}
    assert webhook.verify(SECRET, headers, body, now_s=sent + 299.9)
    assert webhook.verify(SECRET, lower, body, now_s=sent - 299.9)
    assert not webhook.verify(SECRET, headers, body, now_s=sent + 300.1)
    assert not webhook.verify(SECRET, headers, body + b" ", now_s=sent)
    assert not webhook.verify(b"another", headers, body, now_s=sent)


@pytest.mark.parametrize("missing", ["X-Ratingd-Timestamp", "X-Ratingd-Signature"])
def test_a_header_that_is_missing_or_garbled_never_verifies(missing: str) -> None:
    headers = webhook.headers(SECRET, "d1", BODY, NOW)
    assert not webhook.verify(SECRET, headers | {missing: "¹²"}, BODY, now_s=NOW)
    del headers[missing]
    assert not webhook.verify(SECRET, headers, BODY, now_s=NOW)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"event": 5}', b'{"event": "a\\r\\nX: y"}', b"\xff"])
def test_event_header_never_breaks_the_request(body: bytes) -> None:
    assert webhook.event_of(body) in ("", "5", "aX: y")


@pytest.mark.parametrize(
    ("failed", "least", "most"),
    [(1, 0.8, 1.2), (2, 4, 6), (3, 20, 30), (4, 100, 150), (5, 480, 720), (500, 480, 720)],
)
def test_pauses_grow_and_spread_by_a_fifth(failed: int, least: float, most: float) -> None:
    assert pause_s(failed, 0.0) == pytest.approx(least)
    assert pause_s(failed, 0.999999) == pytest.approx(most, rel=1e-3)
    assert pause_s(failed, 0.5, asked_s=10_000) == 10_000


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((200, Verdict.DELIVERED), (204, Verdict.DELIVERED), (299, Verdict.DELIVERED)),
        *((429, Verdict.RETRY), (500, Verdict.RETRY), (503, Verdict.RETRY), (599, Verdict.RETRY)),
        *((301, Verdict.DEAD), (307, Verdict.DEAD), (400, Verdict.DEAD), (404, Verdict.DEAD), (410, Verdict.DEAD)),
    ],
)
def test_answers_that_would_not_get_better_are_dead_at_once(status: int, verdict: Verdict) -> None:
    assert webhook.judge(status, "", NOW).verdict is verdict


@pytest.mark.parametrize(
    ("text", "pause"),
    [
        *(("", 0), ("7", 7), (" 30 ", 30), ("-5", 0), ("soon", 0), ("9" * 400, 0)),
        *(("99999999", 86400), ("Sat, 21 Nov 2026 10:01:00 GMT", 60), ("Sat, 21 Nov 2026 09:00:00 GMT", 0)),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, pause: float) -> None:
    assert webhook.judge(503, text, NOW).pause_s == pause


ADDRESSES = {
    "alerts.example.org": ["93.184.216.34"],
    "inner.example.org": ["93.184.216.34", "10.0.0.7"],
    "example.org": ["93.184.216.34"],
    "localhost": ["127.0.0.1"],
    "::1": ["::1"],
    "169.254.169.254": ["169.254.169.254"],
    "mapped": ["::ffff:10.0.0.1"],
}


def guard(hosts: str, *, private: bool = False) -> AddressGuard:
    return AddressGuard(hosts.split(), private=private, resolve=lambda host, port: ADDRESSES[host])


@pytest.mark.parametrize(
    ("hosts", "private", "url", "to"),
    [
        ("alerts.example.org", False, "https://Alerts.example.org/a?b=1", "93.184.216.34:443/a?b=1"),
        ("*.example.org", False, "http://alerts.example.org:8080", "93.184.216.34:8080/"),
        ("*", False, "http://example.org/x", "93.184.216.34:80/x"),
        ("localhost", True, "http://localhost:99/x", "127.0.0.1:99/x"),
        ("[::1]", True, "http://[::1]:99/x", "::1:99/x"),
        ("inner.example.org", True, "http://inner.example.org/", "93.184.216.34:80/"),
    ],
)
def test_guard_lets_through_what_is_allowed(hosts: str, private: bool, url: str, to: str) -> None:
    found = guard(hosts, private=private).check(url)
    assert f"{found.address}:{found.port}{found.path}" == to


@pytest.mark.parametrize(
    ("hosts", "url", "why"),
    [
        ("", "http://example.org/", "none is set"),
        ("*.example.org", "http://example.org/", "not among webhook_hosts"),
        ("example.org", "http://alerts.example.org/", "not among webhook_hosts"),
        ("*", "http://localhost/", "private"),
        ("*", "http://[::1]/", "private"),
        ("*", "http://169.254.169.254/latest/meta-data", "private"),
        ("*", "http://inner.example.org/", "10.0.0.7, a private address"),
        ("*", "http://mapped/", "private"),
        ("*", "ftp://example.org/", "not an http or https URL"),
        ("*", "file:///etc/passwd", "not an http or https URL"),
        ("*", "http://user:pw@example.org/", "a user or a password"),
        ("*", "http://example.org:99999/", "not a URL"),
        ("*", "example.org", "not an http or https URL"),
    ],
)
def test_guard_refuses_and_says_why(hosts: str, url: str, why: str) -> None:
    with pytest.raises(AddressRefused, match=why.replace(".", r"\.")):
        guard(hosts).check(url)
