"""What a replay writes: flags of calls, rules that held, incidents. The same replay writes the same bytes."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

from ratingd.ingest.replay import MS, Attempted, CallFlag
from ratingd.ingest.row_file import rows_into, whole
from tariffs.instant import instant_text
from triggers.rules.rule import RuleHit

FLAG_COLUMNS: Final = (
    "call_id", "b_number", "flagged", "incident_id", "action", "reasons", "probability", "time",
)  # fmt: skip
HIT_COLUMNS: Final = (
    "time", "rule", "fraud_type", "severity", "subject_kind", "subject", "call_id", "report_only", "actions",
    "explanation", "id",
)  # fmt: skip


def write_incidents(path: Path, incidents: list[dict[str, Any]]) -> None:
    with whole(path) as file:
        file.write(json.dumps(incidents, ensure_ascii=False, indent=2))
        file.write("\n")


def flag_row(call: CallFlag) -> dict[str, Any]:
    return {
        "call_id": call.call_id,
        "b_number": call.b_number,
        "flagged": call.flagged,
        "incident_id": call.incident_id,
        "action": call.action,
        "reasons": list(call.reasons),
        "probability": call.probability,
        "time": instant_text(call.at_ms * MS),
    }


def hit_row(hit: RuleHit, call_id: str) -> dict[str, Any]:
    """What a rule that held would have done, `report_only` or not."""
    rule = hit.rule
    return {
        "time": instant_text(hit.at_ms * MS),
        "rule": rule.id,
        "fraud_type": rule.fraud_type,
        "severity": rule.severity,
        "subject_kind": hit.subject_kind,
        "subject": hit.subject,
        "call_id": call_id,
        "report_only": rule.report_only,
        "actions": [action.text for action in rule.actions],
        "explanation": hit.explanation,
        "id": hit.id,
    }


class Spool:
    """Calls in the order in which they came, in a file."""

    def __init__(self, file: IO[str]) -> None:
        self._file: Final = file

    def add(self, call: Attempted) -> None:
        self._file.write(json.dumps(call))
        self._file.write("\n")

    def __iter__(self) -> Iterator[Attempted]:
        self._file.seek(0)
        for line in self._file:
            call_id, b, at_ms = json.loads(line)
            yield call_id, b, at_ms


@contextmanager
def spool(folder: Path) -> Iterator[Spool]:
    """A file without a name beside the one that it is for, so that it is gone whatever happens. Raises OSError."""
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="surrogatepass", dir=folder) as file:
        yield Spool(file)


def write_flags(path: Path, calls: Iterable[CallFlag]) -> None:
    with rows_into(path, FLAG_COLUMNS) as rows:
        for call in calls:
            rows.write(flag_row(call))
