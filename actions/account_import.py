"""Importing accounts: what a row of AccountActions.csv changes on an account that may be known already.

A folder is loaded every night. Account 1001 was topped up by its plan's `*asap` entry when it first came, has spent,
and was disabled by a fraud monitor at noon. Loading the same row again changes nothing: no second top-up, the monitor
keeps its mark and its counter, the account stays disabled. A row that differs from the one loaded last is an order: its
flags hold, its plan takes the place of the plan loaded before and its group that of the group loaded before; what was
attached by other ways stays. Triggers of equal group and unique id keep their marks and counters all the same. One
whose time is over is not given to the account again, though the file still has it.

CGRateS would have topped up again, armed every trigger, set the counters to zero and enabled the account.

What an operator sets over the API adds to all this, or overwrites it where that is asked for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from accounts.account import AccountTrigger, TriggerTerms
from accounts.book import Page
from actions.account_row import AccountRow
from actions.catalogue import Catalogue
from actions.plan_schedule import ActionPlan
from actions.trigger_groups import attach_groups, group_terms, renewed, replace_triggers


class PlanUnknown(LookupError):
    """An action plan that no ActionPlans.csv has named."""


@dataclass(frozen=True, slots=True)
class Imported:
    """What is left to do after an import: the sets that run at once, heaviest first. `differences` are for people."""

    asap: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def import_account(
    page: Page, row: AccountRow, catalogue: Catalogue, *, now_ns: int, rerun_asap: bool = False
) -> Imported:
    """Bring an account to its row. `rerun_asap` runs the `*asap` entries of its plan though the account has it."""
    account, known = page.account, page.account.imported
    changed = known != row.imported
    differences = ["new account"] if page.created else []
    had_plan = row.plan in account.plans
    differences += _import_plan(page, row, known[0] if known else "")
    differences += _import_triggers(page, row, catalogue, known[1] if known else "", now_ns)
    if changed:
        differences += _import_flags(page, row)
        page.set_imported(row.imported)
    runs = row.plan and (rerun_asap or not had_plan)
    asap = asap_sets([plan_of(catalogue, row.plan)]) if runs else ()
    differences += [f"run {actions_id} now" for actions_id in asap]
    return Imported(asap, tuple(differences))


def set_account(
    page: Page,
    catalogue: Catalogue,
    *,
    plans: Sequence[str] | None = None,
    trigger_groups: Sequence[str] | None = None,
    allow_negative: bool | None = None,
    disabled: bool | None = None,
    overwrite_plans: bool = False,
    overwrite_triggers: bool = False,
) -> Imported:
    """Change what is given of an account; None stays as it is. Raises PlanUnknown or TriggerGroupUnknown."""
    asap: tuple[str, ...] = ()
    if plans is not None:
        asap = attach_plans(page, plans, catalogue, overwrite=overwrite_plans)
    if trigger_groups is not None:
        attach_groups(page, trigger_groups, catalogue, overwrite=overwrite_triggers)
    if allow_negative is not None and allow_negative != page.account.allow_negative:
        page.allow_negative(allow_negative)
    if disabled is not None and disabled != page.account.disabled:
        page.disable(disabled)
    return Imported(asap)


def attach_plans(page: Page, plans: Iterable[str], catalogue: Catalogue, *, overwrite: bool = False) -> tuple[str, ...]:
    """Give the account plans, besides or (`overwrite`) instead of those it has.

    The answer is the sets of `*asap` entries of plans that are new to it, to be run at once.
    """
    wanted = list(dict.fromkeys(plans))
    new = [plan_of(catalogue, plan) for plan in wanted if plan not in page.account.plans]
    kept = () if overwrite else page.account.plans
    attached = (*kept, *[plan for plan in wanted if plan not in kept])
    if attached != page.account.plans:
        page.set_plans(attached)
    return asap_sets(new)


def plan_of(catalogue: Catalogue, plan: str) -> ActionPlan:
    try:
        return catalogue.action_plans[plan]
    except KeyError:
        raise PlanUnknown(plan) from None


def asap_sets(plans: Iterable[ActionPlan]) -> tuple[str, ...]:
    """The sets that run when an account gets the plans: heavier entries first, equal ones in their order."""
    entries = [entry for plan in plans for entry in plan.entries if entry.asap]
    return tuple(entry.actions_id for entry in sorted(entries, key=lambda entry: -entry.weight))


def _import_plan(page: Page, row: AccountRow, before: str) -> list[str]:
    """The plan of the row takes the place of the one imported before."""
    plans = page.account.plans
    kept = tuple(plan for plan in plans if plan != before or plan == row.plan)
    wanted = kept if not row.plan or row.plan in kept else (*kept, row.plan)
    if wanted == plans:
        return []
    page.set_plans(wanted)
    left = [f"leave plan {plan}" for plan in plans if plan not in wanted]
    return left + [f"join plan {plan}" for plan in wanted if plan not in plans]


def _import_triggers(page: Page, row: AccountRow, catalogue: Catalogue, before: str, now_ns: int) -> list[str]:
    """The group of the row takes the place of the one imported before."""
    held = page.account.triggers
    wanted = [trigger for trigger in held if trigger.terms.group not in (before, row.triggers)]
    if row.triggers:
        terms = group_terms(catalogue, row.triggers)
        wanted += _merged(held, [each for each in terms if each.expires_at_ns is None or each.expires_at_ns >= now_ns])
    differences = _trigger_differences(held, wanted)
    if differences:
        replace_triggers(page, wanted)
    return differences


def _merged(held: Iterable[AccountTrigger], terms: Iterable[TriggerTerms]) -> list[AccountTrigger]:
    """Copies of the group, with the marks of those the account has already."""
    marks = {_name(trigger): trigger for trigger in held}
    return [renewed(wanted, marks.get(_name(AccountTrigger(wanted)))) for wanted in terms]


def _trigger_differences(held: Iterable[AccountTrigger], wanted: Iterable[AccountTrigger]) -> list[str]:
    before = {_name(trigger): trigger.terms for trigger in held}
    after = {_name(trigger): trigger.terms for trigger in wanted}
    removed = [f"remove trigger {name}" for name in before if name not in after]
    added = [f"add trigger {name}" for name in after if name not in before]
    changed = [f"change trigger {name}" for name in after if name in before and before[name] != after[name]]
    return removed + added + changed


def _name(trigger: AccountTrigger) -> str:
    return f"{trigger.terms.group}/{trigger.terms.unique_id}"


def _import_flags(page: Page, row: AccountRow) -> list[str]:
    differences = []
    if page.account.allow_negative != row.allow_negative:
        page.allow_negative(row.allow_negative)
        differences.append("allow negative" if row.allow_negative else "deny negative")
    if page.account.disabled != row.disabled:
        page.disable(row.disabled)
        differences.append("disable" if row.disabled else "enable")
    return differences
