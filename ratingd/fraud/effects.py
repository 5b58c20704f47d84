"""Effects: what detection leads to, as rows of the transaction that stores the events, and what is done once they are.

Five calls to one number come in one batch. The batch gets their five events, the run as one row, five flagged calls,
five orders to cut, one alert and one signed post to each receiver: all of it on disk, or none. Then the outbox is
woken, what accounts are to do is handed to their lanes, and whoever watches is told of the alert.

    rows(outcomes, now_ms)   before the commit, on the writer's thread
    stored(batch, stored)    after it; `dropped(batch)` where it never will be
    due(now_ms)              about once a second: what was put off, and what came of orders

Everything has an id that is made of what it is about, so after a crash the same calls lead to the same rows, and what
was stored, told or ordered already is so once.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Final

from accounts.account import AccountKey
from ratingd.fraud.alert import HIGH, Alert
from ratingd.fraud.alert_book import AGAIN, NEW, AlertBook
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.gathered import Gathered
from ratingd.fraud.masking_effects import MaskingEffects
from ratingd.fraud.model_reasons import ModelReasons
from ratingd.fraud.orders import AccountOrders, alert_of, named
from ratingd.fraud.pace import Pace
from ratingd.fraud.posts import CREATED, EVERY_MS, UPDATED
from ratingd.fraud.rule_effects import RuleEffects
from ratingd.fraud.switch_orders import MASKING
from ratingd.store.fraud_rows import FlaggedCallRow, FraudBatch, FraudStored, IncidentRow
from triggers.calls.call_event import CallEvent
from triggers.watch.outcome import Outcome

BLACKLIST: Final = "blacklist"
BLOCKED: Final = "blocked"
BLACKLIST_DEDUP_MS: Final = 3_600_000


@dataclass(frozen=True, slots=True)
class EffectTerms:
    """What the settings say. `webhooks` are the URLs that alerts are posted to."""

    tenant: str
    webhooks: Sequence[str] = ()
    block_ms: int = 0  # how long trunks of a run are kept from its number
    score_threshold: float = 0.7  # from which on a model's score is masking


class FraudEffects:
    """`ended` says whether a call is known to be over, `payer` whose it is; `wake` has the outbox looked at for entries
    of some kinds; `tick` is called with each `due`; `reasons` says why models score so. One thread at a time."""

    def __init__(
        self,
        terms: EffectTerms,
        book: AlertBook,
        blocks: Blocks,
        orders: AccountOrders,
        *,
        ended: Callable[[str], bool] = lambda call_id: False,
        payer: Callable[[str], AccountKey | None] = lambda call_id: None,
        wake: Callable[[Collection[str]], None] = lambda kinds: None,
        tick: Callable[[int], None] = lambda now_ms: None,
        reasons: ModelReasons | None = None,
    ) -> None:
        posts, pace = book.posts, Pace(EVERY_MS)
        self._book: Final = book
        self._blocks: Final = blocks
        self._orders: Final = orders
        self._wake: Final = wake
        self._tick: Final = tick
        self._posts: Final = posts
        self._pace: Final = pace
        self._reasons: Final = reasons or ModelReasons()
        self._masking: Final = MaskingEffects(
            book, posts, pace, ended, payer, self._reasons,
            tenant=terms.tenant, block_ms=terms.block_ms, score_threshold=terms.score_threshold,
        )  # fmt: skip
        self._rules: Final = RuleEffects(tenant=terms.tenant)
        self.flagged_total: Final[dict[str, int]] = {}  # calls, by who flagged them

    @property
    def incidents_total(self) -> dict[str, int]:
        """Incidents opened since the start, by severity."""
        return self._masking.opened_total

    def resume(self, row: IncidentRow) -> None:
        """A masking run of before a start may go on."""
        self._masking.resume(row)

    def rows(self, outcomes: Sequence[Outcome], now_ms: int) -> FraudBatch:
        """Everything that these lead to, but for the rows of the events themselves."""
        found = Gathered(now_ms)
        for outcome in outcomes:
            if outcome.scored is not None and outcome.row is not None:
                self._reasons.keep(outcome.event, outcome.row, outcome.scored)
            if outcome.placed is not None and outcome.placed.incident is not None:
                self._masking.take(outcome, found)
            if outcome.attempt and outcome.verdict.reasons:
                self._refused(outcome, found)
            for hit in outcome.hits:
                alert = self._rules.take(hit, outcome.event, found)
                if alert is not None:
                    self._raise(alert, found)
            if outcome.record is not None:
                found.records.append(outcome.record)
        self._masking.finish(found)
        return self._batch(found)

    def due(self, now_ms: int) -> FraudBatch | None:
        """What was put off and need not be any longer; None where there is nothing. Commit it like any other."""
        self._tick(now_ms)
        self._orders.again()
        found = Gathered(now_ms)
        found.outbox.extend(self._pace.overdue(now_ms))
        batch = self._batch(found)
        return batch if batch.outbox or batch.orders or batch.alerts else None

    def stored(self, batch: FraudBatch, stored: FraudStored) -> None:
        """It is on disk: do what waited for that."""
        self._blocks.take(batch.lists)
        self._book.committed(stored.alert_ids, stored.overtaken)
        self._orders.hand_over([order for order in batch.orders if not order.done])
        if batch.outbox:
            self._wake({entry.kind for entry in batch.outbox})

    def dropped(self, batch: FraudBatch) -> None:
        """It will not be stored: what can be said again goes with the next batch."""
        self._book.dropped()
        self._orders.give_back([order for order in batch.orders if order.done])

    def _refused(self, outcome: Outcome, found: Gathered) -> None:
        """A call that met the blacklist or a block: it never starts, and one alert an hour tells of the entry."""
        event, entry = outcome.event, outcome.blacklisted
        for reason in (BLACKLIST, BLOCKED):
            if reason in outcome.verdict.reasons:
                found.flag(_refused_row(event, reason))
        if entry is None or not outcome.blacklist_due:
            return
        alert = Alert(
            HIGH, f"Call refused: {entry.kind} {entry.value} is on the blacklist", entry.reason, BLACKLIST, BLACKLIST,
            entry.kind, entry.value, found.now_ms, event.at_ms, event.at_ms,
            caller_id=event.a.text, call_ids=[event.call_id], value=1.0, threshold=1.0,
            tenant=event.tenant, account=event.account,
        )  # fmt: skip
        self._raise(alert, found, dedup_ms=BLACKLIST_DEDUP_MS)

    def _raise(self, alert: Alert, found: Gathered, *, dedup_ms: int = -1) -> None:
        """Have it in the book, and told: at once where it is new, at the pace of what goes on where it is not."""
        kept, what = self._book.raised(alert, dedup_ms=dedup_ms)
        for result in alert.action_results:
            if kept.add_result(result):
                self._book.changed(kept)
        if what == NEW:
            self._pace.told(kept.uuid, found.now_ms)
            found.outbox.extend(self._posts.told(CREATED, kept, found.now_ms))
        elif what == AGAIN and self._posts:
            tell = lambda now_ms: self._posts.told(UPDATED, kept, now_ms)  # noqa: E731
            found.outbox.extend(self._pace.tell(kept.uuid, found.now_ms, tell))

    def _batch(self, found: Gathered) -> FraudBatch:
        finished = self._orders.finished()
        for order in finished:
            self._book.add_result(alert_of(order), f"{named(order)}: {order.result}")
        for row in found.flagged.values():
            who = MASKING if row.incident_id else row.reason
            self.flagged_total[who] = self.flagged_total.get(who, 0) + 1
        return FraudBatch(
            records=found.records,
            incidents=found.incidents,
            flagged=list(found.flagged.values()),
            alerts=self._book.taken(),
            lists=list(found.lists.values()),
            orders=[*found.orders.values(), *finished],
            outbox=found.outbox,
        )


def _refused_row(event: CallEvent, reason: str) -> FlaggedCallRow:
    return FlaggedCallRow(
        event.call_id, "", event.at_ms, event.a.text, event.switch_id, event.trunk,
        reason=reason, b_number=event.b.text,
    )  # fmt: skip
