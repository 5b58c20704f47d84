"""Judging: what verdicts and rules mean for a call, told by the verdict and the rule alone."""

from typing import Final

from triggers.calls.call_event import DISCONNECTED_FRAUD
from triggers.calls.call_record import CallRecord
from triggers.calls.verdict import ALLOW, DISCONNECT, Verdict
from triggers.rules.rule import RuleHit
from triggers.watch.live_scores import MASKING_MODEL

CUT: Final = "*disconnect"  # of a rule's actions


def plain(verdict: Verdict) -> bool:
    """Whether it says nothing but ALLOW, so that it need not be remembered."""
    return verdict.action == ALLOW and not verdict.reasons and verdict.version == 0


def judge(record: CallRecord, verdict: Verdict, risk: float) -> None:
    """Write down in a call's record what was thought of it, and of its caller. One that was to be cut has ended so."""
    record.risk = max(record.risk, risk)
    if plain(verdict):
        return
    record.flags, record.incident_id = " ".join(verdict.reasons), verdict.incident_id
    record.probability, record.risk = verdict.probability, max(verdict.risk, risk)
    if verdict.version:
        record.scored_by(MASKING_MODEL, verdict.version)
    if verdict.action == DISCONNECT:
        record.disposition = DISCONNECTED_FRAUD


def cuts(hit: RuleHit) -> bool:
    """Whether a rule that holds has the call cut."""
    if hit.rule.report_only:
        return False
    return CUT in [action.name for action in hit.rule.actions]
