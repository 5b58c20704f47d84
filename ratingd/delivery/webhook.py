"""Webhooks: how an alert is signed, what the answers of a receiver mean, and when the next attempt is due.

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
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import Final

EVENT: Final = "X-Ratingd-Event"
DELIVERY: Final = "X-Ratingd-Delivery"
TIMESTAMP: Final = "X-Ratingd-Timestamp"
SIGNATURE: Final = "X-Ratingd-Signature"
SKEW_S: Final = 300

PAUSES_S: Final = (1.0, 5.0, 25.0, 125.0)  # after the first attempts; then
LAST_PAUSE_S: Final = 600.0
JITTER: Final = 0.2
RETRY_AFTER_MAX_S: Final = 24 * 3600.0


class Verdict(Enum):
    """What an attempt came to."""

    DELIVERED = "delivered"
    RETRY = "retry"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class Judgement:
    """`pause_s` is the least pause that the receiver asked for, 0 when it asked for none."""

    verdict: Verdict
    error: str = ""
    pause_s: float = 0.0


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
    """The event that a body says it is about."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    event = content.get("event", "") if isinstance(content, dict) else ""
    return "".join(sign for sign in str(event) if sign.isascii() and sign.isprintable())


def verify(secret: bytes, headers: Mapping[str, str], body: bytes, *, now_s: float) -> bool:
    """Whether a received alert is ours and fresh. For receivers; names of headers may be in any case."""
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get(TIMESTAMP.lower(), "")
    if not timestamp.isdecimal() or abs(now_s - int(timestamp)) > SKEW_S:
        return False
    return hmac.compare_digest(signature(secret, timestamp, body).encode(), given.get(SIGNATURE.lower(), "").encode())


def pause_s(attempts: int, chance: float, asked_s: float = 0.0) -> float:
    """Seconds until the next attempt when `attempts` have failed; `chance` in [0, 1) spreads it by 20 % either way."""
    planned = PAUSES_S[attempts - 1] if attempts <= len(PAUSES_S) else LAST_PAUSE_S
    return max(planned * (1 - JITTER + 2 * JITTER * chance), asked_s)


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
