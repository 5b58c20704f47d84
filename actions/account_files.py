"""AccountActions.csv: the plan, the triggers and the flags of each account.

    cgrates.org,1001,PACKAGE_10,FRAUD,,

One row an account: a second one would silently win over the first in CGRateS, and is a fault here that names both.
"""

from collections.abc import Mapping, Set
from typing import Final

from accounts.account import AccountKey
from accounts.shared_group import GROUP
from actions.account_row import AccountRow
from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.plan_files import in_reading_order

FILE: Final = "AccountActions.csv"
COLUMNS: Final = ("Tenant", "Account", "ActionPlanId", "ActionTriggersId", "AllowNegative", "Disabled")


def read_account_rows(
    files: Mapping[str, bytes], plan_ids: Set[str], groups: Set[str], findings: list[Finding]
) -> dict[AccountKey, AccountRow]:
    """The rows of a folder (path inside it to content), in their order."""
    found: dict[AccountKey, AccountRow] = {}
    first: dict[AccountKey, Row] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            read = _account_row(row, plan_ids, groups)
            earlier = first.setdefault(read.key, row)
            if earlier is not row:
                both = f"{earlier.file}:{earlier.line} and {row.file}:{row.line}"
                row.fault("Account", f"has two rows, {both}", "one row an account")
            found[read.key] = read
    return found


def _account_row(row: Row, plan_ids: Set[str], groups: Set[str]) -> AccountRow:
    for column in ("Tenant", "Account"):
        if not row[column]:
            row.fault(column, "is empty", "whose account it is, and its name")
    if row["Account"].startswith(GROUP):
        row.fault("Account", "is the name of a shared group", f"a name that does not begin with {GROUP}")
    if row["ActionPlanId"] and row["ActionPlanId"] not in plan_ids:
        row.fault("ActionPlanId", "names no plan", "an Id of ActionPlans.csv, in this folder or loaded before")
    if row["ActionTriggersId"] and row["ActionTriggersId"] not in groups:
        row.fault("ActionTriggersId", "names no group", "a Tag of ActionTriggers.csv, in this folder or loaded before")
    return AccountRow(
        AccountKey(row["Tenant"], row["Account"]),
        row["ActionPlanId"],
        row["ActionTriggersId"],
        row.flag("AllowNegative"),
        row.flag("Disabled"),
    )
