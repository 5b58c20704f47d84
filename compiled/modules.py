"""Which modules are compiled: one list, and a reason beside each exception.

All of a pure room is compiled, but for what is named here; of `ratingd` what each debit passes through. A module is
left interpreted where compiling it buys nothing (it runs once a start) or where mypyc cannot keep what it promises.
"""

from pathlib import Path
from typing import Final

ROOMS: Final = ("tariffs", "accounts", "triggers", "actions")
PACKAGES: Final = (*ROOMS, "ratingd")
INTERPRETED: Final = {
    "tariffs/image.py": "it runs once a load, for 0.1 s, and compiled code lets nobody charge in between",
    "tariffs/fault.py": "findings come from the process that read a folder, and unpickling writes to a frozen class",
    "actions/plan_difference.py": "differences come the same way",
    "triggers/campaigns/caller_points.py": "a run a minute goes through 20,000 callers, and others charge in between",
    "triggers/campaigns/campaign.py": "the same",
    "triggers/campaigns/campaign_book.py": "the same",
    "triggers/campaigns/campaign_graph.py": "the same",
    "triggers/campaigns/density_clusters.py": "the same; its time is that of numpy and scikit-learn",
    "triggers/campaigns/fraud_type.py": "the same",
    "triggers/campaigns/identity.py": "the same",
    "triggers/campaigns/linkage.py": "the same",
    "triggers/campaigns/overlap.py": "the same",
}
OF_RATINGD: Final = (
    "ratingd/api/aliased.py",
    "ratingd/api/answers.py",
    "ratingd/api/call_cost.py",
    "ratingd/api/call_message.py",
    "ratingd/api/call_request.py",
    "ratingd/api/call_times.py",
    "ratingd/api/charge_message.py",
    "ratingd/api/charge_stream.py",
    "ratingd/api/charging.py",
    "ratingd/api/convert.py",
    "ratingd/api/debit_message.py",
    "ratingd/api/edge_server.py",
    "ratingd/api/edge_streams.py",
    "ratingd/api/event_message.py",
    "ratingd/api/event_stream.py",
    "ratingd/api/method.py",
    "ratingd/api/rated_cost.py",
    "ratingd/api/rating.py",
    "ratingd/api/reasons.py",
    "ratingd/api/verdict_message.py",
    "ratingd/api/wire.py",
    "ratingd/api/wire_amounts.py",
    "ratingd/api/wire_reader.py",
    "ratingd/engine/account_desk.py",
    "ratingd/engine/admission.py",
    "ratingd/engine/batch.py",
    "ratingd/engine/cache.py",
    "ratingd/engine/change_record.py",
    "ratingd/engine/charge_loop.py",
    "ratingd/engine/charge_record.py",
    "ratingd/engine/command.py",
    "ratingd/engine/compact.py",
    "ratingd/engine/contention.py",
    "ratingd/engine/decide.py",
    "ratingd/engine/decision.py",
    "ratingd/engine/ids.py",
    "ratingd/engine/lane.py",
    "ratingd/engine/laying.py",
    "ratingd/engine/neighbours.py",
    "ratingd/engine/open_calls.py",
    "ratingd/engine/operation.py",
    "ratingd/engine/plans.py",
    "ratingd/engine/recovery.py",
    "ratingd/fraud/blocks.py",
    "ratingd/fraud/charged_event.py",
    "ratingd/fraud/desk.py",
    "ratingd/fraud/event_log.py",
    "ratingd/fraud/figures.py",
    "ratingd/fraud/guard.py",
    "ratingd/fraud/inquiries.py",
    "ratingd/fraud/taken.py",
    "ratingd/fraud/unstored.py",
    "ratingd/fraud/writer.py",
    "ratingd/models/live_models.py",
    "ratingd/models/tree_walk.py",
    "ratingd/store/rows.py",
    "ratingd/store/transaction.py",
)


def compiled_modules(root: Path) -> list[str]:
    """Their paths below `root`, sorted."""
    rooms = (path.relative_to(root).as_posix() for room in ROOMS for path in (root / room).rglob("*.py"))
    chosen = {path for path in rooms if not path.endswith("__init__.py") and path not in INTERPRETED}
    return sorted(chosen.union(OF_RATINGD))


def libraries(root: Path) -> list[tuple[list[str], str | None]]:
    """The modules by the shared library they go to, one a package: what an edit leaves compiled is the other rooms."""
    modules = compiled_modules(root)
    return [
        ([path for path in modules if path.startswith(f"{package}/")], f"{package}_compiled") for package in PACKAGES
    ]
