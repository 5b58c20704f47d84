"""Fraud detection as a part of the daemon: all that it is made of, put together, started in order, stopped in reverse.

    fraud = FraudRuntime(settings, store, scorers, wake=delivery.wake)
    engine = Engine(…, admitting=fraud.desk)     # charged calls are asked about
    fraud.connect(delivery, engine)
    fraud.start(engine.submit)                   # lists, rules and alerts; then the window as it was before the end
    …                                            # requests come in
    fraud.stop()                                 # all that was taken is stored

`desk` is where events are brought and questions asked; `book` keeps the alerts, `lists` and `rules` are changed by
people, `blocks` says what is refused, `threats` tells who watches, `vault` opens pseudonyms.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Set
from pathlib import Path
from typing import Final

from ratingd import observe
from ratingd.api.event_message import EventReader
from ratingd.delivery.delivery import Delivery
from ratingd.engine.command import Command, Reply
from ratingd.engine.engine import Engine
from ratingd.errors import InvariantBroken
from ratingd.fraud.alert import OPEN
from ratingd.fraud.alert_book import KEPT, AlertBook
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.call_scores import CallScores
from ratingd.fraud.caller_risks import CallerRisks
from ratingd.fraud.campaign_desk import EVERY_S, CampaignDesk
from ratingd.fraud.cut_results import CutResults
from ratingd.fraud.desk import FraudDesk
from ratingd.fraud.effects import FraudEffects
from ratingd.fraud.investigation import Investigation
from ratingd.fraud.list_book import ListBook
from ratingd.fraud.lists_in_force import ListsInForce
from ratingd.fraud.metric_monitors import MetricMonitors
from ratingd.fraud.model_reasons import Explain, ModelReasons
from ratingd.fraud.orders import AccountOrders, Submit
from ratingd.fraud.posts import WEBHOOK, Posts
from ratingd.fraud.protection_carrier import ProtectionCarrier
from ratingd.fraud.pseudonym import MARK, Pseudonyms
from ratingd.fraud.recovery import DAY_MS, Recovery
from ratingd.fraud.retention import forget_old
from ratingd.fraud.rule_desk import RuleDesk
from ratingd.fraud.sealing import Sealing
from ratingd.fraud.still import Still
from ratingd.fraud.suspect_flags import SuspectFlags
from ratingd.fraud.terms import effect_terms, watch_terms
from ratingd.fraud.threat_stats import ThreatStats
from ratingd.fraud.threat_stream import ThreatStream
from ratingd.fraud.vault import NumberVault
from ratingd.fraud.writer import FraudWriter
from ratingd.models.live_models import LiveModels
from ratingd.models.scorers import Scorers
from ratingd.scheduler.rounds import Round
from ratingd.settings import Settings
from ratingd.shipped_rules import shipped_rules
from ratingd.store.faults import StoreFault
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.seen_calls import calls_seen_since
from ratingd.store.store import Store
from triggers.metric_monitor import KNN, RISK
from triggers.numbers.logged_numbers import LoggedNumbers
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.watch.fraud_watch import FraudWatch

HOUR_S: Final = 3_600.0
FOLLOW_S: Final = 2.0  # how often it is looked for what others have set at another daemon on the same database
METRIC_DAYS: Final = 7  # the longest window of a metric


class FraudRuntime:
    """`scorers` are the models in use; `action_ids` gives the action sets that a rule may name, where it is known."""

    def __init__(
        self,
        settings: Settings,
        store: Store,
        scorers: Scorers | None = None,
        *,
        wake: Callable[[Collection[str]], None] = lambda kinds: None,
        action_ids: Callable[[], Set[str] | None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        shelf = store.fraud
        self._settings: Final = settings
        self._store: Final = store
        self._reasons: Final = ModelReasons()
        scorers = scorers or Scorers()
        self._models: Final = LiveModels(scorers)
        self._reasons.version = self._models.version
        self.call_scores: Final = CallScores(self._models, shelf)
        self._clock: Final = clock
        self._submit_to: Submit | None = None
        self._destinations: Callable[[str], Iterable[str]] = lambda digits: ()
        self._stopping: Final = threading.Event()
        self._still: Final = Still()
        key = settings.number_key.get_secret_value()
        self.vault: Final = NumberVault(shelf, key) if settings.hash_numbers else None
        self._sealing: Final = None if self.vault is None else Sealing(Pseudonyms(key), self.vault, clock)
        self.numbers: Final = NumberReader(
            settings.default_region, settings.emergency_numbers, settings.anonymous_distinct_by, self._sealing
        )
        self.blocks: Final = Blocks()
        terms = effect_terms(settings)
        self.book: Final = AlertBook(
            shelf,
            dedup_ms=settings.alert_dedup_seconds * 1000,
            storm_max=settings.alert_storm_per_minute,
            posts=Posts(terms.webhooks, terms.tenant),
            wake=lambda: wake((WEBHOOK,)),
            clock=clock,
        )
        self.orders: Final = AccountOrders(self._submit)
        self.effects: Final = FraudEffects(
            terms, self.book, self.blocks, self.orders,
            ended=lambda call_id: self.desk.ended(call_id),
            payer=lambda call_id: self.desk.payer(call_id),
            wake=wake,
            tick=lambda now_ms: self.monitors.look_again(now_ms),
            reasons=self._reasons,
        )  # fmt: skip
        self.writer: Final = FraudWriter(
            shelf, self.effects, clock, settle=self._still.settle, score=self.call_scores.take,
            sealed=tuple if self._sealing is None else self._sealing.taken,
        )  # fmt: skip
        self.desk: Final = self._new_desk()
        self._still.guarded_by(self.desk.lock)
        self.risks: Final = CallerRisks(
            self.desk.watch, self.desk.lock, scorers, self._reasons.asked,
            spared=lambda caller: self.numbers.read(caller).emergency,
        )  # fmt: skip
        self.desk.watch.risks = self.risks
        self._lists_in_force: Final = ListsInForce(shelf, self.blocks, self.desk.set_lists)
        self.lists: Final = ListBook(shelf, self.numbers, self.lists_changed, clock)
        self.rules: Final = RuleDesk(
            shelf, self.desk.set_rules, shipped_rules(), file=own_rules(settings), action_ids=action_ids, clock=clock
        )
        self.stats: Final = ThreatStats(self.desk.stats, shelf, lambda: self.campaigns)
        self.threats: Final = ThreatStream(self.stats, campaign_of=self._campaign_id, clock=clock)
        self.results: Final = CutResults(shelf)
        self.monitors: Final = MetricMonitors(
            self._submit, self._metric, self.risks.at_attempt, self._destinations_of, tenant=settings.default_tenant
        )
        self.risks.on_scored(lambda event, risk: self.monitors.scored(event, RISK, risk))
        self.call_scores.on_scored(lambda event, scam: self.monitors.scored(event, KNN, 100 * scam))
        self.carrier: Final = ProtectionCarrier(shelf, self.book, self.blocks, self.numbers)
        self.recovery: Final = Recovery(
            self.desk,
            self._log_reader(),
            shelf,
            lambda since_ns: calls_seen_since(store.database, since_ns),
            self.effects.resume,
            dedup_ms=settings.dedup_ttl_seconds * 1000,
            events_ms=min(settings.events_days, METRIC_DAYS) * DAY_MS,
        )
        self.investigation: Final = Investigation(self.desk, store, self.book, settings, clock)
        self.investigation.scored_by(self.risks.score)
        self.investigation.lookup.knn = self.call_scores.of
        self.campaigns: Final = self._new_campaigns()
        self.investigation.follow(self.campaigns)
        self._minutely: Final = Round("campaigns", self.campaigns.run, self._stopping, every_s=EVERY_S, first_s=EVERY_S)
        self._hourly: Final = threading.Thread(target=self._keep_house, name="fraud-hourly", daemon=True)
        self._follower: Final = threading.Thread(target=self._follow, name="fraud-follower", daemon=True)

    def connect(self, delivery: Delivery, engine: Engine) -> None:
        """Have heard what becomes of disconnects, what accounts ask for, and which of them watch traffic. Before the
        start."""
        delivery.add(self.carrier)
        delivery.desk.on_result(self.results.took)
        engine.on_watched(self.monitors.written)
        self._destinations = lambda digits: destinations(engine, digits)
        self.investigation.priced_by(lambda: engine.plans.current(engine.clock()).book.tariff)

    def explained_by(self, explain: Explain, prepared: Callable[[str], bool]) -> None:
        """Have this say why a model scores a row as it does, and that whether it can at once. Before the start."""
        self._reasons.explain, self._reasons.prepared = explain, prepared

    def start(self, submit: Submit) -> None:
        """Be where detection was when it ended; after this events may come. `submit` is the engine's."""
        self._submit_to = submit
        shelf = self._store.fraud
        self.lists_changed()
        self.rules.load()
        self.book.load(reversed(shelf.alerts(status=OPEN, limit=KEPT)))
        self._silence_rules()
        self.writer.start()
        self.recovery.restore()
        self.orders.resume(shelf.orders_open())
        self.book.listen(self.threats.alert)
        self.desk.listen(self.threats.saw)
        self.desk.listen(self.risks.took)
        self.monitors.load(self._store)
        self.desk.listen(self.monitors.took)
        self.campaigns.load()
        self.desk.listen(self.campaigns.took)
        self.threats.start()
        self.risks.start()
        self.recovery.start()
        self._minutely.start()
        self._hourly.start()
        if self._store.shared:
            self._follower.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """Nobody brings events any more: store what was taken, then end."""
        self._stopping.set()
        self.recovery.stop()
        self.threats.stop()
        self.risks.stop(timeout_s)
        self.writer.stop(timeout_s)
        for thread in (self._minutely, self._hourly, self._follower):
            if thread.is_alive():
                thread.join(timeout_s)

    def lists_changed(self) -> None:
        """Let hold what is stored of lists, blocks and limits."""
        self._lists_in_force.changed()

    def keep_house(self, now_ms: int) -> None:
        """What is done once an hour: forget what is old, resolve what is quiet, drop blocks that are over."""
        forget_old(self._store, self._settings, now_ms, self._stopping.is_set)
        self.book.resolve_quiet(now_ms)
        if over := self.blocks.forget(now_ms):
            self._store.fraud.commit(FraudBatch(lists_removed=over))

    # -- inside

    def _new_desk(self) -> FraudDesk:
        settings = self._settings
        return FraudDesk(
            FraudWatch(watch_terms(settings), NumberLists(), RuleBook(), self.blocks, self._models),
            self._reader(self.numbers),
            self.numbers,
            self.writer,
            self.blocks,
            self._clock,
            detection=settings.detection,
            pseudonyms=settings.hash_numbers,
            max_skew_ms=round(settings.max_future_skew_seconds * 1000),
            reasons=self._reasons,
        )

    def _new_campaigns(self) -> CampaignDesk:
        store = self._store
        return CampaignDesk(
            self.desk,
            SuspectFlags(store.fraud, lambda: self.desk.watch.rules),
            store.campaigns,
            self.risks.risk,
            self.book.raise_now,
            alone=store.database.alone,
            shared=store.shared,
            stopping=self._stopping,
            tenant=self._settings.default_tenant,
            clock=self._clock,
        )

    def _reader(self, numbers: NumberReader) -> EventReader:
        skew_ms = round(self._settings.max_future_skew_seconds * 1000)
        return EventReader(numbers, default_tenant=self._settings.default_tenant, max_future_skew_ms=skew_ms)

    def _log_reader(self) -> EventReader:
        if self._sealing is None:
            return self.desk.reader
        return self._reader(LoggedNumbers(self.numbers, MARK))

    def _silence_rules(self) -> None:
        """A rule that held before the end is silent for the rest of its pause."""
        book = self.desk.watch.rules
        since_ms = self._clock() // 1_000_000 - DAY_MS
        kinds = {rule.id: rule.subject for rule in book.rules}
        for alert in self._store.fraud.alerts(since_ms=since_ms, limit=10_000):
            if alert.detector in kinds:
                book.note_fired(alert.detector, kinds[alert.detector], alert.subject, alert.last_ms)

    def _metric(self, kind: str, key: str, name: str, window_s: int, at_ms: int) -> float:
        with self.desk.lock:
            return self.desk.watch.traffic.value(kind, key, name, window_s, at_ms)

    def _campaign_id(self, caller: str) -> str | None:
        campaign = self.campaigns.campaign_of(caller)
        return None if campaign is None else str(campaign["id"])

    def _destinations_of(self, digits: str) -> Iterable[str]:
        return self._destinations(digits)

    def _submit(self, command: Command, done: Callable[[Reply], None]) -> None:
        if self._submit_to is None:
            raise InvariantBroken("an account was to do something before there was an engine")
        self._submit_to(command, done)

    def _follow(self) -> None:
        """Learn of lists, blocks and rules that were set at another daemon on the same database."""
        while not self._stopping.wait(FOLLOW_S):
            try:
                self._lists_in_force.follow()
                self.rules.follow()
            except StoreFault as fault:
                observe.event("fraud.follow_waits", error=str(fault))
            except Exception as error:  # noqa: BLE001 (it is tried again; to refuse by an old list for ever is worse)
                observe.fault("fraud.follow_fault", error)

    def _keep_house(self) -> None:
        while not self._stopping.wait(HOUR_S):
            try:
                self.keep_house(self._clock() // 1_000_000)
            except StoreFault as fault:
                observe.event("fraud.house_waits", error=str(fault))
            except Exception as error:  # noqa: BLE001 (it is done again in an hour)
                observe.fault("fraud.house_fault", error)


def destinations(engine: Engine, digits: str) -> list[str]:
    """The ids of the destinations of a number in the tariff in force."""
    tariff = engine.plans.current(engine.clock()).book.tariff
    return [id for _, ids in tariff.prefixes_of(digits) for id in ids]


def own_rules(settings: Settings) -> str:
    """The text of the file that the settings name; "" where they name none. Raises OSError."""
    return Path(settings.fraud_rules).read_text(encoding="utf-8") if settings.fraud_rules else ""
