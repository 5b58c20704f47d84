"""Performing: one action set on one account, all of it or nothing of it, and what its changes set off.

`TOP_AND_TELL` tops up 10 and posts. The top-up moves balance MON to 31, a ceiling at 30 is reached and its own set
disables the account; only then the post is made, and it shows the account disabled. Had the set also held an action
that cannot be done, neither the top-up nor the disabling would have happened: a set is one thing to whoever ordered it,
over all the accounts that it changes.

Evaluation never nests. A set that a monitor fired may top up as it likes: what it changes is seen by the next
evaluation, that of the debit's next portion or of the next operation. A transfer sets off the monitors of both sides,
but for an account whose own monitor ordered it.

What leaves the account (alerts, mails, exports, records, log lines) is collected as values and goes with the commit.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias

from accounts.account import TriggerTerms
from accounts.book import Page
from accounts.counting import rebuild_counters
from actions.account_actions import remove_account, reset_account
from actions.action import LEFT_OUT, Action, ActionType
from actions.alert import log_account, post_alert, post_event, trigger_fields
from actions.balance_actions import (
    debit_units,
    remove_balance,
    remove_expired,
    set_balance,
    set_expiry,
    top_up,
    top_up_from_zero,
)
from actions.catalogue import Catalogue
from actions.cdr_log import LOGGED, Moved, records
from actions.context import ActionContext
from actions.export import export_account, publish_account
from actions.failure import ActionFailed, FailureReason
from actions.filter import account_fields, passes
from actions.mail import mail
from actions.outside import Disconnect, LogLine, Outside
from actions.protection import protect
from actions.reach import accounts_named
from actions.session_filter import parse_session_filter
from actions.transfer import transfer_balance, transfer_to_default
from actions.trigger_actions import set_recurrent
from actions.trigger_groups import arm_meant, replace_triggers, reset_counters
from triggers.monitor import Firing, due, mark

DISCONNECT: Final = "DISCONNECT"

EVALUATED: Final = frozenset(
    {
        ActionType.TOPUP,
        ActionType.TOPUP_RESET,
        ActionType.TOPUP_ZERO_NEGATIVE,
        ActionType.DEBIT,
        ActionType.DEBIT_RESET,
        ActionType.SET_BALANCE,
        ActionType.TRANSFER_BALANCE,
        ActionType.RESET_TRIGGERS,
        ActionType.RESET_ACCOUNT,
    }
)
CHANGES_BALANCES: Final = EVALUATED - {ActionType.RESET_TRIGGERS} | {
    ActionType.REMOVE_BALANCE,
    ActionType.REMOVE_EXPIRED,
    ActionType.SET_EXPIRY,
    ActionType.TRANSFER_MONETARY_DEFAULT,
}
Meant: TypeAlias = Callable[[TriggerTerms], bool]


class Fired(NamedTuple):
    """A monitor that was due, and what came of it: its set was `done`, or it failed, or the account was disabled."""

    firing: Firing
    outside: tuple[Outside, ...] = ()
    failure: str = ""
    done: bool = False


def run_set(actions: Sequence[Action], page: Page, catalogue: Catalogue, context: ActionContext) -> tuple[Outside, ...]:
    """Do all actions, heaviest first, or raise ActionFailed with all pages of the book as they were before."""
    savepoint = page.book.savepoint()
    try:
        for action in actions:
            _check_supported(action)
        page.book.need(accounts_named(actions, page.account.key))
        return tuple(_SetRun(actions, page, catalogue, context).run())
    except ActionFailed:
        page.book.roll_back(savepoint)
        raise


def evaluate(
    page: Page,
    catalogue: Catalogue,
    context: ActionContext,
    meant: Meant | None = None,
) -> list[Fired]:
    """One evaluation: fire what is due, heaviest first, then drop triggers and balances whose time is over.

    Balances stay while a call is charged, for the charge may still hold one that has expired by the clock but not by
    the time of the call; they go with the next operation, or with the sweep of accounts where something is due.
    """
    page.own()
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
        outside = run_set(action_set.actions, page, catalogue, _caused(context, page, firing))
    except ActionFailed as error:
        mark(page, firing, now_ns, executed=False)
        context.tried.add((page.account.key, trigger.terms.group, trigger.terms.unique_id))
        return _failed(firing, page, str(error))
    if trigger.terms.recurrent:
        mark(page, firing, now_ns, executed=False)
    return Fired(firing, outside, done=True)


def _caused(context: ActionContext, page: Page, firing: Firing) -> ActionContext:
    return replace(context, cause=firing, evaluating=context.evaluating | {page.account.key})


def _failed(firing: Firing, page: Page, cause: str) -> Fired:
    key, terms = page.account.key, firing.trigger.terms
    fields = {"account": str(key), "trigger": trigger_fields(page.account, firing), "cause": cause}
    line = LogLine("trigger.failed", fields)
    return Fired(firing, (line,), f"trigger {terms.group}/{terms.unique_id} of {key}: {cause}")


def _check_supported(action: Action) -> None:
    if action.type in LEFT_OUT:
        raise ActionFailed(action, f"ratingd does not do this: {LEFT_OUT[action.type]}", FailureReason.UNSUPPORTED)


def _concerns(page: Page, action: Action) -> bool:
    """Whether the account passes the action's filters; one that cannot be decided fails the action."""
    if not action.filters:
        return True
    try:
        return passes(action.filters, account_fields(page.account))
    except ValueError as error:
        raise ActionFailed(action, f"its filter: {error}") from None


