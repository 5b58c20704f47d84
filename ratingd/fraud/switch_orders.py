"""Orders to cut flagged calls: ordinary entries of the outbox, one for each call whatever happens.

Call c-17 on switch sbc-1 belongs to a masking run. Its order has the id "masking:sbc-1:c-17", so the calls that a crash
has the detector look at twice are ordered once, and a call flagged again while its run goes on is not told again. Whose
account it is, is who the switch said pays, or the caller.
"""

import json
from typing import Final

from accounts.account import AccountKey
from ratingd.delivery.disconnect_order import KIND
from ratingd.store.rows import OutboxEntry, shard_of
from triggers.masking.incident import Attempt

MASKING: Final = "masking"
CALL_MASKED: Final = "CALL_MASKED"  # the Reason that a switch is told
CAUSE: Final = 21  # Q.850: call rejected
MS_NS: Final = 1_000_000


def order_id(switch_id: str, call_id: str) -> str:
    return f"{MASKING}:{switch_id}:{call_id}"


def is_ours(entry: OutboxEntry) -> bool:
    """Whether fraud detection ordered it, and wants to know what came of it."""
    return entry.kind == KIND and entry.id.startswith(f"{MASKING}:")


def call_of(entry: OutboxEntry) -> str:
    """The call that an order is about."""
    return str(json.loads(entry.body)["call_id"])


def cut(attempt: Attempt, incident_id: str, key: AccountKey, now_ms: int, text: str = MASKING) -> OutboxEntry:
    """Have a switch end a call. `text` is the type of fraud, for people."""
    body = {
        "call_id": attempt.call_id,
        "reason": CALL_MASKED,
        "cause": CAUSE,
        "text": text,
        "incident_id": incident_id,
        "trigger_group": "",
        "trigger_id": "",
    }
    now_ns = now_ms * MS_NS
    return OutboxEntry(
        order_id(attempt.switch_id, attempt.call_id), key, shard_of(key), KIND, attempt.switch_id,
        json.dumps(body, separators=(",", ":")), now_ns, due_ns=now_ns,
    )  # fmt: skip
