"""One batch of fraud detection, one transaction: events, what they led to, and what is to be sent.

Four thousand events of a stream are one row. Nine of their calls are flagged, one incident is opened, nine orders to
disconnect wait in the outbox: all of it is there after a crash, or nothing. Then the switch sends the events again, the
detector decides the same, and the rows have the same ids: incidents, calls and records replace what is there, orders
and entries of the outbox that are there already are left as they are, so that nothing is done twice. An alert that
people have acknowledged or resolved at another daemon is left as it stands too, and who tried is told how it stands.

Statements come in one order and rows in the order of their keys, so that two daemons on one database wait for each
other and never both. Records and new alerts come as they are given, for their ids are to rise with time; should two
daemons ever store the same two at once in opposite orders, one of them gets a VersionConflict and stores its batch
again.
"""

from collections.abc import Sequence
from typing import Any, Final

from ratingd.store import fraud_record_columns as record_columns
from ratingd.store import tables
from ratingd.store.database import Bulk, Change, Database, Numbering, Row, deleting, inserting, unnested, updating
from ratingd.store.fraud_alerts import overtaken
from ratingd.store.fraud_events import packed
from ratingd.store.fraud_rows import (
    UNNUMBERED,
    AlertRow,
    FlaggedCallRow,
    FraudBatch,
    FraudStored,
    IncidentRow,
    OrderRow,
    SealedNumber,
)
from ratingd.store.fraud_words import Words
from ratingd.store.rows import OutboxEntry, receiver_of
from triggers.calls.call_record import CallRecord

PAGE: Final = 4096


def replacing(*columns: str) -> str:
    return "DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns)


EVENT: Final = ("received_ms", "first_ms", "last_ms", "events", "source", "content")
INSERT_EVENTS: Final = inserting(tables.call_events, "RETURNING id", EVENT)
UPSERT_RECORDS: Final = inserting(
    tables.call_records,
    "ON CONFLICT (call_key) " + replacing(*record_columns.COLUMNS[1:]),
    record_columns.COLUMNS,
)
INCIDENT: Final = ("b_number", "severity", "opened_ms", "last_ms", "max_distinct", "updated_ms", "document")
UPSERT_INCIDENTS: Final = inserting(tables.incidents, "ON CONFLICT (id) " + replacing(*INCIDENT))
DELETE_INCIDENTS: Final = deleting(tables.incidents, ("id",))
UPSERT_ALIASES: Final = inserting(tables.incident_aliases, "ON CONFLICT (former_id) " + replacing("id"))
MOVE_ALIASES: Final = updating(tables.incident_aliases, ("id",), (("id", "former"),))
MOVE_CALLS: Final = updating(tables.flagged_calls, ("incident_id",), (("incident_id", "former"),))
MOVE_ALERTS: Final = updating(tables.fraud_alerts, ("incident_id",), (("incident_id", "former"),))
UPSERT_FLAGGED: Final = inserting(
    tables.flagged_calls,
    "ON CONFLICT (call_id) "
    + replacing("incident_id", "at_ms", "a_number", "switch_id", "trunk", "reason", "b_number")
    + ", result = CASE WHEN excluded.result = '' THEN flagged_calls.result ELSE excluded.result END",
)
SET_RESULTS: Final = updating(tables.flagged_calls, ("result",), (("call_id", "call_id"),))
ALERT: Final = (
    "severity", "status", "detector", "fraud_type", "subject_kind", "subject", "incident_id", "dedup_key", "created_ms",
    "last_ms", "document",
)  # fmt: skip
INSERT_ALERTS: Final = inserting(
    tables.fraud_alerts, "ON CONFLICT (uuid) DO UPDATE SET uuid = excluded.uuid RETURNING id", ("uuid", *ALERT)
)
SET_ALERTS: Final = updating(tables.fraud_alerts, ALERT, (("id", "id"),))
UPDATE_ALERTS: Final = Bulk(  # but for one that another daemon's people are further with: ?2 is the status
    sqlite=f"{SET_ALERTS.sqlite} AND (status = 'new' OR status = ?2 OR ?2 IN ('resolved', 'false_positive'))",
    postgres=f"{SET_ALERTS.postgres}"
    " AND (t.status = 'new' OR t.status = n.status OR n.status IN ('resolved', 'false_positive'))",
)
DELETE_LISTS: Final = deleting(tables.number_lists, ("list", "kind", "value"))
UPSERT_LISTS: Final = inserting(
    tables.number_lists,
    "ON CONFLICT (list, kind, value) "
    + replacing("reason", "who", "created_ms", "expires_ms", "threshold", "window_ms"),
)
INSERT_ORDERS: Final = inserting(tables.fraud_orders, "ON CONFLICT (id) DO NOTHING")
MARK_ORDERS: Final = inserting(tables.fraud_orders, "ON CONFLICT (id) " + replacing("done", "result"))
INSERT_OUTBOX: Final = inserting(tables.outbox, "ON CONFLICT (tenant, shard, account, id) DO NOTHING")
NUMBERED: Final = UNNUMBERED.removesuffix("null,")
POST: Final = ("tenant", "shard", "account", "id")
NUMBER_POSTS: Final = Bulk(
    sqlite=f"UPDATE outbox SET body = replace(outbox.body, '{UNNUMBERED}', '{NUMBERED}' || a.id || ',')"
    " FROM fraud_alerts AS a WHERE outbox.tenant = ? AND outbox.shard = ? AND outbox.account = ? AND outbox.id = ?"
    f" AND a.uuid = ? AND instr(outbox.body, '{UNNUMBERED}') > 0",
    postgres=f"UPDATE outbox AS t SET body = replace(t.body, '{UNNUMBERED}', '{NUMBERED}' || a.id || ',')"
    f" FROM {unnested(tables.outbox, (*POST, 'body'), (*POST, 'uuid'))} JOIN fraud_alerts AS a ON a.uuid = n.uuid"
    f" WHERE {' AND '.join(f't.{name} = n.{name}' for name in POST)} AND strpos(t.body, '{UNNUMBERED}') > 0",
)
INSERT_AUDITS: Final = inserting(tables.fraud_audits, "", ("at_ms", "who", "what", "subject", "details"))
INSERT_RULES: Final = inserting(tables.fraud_rules, "", ("rules", "who", "set_ms"))
UPSERT_VAULT: Final = inserting(tables.vault, "ON CONFLICT (pseudonym) " + replacing("seen_ms"))