class _SetRun:
    """One set on one account while it runs: what is left of it, what it has moved, what it wants done outside."""

    def __init__(self, actions: Sequence[Action], page: Page, catalogue: Catalogue, context: ActionContext) -> None:
        self._left: Final = sorted(actions, key=lambda action: -action.weight)
        self._page: Final = page
        self._catalogue: Final = catalogue
        self._context: Final = context
        self._initial: Final = {balance.uuid: balance.value for balance in page.account.balances}
        self._moved: Final[list[Moved]] = []
        self._outside: Final[list[Outside]] = []

    def run(self) -> list[Outside]:
        while self._left:
            action = self._left.pop(0)
            if _concerns(self._page, action):
                self._perform(action)
        return self._outside

    def _perform(self, action: Action) -> None:
        """One action and, unless a monitor of the account fired it, the evaluation that its changes call for."""
        page, meant = self._page, None
        if action.type is ActionType.TRANSFER_BALANCE:
            meant = self._transfer(action)
        elif action.type is ActionType.RESET_TRIGGERS:
            meant = arm_meant(page, action)
        else:
            self._change(action)
        if action.type in CHANGES_BALANCES:
            rebuild_counters(page)
        if action.type in EVALUATED:
            self._evaluate(page, self._context, meant)

    def _change(self, action: Action) -> None:
        """What changes the account."""
        page, context, type = self._page, self._context, action.type
        match type:
            case ActionType.TOPUP | ActionType.TOPUP_RESET:
                self._note(action, top_up(page, action, context, reset=type is ActionType.TOPUP_RESET))
            case ActionType.TOPUP_ZERO_NEGATIVE:
                top_up_from_zero(page, action, context)
            case ActionType.DEBIT | ActionType.DEBIT_RESET:
                self._note(action, debit_units(page, action, context, reset=type is ActionType.DEBIT_RESET))
            case ActionType.SET_BALANCE:
                self._note(action, set_balance(page, action, context))
            case ActionType.REMOVE_BALANCE:
                remove_balance(page, action, context)
                self._note(action)
            case ActionType.REMOVE_EXPIRED:
                remove_expired(page, action, context)
                self._note(action)
            case ActionType.SET_EXPIRY:
                set_expiry(page, action, context)
            case ActionType.TRANSFER_MONETARY_DEFAULT:
                transfer_to_default(page, action, context)
            case ActionType.RESET_ACCOUNT:
                reset_account(page, action, context)
            case ActionType.REMOVE_ACCOUNT:
                remove_account(page, action)
            case ActionType.ENABLE_ACCOUNT | ActionType.DISABLE_ACCOUNT:
                page.disable(type is ActionType.DISABLE_ACCOUNT)
            case ActionType.ALLOW_NEGATIVE | ActionType.DENY_NEGATIVE:
                page.allow_negative(type is ActionType.ALLOW_NEGATIVE)
            case ActionType.SET_RECURRENT | ActionType.UNSET_RECURRENT:
                set_recurrent(page, action, recurrent=type is ActionType.SET_RECURRENT)
            case ActionType.RESET_COUNTERS:
                reset_counters(page, counter_id=action.filter.id or "", kind=action.balance_type)
            case _:
                self._outside.extend(self._tell(action))

    def _tell(self, action: Action) -> Sequence[Outside]:
        """What the world is told of the account."""
        account, context = self._page.account, self._context
        match action.type:
            case ActionType.LOG:
                return (log_account(account, action, context),)
            case ActionType.HTTP_POST | ActionType.CALL_URL:
                return (post_alert(account, action, context, sync=True),)
            case ActionType.HTTP_POST_ASYNC | ActionType.CALL_URL_ASYNC:
                return (post_alert(account, action, context, sync=False),)
            case ActionType.POST_EVENT:
                return (post_event(account, action, context),)
            case ActionType.MAIL_ASYNC:
                return (mail(account, action, context),)
            case ActionType.EXPORT:
                return export_account(account, action, context)
            case ActionType.PUBLISH_ACCOUNT:
                return publish_account(account, context, self._initial)
            case ActionType.CDRLOG:
                left = [Moved(other, other.balance_type) for other in self._left if other.type in LOGGED]
                return records(account.key, action, [*self._moved, *left], context)
            case ActionType.FORCE_DISCONNECT_SESSIONS:
                return _disconnects(self._page, action, context)
            case ActionType.ALERT | ActionType.BLOCK_NUMBER | ActionType.BLOCK_TRUNK | ActionType.LIMIT_SESSION:
                return (protect(account, action, context),)
            case _:
                raise ActionFailed(action, "nobody performs it", FailureReason.UNSUPPORTED)

    def _transfer(self, action: Action) -> Meant:
        """Do a transfer and what it sets off on the other side. Returns which of the own monitors it concerns."""
        done = transfer_balance(self._page, action, self._context)
        self._moved.append(Moved(action, done.source.kind.value, done.source_value))
        if done.page is self._page:
            return lambda terms: done.concerns_source(terms) or done.concerns_destination(terms)
        rebuild_counters(done.page)
        self._evaluate(done.page, self._context.about(done.page.account), done.concerns_destination)
        return done.concerns_source

    def _evaluate(self, page: Page, context: ActionContext, meant: Meant | None) -> None:
        if page.account.key not in context.evaluating and not page.removed:
            for fired in evaluate(page, self._catalogue, context, meant):
                self._outside.extend(fired.outside)

    def _note(self, action: Action, value: int = 0) -> None:
        self._moved.append(Moved(action, action.balance_type, value))


def _disconnects(page: Page, action: Action, context: ActionContext) -> Sequence[Outside]:
    try:
        calls = parse_session_filter(action.extra).select(page.account.key, context.open_calls)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None
    terms = None if context.cause is None else context.cause.trigger.terms
    group, unique_id = ("", "") if terms is None else (terms.group, terms.unique_id)
    return [Disconnect(call.call_id, call.switch_id, DISCONNECT, group, unique_id, call.key) for call in calls]
