"""Performing: one action set on one account, all of it or nothing of it, and what its changes set off.

`TOP_AND_TELL` tops up 10 and posts. The top-up moves balance MON to 31, a ceiling at 30 is reached and its own set
disables the account; only then the post is made, and it shows the account disabled. Had the set also held an action
that cannot be done, neither the top-up nor the disabling would have happened: a set is one thing to whoever ordered it.

Evaluation never nests. A set that a monitor fired may top up as it likes: what it changes is seen by the next
evaluation, that of the debit's next portion or of the next operation.

What leaves the account (alerts, disconnects, log lines) is collected as values and goes with the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from accounts.account import TriggerTerms
from accounts.book import Page
from accounts.counting import rebuild_counters
from actions.action import SUPPORTED, Action, ActionType
from actions.alert import log_account, post_alert, trigger_fields
from actions.balance_actions import debit_units, remove_balance, set_balance, top_up
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.failure import ActionFailed, FailureReason
from actions.filter import account_fields, passes
from actions.outside import Disconnect, LogLine, Outside
from actions.session_filter import parse_session_filter
from actions.trigger_groups import arm_meant, replace_triggers, reset_counters
from triggers.monitor import Firing, due, mark

DISCONNECT: Final = "DISCONNECT"

EVALUATED: Final = frozenset(
    {
        ActionType.TOPUP,
        ActionType.TOPUP_RESET,
        ActionType.DEBIT,
        ActionType.DEBIT_RESET,
        ActionType.SET_BALANCE,
        ActionType.RESET_TRIGGERS,
    }
)
CHANGES_BALANCES: Final = (EVALUATED | {ActionType.REMOVE_BALANCE}) - {ActionType.RESET_TRIGGERS}


class Fired(NamedTuple):
    """A monitor that was due, and what came of it: its set was `done`, or it failed, or the account was disabled."""

    firing: Firing
    outside: tuple[Outside, ...] = ()
    failure: str = ""
    done: bool = False


def run_set(actions: Sequence[Action], page: Page, catalogue: Catalogue, context: ActionContext) -> tuple[Outside, ...]:
    """Do all actions, heaviest first, or raise ActionFailed with the page as it was before."""
    savepoint = page.savepoint()
    try:
        for action in actions:
            _check_supported(action)
        outside: list[Outside] = []
        for action in sorted(actions, key=lambda action: -action.weight):
            if _concerns(page, action):
                outside += _perform(action, page, catalogue, context)
    except ActionFailed:
        page.roll_back(savepoint)
        raise
    return tuple(outside)


def evaluate(
    page: Page,
    catalogue: Catalogue,
    context: ActionContext,
    meant: Callable[[TriggerTerms], bool] | None = None,
) -> list[Fired]:
    """One evaluation: fire what is due, heaviest first, then drop triggers and balances whose time is over.

    Balances stay while a call is charged, for the charge may still hold one that has expired by the clock but not by
    the time of the call; they go with the next operation, or with the sweep of accounts where something is due.
    """
    found = [
        _fire(firing, page, catalogue, context)
        for firing in due(page, context.now_ns, context.tried, context.call_name)
        if (meant is None or meant(firing.trigger.terms)) and not page.removed
    ]
    drop_over(page, context.now_ns)
    if context.call is None:
        drop_expired(page, context.now_ns)
    return found


def drop_expired(page: Page, now_ns: int) -> None:
    """Remove the balances that have expired by the clock."""
    for balance in [balance for balance in page.account.balances if balance.terms.expired(now_ns)]:
        page.close(balance)


def drop_over(page: Page, now_ns: int) -> None:
    """Remove the triggers whose time is over, with the counters that were theirs alone."""
    triggers = page.account.triggers
    kept = [t for t in triggers if t.terms.expires_at_ns is None or t.terms.expires_at_ns >= now_ns]
    if len(kept) < len(triggers):
        replace_triggers(page, kept)


def _fire(firing: Firing, page: Page, catalogue: Catalogue, context: ActionContext) -> Fired:
    """Run the set of a monitor. On a disabled account only the attempt is noted, and the monitor stays armed."""
    trigger, now_ns = firing.trigger, context.now_ns
    if page.account.disabled:
        mark(page, firing, now_ns, executed=False)
        return Fired(firing)
    mark(page, firing, now_ns, executed=True)
    action_set = catalogue.action_sets.get(trigger.terms.actions_id)
    try:
        if action_set is None:
            raise ActionFailed(None, f"there is no action set {trigger.terms.actions_id!r}")
        outside = run_set(action_set.actions, page, catalogue, replace(context, cause=firing))
    except ActionFailed as error:
        mark(page, firing, now_ns, executed=False)
        context.tried.add((page.account.key, trigger.terms.group, trigger.terms.unique_id))
        return _failed(firing, page, str(error))
    if trigger.terms.recurrent:
        mark(page, firing, now_ns, executed=False)
    return Fired(firing, outside, done=True)


def _failed(firing: Firing, page: Page, cause: str) -> Fired:
    key, terms = page.account.key, firing.trigger.terms
    fields = {"account": str(key), "trigger": trigger_fields(page.account, firing), "cause": cause}
    line = LogLine("trigger.failed", fields)
    return Fired(firing, (line,), f"trigger {terms.group}/{terms.unique_id} of {key}: {cause}")


def _check_supported(action: Action) -> None:
    if action.type not in SUPPORTED:
        raise ActionFailed(action, "this action is not supported yet", FailureReason.UNSUPPORTED)


def _concerns(page: Page, action: Action) -> bool:
    """Whether the account passes the action's filters; one that cannot be decided fails the action."""
    if not action.filters:
        return True
    try:
        return passes(action.filters, account_fields(page.account))
    except ValueError as error:
        raise ActionFailed(action, f"its filter: {error}") from None


