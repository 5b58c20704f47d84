"""ActionPlans.csv: which action sets run when.

    MONTHLY_10,TOP10,*monthly,10

An entry keeps the moment at which it was first loaded, from which `*monthly` counts; the same row loaded again is the
same entry (`actions.plan_schedule`).

A timing of month 13, or of the year 2019, loads as it always did. An operator who typed it waits for a top-up that
never comes, so the row of the plan that names it is warned of: its entry never runs.
"""

from collections.abc import Mapping, Set
from typing import Final

from actions.plan_schedule import BUILT_IN_TIMINGS, ActionPlan, PlanEntry, next_due
from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.plan_files import in_reading_order
from tariffs.timing import Timing
from tariffs.zone import DAY_NS, UTC

FILE: Final = "ActionPlans.csv"
COLUMNS: Final = ("Id", "ActionsId", "TimingId", "Weight")
NEVER_ALLOWED: Final = "a timing whose years, months, days and time a calendar and a clock still show"


def read_action_plans(
    files: Mapping[str, bytes],
    action_ids: Set[str],
    timings: Mapping[str, Timing],
    stored: Mapping[str, ActionPlan],
    findings: list[Finding],
    *,
    now_ns: int,
) -> dict[str, ActionPlan]:
    """The plans of a folder (path inside it to content). `stored` are those of the catalogue in force."""
    plans: dict[str, list[PlanEntry]] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            entry = _entry(row, action_ids, timings, now_ns)
            if entry is not None:
                plans.setdefault(row["Id"], []).append(entry)
    return {id: ActionPlan(id, _anchored(entries, stored.get(id))) for id, entries in plans.items()}


def _entry(row: Row, action_ids: Set[str], timings: Mapping[str, Timing], now_ns: int) -> PlanEntry | None:
    timing = timings.get(row["TimingId"]) or BUILT_IN_TIMINGS.get(row["TimingId"])
    if not row["Id"]:
        row.fault("Id", "is empty", "the id of the plan")
    if row["ActionsId"] not in action_ids:
        row.fault("ActionsId", "names no action set", "an id of Actions.csv, in this folder or loaded before")
    if timing is None:
        allowed = "a Tag of Timings.csv, or one of " + ", ".join(BUILT_IN_TIMINGS)
        row.fault("TimingId", "names no timing", allowed)
    weight = row.decimal("Weight")
    if timing is None or not row["Id"]:
        return None
    entry = PlanEntry(row["ActionsId"], timing, weight, now_ns)
    if never_runs(entry, now_ns):
        row.warn("TimingId", "is a timing without an instant to come, so this entry never runs", NEVER_ALLOWED)
    return entry


def never_runs(entry: PlanEntry, now_ns: int) -> bool:
    """Whether no clock shows its time from now on, wherever an account lives (a zone is a day ahead or behind)."""
    behind_ns = now_ns - DAY_NS if not entry.timing.schedule else now_ns - 1
    return not entry.asap and next_due(entry.timing, behind_ns, UTC, anchor_ns=now_ns) is None


def _anchored(entries: list[PlanEntry], stored: ActionPlan | None) -> tuple[PlanEntry, ...]:
    """Entries that are stored already keep their anchor, equal ones in their order."""
    anchors: dict[tuple[str, Timing], list[int]] = {}
    for entry in stored.entries if stored is not None else ():
        anchors.setdefault((entry.actions_id, entry.timing), []).append(entry.anchor_ns)
    found = []
    for entry in entries:
        kept = anchors.get((entry.actions_id, entry.timing))
        anchor_ns = kept.pop(0) if kept else entry.anchor_ns
        found.append(PlanEntry(entry.actions_id, entry.timing, entry.weight, anchor_ns))
    return tuple(found)
