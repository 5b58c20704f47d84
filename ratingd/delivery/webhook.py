"""Webhooks: how an alert is signed, and what the answers of a receiver mean.

A receiver gets a POST with these headers and must be able to trust it without knowing us:

    X-Ratingd-Event: trigger.fired
    X-Ratingd-Delivery: 5f0e…            the same at every attempt, so that repeats can be dropped
    X-Ratingd-Timestamp: 1795255200      seconds since the epoch, of this attempt
    X-Ratingd-Signature: sha256=…        HMAC-SHA256 of the secret over timestamp, a dot, and the body

The timestamp is signed too, so that a recorded alert cannot be sent again later: `verify`, which receivers in Python
may copy, refuses one that is more than 300 s off. Nothing here touches the network or the clock.
"""

import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final

from ratingd.delivery.attempt import Judgement, Verdict

EVENT: Final = "X-Ratingd-Event"
DELIVERY: Final = "X-Ratingd-Delivery"
TIMESTAMP: Final = "X-Ratingd-Timestamp"
SIGNATURE: Final = "X-Ratingd-Signature"
SKEW_S: Final = 300

RETRY_AFTER_MAX_S: Final = 24 * 3600.0


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    return "sha256=" + hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def headers(secret: bytes, delivery_id: str, body: bytes, now_s: int) -> dict[str, str]:
    """The headers of one attempt; without a secret it goes unsigned."""
    timestamp = str(now_s)
    given = {
        "Content-Type": "application/json",
        "User-Agent": "ratingd",
        EVENT: event_of(body),
        DELIVERY: delivery_id,
        TIMESTAMP: timestamp,
    }
    return given | ({SIGNATURE: signature(secret, timestamp, body)} if secret else {})


def event_of(body: bytes) -> str:
    """The event that a body says it is about: `event` of an alert, `EventType` of an export."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    event = content.get("event", content.get("EventType", "")) if isinstance(content, dict) else ""
    return "".join(sign for sign in str(event) if sign.isascii() and sign.isprintable())


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, *, now_s: float) -> bool:
    """Whether a received alert is ours and fresh. For receivers; names of headers may be in any case."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP.lower(), "")
    if not timestamp.isdecimal() or abs(now_s - int(timestamp)) > SKEW_S:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), given.get(SIGNATURE.lower(), "").encode())


def judge(status: int, retry_after: str, now_s: float) -> Judgement:
    """What an answer means: 2xx is done, 429 and 5xx are tried again, everything else would not get better."""
    if 200 <= status < 300:
        return Judgement(Verdict.DELIVERED)
    if status == 429 or status >= 500:
        return Judgement(Verdict.RETRY, f"answered {status}", asked_pause_s(retry_after, now_s))
    if 300 <= status < 400:
        return Judgement(Verdict.DEAD, f"answered {status}; redirects are not followed, name the final address")
    return Judgement(Verdict.DEAD, f"answered {status}")


def asked_pause_s(retry_after: str, now_s: float) -> float:
    """The pause a Retry-After header asks for: seconds or a date; 0 for none or for one that cannot be read."""
    text = retry_after.strip()
    try:
        asked = float(text) if text.isdecimal() else parsedate_to_datetime(text).timestamp() - now_s
    except (ValueError, OverflowError):
        return 0.0
    return min(max(asked, 0.0), RETRY_AFTER_MAX_S) if math.isfinite(asked) else 0.0
