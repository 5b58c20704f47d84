"""SharedGroups.csv: the order in which the balances of a group pay.

    FAMILY,*any,*lowest,
    FAMILY,cgrates.org:1001,*mine_highest,

Who is a member is not said here: an account joins by a balance that carries the group. CGRateS takes `*lovest` for
`*mine_random` and says nothing; here it is refused. The rating subject of a row is read and never used, as there.
"""

from collections.abc import Mapping
from typing import Final

from accounts.shared_group import ANY, SharedGroup, Strategy
from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.plan_files import in_reading_order

FILE: Final = "SharedGroups.csv"
COLUMNS: Final = ("Id", "Account", "Strategy", "RatingSubject")


def read_shared_groups(files: Mapping[str, bytes], findings: list[Finding]) -> dict[str, SharedGroup]:
    found: dict[str, dict[str, Strategy]] = {}
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            _warn(row)
            try:
                strategy = Strategy(row["Strategy"] or Strategy.MINE_RANDOM)
            except ValueError:
                row.fault("Strategy", "is unknown", "empty for *mine_random, or one of " + ", ".join(Strategy))
                continue
            found.setdefault(row["Id"], {})[row["Account"] or ANY] = strategy
    return {id: SharedGroup(id, strategies) for id, strategies in found.items()}


def _warn(row: Row) -> None:
    """Say where a row loads and nobody will ever be meant by it."""
    if not row["Id"]:
        row.warn("Id", "is empty: no balance can carry this group", "the id that balances carry")
    caller = row["Account"]
    if caller not in ("", ANY) and not all(caller.partition(":")):
        row.warn("Account", "is no account, so this row decides about nobody", f"{ANY}, or tenant:account")
