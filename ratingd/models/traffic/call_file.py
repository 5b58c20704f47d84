"""Files of labelled calls: what a simulator wrote or an operator's switch, read as calls of which it is known what they
were.

    call_id,a_number,b_number,start_ts,ring_ts,answer_ts,end_ts,disposition,…,label,kind
    c-17,+4930111,+4930555,1772409600000,1772409601500,1772409605000,1772409725000,ANSWERED,…,0,ordinary

The columns are those of `ratingd cdr import`, so the same file can be brought to a daemon or replayed, and any map of
columns may name them otherwise. A label says whether the call was fraud (1, true, yes, fraud, scam) or not (0, false,
no, normal, legitimate); a column `kind`, where there is one, says what it was, so that figures can be told apart by it.

A model that has learnt from half of a file has learnt something else. So one row that cannot be read, a label that says
neither, a call that comes twice refuse the file as a whole, and each of them is told, by line and column.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final

from ratingd.api.event_message import EventReader
from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import call_event, shown, time_of
from ratingd.ingest.event_file import JSON_LINES, begun_ms
from ratingd.ingest.event_map import CDR_KIND, EventMap
from ratingd.ingest.event_rows import FileRefused, Lines, Row, RowFault, csv_rows, jsonl_rows
from ratingd.ingest.row_file import rows_into
from ratingd.models.traffic.simulated_call import ORDINARY, SimulatedCall
from triggers.calls.call_event import ANSWERED, CallEvent
from triggers.numbers.number_reading import RAW, NumberReader

COLUMNS: Final = (
    "call_id", "a_number", "b_number", "start_ts", "ring_ts", "answer_ts", "end_ts", "disposition", "trunk",
    "switch_id", "cli", "p_asserted_identity", "attestation", "origin_region", "target_region", "label", "kind",
)  # fmt: skip
SATARK_COLUMNS: Final = (
    "caller_id", "receiver_id", "call_duration", "timestamp", "origin_region", "target_region", "true_label",
)  # fmt: skip
FRAUD: Final = "fraud"  # of what kind, nobody said
LABELS: Final[Mapping[str, int]] = {
    **dict.fromkeys(("1", "1.0", "true", "yes", "fraud", "scam"), 1),
    **dict.fromkeys(("0", "0.0", "false", "no", "normal", "legitimate"), 0),
}
_WORDS: Final = "1, true, yes, fraud or scam is fraud; 0, false, no, normal or legitimate is not"
ANY_FUTURE: Final = -1
KIND_MAX: Final = 40  # characters
RING: Final = "ring_ts"
KIND: Final = "kind"


class CallsRefused(Exception):
    """A file of labelled calls has rows that cannot be read: all of them."""

    def __init__(self, faults: list[RowFault]) -> None:
        self.faults: Final = faults
        super().__init__("\n".join([str(fault) for fault in faults]))


def write_calls(path: Path, calls: Iterable[SimulatedCall]) -> None:
    """As `read_calls` reads them again, CSV or JSON lines. Raises OSError."""
    with rows_into(path, COLUMNS) as rows:
        for call in calls:
            rows.write(_row(call))


def write_satark(path: Path, calls: Iterable[SimulatedCall], country: str) -> None:
    """In the columns of the map `satark`, numbers as they are dialled in their country. Raises OSError."""
    with rows_into(path, SATARK_COLUMNS) as rows:
        for call in calls:
            rows.write(
                {
                    "caller_id": call.a.removeprefix(country),
                    "receiver_id": call.b.removeprefix(country),
                    "call_duration": _seconds(call.duration_ms),
                    "timestamp": _seconds(call.start_ms),
                    "origin_region": call.origin,
                    "target_region": call.target,
                    "true_label": call.label,
                }
            )


def read_calls(path: Path, columns: EventMap, numbers: NumberReader) -> list[SimulatedCall]:
    """In the order of time. Raises CallsRefused, FileRefused where nothing of it can be read, and OSError."""
    reading = _Reading(columns, numbers)
    with path.open("rb") as file:
        for row in _rows(path, file, columns):
            reading.take(row)
    if reading.faults:
        raise CallsRefused(reading.faults)
    if not reading.calls:
        raise FileRefused("has no calls, only a header")
    return sorted(reading.calls, key=_when)


def _when(call: SimulatedCall) -> int:
    return call.start_ms


def _rows(path: Path, file: BinaryIO, columns: EventMap) -> Iterator[Row | RowFault]:
    lines = Lines(file)
    if path.suffix.lower() in JSON_LINES:
        return jsonl_rows(lines)

    def missing(header: Iterable[str]) -> list[str]:
        label = columns.column_of("label")
        return columns.missing(header) + ([] if label in header else [label])

    return csv_rows(lines, columns.delimiter, missing)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is true of a call besides what a detector may look at."""

    label: int
    kind: str
    ring_ms: int


