"""What fraud detection stores: rows, as plain values, and the batch in which they are stored, whole or not at all.

A chunk of call events and everything that they led to (calls flagged, incidents, alerts, orders to disconnect, posts)
are one `FraudBatch`, as a batch of debits and what they led to are one in a lane. Times are milliseconds since the
epoch; documents are JSON; numbers are texts as `triggers.numbers.number` shows them, pseudonyms where those are wanted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ratingd.store.rows import OutboxEntry
from triggers.calls.call_record import CallRecord

REFUSED: Final = "refused"
UNNUMBERED: Final = '"alert":{"id":null,'  # how an alert begins in a body; a quote within a text is never so written


class EventRow:
    """A chunk of events as they came: `content` is protobuf's CallEventsRequest, so `count` events one after the other.

    `received_ms` is when they came, and the time of those that say none. `first_ms` and `last_ms` bound their times.
    `source` is grpc, http, csv, folder, charging or kafka.
    """

    __slots__ = ("content", "count", "first_ms", "last_ms", "received_ms", "source")

    def __init__(self, received_ms: int, first_ms: int, last_ms: int, count: int, source: str, content: bytes) -> None:
        self.received_ms: Final = received_ms
        self.first_ms: Final = first_ms
        self.last_ms: Final = last_ms
        self.count: Final = count
        self.source: Final = source
        self.content: Final = content


@dataclass(frozen=True, slots=True)
class StoredEvents:
    """An EventRow as it was read; `id` rises with time."""

    id: int
    row: EventRow


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """A masking run. `document` holds callers, trunks, explanation and the rest of what is shown of it."""

    id: str
    b_number: str
    severity: str
    opened_ms: int
    last_ms: int
    max_distinct: int
    updated_ms: int
    document: str
    former_ids: tuple[str, ...] = ()  # rows of these ids go, and whoever asks for them finds this one


@dataclass(frozen=True, slots=True)
class FlaggedCallRow:
    """A call that was judged fraud. `result` of disconnecting it: "", OK, ALREADY_ENDED or FAILED; one that is stored
    already is kept where this one is "".

    `reason` is masking, refused (of a masking run too, but it never started: its own INVITE was answered DISCONNECT),
    blacklist, blocked or the id of a rule. A call of a masking run has the number called from its
    incident; one that belongs to no incident (`incident_id` "") says it itself, so that victims can be counted.
    """

    call_id: str
    incident_id: str
    at_ms: int
    a_number: str
    switch_id: str
    trunk: str
    result: str = ""
    reason: str = "masking"
    b_number: str = ""


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert. `id` 0 is a new one: the store gives the next, unless the `uuid` is there already. Then nothing changes
    and its id is given, so that a replay doubles no alert and undoes no acknowledgement.

    `document` is all that is shown of it, but for `id`.
    """

    id: int
    uuid: str
    severity: str
    status: str  # new, acked, resolved or false_positive
    detector: str
    fraud_type: str
    subject_kind: str
    subject: str
    incident_id: str
    dedup_key: str
    created_ms: int
    last_ms: int
    document: str


@dataclass(frozen=True, slots=True)
class ListRow:
    """An entry of b_whitelist, a_whitelist or blacklist. The first three fields are its key; `expires_ms` 0: never."""

    list: str
    kind: str  # number, prefix or trunk
    value: str
    reason: str
    who: str
    created_ms: int
    expires_ms: int
    threshold: int = 0
    window_ms: int = 0


@dataclass(frozen=True, slots=True)
class OrderRow:
    """Actions that a rule or an incident has an account do. `id` is the idempotency key of the lane's command."""

    id: str
    tenant: str
    account: str
    actions_id: str  # a set of Actions.csv; "" where `document` holds the actions themselves
    document: str
    created_ms: int
    done: bool = False
    result: str = ""


@dataclass(frozen=True, slots=True)
class AuditRow:
    at_ms: int
    who: str
    what: str  # lookup, list.add, list.remove, alert.ack, alert.resolve, disconnect, rules.set, metrics.reset …
    subject: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class RulesRow:
    text: str
    who: str
    set_ms: int


@dataclass(frozen=True, slots=True)
class SealedNumber:
    """A number in the vault, under its pseudonym. `seen_ms`: when it was last in use, for its time to be forgotten."""

    pseudonym: str
    sealed: bytes
    seen_ms: int


@dataclass(frozen=True, slots=True)
class FraudBatch:
    """Stored in one transaction. Rows with a key that is stored already replace what was there; orders do not."""

    events: Sequence[EventRow] = ()
    records: Sequence[CallRecord] = ()
    incidents: Sequence[IncidentRow] = ()
    flagged: Sequence[FlaggedCallRow] = ()
    results: Sequence[tuple[str, str]] = ()  # (call_id, result) of flagged calls that are stored, or in this batch
    alerts: Sequence[AlertRow] = ()
    lists: Sequence[ListRow] = ()
    lists_removed: Sequence[tuple[str, str, str]] = ()
    orders: Sequence[OrderRow] = ()
    outbox: Sequence[OutboxEntry] = ()  # those whose id is stored already are left out
    audits: Sequence[AuditRow] = ()
    rules: Sequence[RulesRow] = ()
    vault: Sequence[SealedNumber] = ()


@dataclass(frozen=True, slots=True)
class FraudStored:
    """Ids of each of the batch's `events` and of each of its `alerts`, known ones too, in their order. `overtaken` are
    alerts that were left as they stand, for people at another daemon have acknowledged or resolved them.
    """

    event_ids: tuple[int, ...] = ()
    alert_ids: tuple[int, ...] = ()
    overtaken: tuple[AlertRow, ...] = ()


@dataclass(frozen=True, slots=True)
class StoredRecord:
    """A call record as it was read; `id` rises with the order in which calls were first stored."""

    id: int
    record: CallRecord


@dataclass(frozen=True, slots=True)
class StoredIncident:
    """An incident with its calls, in the order of time."""

    row: IncidentRow
    calls: Sequence[FlaggedCallRow]


@dataclass(frozen=True, slots=True)
class StoredAudit:
    id: int
    row: AuditRow
