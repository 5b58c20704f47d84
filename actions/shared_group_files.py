"""SharedGroups.csv, as far as it is read today: a strategy that nobody knows is refused.

CGRateS takes `*lovest` for `*mine_random` and says nothing. The groups themselves are not used yet, and the folder's
notices say so.
"""

from collections.abc import Mapping
from typing import Final

from tariffs.csv_rows import read_rows
from tariffs.fault import Finding
from tariffs.plan_files import in_reading_order

FILE: Final = "SharedGroups.csv"
COLUMNS: Final = ("Id", "Account", "Strategy", "RatingSubject")
STRATEGIES: Final = ("*lowest", "*highest", "*random", "*mine_lowest", "*mine_highest", "*mine_random")


def check_shared_groups(files: Mapping[str, bytes], findings: list[Finding]) -> None:
    for path in in_reading_order(files, FILE):
        for row in read_rows(path, files[path], COLUMNS, findings):
            if row["Strategy"] and row["Strategy"] not in STRATEGIES:
                row.fault("Strategy", "is unknown", "empty for *mine_random, or one of " + ", ".join(STRATEGIES))
