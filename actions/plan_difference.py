"""What the next load changes in the plans in force: which sets, plans and groups are new, which are other, which stay.

An operator edits TOP10 from 10.00 to 12.00 among four hundred action sets, and asks what the folder would do before it
does it:

    action sets   400 stay but TOP10:  - *topup 10 of *monetary MON
                                       + *topup 12 of *monetary MON

A name that the folder does not have stays in force, so nothing is ever gone. Rows are compared as a whole: one that is
edited is one that goes and one that comes. A first load of a hundred thousand destinations is told by their number,
with the first names.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from actions.action import ActionSet
from actions.folder import PlanBook
from actions.plan_schedule import ActionPlan
from actions.row_words import (
    action_words,
    activation_words,
    alias_words,
    entry_words,
    price_words,
    shared_group_words,
    span_words,
    trigger_words,
)
from tariffs.rating_profile import RatingProfile

ITEMS_MAX: Final = 100  # of one kind, new and changed ones each
ROWS_MAX: Final = 20  # of one changed item

Words = Callable[[Any], list[str]]


@dataclass(frozen=True, slots=True)
class Changed:
    """One item that is in force and will be another. `rows` begin with "- " for what goes, "+ " for what comes."""

    name: str
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KindDifference:
    """The items of one kind. `new` and `changed` tell the first of them, the counts how many there are."""

    kind: str
    new_count: int
    changed_count: int
    same_count: int
    new: tuple[str, ...]
    changed: tuple[Changed, ...]


def plan_differences(before: PlanBook, after: PlanBook) -> tuple[KindDifference, ...]:
    """What differs, by kind; kinds in which nothing does are left out."""
    found = []
    old, now = _items(before), _items(after)
    for kind, words in _WORDS.items():
        difference = _difference(kind, old[kind], now[kind], words)
        if difference.new_count or difference.changed_count:
            found.append(difference)
    return tuple(found)


def _difference(kind: str, old: Mapping[Any, Any], now: Mapping[Any, Any], words: Words) -> KindDifference:
    new = [_name(key) for key in now if key not in old]
    changed = [key for key, item in now.items() if key in old and old[key] != item]
    told = tuple(Changed(_name(key), _rows(words(old[key]), words(now[key]))) for key in changed[:ITEMS_MAX])
    same = len(now) - len(new) - len(changed)
    return KindDifference(kind, len(new), len(changed), same, tuple(new[:ITEMS_MAX]), told)


def _rows(old: Iterable[str], now: Iterable[str]) -> tuple[str, ...]:
    """The rows of one side alone. Where both have the same ones it is their order that differs."""
    gone, come = Counter(old), Counter(now)
    rows = [f"- {row}" for row in (gone - come).elements()] + [f"+ {row}" for row in (come - gone).elements()]
    if not rows:
        return ("its rows stand in another order",)
    more = len(rows) - ROWS_MAX
    return (*rows[:ROWS_MAX], f"and {more} more rows") if more > 0 else tuple(rows)


def _items(book: PlanBook) -> dict[str, Mapping[Any, Any]]:
    tariff, catalogue = book.tariff, book.catalogue
    aliases = {(profile.tenant, profile.id): profile for profile in catalogue.aliases.profiles}
    return {
        "destinations": tariff.destinations,
        "timings": tariff.timings,
        "rating_plans": tariff.plans,
        "rating_profiles": tariff.profiles,
        "action_sets": catalogue.action_sets,
        "action_plans": catalogue.action_plans,
        "trigger_groups": catalogue.trigger_groups,
        "shared_groups": catalogue.shared_groups,
        "aliases": aliases,
    }


def _name(key: str | tuple[str, ...]) -> str:
    return key if isinstance(key, str) else ":".join(key)


def _profile_rows(profile: RatingProfile) -> list[str]:
    return [activation_words(activation) for activation in profile.activations]


def _set_rows(actions: ActionSet) -> list[str]:
    return [action_words(action) for action in actions.actions]


def _action_plan_rows(plan: ActionPlan) -> list[str]:
    return [entry_words(entry) for entry in plan.entries]


_WORDS: Final[Mapping[str, Words]] = {
    "destinations": list,
    "timings": lambda timing: [span_words(timing)],
    "rating_plans": price_words,
    "rating_profiles": _profile_rows,
    "action_sets": _set_rows,
    "action_plans": _action_plan_rows,
    "trigger_groups": lambda terms: [trigger_words(each) for each in terms],
    "shared_groups": shared_group_words,
    "aliases": alias_words,
}
