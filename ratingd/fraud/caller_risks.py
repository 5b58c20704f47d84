"""Caller risks: how suspect callers are by the active model, found out beside the calls and known when they call again.

    call ─▶ due? ─▶ a thread: row under the desk's lock, model beside it ─▶ known to the next call, told to monitors

+37190012345 makes his sixth call at 10:00:00. A few milliseconds later the model says 92 of him: the account that
watches score.risk is told, and from now on each verdict on a call of his knows it, for the price of a look into a
dictionary. A minute later his next call has him scored anew. What was said a day ago is not told any more, nor what a
former version of the model said.

After half a millisecond of work, be it in the middle of a row, the thread waits for nine times as long as it worked, so
that a town of busy callers never takes more than a tenth of the time; there those who called first are scored first.
200,000 risks are remembered, the oldest go first.

Without a model nothing is done, and whoever asks for a risk is told what the rules say.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from ratingd import observe
from ratingd.fraud.caller_models import CallerModels, Explain, withheld
from ratingd.fraud.due_callers import WAITING_MAX, DueCallers
from ratingd.models.scorers import Scorer, Scorers
from triggers.calls.call_event import CallEvent
from triggers.generations import Generations
from triggers.lookup.caller_score import CallerScore, by_rules
from triggers.scores.caller_features import AGAIN_MS, CALLS_LEAST
from triggers.traffic.key import TrafficKey
from triggers.watch.analysis import risk_of_caller
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.outcome import Outcome
from triggers.watch.rule_score import RuleScore

DAY_MS: Final = 86_400_000
KNOWN_MAX: Final = 200_000
WORK_S: Final = 0.0005
IDLE_SHARE: Final = 9.0  # of the time that scoring takes, so long others have
LOOK_S: Final = 60.0  # how often it is looked whether a model went, though nobody calls
MS: Final = 1_000_000

Told = Callable[[CallEvent, float], None]


class KnownRisk:
    """`model` counts the models that have scored; one that does no more is not to be kept for what it said."""

    __slots__ = ("at_ms", "model", "risk")

    def __init__(self, risk: float, at_ms: int, model: int) -> None:
        self.risk: Final = risk
        self.at_ms: Final = at_ms
        self.model: Final = model


class CallerRisks:
    """Thread-safe. `lock` guards `watch` and is the desk's; `explain` says why a model scores a row as it does.

    `spared` tells an emergency number; `clock` is of nanoseconds, and nobody sets it.
    """

    def __init__(
        self,
        watch: FraudWatch,
        lock: threading.Lock,
        scorers: Scorers,
        explain: Explain = lambda name, row: (),
        *,
        spared: Callable[[str], bool] = lambda caller: False,
        again_ms: int = AGAIN_MS,
        waiting_max: int = WAITING_MAX,
        known_max: int = KNOWN_MAX,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._watch: Final = watch
        self._lock: Final = lock
        self._models: Final = CallerModels(watch, lock, scorers, explain, spared)
        self._clock: Final = clock
        self._known: Final[Generations[KnownRisk]] = Generations(DAY_MS, known_max)
        self._due: Final = DueCallers(again_ms, waiting_max)
        self._again_ms: Final = again_ms
        self._told: tuple[Told, ...] = ()
        self._scorer: Scorer | None = None  # whose answers are told
        self._model = 0  # the how many-th that is
        self._began_s = 0.0
        self._woken: Final = threading.Event()
        self._stopping: Final = threading.Event()
        self._thread: Final = threading.Thread(target=self._run, name="caller-risks", daemon=True)

    def on_scored(self, told: Told) -> None:
        """Have each new score told, with the call that it was found out for; not under the desk's lock."""
        self._told = (*self._told, told)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        self._stopping.set()
        self._woken.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    # -- calls

    def took(self, outcomes: Sequence[Outcome]) -> None:
        """Have the callers of these scored, where they are due. A listener of the desk."""
        self._change_over()
        if not self._models.wanted:
            return
        now_ms, waits = self._now_ms(), False
        for outcome in outcomes:
            if outcome.attempt and worthwhile(outcome.event):
                waits = self._due.offer(outcome.event, now_ms) or waits
        if waits and not self._woken.is_set():
            self._woken.set()

    def known(self, caller: str) -> float:
        """What a model said of a caller within a day, 0 to 100; 0 where none did. Under the desk's lock."""
        found = self._known.get(caller)
        return 0.0 if found is None or not self._holds(found) else found.risk

    # -- asked

    def at_attempt(self, caller: str, at_ms: int) -> float | None:
        """What monitors see of a caller with his call: by the rules, or what the model said of him before. None: that
        is not known yet, and will be told."""
        if self._models.active is None:
            return self._by_rules(caller, at_ms).risk
        with self._lock:
            found = self._known.get(caller)
        return None if found is None or not self._holds(found) else found.risk

    def risk(self, caller: str, at_ms: int) -> float:
        """As of now, or of up to a minute ago where that is known; 0 to 100."""
        with self._lock:
            found = self._known.get(caller)
        if found is not None and self._holds(found, self._again_ms):
            return found.risk
        answer = self._models.answer(caller, at_ms)
        return self._by_rules(caller, at_ms).risk if answer is None else answer.risk

    def score(self, number: str, at_ms: int) -> CallerScore:
        """As of now, who says so, and why. The reasons of a model take some milliseconds."""
        answer = self._models.answer(number, at_ms)
        if answer is None:
            return by_rules(self._by_rules(number, at_ms))
        return CallerScore(answer.risk, answer.method, self._models.why(answer))

    @property
    def figures(self) -> dict[str, int]:
        """How many wait, were left out for want of room, could not be scored, and are remembered."""
        return {
            "waiting": len(self._due),
            "left_out": self._due.left_out,
            "faults": self._models.faults,
            "known": len(self._known),
        }

    # -- scoring

    def score_waiting(self, limit: int = WAITING_MAX) -> int:
        """Score those who have waited longest; how many had their turn. For one thread at a time."""
        self._change_over()
        for done in range(limit):
            event = self._due.take()
            if event is None:
                return done
            self._have_scored(event)
        return limit

    def _have_scored(self, event: CallEvent) -> None:
        caller = event.a.text
        answer, now_ms = self._models.answer(caller, event.at_ms, self._rest), self._now_ms()
        self._due.rest(caller, now_ms)
        if answer is not None:
            if answer.scorer is self._scorer:
                with self._lock:
                    self._known.keep(caller, KnownRisk(answer.risk, now_ms, self._model), now_ms)
            self._tell(event, answer.risk)
        elif self._models.active is not None:
            self._tell(event, self._by_rules(caller, event.at_ms).risk)

    def _tell(self, event: CallEvent, risk: float) -> None:
        for told in self._told:
            try:
                told(event, risk)
            except Exception as error:  # noqa: BLE001 (whatever it is, it is theirs)
                observe.fault("fraud.risk_not_heard", error)

    def _change_over(self) -> None:
        """What a model said that scores no longer is told no more; who calls next is scored by the one that does."""
        active = self._models.active
        if active is not self._scorer:
            self._model += 1
            self._scorer = active
            self._due.start_over()

    def _holds(self, found: KnownRisk, for_ms: int = DAY_MS) -> bool:
        if found.model != self._model or self._models.active is not self._scorer:
            return False
        return self._now_ms() - found.at_ms < for_ms

    def _by_rules(self, caller: str, at_ms: int) -> RuleScore:
        with self._lock:
            return risk_of_caller(self._watch.traffic, caller, at_ms)

    def _now_ms(self) -> int:
        return self._clock() // MS

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._woken.wait(LOOK_S)
            self._woken.clear()
            try:
                self._work()
            except Exception as error:  # noqa: BLE001 (those who wait are scored in the next turn)
                observe.fault("fraud.risk_fault", error)

    def _work(self) -> None:
        self._change_over()
        self._began_s = time.perf_counter()
        while not self._stopping.is_set() and self.score_waiting(1):
            self._rest()

    def _rest(self) -> None:
        """For the thread, where it has worked for long enough. Whoever scores without it does not rest."""
        worked_s = time.perf_counter() - self._began_s
        if worked_s >= WORK_S and self._thread.is_alive():
            self._stopping.wait(IDLE_SHARE * worked_s)
            self._began_s = time.perf_counter()


def worthwhile(event: CallEvent) -> bool:
    """Whether a model may be asked of a caller: his calls are counted where his number leads to."""
    key = event.a.caller_key
    return (
        isinstance(key, TrafficKey)
        and key.attempts >= CALLS_LEAST
        and not event.a.emergency
        and not withheld(event.a.text)
    )
