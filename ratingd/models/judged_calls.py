"""Judged calls: what a daemon has stored, with what people said of it, as calls that a model may learn from.

Ann confirms alert 17, of a masking run to +49 30 555: nine calls are labelled `masking`. Ben dismisses the number of a
call centre, three people report +371 9001 as wangiri. Of 40,000 calls that are stored

    9 are masking          Ann said so
    310 are dismissed      they are of Ben's number
    62 are wangiri         three different people reported who made them
    1,204 are unjudged     a rule flagged them or whoever made them, or fewer people reported him, and nobody judged
    the rest is ordinary   nobody and nothing said anything against them

Unjudged calls are told to the metrics as all others are, since they were made, and give no row: to learn that they are
fraud would be to learn the rule, to learn that they are none would be worse. What was said of a call counts before what
was said of its caller, analysts before imports and imports before reports; of two analysts the later one counts.

The numbers that are shown in a masking run are borrowed. So what is said of a number says nothing of a call of such a
run, and who is called a fraudster without a kind has not masked anybody.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ratingd.fraud.pseudonym import MARK
from ratingd.models.dataset import Dataset
from ratingd.models.traffic.call_file import FRAUD, LABELS
from ratingd.models.traffic.simulated_call import ORDINARY, UNJUDGED, SimulatedCall
from ratingd.store.store import Store
from triggers.calls.call_record import CallRecord
from triggers.numbers.number_reading import RAW
from triggers.scores.caller_features import CALLER
from triggers.scores.satark_features import SATARK

ANALYST: Final = "analyst"
IMPORT: Final = "import"
REPORT: Final = "report"
DISMISSED: Final = "dismissed"
FRAUDSTER: Final = "fraudster"  # a number of which nobody said what kind of fraud it is
MASKING: Final = "masking"
REPORTERS_MIN: Final = 3  # so many different people are as good as an analyst
PAGE: Final = 5_000


@dataclass(frozen=True, slots=True)
class Said:
    label: int
    kind: str
    source: str
    subject: str


class PseudonymsStored(ValueError):
    """Of a pseudonym nobody can tell its country, and a model would learn that nobody has one."""

    def __init__(self) -> None:
        super().__init__(
            "the store holds pseudonyms instead of numbers, and the country of a number is among the features. "
            "Train on labelled CDRs with numbers: `ratingd model import`, then `--data`."
        )


@dataclass(frozen=True, slots=True)
class JudgedCalls:
    """In the order of time. `of_calls` and `of_callers` are what was said, by call id and by caller."""

    calls: Sequence[SimulatedCall]
    of_calls: Mapping[str, Said]
    of_callers: Mapping[str, Said]

    def counted(self, data: Dataset) -> dict[str, int]:
        """How many labels of whom, and of which kind, are in rows that were made of these calls.

        {"analyst masking": 9, "analyst dismissed": 310, "report wangiri": 1}
        """
        of_callers = data.schema.name in (CALLER.name, SATARK.name)
        said, keys = (self.of_callers, data.groups) if of_callers else (self.of_calls, data.calls)
        found = {(each.source, each.subject): each for key in keys if (each := said.get(key.removeprefix(RAW)))}
        return dict(sorted(Counter([f"{each.source} {each.kind}" for each in found.values()]).items()))


def judged_calls(store: Store, since_ms: int) -> JudgedCalls:
    """Of calls that began from an instant on. Raises StoreFault and PseudonymsStored."""
    records = list(_records(store, since_ms))
    judging = _Judging(store, since_ms, records)
    calls = [judging.call(record) for record in records]
    return JudgedCalls(sorted(calls, key=_when), judging.of_calls, judging.of_callers)


def _records(store: Store, since_ms: int) -> Iterator[CallRecord]:
    page = store.fraud.records(since_ms=since_ms, limit=PAGE)
    while page:
        for each in page:
            if each.record.a.startswith(MARK) or each.record.b.startswith(MARK):
                raise PseudonymsStored
            yield each.record
        page = store.fraud.records(since_ms=since_ms, before_id=page[-1].id, limit=PAGE)


class _Judging:
    """Who said what; and of each call, what it is taken for."""

    def __init__(self, store: Store, since_ms: int, records: Sequence[CallRecord]) -> None:
        self._calls: Final = dict(_labelled(store, "call"))
        self._numbers: Final = dict(_labelled(store, "number"))
        reported, self._doubtful = _reported(store, since_ms)
        for number, said in reported.items():
            self._numbers.setdefault(number, said)
        self._doubtful |= {record.a for record in records if record.flags and not record.incident_id}
        self.of_calls: Final[dict[str, Said]] = {}
        self.of_callers: Final[dict[str, Said]] = {}

    def call(self, record: CallRecord) -> SimulatedCall:
        said = self._calls.get(record.call_id) or _imported(record) or self._of_caller(record)
        label, kind = (UNJUDGED, MASKING if record.incident_id else "") if self._unjudged(record) else (0, ORDINARY)
        if said is not None:
            label, kind = said.label, said.kind
            self.of_calls[record.call_id] = said
            if not kind.startswith(MASKING):
                self._note(record.a.removeprefix(RAW), said)
        return _call(record, label, kind)

    def _of_caller(self, record: CallRecord) -> Said | None:
        """What was said of the number: of a masked call only that it is part of it."""
        said = self._numbers.get(record.a)
        if said is None or bool(record.incident_id) != said.kind.startswith(MASKING):
            return None
        return said

    def _unjudged(self, record: CallRecord) -> bool:
        suspected = record.a in self._doubtful or record.a in self._numbers
        return bool(record.flags or record.incident_id or suspected)

    def _note(self, a: str, said: Said) -> None:
        former = self.of_callers.get(a)
        if former is None or former.label < said.label:
            self.of_callers[a] = said


def _labelled(store: Store, subject_kind: str) -> Iterator[tuple[str, Said]]:
    untold = FRAUD if subject_kind == "call" else FRAUDSTER
    after_id = 0
    while page := store.labels.current(subject_kind=subject_kind, after_id=after_id):
        for each in page:
            kind = (each.kind or untold) if each.label else DISMISSED
            yield each.subject, Said(each.label, kind, each.source, each.subject)
        after_id = page[-1].id


def _imported(record: CallRecord) -> Said | None:
    """What a file of CDRs said of its own calls."""
    label = LABELS.get(record.label.strip().lower())
    return None if label is None else Said(label, FRAUD if label else ORDINARY, IMPORT, record.call_id)


def _reported(store: Store, since_ms: int) -> tuple[dict[str, Said], set[str]]:
    """Numbers that enough people reported, as what most of them said; and those that fewer did."""
    by_number: dict[str, dict[str, str]] = {}
    for report in store.number_reports.since(since_ms):
        by_number.setdefault(report.number, {}).setdefault(report.reporter, report.category)
    judged = {
        number: Said(1, Counter(sorted(said.values())).most_common(1)[0][0], REPORT, number)
        for number, said in by_number.items()
        if len(said) >= REPORTERS_MIN
    }
    return judged, set(by_number) - set(judged)


def _when(call: SimulatedCall) -> tuple[int, str]:
    return call.start_ms, call.call_id


def _call(record: CallRecord, label: int, kind: str) -> SimulatedCall:
    return SimulatedCall(
        call_id=record.call_id,
        a=record.a.removeprefix(RAW),
        b=record.b.removeprefix(RAW),
        start_ms=record.start_ms,
        ring_ms=record.ring_ms,
        answer_ms=record.answer_ms,
        end_ms=record.end_ms,
        disposition=record.disposition,
        trunk=record.trunk,
        switch_id=record.switch_id,
        cli=record.cli.removeprefix(RAW),
        pai=record.pai.removeprefix(RAW),
        attestation=record.attestation,
        origin=record.origin_region,
        target=record.target_region,
        label=label,
        kind=kind,
    )
