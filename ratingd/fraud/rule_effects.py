"""What a rule leads to: an alert, and its actions, each performed where it belongs.

Rule irsf says `*limit_session 60s 24h` and `*disable_account`. It holds for account 1001 at 03:12:

    *limit_session     an entry of the limits: its calls are granted a minute at most until tomorrow
    *disable_account   an order for the account's lane, under the key fraud:irsf:1001:…
    the alert          what is raised in any case, with what was done

*disconnect, *block_number, *block_trunk and *limit_session are done here, for a number or a trunk has no account; all
other actions of Actions.csv, and the names of sets, are for the account that pays for the call. A rule that only
reports does nothing of it: its alert says what would have been done. Nobody who calls an emergency number is cut or
blocked.
"""

from typing import Final

from accounts.account import AccountKey
from actions.action import ActionType
from ratingd import observe
from ratingd.fraud.alert import Alert
from ratingd.fraud.blocks import ACCOUNT, NUMBER, RANGE, TRUNK, block, limit
from ratingd.fraud.gathered import Gathered
from ratingd.fraud.orders import order
from ratingd.fraud.rule_action import DISCONNECT, RuleAction, parse_action
from ratingd.fraud.switch_orders import cut
from ratingd.store.fraud_rows import FlaggedCallRow
from triggers.call_event import CallEvent
from triggers.fraud_rule import RuleHit
from triggers.masking_incident import Attempt

# kinds of subjects: as metrics are addressed, and as alerts name them
SUBJECTS: Final = {"a": "a_number", "b": "b_number"}
NUMBERS: Final = ("a", "b")
RANGES: Final = ("a_range", "b_range")


class RuleEffects:
    def __init__(self, *, tenant: str) -> None:
        self._tenant: Final = tenant
        self._parsed: Final[dict[str, RuleAction]] = {}

    def take(self, hit: RuleHit, event: CallEvent, found: Gathered) -> Alert:
        """Gather what a rule has done, and give its alert."""
        rule, key = hit.rule, self._payer(event)
        actions = [self._action(text) for text in rule.actions]
        alert = Alert(
            rule.severity, f"{rule.fraud_type}: {hit.subject}", hit.explanation, rule.id, rule.fraud_type,
            SUBJECTS.get(hit.subject_kind, hit.subject_kind), hit.subject, found.now_ms, event.at_ms, event.at_ms,
            caller_id=event.a.text, call_ids=[event.call_id],
            explanations=[{"feature": name, "value": value, "text": f"{name} is {value:g}"}
                          for name, value in hit.values.items()],
            report_only=rule.report_only, tenant=key.tenant, account=key.account,
        )  # fmt: skip
        if rule.report_only:
            would = ", ".join(rule.actions) or "nothing"
            alert.action_results = [f"report only: would have done {would}"]
            return alert
        for action in actions:
            result = self._perform(action, hit, event, found)
            if result:
                alert.action_results.append(f"{action.text}: {result}")
        self._order([action for action in actions if action.of_account], key, hit, event, alert.uuid, found)
        return alert

    def _perform(self, action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        """Do what is done here; what came of it, or "" where somebody else does it."""
        if action.of_account or action.type is ActionType.ALERT:
            return ""
        if event.a.emergency or event.b.emergency:
            return "not done: an emergency call"
        if action.text == DISCONNECT:
            return self._cut(hit, event, found)
        if action.type is ActionType.LIMIT_SESSION:
            return self._limit(action, hit, event, found)
        return self._block(action, hit, event, found)

    def _cut(self, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        call = Attempt(event.at_ms, event.a.text, event.call_id, event.switch_id, event.trunk)
        found.flag(_flagged(hit, event))
        found.outbox.append(cut(call, "", self._payer(event), found.now_ms, hit.rule.fraud_type))
        return f"ordered for call {event.call_id}"

    def _block(self, action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        kind, value = _blocked(action, hit, event)
        if not value:
            return "not done: nothing to block is known of the call"
        until_ms = event.at_ms + action.lasts_ms
        found.enter(block(kind, value, hit.rule.fraud_type, f"rule {hit.rule.id}", found.now_ms, until_ms))
        return f"{kind} {value} is refused for {action.lasts_ms // 1000} s"

    def _limit(self, action: RuleAction, hit: RuleHit, event: CallEvent, found: Gathered) -> str:
        kind, value = self._limited(hit, event)
        until_ms, who = event.at_ms + action.lasts_ms, f"rule {hit.rule.id}"
        found.enter(limit(kind, value, action.limit_ms, hit.rule.fraud_type, who, found.now_ms, until_ms))
        return f"calls of {kind} {value} last {action.limit_ms // 1000} s at most for {action.lasts_ms // 1000} s"

    def _limited(self, hit: RuleHit, event: CallEvent) -> tuple[str, str]:
        """Whose calls are kept short: those of the number or trunk that the rule is about, else of who pays."""
        if hit.subject_kind in NUMBERS:
            return NUMBER, hit.subject
        if hit.subject_kind == TRUNK:
            return TRUNK, hit.subject
        return ACCOUNT, str(self._payer(event))

    def _order(
        self, actions: list[RuleAction], key: AccountKey, hit: RuleHit, event: CallEvent, alert: str, found: Gathered
    ) -> None:
        """What the account does: its actions as one set, and each named set for itself."""
        id = f"fraud:{hit.rule.id}:{hit.subject}:{event.at_ms}"
        own = [(action.type, action.extra) for action in actions if action.type is not None]
        if own:
            found.order(order(id, key, own, alert, found.now_ms))
        for action in actions:
            if action.type is None:
                found.order(order(f"{id}:{action.text}", key, (), alert, found.now_ms, action.text))

    def _payer(self, event: CallEvent) -> AccountKey:
        return AccountKey(event.tenant or self._tenant, event.account or event.a.text)

    def _action(self, text: str) -> RuleAction:
        """As it was read before; a rule is checked when it is loaded, so nothing else comes here."""
        action = self._parsed.get(text)
        if action is None:
            try:
                action = parse_action(text)
            except ValueError as error:
                observe.event("fraud.action_unknown", action=text, error=str(error))
                action = RuleAction(text, ActionType.ALERT)
            self._parsed[text] = action
        return action


def _blocked(action: RuleAction, hit: RuleHit, event: CallEvent) -> tuple[str, str]:
    """What an action refuses: the trunk, or the number or range that the rule is about, else the caller."""
    if action.type is ActionType.BLOCK_TRUNK:
        return TRUNK, hit.subject if hit.subject_kind == TRUNK else event.trunk
    if hit.subject_kind in RANGES:
        return RANGE, hit.subject
    return NUMBER, hit.subject if hit.subject_kind in NUMBERS else event.a.text


def _flagged(hit: RuleHit, event: CallEvent) -> FlaggedCallRow:
    return FlaggedCallRow(
        event.call_id, "", event.at_ms, event.a.text, event.switch_id, event.trunk,
        reason=hit.rule.id, b_number=event.b.text,
    )  # fmt: skip
