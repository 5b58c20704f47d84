"""Evidence of a case: who takes part and what is thought of him, why, on which lists, who did what, and what was said.

Of a masking run the first five callers are looked up, of a campaign ten: a page that takes a second to make is not
opened. Whoever is called is looked up too, after those who call. What was done is the audit of the case and of the
number that it is about, and what became of its actions.
"""

from collections.abc import Iterable
from typing import Any, Final

from ratingd.fraud.alert import OPEN, Alert, read, row
from ratingd.fraud.asked_number import NotANumber
from ratingd.fraud.blocks import Blocks
from ratingd.fraud.case import CALL, NUMBER, Case, CaseCall, case_call
from ratingd.fraud.explained import Explaining, RuleHeld, held
from ratingd.fraud.incident import reasons_of
from ratingd.fraud.losses import Losses
from ratingd.fraud.number_lookup import NumberLookup
from ratingd.fraud.switch_orders import MASKING
from ratingd.store.fraud_rows import AuditRow, FlaggedCallRow, IncidentRow
from ratingd.store.model_rows import LabelRow
from ratingd.store.store import Store
from triggers.numbers.number_list import LISTS, ListEntry
from triggers.watch.explanation import Explanation

CALLERS_MAX: Final = 5
MEMBERS_MAX: Final = 10
CALLS_MAX: Final = 100
CALLS_OF_ONE: Final = 10
ATTACKS_MAX: Final = 3  # on a number, the latest
DEEDS_MAX: Final = 50
LABELS_MAX: Final = 50
LABELLED_CALLS: Final = 10  # of whose labels a case is told
ACTION: Final = "action"


