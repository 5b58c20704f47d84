"""Protection that accounts ask for: what *alert, *block_number, *block_trunk and *limit_session of a set come to.

The monitor FRAUD/F1 of account 1001 fires, and its set limits the account's calls to a minute and raises an alert. Both
were committed with the debit, as entries of the outbox; here they become a limit and an alert. Should the daemon die in
between they come again, under the same ids, and change nothing a second time.
"""

import json
from typing import Any, Final, Protocol

from ratingd import observe
from ratingd.delivery.attempt import Attempt, Judgement, Verdict
from ratingd.errors import Unavailable
from ratingd.fraud.alert import Alert
from ratingd.fraud.alert_book import AlertBook, Shelf
from ratingd.fraud.blocks import ACCOUNT, NUMBER, TRUNK, Blocks, block, limit
from ratingd.store.faults import StoreUnavailable
from ratingd.store.fraud_rows import FraudBatch, ListRow
from ratingd.store.rows import OutboxEntry
from triggers.numbers.number import Number

DONE: Final = Attempt(Judgement(Verdict.DELIVERED))
KIND: Final = "protect"


class Numbers(Protocol):
    def read(self, raw: str) -> Number: ...


class ProtectionCarrier:
    """Thread-safe."""

    kind: Final = KIND

    def __init__(self, shelf: Shelf, book: AlertBook, blocks: Blocks, numbers: Numbers) -> None:
        self._shelf: Final = shelf
        self._book: Final = book
        self._blocks: Final = blocks
        self._numbers: Final = numbers

    def carry(self, entry: OutboxEntry) -> Attempt:
        asked: dict[str, Any] = json.loads(entry.body)
        try:
            if entry.target == "alert":
                self._book.raise_now(_alert(entry, asked))
            else:
                self._enter(entry, asked)
        except (Unavailable, StoreUnavailable) as fault:
            return Attempt(Judgement(Verdict.RETRY, str(fault)))
        return DONE

    def close(self) -> None:
        pass

    def _enter(self, entry: OutboxEntry, asked: dict[str, Any]) -> None:
        row = self._row(entry, asked)
        if row is not None:
            self._shelf.commit(FraudBatch(lists=[row]))
            self._blocks.take([row])
            observe.event("fraud.protected", list=row.list, kind=row.kind, value=row.value, account=str(entry.key))

    def _row(self, entry: OutboxEntry, asked: dict[str, Any]) -> ListRow | None:
        at_ms: int = asked["at_ms"]
        until_ms, who = at_ms + asked["duration_ms"], f"account {entry.key}"
        reason = asked["actions_id"]
        match entry.target:
            case "limit_session":
                return limit(ACCOUNT, str(entry.key), asked["limit_ms"], reason, who, at_ms, until_ms)
            case "block_trunk":
                return block(TRUNK, asked["value"], reason, who, at_ms, until_ms)
            case _:
                number = self._numbers.read(asked["value"])
                if number.emergency:
                    observe.event("fraud.not_blocked", number=number.text, cause="an emergency number")
                    return None
                return block(NUMBER, number.text, reason, who, at_ms, until_ms)


def _alert(entry: OutboxEntry, asked: dict[str, Any]) -> Alert:
    trigger = asked.get("trigger", {})
    name = f"{trigger['ID']}/{trigger['UniqueID']}" if trigger else ""
    observed = _number(trigger.get("Observed", ""))
    said = f"monitor {name} reached {trigger['ThresholdValue']}: {trigger['Observed']}" if trigger else ""
    return Alert(
        asked["Severity"],
        asked.get("Title") or f"Account {entry.key}: {asked['actions_id'] or 'an operator asked for it'}",
        said or f"the set {asked['actions_id']} was run",
        "trigger" if trigger else "actions",
        asked.get("FraudType") or "monitor",
        "account", str(entry.key), asked["at_ms"], asked["at_ms"], asked["at_ms"],
        call_ids=[asked["call_id"]] if asked.get("call_id") else [],
        value=observed, threshold=_number(trigger.get("ThresholdValue", "")),
        tenant=entry.key.tenant, account=entry.key.account,
        trigger=name, fired=bool(trigger) and not asked.get("recurrent", False),
    )  # fmt: skip


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
