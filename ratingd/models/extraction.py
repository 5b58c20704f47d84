"""Extraction: the rows that a live daemon would have made of labelled calls, by the code that makes them live.

A model learns that four newcomers within five seconds are an attack. What a newcomer is must be the same in the file it
learned from and on the switch, to the last rounding; so a month of labelled CDRs is told to the same `FraudWatch` as
live events, in the order of time, and each row is taken at the instant at which it would be scored:

    masking   at each INVITE that passes the gate; the group is the called number
    caller    with a call of a number, each minute at most; the group is the caller
    satark    once, of every caller over all his calls
    knn       when a call is over

Labels and kinds are only written beside the rows. Nothing of what comes later is in a row, and nothing of who it was.
A call that nobody has judged is told like any other, and gives no row.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from ratingd.models.dataset import Dataset, LabelledRow
from ratingd.models.traffic.simulated_call import UNJUDGED, SimulatedCall, events_of
from triggers.calls.call_event import INVITE, CallEvent
from triggers.masking.decision import DecisionTerms
from triggers.masking.masking_watch import attempt_ms
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.scores.call_features import KNN, call_row
from triggers.scores.caller_features import CALLER, CALLS_LEAST, caller_row
from triggers.scores.masking_features import MASKING, passes_gate
from triggers.scores.masking_row import MaskingRows
from triggers.scores.satark_features import SATARK
from triggers.traffic.local_hours import LocalHours
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.traffic import Traffic
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.watch_terms import WatchTerms

SECOND_MS: Final = 1_000
BORROWED: Final = "masking"  # kinds of calls that begin so show numbers of others


def usual_terms(traffic: TrafficTerms | None = None) -> WatchTerms:
    """Five callers in five seconds, and no adaptive thresholds."""
    return WatchTerms(MaskingTerms(), traffic or TrafficTerms(), DecisionTerms())


def masking_dataset(
    calls: Iterable[SimulatedCall],
    terms: WatchTerms | None = None,
    *,
    numbers: NumberReader | None = None,
    gated: bool = True,
) -> Dataset:
    """The calls that are scored; with `gated` False all, those that the gate lets pass unscored included."""
    taken = list(calls)
    by_id = {call.call_id: call for call in taken}
    watch = FraudWatch(terms or usual_terms(), NumberLists(), RuleBook())
    return Dataset.of_rows(MASKING, _masking_rows(watch, events_of(taken, numbers), by_id, gated=gated))


def _masking_rows(
    watch: FraudWatch, events: Iterable[CallEvent], by_id: dict[str, SimulatedCall], *, gated: bool
) -> Iterator[LabelledRow]:
    rows = MaskingRows(watch.traffic, watch.masking)
    for event in events:
        outcome = watch.take(event)
        if outcome.attempt and (not gated or passes_gate(outcome.distinct, event.details.cli_mismatch)):
            at_ms = attempt_ms(event)
            call = by_id[event.call_id]
            if call.label != UNJUDGED:
                features = rows.row(event, at_ms, outcome.distinct)
                yield LabelledRow(features, call.label, event.b.text, at_ms, call.kind, call.call_id)


def caller_dataset(
    calls: Iterable[SimulatedCall],
    every_s: int,
    terms: TrafficTerms | None = None,
    *,
    numbers: NumberReader | None = None,
) -> Dataset:
    """A caller is fraudulent from his first call that is labelled so; until then nobody could know.

    The numbers shown in a masking run are nobody's or borrowed: such calls say nothing of whose number it is, and give
    no row. They count among what was seen of it all the same, as they do live.
    """
    taken = list(calls)
    by_id = {call.call_id: call for call in taken}
    looks = _CallerLooks(Traffic(terms or TrafficTerms()), every_s * SECOND_MS, by_id)
    return Dataset.of_rows(CALLER, looks.rows(events_of(taken, numbers)))


class _CallerLooks:
    """Looks at a caller with a call of his, as live: of five calls or more, and once in `every_ms` at most.

    The call that has just begun is in the row, up and not answered yet. Rows between calls would have few of those: a
    model that learned from them takes somebody whose call is up for somebody who is always on the telephone."""

    def __init__(self, traffic: Traffic, every_ms: int, by_id: dict[str, SimulatedCall]) -> None:
        self._traffic: Final = traffic
        self._every_ms: Final = every_ms
        self._by_id: Final = by_id
        self._due_ms: Final[dict[str, int]] = {}  # by caller
        self._fraudulent: Final[dict[str, str]] = {}  # caller to kind

    def rows(self, events: Iterable[CallEvent]) -> Iterator[LabelledRow]:
        for event in events:
            self._traffic.take(event)
            if event.kind == INVITE:
                call = self._by_id[event.call_id]
                if not call.kind.startswith(BORROWED):
                    yield from self._row(event.a.text, event.at_ms, call)

    def _row(self, a: str, at_ms: int, call: SimulatedCall) -> Iterator[LabelledRow]:
        if call.label == 1:
            self._fraudulent[a] = call.kind
        kind = self._fraudulent.get(a)
        if (kind is None and call.label == UNJUDGED) or not self._is_due(a, at_ms):
            return
        self._due_ms[a] = at_ms + self._every_ms
        features = caller_row(self._traffic, a, at_ms)
        yield LabelledRow(features, 0 if kind is None else 1, a, at_ms, kind or call.kind, call.call_id)

    def _is_due(self, a: str, at_ms: int) -> bool:
        known = self._traffic.callers.get(a)
        return known is not None and known.attempts >= CALLS_LEAST and at_ms >= self._due_ms.get(a, at_ms)


def satark_dataset(calls: Iterable[SimulatedCall], terms: TrafficTerms | None = None) -> Dataset:
    """Callers in the order of their numbers, each over all his calls."""
    terms = terms or TrafficTerms()
    hours = LocalHours(terms.zone, terms.night_hours)
    by_caller: dict[str, list[SimulatedCall]] = {}
    for call in calls:
        by_caller.setdefault(call.a, []).append(call)
    found = [_satark_row(a, by_caller[a], hours, terms) for a in sorted(by_caller)]
    return Dataset.of_rows(SATARK, [row for row in found if row.label != UNJUDGED])


def _satark_row(a: str, calls: list[SimulatedCall], hours: LocalHours, terms: TrafficTerms) -> LabelledRow:
    last = max(calls, key=lambda call: call.start_ms)
    worst = max(calls, key=lambda call: call.label)
    count = len(calls)
    features = (
        sum(call.duration_ms for call in calls) / count / SECOND_MS,
        float(count),
        sum(hours.hour(call.start_ms) in terms.night_hours for call in calls) / count,
        float(len({call.origin for call in calls if call.origin})),
        float(len({call.target for call in calls if call.target})),
    )
    return LabelledRow(features, worst.label, a, last.start_ms, worst.kind, last.call_id)


def knn_dataset(
    calls: Iterable[SimulatedCall], terms: TrafficTerms | None = None, *, numbers: NumberReader | None = None
) -> Dataset:
    """Every call as it is over; those still up at the end are left out."""
    taken = list(calls)
    by_id = {call.call_id: call for call in taken}
    return Dataset.of_rows(KNN, _knn_rows(Traffic(terms or TrafficTerms()), events_of(taken, numbers), by_id))


def _knn_rows(traffic: Traffic, events: Iterable[CallEvent], by_id: dict[str, SimulatedCall]) -> Iterator[LabelledRow]:
    for event in events:
        record = traffic.take(event)
        if record is not None:
            call = by_id[event.call_id]
            if call.label != UNJUDGED:
                row = call_row(traffic, record, event.at_ms)
                yield LabelledRow(row, call.label, record.a, event.at_ms, call.kind, call.call_id)
