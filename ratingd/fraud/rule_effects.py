"""What a rule leads to: an alert, and its actions, each performed where it belongs.

Rule irsf says `*alert;*limit_session:60s;*disable_account`. It holds for account 1001 at 03:12:

    *alert             is raised, with what was done
    *limit_session     an entry of the limits: its calls are granted a minute at most for a day
    *disable_account   an order for the account's lane, under the key fraud:irsf:…:1001:498675

*disconnect cuts the call that the rule was looked at for; *block_number refuses the number that the rule is about, or
else the caller; *block_range calls to the range; *block_trunk the trunk. What accounts do (the other types, and the
sets of Actions.csv) is for the one that pays for the call. A rule that only reports does nothing of it: its alert says
what would have been done. Nobody who calls an emergency number is cut or blocked.
"""

from typing import Final

from accounts.account import AccountKey
from actions.action import ActionType
from ratingd.fraud.alert import Alert, explanation_document
from ratingd.fraud.blocks import ACCOUNT, NUMBER, RANGE, TRUNK, block, limit
from ratingd.fraud.gathered import Gathered
from ratingd.fraud.orders import order
from ratingd.fraud.switch_orders import cut
from ratingd.store.fraud_rows import FlaggedCallRow
from triggers.calls.call_event import CallEvent
from triggers.masking.incident import Attempt
from triggers.rules.rule import RuleAction, RuleHit

# kinds of subjects: as metrics are addressed, and as alerts name them
SUBJECTS: Final = {"a": "a_number", "b": "b_number"}
NUMBERS: Final = ("a", "b")
RANGES: Final = ("a_range", "b_range")
ALERT: Final = "*alert"
DISCONNECT: Final = "*disconnect"
LIMIT_SESSION: Final = "*limit_session"
BLOCKS: Final = ("*block_number", "*block_range", "*block_trunk")
HERE: Final = (ALERT, DISCONNECT, LIMIT_SESSION, *BLOCKS)
DAY_MS: Final = 86_400_000


class RuleEffects:
    def __init__(self, *, tenant: str) -> None:
        self._tenant: Final = tenant

    def take(self, hit: RuleHit, event: CallEvent, found: Gathered) -> Alert | None:
        """Gather what a rule has done, and give its alert, if it is to be raised."""
        rule, key = hit.rule, self._payer(event)
        alert = _alert(hit, event, key, found.now_ms)
        if rule.report_only:
            would = ", ".join([action.text for action in rule.actions]) or "nothing"
            alert.action_results = [f"report only: would have done {would}"]
            return alert
        for action in rule.actions:
            result = self._perform(action, hit, event, found)
            if result:
                alert.action_results.append(f"{action.text}: {result}")
        self._order([action for action in rule.actions if action.name not in HERE], key, hit, alert.uuid, found)
        return alert if ALERT in [action.name for action in rule.actions] else None

    def _perform(self, action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        """Do what is done here; what came of it, or "" where somebody else does it."""
        if action.name not in HERE or action.name == ALERT:
            return ""
        if event.a.emergency or event.b.emergency:
            return "not done: an emergency call"
        if action.name == DISCONNECT:
            return self._cut(hit, event, found)
        if action.name == LIMIT_SESSION:
            return self._limit(action, hit, event, found)
        return _block(action, hit, event, found)

    def _cut(self, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        call = Attempt(event.at_ms, event.a.text, event.call_id, event.switch_id, event.trunk)
        found.flag(_flagged(hit, event))
        found.outbox.append(cut(call, "", self._payer(event), found.now_ms, hit.rule.fraud_type))
        return f"ordered for call {event.call_id}"

    def _limit(self, action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        kind, value = self._limited(hit, event)
        until_ms, who = hit.at_ms + DAY_MS, f"rule {hit.rule.id}"
        found.enter(limit(kind, value, action.seconds * 1000, hit.rule.fraud_type, who, found.now_ms, until_ms))
        return f"calls of {kind} {value} last {action.seconds} s at most, for a day"

    def _limited(self, hit: RuleHit, event: CallEvent) -> tuple[str, str]:
        """Whose calls are kept short: those of the number or trunk that the rule is about, else of who pays."""
        if hit.subject_kind in NUMBERS:
            return NUMBER, hit.subject
        if hit.subject_kind == TRUNK:
            return TRUNK, hit.subject
        return ACCOUNT, str(self._payer(event))

    def _order(self, actions: list[RuleAction], key: AccountKey, hit: RuleHit, alert: str, found: Gathered) -> None:
        """What the account does: its actions as one set, and each named set for itself."""
        window = hit.at_ms // max(hit.rule.pause_ms, 1)
        id = f"fraud:{hit.rule.id}:{hit.subject}:{key.account}:{window}"
        own = [(ActionType(action.name), action.parameter) for action in actions if not action.is_set]
        if own:
            found.order(order(id, key, own, alert, found.now_ms))
        for action in actions:
            if action.is_set:
                found.order(order(f"{id}:{action.name}", key, (), alert, found.now_ms, action.name))

    def _payer(self, event: CallEvent) -> AccountKey:
        return AccountKey(event.tenant or self._tenant, event.account or event.a.text)


def _alert(hit: RuleHit, event: CallEvent, key: AccountKey, now_ms: int) -> Alert:
    rule = hit.rule
    subject_kind = SUBJECTS.get(hit.subject_kind, hit.subject_kind)
    return Alert(
        rule.severity, rule.text or f"{rule.fraud_type}: {subject_kind} {hit.subject}", hit.explanation, rule.id,
        rule.fraud_type, subject_kind, hit.subject, now_ms, hit.at_ms, hit.at_ms,
        caller_id=event.a.text, call_ids=[event.call_id],
        explanations=[explanation_document(each) for each in hit.explanations],
        report_only=rule.report_only, tenant=key.tenant, account=key.account,
    )  # fmt: skip


def _block(action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
    kind, value = _blocked(action, hit, event)
    if not value:
        return "not done: nothing of the kind is known of the call"
    until_ms, who = hit.at_ms + action.seconds * 1000, f"rule {hit.rule.id}"
    found.enter(block(kind, value, hit.rule.fraud_type, who, found.now_ms, until_ms))
    return f"{kind} {value} is refused"


def _blocked(action: RuleAction, hit: RuleHit, event: CallEvent) -> tuple[str, str]:
    """What an action refuses: what the rule is about where that is of the kind, else what the call says."""
    kind, subject = hit.subject_kind, hit.subject
    if action.name == "*block_trunk":
        return TRUNK, subject if kind == TRUNK else event.trunk
    if action.name == "*block_range":
        return RANGE, subject if kind in RANGES else event.a.range
    return NUMBER, subject if kind in NUMBERS else event.a.text


def _flagged(hit: RuleHit, event: CallEvent) -> FlaggedCallRow:
    return FlaggedCallRow(
        event.call_id, "", event.at_ms, event.a.text, event.switch_id, event.trunk,
        reason=hit.rule.id, b_number=event.b.text,
    )  # fmt: skip
