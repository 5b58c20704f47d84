"""Accounts that monitors on traffic watch: at hand in memory, looked at with their calls, told when a level is reached.

    call event of 1001 ─▶ its monitors ─▶ values now ─▶ a level reached? ─▶ SetScores on the account's lane ─▶ it fires
    a model's score of the call or its caller, a little later ──────┘

The command's key names the event, so the same event tells an account once, after a crash as well. What the account does
then (disable itself, post, block) is committed by its lane like anything else.

Accounts are found at the start by the table that is kept for it, and followed through commits; a call of any other
account costs one look into a dictionary. On PostgreSQL, accounts that another daemon writes are noticed at the next
start of this one: detection runs in one.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

from accounts.account import Account, AccountKey
from accounts.document import account_from_text
from ratingd import observe
from ratingd.engine.command import Command, Reply
from ratingd.engine.operation import Answer, SetScores
from ratingd.errors import RatingdError
from ratingd.store.rows import FIRST_KEY
from ratingd.store.store import Store
from triggers.calls.call_event import CallEvent
from triggers.metric_monitor import KNN, MASKING, SCALE, MetricMonitor, key_of, metric_monitors
from triggers.watch.outcome import Outcome

Submit = Callable[[Command, Callable[[Reply], None]], None]
Value = Callable[[str, str, str, int, int], float]  # kind, key, name, window in seconds, instant in ms
CHUNK: Final = 500
OK: Final = Reply(0, b"")
FAILED: Final = Reply(9, b"")


class MetricMonitors:
    """`value` gives a metric, `destinations` those of a number's digits, `risk` how suspect a caller is, 0 to 100; None
    where that is not known yet and `scored` will tell it."""

    def __init__(
        self,
        submit: Submit,
        value: Value,
        risk: Callable[[str, int], float | None],
        destinations: Callable[[str], Iterable[str]],
        *,
        tenant: str,
    ) -> None:
        self._submit: Final = submit
        self._value: Final = value
        self._risk: Final = risk
        self._destinations: Final = destinations
        self._tenant: Final = tenant
        self._lock: Final = threading.Lock()
        self._watched: Final[dict[AccountKey, list[MetricMonitor]]] = {}
        self._holding: Final[dict[AccountKey, None]] = {}  # accounts with a level that held when last looked at

    @property
    def accounts(self) -> int:
        return len(self._watched)

    def load(self, store: Store) -> None:
        """At the start: the accounts that have such monitors. Raises StoreFault."""
        keys = store.directory.monitored(FIRST_KEY, CHUNK)
        while keys:
            for row in store.accounts(keys).values():
                if row.document is not None:
                    self.written([(row.key, account_from_text(row.document))])
            keys = store.directory.monitored(keys[-1], CHUNK)

    def written(self, accounts: Sequence[tuple[AccountKey, Account | None]]) -> None:
        """These have been written (None: removed)."""
        with self._lock:
            for key, account in accounts:
                monitors = [] if account is None else metric_monitors(account)
                former = {each.address + str(each.threshold): each for each in self._watched.get(key, ())}
                for monitor in monitors:
                    same = former.get(monitor.address + str(monitor.threshold))
                    if same is not None:
                        monitor.carry_on(same)
                if monitors:
                    self._watched[key] = monitors
                else:
                    self._watched.pop(key, None)
                    self._holding.pop(key, None)

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """Look at the calls that have just come, and tell the accounts whose monitors have something to say."""
        if not self._watched:
            return
        for outcome in outcomes:
            event = outcome.event
            key = self._key(event)
            if key is not None and not outcome.duplicate:
                scores = self._looked(key, outcome)
                if scores:
                    self._tell(key, scores, _named(event))

    def scored(self, event: CallEvent, name: str, value: float) -> None:
        """A model has found a score (`score.risk`, `score.knn`; 0 to 100) of a call, or of its caller, after the call
        was looked at. The event says who called whom, and who pays."""
        key = self._key(event) if self._watched else None
        if key is None:
            return
        found: dict[str, int | None] = {}
        with self._lock:
            for monitor in self._watched.get(key, ()):
                if monitor.address == name and self._concerned(monitor, event):
                    most = monitor.of_call(event.call_id, round(value * SCALE))
                    if monitor.looked(most, event.at_ms):
                        found[name] = most
        if found:
            self._tell(key, found, f"{_named(event)}:{name}")

    def look_again(self, now_ms: int) -> None:
        """About once a second: levels that held and do not any more, though no call says so."""
        for key in list(self._holding):
            scores = self._faded(key, now_ms)
            if scores:
                self._tell(key, scores, f"faded:{now_ms}")

    # -- inside

    def _key(self, event: CallEvent) -> AccountKey | None:
        """The watched account that pays for a call: the one that is named, or the caller's number."""
        tenant = event.tenant or self._tenant
        for account in (event.account, event.a.text, event.a.digits):
            if account:
                key = AccountKey(tenant, account)
                if key in self._watched:
                    return key
                if account == event.account:
                    return None
        return None

    def _looked(self, key: AccountKey, outcome: Outcome) -> dict[str, int | None]:
        event = outcome.event
        found: dict[str, int | None] = {}
        with self._lock:
            for monitor in self._watched.get(key, ()):
                value = self._now(monitor, outcome)
                if value is not None and monitor.looked(value, event.at_ms):
                    found[monitor.address] = value
            self._note_holding(key)
        return found

    def _now(self, monitor: MetricMonitor, outcome: Outcome) -> int | None:
        """What a monitor sees with a call, in 1e-9; None where it does not look at it."""
        event = outcome.event
        if not self._concerned(monitor, event):
            return None
        if not monitor.kind:
            score = self._score(monitor, outcome) if outcome.attempt else None
            return None if score is None else monitor.of_call(event.call_id, round(score * SCALE))
        monitor.key = key_of(monitor.kind, event) or monitor.key
        if not monitor.key:
            return None
        return self._metric(monitor, event.at_ms)

    def _score(self, monitor: MetricMonitor, outcome: Outcome) -> float | None:
        """0 to 100: how likely the call is masked, or how suspect it or its caller is; None: not known yet."""
        verdict = outcome.verdict
        if monitor.name == KNN or (monitor.name == MASKING and outcome.whitelisted):
            return None
        if monitor.name == MASKING:
            return 100 * verdict.probability
        risk = self._risk(outcome.event.a.text, outcome.event.at_ms)
        if risk is None:
            return verdict.risk or None
        return max(verdict.risk, risk)

    def _metric(self, monitor: MetricMonitor, at_ms: int) -> int:
        return round(self._value(monitor.kind, monitor.key, monitor.name, monitor.window_s, at_ms) * SCALE)

    def _concerned(self, monitor: MetricMonitor, event: CallEvent) -> bool:
        wanted = monitor.destinations
        if wanted is None:
            return True
        ids = frozenset(self._destinations(event.b.digits)) if event.b.digits else frozenset[str]()
        chosen = [id for id, included in wanted.items() if included]
        left_out = [id for id, included in wanted.items() if not included and id in ids]
        return not left_out and (not chosen or not ids.isdisjoint(chosen))

    def _faded(self, key: AccountKey, now_ms: int) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        with self._lock:
            for monitor in self._watched.get(key, ()):
                if monitor.holds and monitor.kind and monitor.key:
                    value = self._metric(monitor, now_ms)
                    if monitor.faded(value):
                        found[monitor.address] = value
            self._note_holding(key)
        return found

    def _note_holding(self, key: AccountKey) -> None:
        for monitor in self._watched.get(key, ()):
            if monitor.holds and monitor.kind:
                self._holding[key] = None
                return
        self._holding.pop(key, None)

    def _tell(self, key: AccountKey, scores: Mapping[str, int | None], event: str) -> None:
        def encode(answer: Answer | RatingdError) -> Reply:
            if isinstance(answer, RatingdError):
                observe.event("fraud.monitor_not_told", account=str(key), error=str(answer))
                return FAILED
            return OK

        def done(reply: Reply) -> None:
            if reply.code:
                with self._lock:  # it is told with the next call that sees the level
                    for monitor in self._watched.get(key, ()):
                        if monitor.address in scores:
                            monitor.holds = False

        id = f"monitor:{event}"
        self._submit(Command(key, SetScores(dict(scores)), encode, id, id.encode()), done)


def _named(event: CallEvent) -> str:
    return f"{event.call_id}:{event.kind}:{event.at_ms}"