class _Reading:
    def __init__(self, columns: EventMap, numbers: NumberReader) -> None:
        self._columns: Final = columns
        self._events: Final = EventReader(numbers, default_tenant="", max_future_skew_ms=ANY_FUTURE)
        self._line_of: Final[dict[str, int]] = {}
        self.calls: Final[list[SimulatedCall]] = []
        self.faults: Final[list[RowFault]] = []

    def take(self, row: Row | RowFault) -> None:
        if isinstance(row, RowFault):
            self.faults.append(row)
            return
        kind = str(row.values.get(KIND) or "").strip()
        if len(kind) > KIND_MAX or not kind.isprintable():
            self.faults.append(RowFault(row.line, KIND, f"a word of at most {KIND_MAX} characters is wanted", row.text))
            return
        try:
            self._take(row, kind)
        except InvalidRequest as error:
            column = self._columns.column_of(error.field)
            self.faults.append(RowFault(row.line, column, error.description, row.text))

    def _take(self, row: Row, kind: str) -> None:
        fields = self._columns.fields(row.values)
        if fields["event_type"] != CDR_KIND:
            raise InvalidRequest("event_type", "labelled calls are CDRs, one row a call")
        label = _label(fields.pop("label", None))
        known = _Known(label, kind or (FRAUD if label else ORDINARY), time_of(RING, row.values.get(RING)))
        message = call_event(fields)
        event = self._events.read(message.SerializeToString(), begun_ms(message))
        before = self._line_of.setdefault(event.call_id, row.line)
        if before != row.line:
            raise InvalidRequest("call_id", f"{event.call_id} is the call of line {before} already")
        self.calls.append(_call(event, known))


def _label(value: object) -> int:
    said = "" if value is None else str(value).strip().lower()
    label = LABELS.get(said)
    if not said:
        raise InvalidRequest("label", "is empty; 1 is fraud, 0 is not")
    if label is None:
        raise InvalidRequest("label", f"{shown(value)} says neither; {_WORDS}")
    return label


def _call(event: CallEvent, known: _Known) -> SimulatedCall:
    details = event.details
    disposition = ANSWERED if details.answer_ms and not details.disposition else details.disposition
    return SimulatedCall(
        call_id=event.call_id,
        a=event.a.text.removeprefix(RAW),
        b=event.b.text.removeprefix(RAW),
        start_ms=details.start_ms,
        ring_ms=min(max(known.ring_ms, details.start_ms), details.end_ms) if known.ring_ms else 0,
        answer_ms=details.answer_ms,
        end_ms=details.end_ms,
        disposition=disposition,
        trunk=event.trunk,
        switch_id=event.switch_id,
        cli=details.cli.text.removeprefix(RAW),
        pai=details.p_asserted_identity.text.removeprefix(RAW),
        attestation=details.attestation,
        origin=details.origin_region,
        target=details.target_region,
        label=known.label,
        kind=known.kind,
    )


def _row(call: SimulatedCall) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "a_number": call.a,
        "b_number": call.b,
        "start_ts": call.start_ms,
        "ring_ts": call.ring_ms or "",
        "answer_ts": call.answer_ms or "",
        "end_ts": call.end_ms or "",
        "disposition": call.disposition,
        "trunk": call.trunk,
        "switch_id": call.switch_id,
        "cli": call.cli,
        "p_asserted_identity": call.pai,
        "attestation": call.attestation,
        "origin_region": call.origin,
        "target_region": call.target,
        "label": call.label,
        "kind": call.kind,
    }


def _seconds(ms: int) -> str:
    return f"{ms // 1000}.{ms % 1000:03}"
