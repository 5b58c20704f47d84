"""The catalogue: everything a tariff folder says about accounts, as one value beside the tariff.

Action sets, the plans that run them, the groups of triggers, the shared groups, the aliases, and the accounts' rows of
the last load: importing those is part of that load, so the rows of earlier ones do not stay. Like a tariff it is
immutable, so that a batch of requests can pin one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from accounts.account import AccountKey, TriggerTerms
from accounts.shared_group import SharedGroup
from actions.account_row import AccountRow
from actions.action import ActionSet
from actions.alias import NO_ALIASES, Aliases
from actions.plan_schedule import ActionPlan


@dataclass(frozen=True, slots=True)
class Catalogue:
    action_sets: Mapping[str, ActionSet] = field(default_factory=dict)
    action_plans: Mapping[str, ActionPlan] = field(default_factory=dict)
    trigger_groups: Mapping[str, tuple[TriggerTerms, ...]] = field(default_factory=dict)
    account_rows: Mapping[AccountKey, AccountRow] = field(default_factory=dict)
    shared_groups: Mapping[str, SharedGroup] = field(default_factory=dict)
    aliases: Aliases = NO_ALIASES


EMPTY_CATALOGUE: Final = Catalogue()
