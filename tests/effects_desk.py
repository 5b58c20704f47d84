"""Fraud effects over a real store, fed by the real watch: calls in, rows and what was told out."""

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from ratingd.engine.command import Command, Reply
from ratingd.fraud.alert_book import AlertBook
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.effects import EffectTerms, FraudEffects
from ratingd.fraud.orders import AccountOrders
from ratingd.fraud.posts import Posts
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.store import Store
from tariffs.zone import UTC
from triggers.calls.call_event import INVITE, CallEvent
from triggers.masking.decision import DecisionTerms
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import ListEntry, NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.rules.rule_file import read_rules
from triggers.traffic.terms import TrafficTerms
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.outcome import Outcome
from triggers.watch.watch_terms import WatchTerms

NUMBERS: Final = NumberReader("DE")
NOON_MS: Final = 1_795_262_400_000  # 2026-11-21 12:00 UTC
B: Final = "+493012345678"
URL: Final = "https://noc.example.org/alerts"


class EffectsDesk:
    """`calls` are times in seconds after noon and callers; each `batch` is one transaction."""

    def __init__(
        self,
        store: Store,
        *,
        rules: str = "",
        lists: Sequence[ListEntry] = (),
        auto_disconnect: bool = True,
        block_ms: int = 0,
        dedup_ms: int = 300_000,
        storm_max: int = 100,
        ended: Callable[[str], bool] = lambda call_id: False,
    ) -> None:
        book, findings = read_rules(rules) if rules else (RuleBook(), [])
        assert not findings, findings
        masking = MaskingTerms(5_000, 5, lateness_ms=5_000, cooldown_ms=60_000)
        decisions = DecisionTerms(auto_disconnect=auto_disconnect)
        terms = WatchTerms(masking, TrafficTerms(zone=UTC), decisions)
        self.store: Final = store
        self.blocks: Final = Blocks(store.fraud.lists())
        self.watch: Final = FraudWatch(terms, NumberLists(lists), book, self.blocks)
        self.book: Final = AlertBook(
            store.fraud, dedup_ms=dedup_ms, storm_max=storm_max, posts=Posts((URL,), "cgrates.org")
        )
        self.book.load(store.fraud.open_alerts())
        self.submitted: Final[list[tuple[Command, Callable[[Reply], None]]]] = []
        self.orders: Final = AccountOrders(lambda command, done: self.submitted.append((command, done)))
        self.told: Final[list[dict[str, Any]]] = []
        self.book.listen(self.told.append)
        self.effects: Final = FraudEffects(
            EffectTerms("cgrates.org", (URL,), block_ms), self.book, self.blocks, self.orders, ended=ended
        )
        self._made = 0

    def outcome(self, at: float, a: str, b: str = B, *, call_id: str = "", account: str = "") -> Outcome:
        self._made += 1
        at_ms = NOON_MS + round(1000 * at)
        event = CallEvent(
            INVITE, at_ms, call_id or f"c-{self._made}", NUMBERS.caller(a), NUMBERS.read(b), trunk="t-7",
            switch_id="sbc-1", tenant="cgrates.org", account=account, received_ms=at_ms,
        )  # fmt: skip
        return self.watch.take(event)

    def batch(self, *outcomes: Outcome, now: float = 0.0) -> FraudBatch:
        """What these lead to, stored."""
        return self.stored(self.effects.rows(outcomes, NOON_MS + round(1000 * now)))

    def due(self, now: float) -> FraudBatch:
        batch = self.effects.due(NOON_MS + round(1000 * now))
        return FraudBatch() if batch is None else self.stored(batch)

    def stored(self, batch: FraudBatch) -> FraudBatch:
        self.effects.stored(batch, self.store.fraud.commit(batch))
        return batch

    def burst(self, begin: float = 0.0, callers: int = 5, b: str = B, *, prefix: str = "+4930555100") -> FraudBatch:
        """So many callers within a second, as one batch."""
        calls = [self.outcome(begin + number / 10, f"{prefix}{number}", b) for number in range(callers)]
        return self.batch(*calls, now=begin + 1)

    def alerts(self) -> list[dict[str, Any]]:
        """As they are stored, the oldest first."""
        return [{"id": row.id} | json.loads(row.document) for row in reversed(self.store.fraud.alerts(limit=1000))]


def posted(batch: FraudBatch) -> list[str]:
    """The events that a batch posts."""
    return [json.loads(entry.body)["event"] for entry in batch.outbox if entry.kind == "webhook"]
