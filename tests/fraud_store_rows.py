"""Rows of fraud detection for tests, with what does not matter filled in."""

from typing import Any

from accounts.account import AccountKey
from ratingd.store.fraud_rows import AlertRow, EventRow, FlaggedCallRow, IncidentRow, ListRow, OrderRow
from ratingd.store.rows import OutboxEntry, shard_of
from triggers.calls.call_record import CallRecord

B = "+4930123456"
ACCOUNT = AccountKey("cgrates.org", "1001")


def events(received_ms: int = 1000, content: bytes = b"\x0a\x00", count: int = 1) -> EventRow:
    return EventRow(received_ms, received_ms - 2, received_ms - 1, count, "grpc", content)


def incident(id: str = "i1", opened_ms: int = 1000, **given: Any) -> IncidentRow:
    usual: dict[str, Any] = {
        "b_number": B,
        "severity": "CRITICAL",
        "last_ms": opened_ms + 400,
        "max_distinct": 5,
        "updated_ms": opened_ms + 500,
        "document": '{"callers":[]}',
    }
    return IncidentRow(id=id, opened_ms=opened_ms, **usual | given)


def flagged(call_id: str, incident_id: str = "i1", at_ms: int = 1000, **given: Any) -> FlaggedCallRow:
    usual: dict[str, Any] = {"a_number": "+37190012345", "switch_id": "sw1", "trunk": "wholesale-1"}
    return FlaggedCallRow(call_id=call_id, incident_id=incident_id, at_ms=at_ms, **usual | given)


def alert(uuid: str, id: int = 0, **given: Any) -> AlertRow:
    usual: dict[str, Any] = {
        "severity": "HIGH",
        "status": "new",
        "detector": "masking",
        "fraud_type": "masking",
        "subject_kind": "b",
        "subject": B,
        "incident_id": "",
        "dedup_key": "masking|b|" + B,
        "created_ms": 1000,
        "last_ms": 1000,
        "document": "{}",
    }
    return AlertRow(id=id, uuid=uuid, **usual | given)


def entry(value: str = B, list: str = "b_whitelist", kind: str = "number", **given: Any) -> ListRow:
    usual: dict[str, Any] = {"reason": "call centre", "who": "ann", "created_ms": 1000, "expires_ms": 0}
    return ListRow(list=list, kind=kind, value=value, **usual | given)


def order(id: str, created_ms: int = 1000, **given: Any) -> OrderRow:
    usual: dict[str, Any] = {"tenant": "cgrates.org", "account": "1001", "actions_id": "DISABLE", "document": "{}"}
    return OrderRow(id=id, created_ms=created_ms, **usual | given)


def post(id: str, body: str = "{}") -> OutboxEntry:
    return OutboxEntry(id, ACCOUNT, shard_of(ACCOUNT), "disconnect", "sw1", body, 5, due_ns=5)


def alert_post(id: str, uuid: str, body: str = '{"alert":{"id":null,"uuid":"u"}}') -> OutboxEntry:
    return OutboxEntry(id, ACCOUNT, shard_of(ACCOUNT), "webhook", "https://noc", body, 5, due_ns=5, alert=uuid)


def record(call_id: str = "c1", a: str = "+49301234567", b: str = B, start_ms: int = 1000, **given: Any) -> CallRecord:
    return CallRecord(call_id, a, b, start_ms, **given)