def commit(database: Database, words: Words, batch: FraudBatch) -> FraudStored:
    """Store the batch whole, or raise a StoreFault and store nothing of it."""
    events = Numbering(INSERT_EVENTS, *_events(batch))
    fresh = {alert.uuid: alert for alert in batch.alerts if not alert.id}
    alerts = Numbering(INSERT_ALERTS, [(uuid, *_alert(alert)) for uuid, alert in fresh.items()])
    known = _in_order(UPDATE_ALERTS, {a.id: (*_alert(a), a.id) for a in batch.alerts if a.id})
    changes = [
        events,
        *_records(words, batch.records),
        *_incidents(batch.incidents),
        *_flagged(batch.flagged),
        _in_order(SET_RESULTS, {call_id: (result, call_id) for call_id, result in batch.results}),
        alerts,
        known,
        *_lists(batch),
        *_orders(batch.orders),
        _outbox(batch.outbox),
        _numbered(batch.outbox),
        *_kept_by_hand(batch),
    ]
    changes = [change for change in changes if change.rows]
    counts = database.commit(changes) if changes else []
    left = known in changes and counts[changes.index(known)] < len(known.rows)
    ids = dict(zip(fresh, alerts.ids, strict=True))
    return FraudStored(
        tuple(events.ids),
        tuple([alert.id or ids[alert.uuid] for alert in batch.alerts]),
        overtaken(database, batch.alerts) if left else (),
    )


def _events(batch: FraudBatch) -> tuple[list[Row], int]:
    rows: list[Row] = []
    pages = 0
    for e in batch.events:
        content = packed(e.content)
        rows.append((e.received_ms, e.first_ms, e.last_ms, e.count, e.source, content))
        pages += len(content) // PAGE
    return rows, pages


def _records(words: Words, records: Sequence[CallRecord]) -> list[Change]:
    if not records:
        return []
    numbers = words.numbers([word for record in records for word in record_columns.words_of(record)])
    rows = {row[0]: row for row in [record_columns.row(record, numbers) for record in records]}
    return [Change(UPSERT_RECORDS, list(rows.values()))]


