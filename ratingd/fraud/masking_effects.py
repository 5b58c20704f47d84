"""What a masking run leads to: its row, its flagged calls, orders to cut them, one alert, and blocks where wanted.

The fifth caller of +49301234567 opens a run at 10:00:04.900. One alert is raised, CRITICAL; all five calls are flagged
and ordered to be cut. Until the run has been quiet for the cool-down each further call is flagged and cut, the run's
row and alert grow, receivers are told how it stands every five seconds at most, and there is no second alert.

What is done follows the worst that was found of the run: once it was to be cut, so is every call of it that comes late.
A call that has ended already is marked so and not ordered.

What a model flags though too few callers are there for the rule is a run like any other, MEDIUM, and only reported
unless the operator lets models act. If the rule finds the number soon after, the alert grows worse, names that run, and
keeps the model's reasons. Whoever is told of alerts hears at once that one has grown worse, and not at the usual pace.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from accounts.account import AccountKey
from ratingd.fraud.alert import CALLS_MAX, Alert, explanation_document, worse
from ratingd.fraud.alert_book import AGAIN, NEW, AlertBook
from ratingd.fraud.blocks import PAIR, block, pair
from ratingd.fraud.gathered import Gathered
from ratingd.fraud.incident import PROBABILITY, Run, explained, flagged_row, incident_row, shown, stored_run
from ratingd.fraud.model_reasons import ModelReasons
from ratingd.fraud.pace import Pace
from ratingd.fraud.posts import CREATED, INCIDENT_UPDATED, UPDATED, Posts
from ratingd.fraud.switch_orders import MASKING, cut
from ratingd.store.fraud_rows import IncidentRow
from ratingd.store.rows import OutboxEntry
from triggers.calls.call_event import INVITE
from triggers.calls.verdict import DISCONNECT
from triggers.masking.decision import CUT
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.watch.explanation import Explanation
from triggers.watch.live_scores import MASKING_MODEL
from triggers.watch.outcome import Outcome

RUNS_MAX: Final = 100_000
REASONS_MAX: Final = 12  # lines of one alert
B_NUMBER: Final = "b_number"


class MaskingEffects:
    def __init__(
        self,
        book: AlertBook,
        posts: Posts,
        pace: Pace,
        ended: Callable[[str], bool],
        payer: Callable[[str], AccountKey | None],
        reasons: ModelReasons,
        *,
        tenant: str,
        block_ms: int,
        score_threshold: float,
    ) -> None:
        self._book: Final = book
        self._posts: Final = posts
        self._pace: Final = pace
        self._ended: Final = ended
        self._payer_of: Final = payer
        self._tenant: Final = tenant
        self._block_ms: Final = block_ms
        self._reasons: Final = reasons
        self._score_threshold: Final = score_threshold
        self._runs: Final[OrderedDict[str, Run]] = OrderedDict()  # by incident, the one longest untouched first
        self._touched: dict[str, tuple[MaskingIncident, Run]] = {}  # in this batch
        self._opened: dict[str, Outcome] = {}
        self.opened_total: Final[dict[str, int]] = {}

    def take(self, outcome: Outcome, found: Gathered) -> None:
        placed = outcome.placed
        if placed is None or placed.incident is None:
            return
        known = self._runs.get(placed.incident.id)
        reported = known is not None and known.response != CUT
        run = self._run(placed.incident, outcome, placed.absorbed)
        if placed.opened:
            self._opened[placed.incident.id] = outcome
        for incident in placed.also:
            self._run(incident, outcome, ())
        for attempt in placed.flagged:
            self._flag(attempt, placed.incident, run, outcome, found)
        if reported and run.response == CUT:  # what was only reported is to be cut after all
            for attempt in placed.incident.calls:
                self._flag(attempt, placed.incident, run, outcome, found)

    def resume(self, row: IncidentRow) -> None:
        """Go on with a run of before a start: what was found of it holds."""
        self._runs[row.id] = stored_run(row)

    def finish(self, found: Gathered) -> None:
        """The rows of the runs that were touched, as they stand at the end of the batch, and who is told."""
        for incident, run in self._touched.values():
            opened = self._opened.get(incident.id)
            if opened is not None and opened.scored is not None and opened.row is not None:
                run.reasons = self._reasons.of_alert(MASKING_MODEL, opened.row)
            row = incident_row(incident, run, found.now_ms)
            found.incidents.append(row)
            if opened is not None:
                self._open(incident, run, row, opened, found)
            else:
                self._go_on(incident, run, row, found)
        self._touched, self._opened = {}, {}

    def _run(self, incident: MaskingIncident, outcome: Outcome, absorbed: tuple[str, ...]) -> Run:
        run = self._runs.pop(incident.id, None)
        for id in absorbed:
            former = self._runs.pop(id, None)
            self._touched.pop(id, None)
            outcome_of_former = self._opened.pop(id, None)
            if outcome_of_former is not None:
                self._opened[incident.id] = outcome_of_former
            run = _joined(run, former)
        decision = outcome.decision
        if run is None:
            run = Run(decision.severity, decision.response, outcome.threshold)
        run.judged(decision.severity, decision.response)
        run.threshold = outcome.threshold
        run.explanations = outcome.explanations or run.explanations
        if outcome.scored is not None:
            run.version = outcome.scored.version
        self._runs[incident.id] = run
        while len(self._runs) > RUNS_MAX:
            self._runs.popitem(last=False)
        self._touched[incident.id] = (incident, run)
        return run

    def _flag(self, attempt: Attempt, incident: MaskingIncident, run: Run, outcome: Outcome, found: Gathered) -> None:
        ended = self._ended(attempt.call_id)
        event, refuses = outcome.event, outcome.verdict.action == DISCONNECT
        refused = refuses and event.kind == INVITE and event.call_id == attempt.call_id
        found.flag(flagged_row(attempt, incident.id, incident.b, ended=ended, refused=refused))
        if run.response != CUT:
            return
        if not ended:
            found.outbox.append(cut(attempt, incident.id, self._payer(attempt, outcome), found.now_ms))
        if self._block_ms and attempt.trunk:
            until_ms = attempt.at_ms + self._block_ms
            who = f"incident {incident.id}"
            found.enter(block(PAIR, pair(attempt.trunk, incident.b), MASKING, who, found.now_ms, until_ms))

    def _payer(self, attempt: Attempt, outcome: Outcome) -> AccountKey:
        """Whose call it is: what its first event said, whichever call had it flagged, so that it is cut by one order;
        who called, where the call is no longer known."""
        payer = self._payer_of(attempt.call_id)
        return payer or AccountKey(outcome.event.tenant or self._tenant, attempt.caller)

    # -- who is told

    def _open(self, incident: MaskingIncident, run: Run, row: IncidentRow, outcome: Outcome, found: Gathered) -> None:
        self.opened_total[run.severity] = self.opened_total.get(run.severity, 0) + 1
        raised = self._alert(incident, run, outcome, found.now_ms)
        known = self._book.standing(raised.dedup_key)
        severity = "" if known is None else known.severity
        alert, what = self._book.raised(raised)
        more = {}
        if alert.detector == MASKING:  # and not a storm's digest, which tells of many
            self._book.belongs(alert, incident.id)
            _bring_up_to_date(alert, incident, run)
            if alert is not raised:
                _add_reasons(alert, raised.explanations, first=not incident.by_score)
            self._book.changed(alert)
            more = {"incident": shown(row)}
        if what == NEW:
            self._tell_at_once(CREATED, alert, more, found)
        elif alert is known and alert.severity != severity:
            self._tell_at_once(UPDATED, alert, more, found)
        elif what == AGAIN and self._posts:
            tell = self._teller(UPDATED, alert, more)
            found.outbox.extend(self._pace.tell(alert.uuid, found.now_ms, tell))

    def _go_on(self, incident: MaskingIncident, run: Run, row: IncidentRow, found: Gathered) -> None:
        alert = self._book.of_incident(incident.id, incident.former_ids)
        if alert is None:
            return
        severity, more = alert.severity, {"incident": shown(row)}
        _bring_up_to_date(alert, incident, run)
        self._book.changed(alert)
        if alert.severity != severity:
            self._tell_at_once(UPDATED, alert, more, found)
        elif self._posts:
            tell = self._teller(INCIDENT_UPDATED, alert, more)
            found.outbox.extend(self._pace.tell(alert.uuid, found.now_ms, tell))

    def _tell_at_once(self, event: str, alert: Alert, more: dict[str, Any], found: Gathered) -> None:
        self._pace.told(alert.uuid, found.now_ms)
        found.outbox.extend(self._posts.told(event, alert, found.now_ms, more))

    def _alert(self, incident: MaskingIncident, run: Run, outcome: Outcome, now_ms: int) -> Alert:
        value, threshold = float(incident.max_distinct), float(run.threshold)
        if incident.by_score:
            value, threshold = incident.probability_max, self._score_threshold
        return Alert(
            run.severity,
            f"Masked calls to {incident.b}",
            explained(incident, run.threshold),
            MASKING, MASKING, B_NUMBER, incident.b, now_ms, incident.opened_ms, incident.opened_ms,
            caller_id=outcome.event.a.text,
            incident_id=incident.id,
            value=value,
            threshold=threshold,
            explanations=_explanations(incident, run, value, threshold),
            tenant=outcome.event.tenant,
        )  # fmt: skip

    def _teller(self, event: str, alert: Alert, more: dict[str, Any]) -> Callable[[int], list[OutboxEntry]]:
        def tell(now_ms: int) -> list[OutboxEntry]:
            return self._posts.told(event, alert, now_ms, more)

        return tell


def _joined(run: Run | None, former: Run | None) -> Run | None:
    if run is not None and former is not None:
        run.judged(former.severity, former.response)
    return run if run is not None else former


def _explanations(incident: MaskingIncident, run: Run, value: float, threshold: float) -> list[dict[str, Any]]:
    """Why it is a run, then what the model saw in the call that opened it."""
    what, adds = (PROBABILITY, value) if incident.by_score else ("distinct_a", 0.5)
    texts = run.explanations or (explained(incident, run.threshold),)
    lines = [Explanation(what, value, threshold, adds, text) for text in texts]
    return [explanation_document(line) for line in (*lines, *run.reasons)]


def _add_reasons(alert: Alert, others: list[dict[str, Any]], *, first: bool) -> None:
    """The alert is of one run more: let it say why, in front of what it says already or behind that."""
    lines = [*others, *alert.explanations] if first else [*alert.explanations, *others]
    by_feature = {line["feature"]: line for line in reversed(lines)}
    alert.explanations[:] = list(reversed(by_feature.values()))[:REASONS_MAX]


def _bring_up_to_date(alert: Alert, incident: MaskingIncident, run: Run) -> None:
    """Let the alert say of its run what is known of it now. Once the rule has seen the number, it speaks of that."""
    alert.severity = worse(alert.severity, run.severity)
    alert.last_ms = max(alert.last_ms, incident.last_ms)
    if not incident.by_score:
        alert.value, alert.threshold = max(alert.value, float(incident.max_distinct)), float(run.threshold)
    elif alert.threshold <= 1:  # it has been told of scores alone
        alert.value = max(alert.value, incident.probability_max)
    if not incident.by_score or alert.threshold <= 1:
        alert.incident_id = incident.id
        alert.description = explained(incident, run.threshold)
    alert.add_calls([attempt.call_id for attempt in incident.calls[:CALLS_MAX]])
    if run.response == CUT:
        alert.action_results[:] = [f"disconnect: {len(incident.calls)} calls flagged"]
