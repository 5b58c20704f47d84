"""What is done to accounts besides charging them: top-ups and sets, settings, triggers, imports, expiry.

An operator tops up 1002, which nobody has heard of: the account comes into being and the balance with it, in one
operation. A set that fails leaves nothing, not even the account. Each of these works on one page, like a debit, and is
watched like a debit where the rules say so.
"""

from dataclasses import dataclass
from typing import Final, assert_never

from accounts.account import Account, AccountKey, ThresholdType, TriggerTerms
from accounts.book import Book, Page
from accounts.charge import ChargeRules
from accounts.holding import expire, release_all
from actions.account_import import Imported, import_account, set_account
from actions.action import Action
from actions.catalogue import Catalogue
from actions.context import ActionContext
from actions.failure import ActionFailed, FailureReason
from actions.folder import PlanBook
from actions.outside import Outside
from actions.perform import drop_expired, drop_over, evaluate, run_set
from actions.trigger_groups import (
    TriggerGroupUnknown,
    attach_groups,
    remove_triggers,
    reset_counters,
    reset_triggers,
    set_trigger,
)
from actions.watch import watch
from ratingd.engine.operation import (
    Debit,
    ExecuteSet,
    ExpireDue,
    GetMaxSessionTime,
    ImportAccount,
    MaxDebit,
    Operation,
    ReadAccount,
    Refund,
    RemoveAccount,
    RemoveTriggers,
    ResetCounters,
    ResetTriggers,
    RunActions,
    SetAccount,
    SetScores,
    SetTrigger,
    SetTriggers,
)
from ratingd.errors import (
    AccountUnknown,
    ActionsFailed,
    ActionsUnknown,
    BalanceUnknown,
    InvalidRatingSubject,
    InvariantBroken,
    PlanUnknown,
    TriggersUnknown,
)


@dataclass(frozen=True, slots=True)
class Result:
    """What an operation came to, besides what it changed on its pages."""

    outside: tuple[Outside, ...] = ()
    notes: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    fired: tuple[str, ...] = ()  # names of monitors


class AccountOperations:
    def __init__(self, rules: ChargeRules) -> None:
        self._rules: Final = rules

    def run(self, operation: Operation, key: AccountKey, pages: Book, book: PlanBook, context: ActionContext) -> Result:
        """Carry the operation out on the pages laid before it. Raises RatingdError, and then they are thrown away."""
        match operation:
            case RunActions(actions, create):
                return _run(actions, _page(key, pages, create=create), book, context)
            case ExecuteSet(actions_id, create):
                named = book.catalogue.action_sets.get(actions_id)
                if named is None:
                    raise ActionsUnknown(actions_id)
                return _run(named.actions, _page(key, pages, create=create), book, context)
            case SetAccount():
                return _set_account(operation, _page(key, pages, create=True), book, context)
            case ImportAccount(row, rerun_asap, other):
                page, catalogue = _page(key, pages, create=True), other or book.catalogue
                imported = import_account(page, row, catalogue, now_ns=context.now_ns, rerun_asap=rerun_asap)
                return _imported(page, imported, catalogue, context)
            case RemoveAccount():
                page = _page(key, pages)
                release_all(page)
                page.remove()
                return Result()
            case SetTriggers(groups, overwrite):
                page = _page(key, pages)
                try:
                    attach_groups(page, groups, book.catalogue, overwrite=overwrite)
                except TriggerGroupUnknown as unknown:
                    raise TriggersUnknown(str(unknown)) from None
                return Result()
            case ResetTriggers(group, unique_id, executed):
                page = _page(key, pages)
                reset_triggers(page, group=group, unique_id=unique_id, executed=executed)
                return Result() if executed else _watched(page, book, context)
            case ResetCounters(counter_id, kind):
                page = _page(key, pages)
                reset_counters(page, counter_id=counter_id, kind=kind)
                return Result()
            case SetTrigger(terms, executed):
                page = _page(key, pages)
                set_trigger(page, terms, executed=executed)
                return _watched(page, book, context)
            case RemoveTriggers(group, unique_id):
                page = _page(key, pages)
                remove_triggers(page, group=group, unique_id=unique_id)
                return Result()
            case SetScores(scores):
                page = _page(key, pages)
                for address, value in scores.items():
                    if page.account.scores.get(address) != value:
                        page.set_score(address, value)
                return _watched(page, book, context)
            case ExpireDue():
                return Result() if pages.page(key) is None else _expire(_page(key, pages), book, context)
            case GetMaxSessionTime() | Debit() | MaxDebit() | Refund() | ReadAccount():
                raise InvariantBroken(f"{type(operation).__name__} is no operation on the account as such")
            case _:
                assert_never(operation)


