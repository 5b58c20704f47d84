"""Switch webhooks: orders to disconnect, for switches that no stream watches for.

    RATINGD_SWITCH_WEBHOOKS='["sbc-1=https://sbc-1.example.org/cut", "*=https://gw.example.org/cut"]'

Five calls on sbc-1 are flagged and nobody watches: each order is posted there, signed as alerts are, with the same
X-Ratingd-Delivery at every try. Three tries are made within two seconds; after the third the call counts as FAILED,
and the order is tried again at longer and longer pauses, for a call may last. The answer says what became of it:

    2xx, empty or {"result": "OK"}              the call is cut
    2xx {"result": "ALREADY_ENDED"}, 404, 410   the switch does not know it any more
    anything else, or none                      tried again
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from ratingd import observe
from ratingd.delivery.attempt import Attempt, Verdict, pause_s
from ratingd.delivery.disconnect_order import Outcome, disconnect
from ratingd.delivery.post import Poster
from ratingd.store.rows import OutboxEntry

SECOND_NS: Final = 1_000_000_000
EVERY: Final = "*"
THREADS: Final = 16
TRIES: Final = 3
PAUSES_NS: Final = (700_000_000, 1_300_000_000)  # after the first two
GONE: Final = (404, 410)
EVENT: Final = "call.disconnect"

Done = Callable[[Outcome, str], None]


def parse_webhooks(texts: Sequence[str]) -> dict[str, str]:
    """`SWITCH=URL` of the settings. ValueError where a text is none."""
    found = {}
    for text in texts:
        switch, separator, url = text.partition("=")
        if not separator or not switch.strip() or not url.strip().startswith(("http://", "https://")):
            raise ValueError(f"{text!r} is no SWITCH=URL, such as sbc-1=https://sbc-1.example.org/cut or *=https://…")
        found[switch.strip()] = url.strip()
    return found


def pause_ns(tries: int) -> int:
    """How long after so many failed tries the next one is made."""
    if tries < TRIES:
        return PAUSES_NS[tries - 1]
    return int(pause_s(tries - TRIES + 2, 0.5) * SECOND_NS)


class SwitchWebhooks:
    """Posts on threads of its own; `done` is called on one of them."""

    def __init__(self, urls: Mapping[str, str], poster: Poster, clock: Callable[[], int] = time.time_ns) -> None:
        self._urls: Final = dict(urls)
        self._poster: Final = poster
        self._clock: Final = clock
        self._threads: Final = ThreadPoolExecutor(THREADS, thread_name_prefix="switch-webhook")

    def __bool__(self) -> bool:
        return bool(self._urls)

    @property
    def switches(self) -> set[str]:
        return set(self._urls)

    def reaches(self, switch_id: str) -> bool:
        return switch_id in self._urls or EVERY in self._urls

    def post(self, entry: OutboxEntry, tries: int, done: Done) -> None:
        """Post an order, for the `tries`-th time."""
        self._threads.submit(self._post, entry, tries, done)

    def stop(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._poster.close()

    def _post(self, entry: OutboxEntry, tries: int, done: Done) -> None:
        try:
            url = self._urls.get(entry.target) or self._urls[EVERY]
            body = json.dumps(content(entry, tries), separators=(",", ":")).encode()
            delivery = str(uuid5(NAMESPACE_URL, entry.id))
            done(*judged(self._poster.post(delivery, url, body, self._clock() / SECOND_NS)))
        except Exception as fault:  # noqa: BLE001 (one order's fault is tried again, and holds up no other)
            observe.fault("switch_webhook.fault", fault, entry=entry.id)
            done(Outcome.FAILED, f"a fault of ratingd: {type(fault).__name__}: {fault}")


def content(entry: OutboxEntry, tries: int) -> dict[str, Any]:
    """What a switch is told."""
    order, said = disconnect(entry, tries), json.loads(entry.body)
    return {
        "event": EVENT,
        "id": order.id,
        "created_at": order.created_ns / SECOND_NS,
        "switch_id": order.switch_id,
        "call_id": order.call_id,
        "cause": said.get("cause", 21),
        "text": said.get("text", ""),
        "reason": order.reason,
        "tenant": order.tenant,
        "account": order.account,
        "incident_id": said.get("incident_id", ""),
        "attempt": tries,
    }


def judged(attempt: Attempt) -> tuple[Outcome, str]:
    """What an answer says of the call."""
    if attempt.status in GONE:
        return Outcome.CALL_UNKNOWN, f"answered {attempt.status}"
    if attempt.judgement.verdict is not Verdict.DELIVERED:
        return Outcome.FAILED, attempt.judgement.error
    try:
        said = json.loads(attempt.answer) if attempt.answer.strip() else {}
    except ValueError:
        said = {}
    result = said.get("result", "OK") if isinstance(said, dict) else "OK"
    match result:
        case "ALREADY_ENDED":
            return Outcome.CALL_UNKNOWN, "the switch says that it had ended"
        case "FAILED":
            return Outcome.FAILED, "the switch says that it failed"
        case _:
            return Outcome.CUT, ""
