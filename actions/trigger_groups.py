"""An account's triggers and counters: attached, armed again, set to zero.

Group FRAUD has a ceiling of 20.00 a day. Attached to account 1001 it becomes that account's own copy, with its own mark
and its own counter. Attaching FRAUD again keeps both; with `overwrite` all triggers are fresh copies, armed. A counter
lives as long as a trigger that it belongs to, and keeps its value while triggers come and go around it.

Arming a monitor on single calls arms it in every call; marking it as fired silences it in all of them.

All changes are made on a page, and none where nothing changes.
"""

from collections.abc import Callable, Iterable

from accounts.account import AccountTrigger, TriggerTerms
from accounts.book import Page
from accounts.counting import rebuild_counters
from accounts.document import trigger_document
from actions.action import Action
from actions.catalogue import Catalogue
from actions.failure import ActionFailed
from actions.json_object import parse_texts


class TriggerGroupUnknown(LookupError):
    """A group that no ActionTriggers.csv has named."""


def attach_groups(page: Page, groups: Iterable[str], catalogue: Catalogue, *, overwrite: bool = False) -> None:
    """Give the account the triggers of groups. Without `overwrite` those it has stay as they are, marks included."""
    wanted = [terms for group in groups for terms in group_terms(catalogue, group)]
    kept = [] if overwrite else list(page.account.triggers)
    known = {(trigger.terms.group, trigger.terms.unique_id) for trigger in kept}
    added = [AccountTrigger(terms) for terms in wanted if (terms.group, terms.unique_id) not in known]
    if overwrite:
        _arm_in_calls(page, lambda name: True)
    if added or overwrite:
        replace_triggers(page, kept + added)


def group_terms(catalogue: Catalogue, group: str) -> tuple[TriggerTerms, ...]:
    try:
        return catalogue.trigger_groups[group]
    except KeyError:
        raise TriggerGroupUnknown(group) from None


def replace_triggers(page: Page, triggers: list[AccountTrigger]) -> None:
    """Set the account's triggers, heaviest first, and bring its counters in line."""
    triggers = sorted(triggers, key=lambda trigger: -trigger.terms.weight)
    page.replace_triggers(triggers, [trigger_document(trigger) for trigger in triggers])
    rebuild_counters(page)


def set_trigger(page: Page, terms: TriggerTerms, *, executed: bool | None = None) -> None:
    """Give the account one trigger, or change the one of the same group and unique id; it keeps its mark (a new one is
    armed) unless `executed` says otherwise."""
    held = {trigger.name: trigger for trigger in page.account.triggers}
    name = AccountTrigger(terms).name
    held[name] = renewed(terms, held.get(name))
    if executed is not None:
        held[name].executed = executed
        if not executed:
            _arm_in_calls(page, lambda fired: fired == name)
    replace_triggers(page, list(held.values()))


def renewed(terms: TriggerTerms, old: AccountTrigger | None) -> AccountTrigger:
    """A copy of a trigger in place of the one of the same name, with its mark: unless that is one of another window."""
    if old is None:
        return AccountTrigger(terms)
    return AccountTrigger(terms, old.executed and old.terms.window is terms.window, old.last_executed_ns)


def remove_triggers(page: Page, *, group: str = "", unique_id: str = "") -> None:
    """Remove the triggers that agree with what is given; "" agrees with all. Their counters go with them."""
    triggers = page.account.triggers
    kept = [t for t in triggers if not (group in ("", t.terms.group) and unique_id in ("", t.terms.unique_id))]
    if len(kept) < len(triggers):
        replace_triggers(page, kept)


def reset_triggers(page: Page, *, group: str = "", unique_id: str = "", executed: bool = False) -> None:
    """Arm the triggers that agree with what is given, or mark them as fired; "" agrees with all."""
    _mark(
        page,
        lambda terms: group in ("", terms.group) and unique_id in ("", terms.unique_id),
        executed=executed,
    )


def reset_counters(page: Page, *, counter_id: str = "", kind: str = "") -> None:
    """Set the counters that agree with what is given to zero; "" agrees with all."""
    for counter in page.account.counters:
        if counter_id in ("", counter.id) and kind in ("", counter.kind) and counter.value:
            page.count(counter, -counter.value)


def meant_triggers(action: Action) -> Callable[[TriggerTerms], bool]:
    """Which triggers a `*reset_triggers` means. Its JSON decides by the group alone, else by the unique id alone, else
    by the threshold type; what is given of a balance must be what the trigger's own row gives."""
    chosen = trigger_choice(action)
    if chosen.get("GroupID"):
        return lambda terms: terms.group == chosen["GroupID"]
    if chosen.get("UniqueID"):
        return lambda terms: terms.unique_id == chosen["UniqueID"]
    wanted_type = chosen.get("ThresholdType", "")
    return lambda terms: wanted_type in ("", terms.type.value) and _agrees(action, terms)


def trigger_choice(action: Action) -> dict[str, str]:
    """The ExtraParameters of `*reset_triggers`; ActionFailed where they are no JSON object of these texts."""
    try:
        return parse_trigger_choice(action.extra)
    except ValueError as error:
        raise ActionFailed(action, str(error)) from None


def parse_trigger_choice(text: str) -> dict[str, str]:
    return parse_texts(text, ("GroupID", "UniqueID", "ThresholdType"))


def arm_meant(page: Page, action: Action) -> Callable[[TriggerTerms], bool]:
    """Do `*reset_triggers`, and tell which triggers it means, for the evaluation that follows it."""
    meant = meant_triggers(action)
    _mark(page, meant, executed=False)
    return meant


def _mark(page: Page, meant: Callable[[TriggerTerms], bool], *, executed: bool) -> None:
    chosen = [trigger for trigger in page.account.triggers if meant(trigger.terms)]
    for trigger in chosen:
        if trigger.executed != executed:
            page.mark(trigger, executed=executed, last_executed_ns=trigger.last_executed_ns)
    if not executed:
        names = {trigger.name for trigger in chosen}
        _arm_in_calls(page, lambda name: name in names)


def _arm_in_calls(page: Page, meant: Callable[[str], bool]) -> None:
    for counter in page.account.counters:
        left = tuple([name for name in counter.fired if not meant(name)])
        if left != counter.fired:
            page.mark_in_call(counter, left)


def _agrees(action: Action, terms: TriggerTerms) -> bool:
    """Whether all that an action gives of a balance is what a trigger watches. The customary false,false is no wish."""
    given, own = action.filter, terms.filter
    if action.balance_type and action.balance_type != terms.kind:
        return False
    return all(
        wanted is None or wanted == found
        for wanted, found in (
            (given.id, own.id),
            (given.weight, own.weight),
            (given.destinations, own.destinations),
            (given.categories, own.categories),
            (given.rating_subject, own.rating_subject),
            (given.shared_groups, own.shared_groups),
            (given.timing_ids, own.timing_ids),
            (given.blocker or None, own.blocker),
            (given.disabled or None, own.disabled),
        )
    )
