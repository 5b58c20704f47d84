"""What became of a tariff folder: what was wrong in it, what is in it, and what it changes in accounts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from accounts.account import AccountKey
from actions.plan_difference import KindDifference
from tariffs.fault import Finding


@dataclass(frozen=True, slots=True)
class AccountDifference:
    """What the row of an account in AccountActions.csv changes, in words."""

    key: AccountKey
    changes: tuple[str, ...]
    unfinished: bool = False  # it could not be reached, and is worth another try


@dataclass(frozen=True, slots=True)
class LoadReport:
    """`version` is the number of the tariff that is in force now, None when nothing was loaded. `counts` is by kind.

    `differences` are those of the plans to the ones that were in force before.
    """

    findings: tuple[Finding, ...]
    version: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    accounts: tuple[AccountDifference, ...] = ()
    differences: tuple[KindDifference, ...] = ()