def _perform(action: Action, page: Page, catalogue: Catalogue, context: ActionContext) -> list[Outside]:
    """One action and, unless a monitor fired it, the evaluation that its changes call for."""
    outside: list[Outside] = []
    meant = None
    match action.type:
        case ActionType.TOPUP | ActionType.TOPUP_RESET:
            top_up(page, action, context, reset=action.type is ActionType.TOPUP_RESET)
        case ActionType.DEBIT | ActionType.DEBIT_RESET:
            debit_units(page, action, context, reset=action.type is ActionType.DEBIT_RESET)
        case ActionType.SET_BALANCE:
            set_balance(page, action, context)
        case ActionType.REMOVE_BALANCE:
            remove_balance(page, action, context)
        case ActionType.ENABLE_ACCOUNT | ActionType.DISABLE_ACCOUNT:
            page.disable(action.type is ActionType.DISABLE_ACCOUNT)
        case ActionType.ALLOW_NEGATIVE | ActionType.DENY_NEGATIVE:
            page.allow_negative(action.type is ActionType.ALLOW_NEGATIVE)
        case ActionType.RESET_TRIGGERS:
            meant = arm_meant(page, action)
        case ActionType.RESET_COUNTERS:
            reset_counters(page, counter_id=action.filter.id or "", kind=action.balance_type)
        case ActionType.LOG:
            outside.append(log_account(page.account, action, context))
        case ActionType.HTTP_POST | ActionType.CALL_URL:
            outside.append(post_alert(page.account, action, context, sync=True))
        case ActionType.HTTP_POST_ASYNC | ActionType.CALL_URL_ASYNC:
            outside.append(post_alert(page.account, action, context, sync=False))
        case ActionType.FORCE_DISCONNECT_SESSIONS:
            outside += _disconnects(page, action, context)
        case _:
            raise ActionFailed(action, "this action is not supported yet", FailureReason.UNSUPPORTED)
    if action.type in CHANGES_BALANCES:
        rebuild_counters(page)
    if action.type in EVALUATED and context.cause is None:
        for fired in evaluate(page, catalogue, context, meant):
            outside += fired.outside
    return outside


def _disconnects(page: Page, action: Action, context: ActionContext) -> list[Outside]:
    try:
        calls = parse_session_filter(action.extra).select(page.account.key, context.open_calls)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    terms = None if context.cause is None else context.cause.trigger.terms
    group, unique_id = ("", "") if terms is None else (terms.group, terms.unique_id)
    return [Disconnect(call.call_id, call.switch_id, DISCONNECT, group, unique_id) for call in calls]
