"""What the receivers of alerts are told, signed, in the order in which it happened to each subject.

    {"event": "alert.created", "id": …, "created_at": 1795255200.0, "tenant": …, "account": …, "alert": {…}}

An alert is told when it is new, and when it is seen again; a run while it goes on, with whom it added. What goes on is
told every five seconds at most. A new alert gets its id with the commit that stores alert and post. Delivery ids are
made of what is told, so that a restart which sees the same calls again tells nothing twice.
"""

import json
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid5

from accounts.account import AccountKey
from ratingd.fraud.alert import SPACE, Alert, document
from ratingd.store.rows import OutboxEntry, shard_of

CREATED: Final = "alert.created"
UPDATED: Final = "alert.updated"
INCIDENT_UPDATED: Final = "incident.updated"
EVERY_MS: Final = 5_000
WEBHOOK: Final = "webhook"
MS_NS: Final = 1_000_000


class Posts:
    """Thread-safe. What is told later is later in line, if only by a nanosecond."""

    def __init__(self, urls: Sequence[str], tenant: str) -> None:
        self._urls: Final = tuple(urls)
        self._tenant: Final = tenant
        self._lock: Final = threading.Lock()
        self._last_ns = 0

    def __bool__(self) -> bool:
        return bool(self._urls)

    def told(self, event: str, alert: Alert, now_ms: int, more: Mapping[str, Any] | None = None) -> list[OutboxEntry]:
        """The entries that tell every receiver of an alert as it stands."""
        if not self._urls:
            return []
        tenant = alert.tenant or self._tenant
        key = AccountKey(tenant, alert.subject)  # in whose order it is delivered
        shard, now_ns = shard_of(key), self._next_ns(now_ms)
        content = {"created_at": now_ms / 1000, "tenant": tenant, "account": alert.account}
        content |= {"alert": {"id": alert.id or None} | document(alert)} | dict(more or {})
        entries: list[OutboxEntry] = []
        for url in self._urls:
            id = str(uuid5(SPACE, f"{alert.uuid}|{event}|{_state(alert)}|{url}"))
            body = json.dumps({"event": event, "id": id} | content, separators=(",", ":"))
            entries.append(OutboxEntry(id, key, shard, WEBHOOK, url, body, now_ns, due_ns=now_ns, alert=alert.uuid))
        return entries

    def _next_ns(self, now_ms: int) -> int:
        with self._lock:
            self._last_ns = max(self._last_ns + 1, now_ms * MS_NS)
            return self._last_ns


def _state(alert: Alert) -> str:
    """What makes one telling of an alert another than the former."""
    return f"{alert.count}|{alert.last_ms}|{alert.value:g}|{alert.status}|{len(alert.call_ids)}|{alert.action_results}"