def _page(key: AccountKey, pages: Book, *, create: bool = False) -> Page:
    """The account's page, or one with a new account."""
    page = pages.page(key)
    if page is not None:
        return page
    if not create:
        raise AccountUnknown(key.tenant, key.account)
    return Page(Account(key), created=True, book=pages)


def _run(actions: tuple[Action, ...], page: Page, book: PlanBook, context: ActionContext) -> Result:
    try:
        outside = run_set(actions, page, book.catalogue, context)
    except ActionFailed as failed:
        raise _error(failed) from None
    return Result(outside)


def _error(failed: ActionFailed) -> Exception:
    match failed.reason:
        case FailureReason.BALANCE_UNKNOWN:
            return BalanceUnknown(f"{failed}. `ratingd account show` lists the balances of an account.")
        case FailureReason.INVALID_RATING_SUBJECT:
            return InvalidRatingSubject("balance.rating_subject", str(failed))
        case _:
            return ActionsFailed(f"{failed}. Nothing was changed.")


def _set_account(wanted: SetAccount, page: Page, book: PlanBook, context: ActionContext) -> Result:
    for plan in wanted.plans or ():
        if plan not in book.catalogue.action_plans:
            raise PlanUnknown(plan)
    for group in wanted.trigger_groups or ():
        if group not in book.catalogue.trigger_groups:
            raise TriggersUnknown(group)
    if wanted.time_zone is not None and wanted.time_zone != page.account.time_zone:
        page.set_time_zone(wanted.time_zone)
    done = set_account(
        page,
        book.catalogue,
        plans=wanted.plans,
        trigger_groups=wanted.trigger_groups,
        allow_negative=wanted.allow_negative,
        disabled=wanted.disabled,
        overwrite_plans=wanted.overwrite_plans,
        overwrite_triggers=wanted.overwrite_triggers,
    )
    return _imported(page, done, book.catalogue, context)


def _imported(page: Page, imported: Imported, catalogue: Catalogue, context: ActionContext) -> Result:
    """Run the `*asap` sets of plans that are new to the account, each for itself: one that fails is told, not fatal."""
    outside: list[Outside] = []
    failures = []
    for actions_id in imported.asap:
        named = catalogue.action_sets.get(actions_id)
        try:
            if named is None:
                raise ActionFailed(None, f"there is no action set {actions_id!r}")
            outside += run_set(named.actions, page, catalogue, context)
        except ActionFailed as failed:
            failures.append(f"action set {actions_id} was not carried out: {failed}")
    return Result(tuple(outside), (*imported.differences, *failures), tuple(failures))


def _watched(page: Page, book: PlanBook, context: ActionContext) -> Result:
    watched = watch(page, book.catalogue, context)
    fired = tuple([firing.trigger.name for firing in watched.fired])
    return Result(watched.outside, failures=watched.failures, fired=fired)


def _expire(page: Page, book: PlanBook, context: ActionContext) -> Result:
    """Fire what watches for expiry and nothing else, for only time has passed; then drop what has expired."""
    found = evaluate(page, book.catalogue, context, _watches_expiry)
    drop_expired(page, context.now_ns)
    drop_over(page, context.now_ns)
    expire(page, context.now_ns)
    outside = tuple([effect for fired in found for effect in fired.outside])
    failures = tuple([fired.failure for fired in found if fired.failure])
    return Result(outside, (), failures, tuple([fired.firing.trigger.name for fired in found if fired.done]))


def _watches_expiry(terms: TriggerTerms) -> bool:
    return terms.type is ThresholdType.BALANCE_EXPIRED
