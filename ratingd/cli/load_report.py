"""What a load changes, for people and programs: the plans first, then the accounts.

Accounts that stay as they are told by their number.
"""

from collections.abc import Iterable

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.findings import counts_text, findings_table, from_wire
from ratingd.cli.output import Output, table
from ratingd.cli.plain import plain
from ratingd.cli.plan_differences import differences_table
from ratingd.v1.tariffs_pb2 import AccountDifference, TariffReport


def show_report(out: Output, report: TariffReport, *, dry_run: bool) -> None:
    found = from_wire(report.findings)
    told: list[RenderableType] = [findings_table(found), Text()] if found else []
    if report.differences:
        told += [differences_table(report.differences), Text()]
    if report.accounts:
        told += [*_accounts(report.accounts), Text()]
    verdict = "Nothing was loaded: a dry run." if dry_run else f"In force as version {report.version}."
    out.show(plain(report), *told, Text(f"{counts_text(dict(report.counts))}. {verdict}", "bold"))


def _accounts(accounts: Iterable[AccountDifference]) -> list[RenderableType]:
    rows, same = table("tenant", "account", "what changes"), 0
    for difference in accounts:
        if difference.changes:
            rows.add_row(difference.tenant, difference.account, "\n".join(difference.changes))
        else:
            same += 1
    told: list[RenderableType] = [rows] if rows.row_count else []
    if not same:
        return told
    if same == 1:
        return [*told, Text("1 account of the folder stays as it is.")]
    return [*told, Text(f"{same} accounts of the folder stay as they are.")]