class CaseEvidence:
    """Thread-safe."""

    def __init__(
        self,
        store: Store,
        lookup: NumberLookup,
        explaining: Explaining,
        losses: Losses,
        blocks: Blocks,
    ) -> None:
        self._store: Final = store
        self._shelf: Final = store.fraud
        self._lookup: Final = lookup
        self._explaining: Final = explaining
        self._losses: Final = losses
        self._blocks: Final = blocks

    def number(self, asked: str) -> str:
        """How a number is counted. Raises NotANumber."""
        return self._lookup.number(asked)

    def complete(self, case: Case) -> None:
        """Find all that belongs to a case of which it is known what it is."""
        if case.kind == NUMBER:
            self._take_calls(case, [case.id], CALLS_MAX)
        if case.campaign is not None:
            self._take_calls(case, [number for _, number in case.subjects[:MEMBERS_MAX]], CALLS_OF_ONE)
        case.numbers = [self._lookup.check(number) for number in self._numbers(case)]
        case.rules = self._rules(case)
        case.explanations = self._explanations(case)
        case.deeds = self._deeds(case)
        case.labels = self._labels(case)
        case.lists = self._lists(case)
        open_alerts = [alert for alert in case.alerts if alert.status in OPEN][:1]
        case.loss = self._losses.of(open_alerts)[0] if open_alerts else None

    def alerts_of(self, run: IncidentRow, limit: int) -> list[Alert]:
        """Those that tell of a run, the newest first. An alert names one run, and may be of two: of what a model saw
        first, and of what the rule has seen since."""
        rows = self._shelf.alerts(subject=run.b_number, detector=MASKING, limit=limit)
        found = {alert.id: alert for alert in map(read, rows) if _tells_of(alert, run)}
        found |= {stored.id: read(stored) for stored in self._shelf.alerts(incident_id=run.id, limit=limit)}
        return [found[id] for id in sorted(found, reverse=True)]

    def is_number(self, text: str) -> bool:
        try:
            self._lookup.number(text)
        except NotANumber:
            return False
        return True

    def _take_calls(self, case: Case, numbers: Iterable[str], most: int) -> None:
        """The calls of these, the newest first."""
        found = {call.call_id: call for number in numbers for call in self._calls_of(number, most)}
        case.calls = sorted(found.values(), key=lambda call: (-call.at_ms, call.call_id))[:CALLS_MAX]
        case.calls_total = len(found)

    def _calls_of(self, number: str, most: int) -> list[CaseCall]:
        """Those that were flagged, made by it or within a run against it; then those on record, which know more."""
        flagged = list(self._shelf.flagged_by(number, limit=most))
        for attack in self._shelf.incidents(b_number=number, limit=ATTACKS_MAX):
            flagged += self._shelf.flagged(attack.id, limit=most)
        by_id = {call.call_id: call for call in flagged}
        runs = {run.id: run for run in self._shelf.incidents_of(_runs(flagged))}
        told = [case_call(call.call_id, call, None, runs.get(call.incident_id)) for call in flagged]
        for stored in self._shelf.records(number=number, limit=most):
            told.append(case_call(stored.record.call_id, by_id.get(stored.record.call_id), stored.record))
        return [call for call in told if call is not None]

    def _numbers(self, case: Case) -> list[str]:
        """Whom it is about, then who calls, then who is called; those that are numbers."""
        about = [case.id] if case.kind == NUMBER else [alert.subject for alert in case.alerts[:1] if _is_caller(alert)]
        most = MEMBERS_MAX if case.campaign is not None else CALLERS_MAX
        members = [subject for kind, subject in case.subjects if kind == NUMBER][:most]
        callers = [] if case.kind == NUMBER else [call.a_number for call in case.calls]
        called = [case.incident.b_number] if case.incident is not None else []
        if case.kind == CALL:
            called = [call.b_number for call in case.calls]
        first = list(dict.fromkeys([*about, *members, *callers]))[:most]
        return [number for number in dict.fromkeys([*first, *called]) if self.is_number(number)]

    def _lists(self, case: Case) -> list[ListEntry]:
        """Those that its numbers are on, and what refuses them."""
        found = {(e.list, e.kind, e.value): e for checked in case.numbers for e in checked.lists}
        numbers = {checked.number for checked in case.numbers}
        for each in self._blocks.entries:
            if each.value.rpartition(" ")[2] in numbers:
                entry = ListEntry(each.list, each.kind, each.value, reason=each.reason, who=each.who,
                                  created_ms=each.created_ms, expires_ms=each.expires_ms)  # fmt: skip
                found[each.list, each.kind, each.value] = entry
        return list(found.values())

    def _rules(self, case: Case) -> list[RuleHeld]:
        """The detectors that told of it, and those that told of the number it is about; the newest first."""
        found = {alert.id: held(row(alert)) for alert in case.alerts}
        for checked in case.numbers[:1]:
            found |= {rule.alert_id: rule for rule in self._explaining.rules(subject=checked.number)}
        return sorted(found.values(), key=lambda rule: -rule.last_ms)

    def _explanations(self, case: Case) -> list[Explanation]:
        """Why the alert was raised, then why the first number is thought what it is; each text once."""
        told = [_explanation(each) for alert in case.alerts[:1] for each in alert.explanations]
        if case.incident is not None and not case.alerts:  # in a storm there is one alert of many runs
            told += reasons_of(case.incident)
        if case.kind == CALL:
            told += self._explaining.explain(case.id).explanations
        for checked in case.numbers[:1]:
            told += checked.standing.explanations
        return list({each.text or each.feature: each for each in reversed(told)}.values())[::-1]

    def _deeds(self, case: Case) -> list[AuditRow]:
        subjects = [case.id, *[str(alert.id) for alert in case.alerts], *self._of_lists(case)]
        if case.kind != NUMBER and case.numbers and case.campaign is None:
            subjects.append(case.numbers[0].number)
        found = [
            each.row
            for subject in dict.fromkeys(subjects)
            for each in self._shelf.audits(subject=subject, limit=DEEDS_MAX)
        ]
        done = [
            AuditRow(alert.last_ms, alert.detector, ACTION, str(alert.id), result)
            for alert in case.alerts
            for result in alert.action_results
        ]
        return sorted([*found, *done], key=lambda row: -row.at_ms)[:DEEDS_MAX]

    def _of_lists(self, case: Case) -> list[str]:
        """What changes of lists are written down under: "blacklist number +371…"."""
        named = [f"{name} number {checked.number}" for checked in case.numbers[:1] for name in LISTS]
        return named if case.campaign is None else []

    def _labels(self, case: Case) -> list[LabelRow]:
        calls = [subject for kind, subject in case.subjects if kind == CALL][:LABELLED_CALLS]
        numbers = [checked.number for checked in case.numbers]
        found = [label for subject in (*calls, *numbers) for label in self._store.labels.of(subject, LABELS_MAX)]
        return sorted(found, key=lambda label: -label.id)[:LABELS_MAX]


def _runs(flagged: Iterable[FlaggedCallRow]) -> list[str]:
    return list(dict.fromkeys([call.incident_id for call in flagged if call.incident_id]))


def _tells_of(alert: Alert, run: IncidentRow) -> bool:
    """Whether it was about the same number at the same time."""
    return alert.first_ms <= run.last_ms and run.opened_ms <= alert.last_ms


def _is_caller(alert: Alert) -> bool:
    return alert.subject_kind == "a_number"


def _explanation(each: dict[str, Any]) -> Explanation:
    return Explanation(
        each["feature"], each["value"], each["baseline"], each["contribution"], each["text"], each["direction"]
    )
