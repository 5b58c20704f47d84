"""The alert book: which alerts are open, what people say of them, and who is told at once.

What is found is written down by one thread, the writer's, in the transaction of the events that led to it. People
acknowledge and resolve on threads of their own. Both change whole rows, so a person waits for the few milliseconds in
which alerts are on their way to the disk, and the writer waits for a person's commit: neither loses what the other did.

An alert within `dedup_ms` of the last one of the same kind about the same subject raises its count. Beyond `storm_max`
new ones in a minute there is one digest for the rest of that minute: what would be told 5,000 times is told once. What
was found is stored all the same, and what was to be done about it is done.

    new ──ack──▶ acked ──resolve──▶ resolved | false_positive

An alert says in which campaign its caller is. A campaign is found a minute after the first alerts of its callers; when
it is told, those that are still open get its id.

Nobody needs to look at an alert that has been quiet for a day: it is resolved by itself, but for a critical one.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Protocol

from ratingd import observe
from ratingd.errors import InvalidRequest, NotFound, Unavailable
from ratingd.fraud.alert import ACKED, CRITICAL, FALSE_POSITIVE, OPEN, RESOLVED, Alert, document, read, row, worse
from ratingd.fraud.posts import CREATED, UPDATED, Posts
from ratingd.store.fraud_rows import AlertRow, AuditRow, FraudBatch, FraudStored

MINUTE_MS: Final = 60_000
QUIET_MS: Final = 24 * 3_600_000
KEPT: Final = 10_000  # alerts that are at hand, so that a repeat finds the one that it repeats
WAIT_S: Final = 10.0
STORM: Final = "storm"
CAMPAIGN: Final = "campaign"  # the kind of a subject
# what an alert that is raised turns out to be
NEW: Final = "new"
AGAIN: Final = "again"
KNOWN: Final = "known"
VERDICTS: Final = {"": RESOLVED, "true_positive": RESOLVED, FALSE_POSITIVE: FALSE_POSITIVE}
BY_ITSELF: Final = "ratingd"

Listener = Callable[[dict[str, Any]], None]
CampaignOf = Callable[[Alert], str]


class Shelf(Protocol):
    """Where alerts are stored."""

    def alert(self, id: int) -> AlertRow | None: ...

    def quiet_alerts(self, before_ms: int, limit: int) -> Sequence[AlertRow]: ...

    def commit(self, batch: FraudBatch) -> FraudStored: ...


class AlertUnknown(NotFound):
    def __init__(self, id: int) -> None:
        super().__init__(f"there is no alert {id}. `ratingd fraud alerts` lists them.")


class AlertBook:
    """Thread-safe. `raised`, `changed`, `taken` and `committed` are the writer's; the rest is for people."""

    def __init__(
        self,
        shelf: Shelf,
        *,
        dedup_ms: int,
        storm_max: int,
        posts: Posts | None = None,
        wake: Callable[[], None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._shelf: Final = shelf
        self._dedup_ms: Final = dedup_ms
        self._storm_max: Final = storm_max
        self.posts: Final = posts if posts is not None else Posts((), "")
        self._wake: Final = wake
        self._clock: Final = clock
        self._changed: Final = threading.Condition(threading.RLock())
        self._open: Final[OrderedDict[str, Alert]] = OrderedDict()  # by dedup key, the one longest unchanged first
        self._by_uuid: Final[dict[str, Alert]] = {}
        self._of_incident: Final[dict[str, Alert]] = {}
        self._dirty: Final[dict[str, Alert]] = {}  # by uuid: to be written by the next batch
        self._under_way: tuple[Alert, ...] = ()
        self._minute, self._new_in_minute = 0, 0
        self._listeners: tuple[Listener, ...] = ()
        self._campaign_of: CampaignOf = lambda alert: ""
        self.raised_total: Final[dict[tuple[str, str], int]] = {}  # new alerts by severity and fraud type

    def load(self, rows: Iterable[AlertRow]) -> None:
        """At the start: the open alerts that something may still repeat, the oldest first."""
        with self._changed:
            for stored in rows:
                if stored.status in OPEN:
                    self._keep(read(stored))

    def clustered_by(self, campaign_of: CampaignOf) -> None:
        """Let this say in which campaign an alert belongs, "" where in none. It is asked for each and must not wait."""
        self._campaign_of = campaign_of

    # -- the writer's

    def raised(self, alert: Alert, *, dedup_ms: int = -1) -> tuple[Alert, str]:
        """Take an alert in: as a new one, as a repeat of one that is open, or into the digest of a storm.

        Gives the alert that stands for it, and whether that is NEW, seen AGAIN, or KNOWN: what was counted already (a
        replay after a crash sees the same calls again) is not counted twice.
        """
        with self._changed:
            known = self._open.get(alert.dedup_key)
            within_ms = self._dedup_ms if dedup_ms < 0 else dedup_ms
            if known is not None and known.status in OPEN and alert.first_ms - known.last_ms <= within_ms:
                if alert.first_ms <= known.last_ms:
                    return known, KNOWN
                known.repeat(alert.first_ms, alert.severity, alert.value, alert.call_ids)
                self._cluster(known)
                self._touch(known)
                return known, AGAIN
            if self._stormy(alert.created_ms):
                return self._digested(alert)
            self._cluster(alert)
            self._keep(alert)
            self._touch(alert)
            if alert.subject_kind == CAMPAIGN:
                self._cluster_open()
            kind = (alert.severity, alert.fraud_type)
            self.raised_total[kind] = self.raised_total.get(kind, 0) + 1
            return alert, NEW

    def of_incident(self, incident_id: str, former: Sequence[str] = ()) -> Alert | None:
        """The alert of an incident, also under an id that the incident had before."""
        with self._changed:
            for id in (incident_id, *former):
                alert = self._of_incident.get(id)
                if alert is not None:
                    self._of_incident[incident_id] = alert
                    return alert
        return None

    def standing(self, dedup_key: str) -> Alert | None:
        """The one at hand that another of the same kind about the same subject may repeat."""
        with self._changed:
            return self._open.get(dedup_key)

    def belongs(self, alert: Alert, incident_id: str) -> None:
        """Have the alert found by its incident."""
        with self._changed:
            self._of_incident[incident_id] = alert

    def add_result(self, uuid: str, result: str) -> None:
        """What became of an action that an alert led to."""
        with self._changed:
            alert = self._by_uuid.get(uuid)
            if alert is not None and alert.add_result(result):
                self._touch(alert)

    def changed(self, alert: Alert) -> None:
        """The writer has changed an alert: it goes with the next batch."""
        with self._changed:
            self._touch(alert)

    def taken(self) -> list[AlertRow]:
        """The rows of all that has changed, to be committed; nobody else changes an alert until `committed`."""
        with self._changed:
            self._under_way = tuple(self._dirty.values())
            self._dirty.clear()
            return [row(alert) for alert in self._under_way]

    def committed(self, ids: Sequence[int], overtaken: Sequence[AlertRow] = ()) -> list[Alert]:
        """They are on disk, under these ids; but for those that stand there otherwise, which people at another daemon
        are further with. Gives the alerts, which may be told now."""
        standing = {stored.id: stored for stored in overtaken}
        with self._changed:
            alerts, self._under_way = self._under_way, ()
            for alert, id in zip(alerts, ids, strict=True):
                alert.id = id
                if id in standing:
                    self._heed(alert, standing[id])
            self._changed.notify_all()
        for alert in alerts:
            self._tell(alert)
        return list(alerts)

    def dropped(self) -> None:
        """What was taken will not be stored: it goes with the next batch."""
        with self._changed:
            for alert in self._under_way:
                self._dirty.setdefault(alert.uuid, alert)
            self._under_way = ()
            self._changed.notify_all()

    # -- for people

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have each alert told when it is stored, as it is shown. It must not block. Gives what ends it."""
        with self._changed:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._changed:
                self._listeners = tuple(other for other in self._listeners if other is not listener)

        return end

    def ack(self, id: int, who: str) -> Alert:
        """Somebody looks into it."""
        now_ms = self._now_ms()

        def acked(alert: Alert) -> None:
            if alert.status not in OPEN:
                raise InvalidRequest("id", f"alert {id} is {alert.status} already")
            alert.status, alert.acked_by, alert.acked_ms = ACKED, who, now_ms

        return self._changed_by(id, acked, AuditRow(now_ms, who, "alert.ack", str(id)))

    def resolve(self, id: int, who: str, comment: str = "", verdict: str = "") -> Alert:
        """Somebody knows what it was: true_positive (or nothing said), or false_positive."""
        if verdict not in VERDICTS:
            raise InvalidRequest("verdict", f"{verdict!r} is neither true_positive nor false_positive")
        now_ms = self._now_ms()

        def resolved(alert: Alert) -> None:
            _resolve(alert, VERDICTS[verdict], who, comment, now_ms)

        return self._changed_by(id, resolved, AuditRow(now_ms, who, "alert.resolve", str(id), comment))

    def resolve_quiet(self, now_ms: int) -> int:
        """Resolve what has been quiet for a day and is not critical; how many. For the hourly job."""
        count = 0
        for stored in self._shelf.quiet_alerts(now_ms - QUIET_MS, 1_000):
            if stored.severity != CRITICAL and stored.status in OPEN:
                self._changed_by(stored.id, lambda alert: _quiet(alert, now_ms), None)
                count += 1
        return count

    def alert(self, id: int) -> Alert:
        """As it stands. Raises AlertUnknown."""
        with self._changed:
            for alert in self._by_uuid.values():
                if alert.id == id:
                    return alert
        stored = self._shelf.alert(id)
        if stored is None:
            raise AlertUnknown(id)
        return read(stored)

    def raise_now(self, alert: Alert) -> Alert:
        """Take an alert in and store it at once, for whoever is not the writer. Raises Unavailable, StoreFault."""
        with self._changed:
            self._wait_for_writer()
            kept, what = self.raised(alert)
            if what == KNOWN:
                return kept
            posts = self.posts.told(CREATED if what == NEW else UPDATED, kept, alert.created_ms)
            rows = self.taken()
            try:
                stored = self._shelf.commit(FraudBatch(alerts=rows, outbox=posts))
            except BaseException:
                self.dropped()
                raise
        self.committed(stored.alert_ids, stored.overtaken)
        self._wake()
        return kept

    def _wait_for_writer(self) -> None:
        if not self._changed.wait_for(lambda: not self._under_way, WAIT_S):
            raise Unavailable("alerts are still on their way to the disk. Nothing was done; ask again.")

    def _changed_by(self, id: int, change: Callable[[Alert], None], audit: AuditRow | None) -> Alert:
        """Change an alert and store it, while the writer has none on its way."""
        with self._changed:
            self._wait_for_writer()
            alert = self.alert(id)
            stored = self._shelf.alert(id)
            if stored is not None:
                self._heed(alert, stored)
            as_changed = read(row(alert))
            change(as_changed)
            posts = self.posts.told(UPDATED, as_changed, self._now_ms())
            audits = [] if audit is None else [audit]
            done = self._shelf.commit(FraudBatch(alerts=[row(as_changed)], outbox=posts, audits=audits))
            change(alert)
            for standing in done.overtaken:
                self._heed(alert, standing)
            if alert.status not in OPEN:
                self._let_go(alert)
        self._tell(alert)
        self._wake()
        return alert

    # -- inside

    def _cluster(self, alert: Alert) -> bool:
        """Say in which campaign it is; whether that is new."""
        if not alert.cluster_id:
            alert.cluster_id = self._campaign_of(alert)
            return bool(alert.cluster_id)
        return False

    def _cluster_open(self) -> None:
        """A campaign was found: alerts about its callers are there already."""
        for alert in [each for each in self._open.values() if self._cluster(each)]:
            self._touch(alert)

    def _stormy(self, now_ms: int) -> bool:
        """Whether one more new alert in this minute is too many."""
        minute = now_ms // MINUTE_MS
        if minute != self._minute:
            self._minute, self._new_in_minute = minute, 0
        self._new_in_minute += 1
        return self._new_in_minute > self._storm_max

    def _digested(self, alert: Alert) -> tuple[Alert, str]:
        key = f"{STORM}|system:alerts|{STORM}|"
        digest, minute_ms = self._open.get(key), alert.created_ms // MINUTE_MS * MINUTE_MS
        if digest is not None and digest.status in OPEN and digest.created_ms == minute_ms:
            digest.count += 1
            digest.last_ms = max(digest.last_ms, alert.last_ms)
            digest.severity = worse(digest.severity, alert.severity)
            digest.value = float(digest.count)
            self._touch(digest)
            return digest, AGAIN
        digest = Alert(
            alert.severity,
            f"More than {self._storm_max} alerts in a minute",
            "Further new alerts of this minute are counted here. What they are about is among the incidents and calls.",
            STORM, STORM, "system", "alerts", minute_ms, alert.first_ms, alert.last_ms,
            value=1.0, threshold=float(self._storm_max),
        )  # fmt: skip
        self._keep(digest)
        self._touch(digest)
        return digest, NEW

    def _heed(self, alert: Alert, stored: AlertRow) -> None:
        """Another daemon's people may be further with it: what was found since goes with the next batch."""
        further = stored.status != alert.status
        alert.heed(read(stored))
        if alert.status not in OPEN:
            self._dirty.pop(alert.uuid, None)
            self._let_go(alert)
        elif further and alert.uuid in self._by_uuid:
            self._touch(alert)

    def _touch(self, alert: Alert) -> None:
        self._dirty[alert.uuid] = alert
        if alert.dedup_key in self._open:
            self._open.move_to_end(alert.dedup_key)

    def _keep(self, alert: Alert) -> None:
        """Have it at hand, instead of a former one of the same kind about the same subject."""
        former = self._open.get(alert.dedup_key)
        if former is not None:
            self._let_go(former)
        self._open[alert.dedup_key] = self._by_uuid[alert.uuid] = alert
        if alert.incident_id:
            self._of_incident[alert.incident_id] = alert
        while len(self._open) > KEPT:
            self._let_go(next(iter(self._open.values())))

    def _let_go(self, alert: Alert) -> None:
        if self._open.get(alert.dedup_key) is alert:
            del self._open[alert.dedup_key]
        self._by_uuid.pop(alert.uuid, None)
        for id in [id for id, each in self._of_incident.items() if each is alert]:
            del self._of_incident[id]

    def _tell(self, alert: Alert) -> None:
        shown = {"id": alert.id} | document(alert)
        for listener in self._listeners:
            try:
                listener(shown)
            except Exception as fault:  # noqa: BLE001 (whatever it is, it is the listener's)
                observe.fault("alert.not_told", fault, alert=alert.id)

    def _now_ms(self) -> int:
        return self._clock() // 1_000_000


def _resolve(alert: Alert, status: str, who: str, comment: str, now_ms: int) -> None:
    alert.status, alert.resolved_by, alert.resolved_ms = status, who, now_ms
    alert.comment = comment or alert.comment


def _quiet(alert: Alert, now_ms: int) -> None:
    if alert.status in OPEN and now_ms - alert.last_ms >= QUIET_MS:
        _resolve(alert, RESOLVED, BY_ITSELF, "quiet for a day", now_ms)