def _incidents(incidents: Sequence[IncidentRow]) -> list[Change]:
    rows = {i.id: _incident(i) for i in incidents}
    former = _former(incidents)
    moved = [(id, name) for name, id in sorted(former.items())]
    for name in former.keys() & rows.keys():  # it came and went within the batch
        del rows[name]
    changes = [_in_order(UPSERT_INCIDENTS, rows)]
    if former:
        changes += [
            Change(DELETE_INCIDENTS, [(name,) for _, name in moved]),
            Change(MOVE_ALIASES, moved),
            Change(UPSERT_ALIASES, sorted(former.items())),
            Change(MOVE_CALLS, moved),
            Change(MOVE_ALERTS, moved),
        ]
    return changes


def _former(incidents: Sequence[IncidentRow]) -> dict[str, str]:
    """Which id each former one has become, at the end of all that became of it within the batch."""
    became = {name: i.id for i in incidents for name in i.former_ids if name != i.id}
    for name in became:
        for _ in became:  # no longer than the longest way there can be
            if (further := became.get(became[name], name)) == name:
                break
            became[name] = further
    return became


def _incident(i: IncidentRow) -> Row:
    return (i.id, i.b_number, i.severity, i.opened_ms, i.last_ms, i.max_distinct, i.updated_ms, i.document)


def _flagged(calls: Sequence[FlaggedCallRow]) -> list[Change]:
    rows: dict[str, Row] = {}
    for c in calls:
        earlier = rows.get(c.call_id)
        result = c.result or (earlier[6] if earlier else "")
        b_number = c.b_number or None
        rows[c.call_id] = (
            *(c.call_id, c.incident_id, c.at_ms, c.a_number, c.switch_id, c.trunk, result, c.reason, b_number),
        )
    return [_in_order(UPSERT_FLAGGED, rows)]


def _alert(a: AlertRow) -> Row:
    return (
        a.severity, a.status, a.detector, a.fraud_type, a.subject_kind, a.subject, a.incident_id, a.dedup_key,
        a.created_ms, a.last_ms, a.document,
    )  # fmt: skip


def _lists(batch: FraudBatch) -> list[Change]:
    rows = {
        (e.list, e.kind, e.value): (
            *(e.list, e.kind, e.value, e.reason, e.who, e.created_ms, e.expires_ms, e.threshold, e.window_ms),
        )
        for e in batch.lists
    }
    return [Change(DELETE_LISTS, sorted(set(batch.lists_removed))), _in_order(UPSERT_LISTS, rows)]


def _orders(orders: Sequence[OrderRow]) -> list[Change]:
    given = {o.id: _order(o) for o in reversed(orders) if not o.done}
    marked = {o.id: _order(o) for o in orders if o.done}
    return [_in_order(INSERT_ORDERS, given), _in_order(MARK_ORDERS, marked)]


def _order(o: OrderRow) -> Row:
    return (o.id, o.tenant, o.account, o.actions_id, o.document, o.created_ms, o.done, o.result)


def _outbox(entries: Sequence[OutboxEntry]) -> Change:
    """No account has come to a version with them, so they are in line by the time at which they were made."""
    rows: dict[tuple[Any, ...], Row] = {}
    for place, e in enumerate(entries):
        rows.setdefault(
            (e.key.tenant, e.shard, e.key.account, e.id),
            (
                e.key.tenant, e.shard, e.key.account, e.id, 0, place, receiver_of(e.target), e.kind, e.target, e.body,
                e.created_ns, e.attempts, e.due_ns, 0, e.state, e.last_error,
            ),
        )  # fmt: skip
    return _in_order(INSERT_OUTBOX, rows)


def _numbered(entries: Sequence[OutboxEntry]) -> Change:
    """Posts say the ids of alerts that have one since this transaction. What is stored already says it already."""
    posts = [each for each in entries if each.alert]
    rows = {(e.key.tenant, e.shard, e.key.account, e.id): e.alert for e in posts}
    return Change(NUMBER_POSTS, [(*key, rows[key]) for key in sorted(rows)])


def _kept_by_hand(batch: FraudBatch) -> list[Change]:
    return [
        Change(INSERT_AUDITS, [(a.at_ms, a.who, a.what, a.subject, a.details) for a in batch.audits]),
        Change(INSERT_RULES, [(r.text, r.who, r.set_ms) for r in batch.rules]),
        _in_order(UPSERT_VAULT, {s.pseudonym: _sealed(s) for s in batch.vault}),
    ]


def _sealed(s: SealedNumber) -> Row:
    return (s.pseudonym, s.sealed, s.seen_ms)


def _in_order(bulk: Bulk, rows: dict[Any, Row]) -> Change:
    """One row a key, in the order of the keys."""
    return Change(bulk, [rows[key] for key in sorted(rows)])
