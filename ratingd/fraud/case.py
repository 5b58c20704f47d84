"""Cases: everything about one thing on one page, for the analyst who has to say what it was.

Alert 17 is a masking run: its page has the run with the calls that carried it and what became of each, who called and
what is thought of him, the reasons with their numbers, the lists that he is on, who looked at it and who did what. The
same page there is of an incident, a campaign, a call and a number.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from ratingd.errors import NotFound
from ratingd.fraud.alert import Alert
from ratingd.fraud.campaigns import Document
from ratingd.fraud.explained import RuleHeld
from ratingd.fraud.incident import by_version
from ratingd.fraud.number_lookup import Checked
from ratingd.store.fraud_rows import AuditRow, FlaggedCallRow, IncidentRow
from ratingd.store.model_rows import LabelRow
from triggers.calls.call_record import SCAM_FROM, CallRecord
from triggers.lookup.expected_loss import ExpectedLoss
from triggers.numbers.number_list import ListEntry
from triggers.watch.explanation import Explanation
from triggers.watch.live_scores import MASKING_MODEL

ALERT: Final = "alert"
INCIDENT: Final = "incident"
CAMPAIGN: Final = "campaign"
CALL: Final = "call"
NUMBER: Final = "number"
CASE_KINDS: Final = (ALERT, INCIDENT, CAMPAIGN, CALL, NUMBER)


@dataclass(frozen=True, slots=True)
class CaseCall:
    """A call that carried it. `result` is that of disconnecting it, `flags` are names of detectors.

    `knn` is how much it is like a scam, 0 to 1 (-1: no model says), `versions` those of the models that scored it.
    """

    call_id: str
    a_number: str
    b_number: str
    at_ms: int
    duration_s: float = 0.0
    disposition: str = ""
    trunk: str = ""
    switch_id: str = ""
    probability: float = 0.0
    risk: float = 0.0
    flags: tuple[str, ...] = ()
    result: str = ""
    knn: float = -1.0
    versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def knn_label(self) -> int:
        return int(self.knn >= SCAM_FROM)


@dataclass(slots=True)
class Case:
    """`subjects` are the calls and numbers that a verdict on it is a verdict on."""

    id: str
    kind: str
    title: str
    fraud_type: str = ""
    alerts: list[Alert] = field(default_factory=list)
    incident: IncidentRow | None = None
    campaign: Document | None = None
    numbers: list[Checked] = field(default_factory=list)
    explanations: list[Explanation] = field(default_factory=list)
    rules: list[RuleHeld] = field(default_factory=list)
    calls: list[CaseCall] = field(default_factory=list)
    calls_total: int = 0
    lists: list[ListEntry] = field(default_factory=list)
    deeds: list[AuditRow] = field(default_factory=list)
    labels: list[LabelRow] = field(default_factory=list)
    loss: ExpectedLoss | None = None
    subjects: list[tuple[str, str]] = field(default_factory=list)


class CaseUnknown(NotFound):
    def __init__(self, asked: str) -> None:
        super().__init__(
            f"there is no case {asked!r}: it is the id of no alert, incident, campaign or call, and no telephone "
            "number. `ratingd fraud alerts`, `incidents` and `campaigns` list what there is."
        )


def case_call(
    call_id: str, flagged: FlaggedCallRow | None, record: CallRecord | None, run: IncidentRow | None = None
) -> CaseCall | None:
    """Of what is stored of a call; None where nothing is. What nobody has recorded yet is that of its run."""
    if record is None:
        if flagged is None:
            return None
        b_number, masked, versions = flagged.b_number, 0.0, dict[str, int]()
        if run is not None:
            b_number, masked = run.b_number, float(json.loads(run.document)["probability_max"])
            if version := by_version(run):
                versions[MASKING_MODEL] = version
        return CaseCall(
            call_id, flagged.a_number, b_number, flagged.at_ms, trunk=flagged.trunk, switch_id=flagged.switch_id,
            probability=masked, risk=100 * masked, flags=(flagged.reason,), result=flagged.result,
            versions=versions,
        )  # fmt: skip
    flags = record.flags.split() or ([flagged.reason] if flagged is not None else [])
    return CaseCall(
        call_id, record.a, record.b, record.start_ms, record.duration_ms / 1000, record.disposition, record.trunk,
        record.switch_id, record.probability, record.risk, tuple(flags), flagged.result if flagged is not None else "",
        record.knn, record.versions,
    )  # fmt: skip
