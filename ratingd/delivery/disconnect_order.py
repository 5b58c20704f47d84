"""An order to disconnect as a switch hears it, and what it may answer."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ratingd.store.rows import OutboxEntry

KIND: Final = "disconnect"


class Outcome(StrEnum):
    CUT = "CUT"
    CALL_UNKNOWN = "CALL_UNKNOWN"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Disconnect:
    """What a switch is told. `attempt` counts from 1, since this daemon started."""

    id: str
    switch_id: str
    call_id: str
    tenant: str
    account: str
    reason: str
    trigger_group: str
    trigger_id: str
    created_ns: int
    attempt: int


def disconnect(entry: OutboxEntry, attempt: int) -> Disconnect:
    body = json.loads(entry.body)
    return Disconnect(
        id=entry.id,
        switch_id=entry.target,
        call_id=body["call_id"],
        tenant=entry.key.tenant,
        account=entry.key.account,
        reason=body.get("reason", ""),
        trigger_group=body.get("trigger_group", ""),
        trigger_id=body.get("trigger_id", ""),
        created_ns=entry.created_ns,
        attempt=attempt,
    )
