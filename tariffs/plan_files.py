"""The six rating files of a tariff folder, read and checked into a tariff.

    Destinations.csv      DST_DE,49
    Timings.csv           PEAK,*any,*any,*any,1;2;3;4;5,08:00:00
    Rates.csv             RT_20,0.4,0.2,60s,60s,0s
    DestinationRates.csv  DR_DE,DST_DE,RT_20,*up,4,0,
    RatingPlans.csv       RP_RETAIL,DR_DE,PEAK,10
    RatingProfiles.csv    example.org,call,*any,2026-01-01T00:00:00Z,RP_RETAIL,

Each may be missing, and each may lie in sub-folders too: the rows of the folder come first, then those of its
sub-folders, depth first and in lexical order, as if they were one file. What is loaded replaces what is stored under
the same name and leaves the rest, so a folder with a new plan and its rates may name a stored destination. Timings,
rates and destination rates are parts of plans and not stored by themselves: they must be in the same load.

All files are read to their end, whatever is wrong in them. A folder with a fault must not be stored; one with
warnings may, and they say what a row will do where an operator expects, or CGRateS does, something else. 100,000
destinations with as many destination rates are read and checked in about a second.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from tariffs.csv_rows import Row, read_rows
from tariffs.fault import Finding
from tariffs.plan_rows import DESTINATION_RATE_COLUMNS, PLAN_COLUMNS, PlanRows, read_destination_rates
from tariffs.profile_rows import PROFILE_COLUMNS, ProfileRows
from tariffs.rate_rows import RATE_COLUMNS, RateRows, read_rates
from tariffs.tariff import Tariff
from tariffs.timing_rows import TIMING_COLUMNS, read_timings
from tariffs.zone import Zone

DESTINATION_COLUMNS: Final = ("Id", "Prefix")
COLUMNS: Final = {
    "Timings.csv": TIMING_COLUMNS,
    "Destinations.csv": DESTINATION_COLUMNS,
    "Rates.csv": RATE_COLUMNS,
    "DestinationRates.csv": DESTINATION_RATE_COLUMNS,
    "RatingPlans.csv": PLAN_COLUMNS,
    "RatingProfiles.csv": PROFILE_COLUMNS,
}
RATING_FILES: Final = frozenset(COLUMNS)
CALL: Final = "call"  # the category whose usage is surely voice


def read_tariff(
    files: Mapping[str, bytes],
    stored: Tariff,
    findings: list[Finding],
    *,
    now_ns: int,
    zone: Zone,
    decimals: int = 5,
) -> Tariff:
    """The stored tariff with the folder's rows in it. `files` maps a path inside the folder to its content.

    What is found is appended to `findings`, which is left in the order of file, line and column. With a fault among it
    the tariff is worth nothing. `now_ns` and `zone` give activation times their meaning; `decimals` are those that
    costs keep, for the warnings that depend on it.
    """
    destinations = dict(stored.destinations) | _destinations(_rows(files, "Destinations.csv", findings))
    timings = read_timings(_rows(files, "Timings.csv", findings))
    rates = read_rates(_rows(files, "Rates.csv", findings), decimals=decimals)
    names = {destination_id: destination_id for destination_id in destinations}
    rows = _rows(files, "DestinationRates.csv", findings)
    destination_rates = read_destination_rates(rows, rates.rates, names)
    plans = PlanRows(destination_rates, timings, _rows(files, "RatingPlans.csv", findings))
    known_plans = dict(stored.plans) | plans.plans
    rows = _rows(files, "RatingProfiles.csv", findings)
    profiles = ProfileRows(rows, known_plans, now_ns=now_ns, zone=zone)
    tariff = Tariff(
        destinations, dict(stored.timings) | timings, known_plans, dict(stored.profiles) | profiles.profiles
    )
    _warn_of_the_whole(tariff, rates, plans, profiles)
    findings.sort()
    return tariff


def in_reading_order(paths: Iterable[str], name: str) -> list[str]:
    """The paths of all files of a name: the folder's own, then those of its sub-folders, depth first."""
    found = [path.split("/") for path in paths if path.rpartition("/")[2] == name]
    return ["/".join(parts) for parts in sorted(found, key=lambda parts: parts[:-1])]


def _rows(files: Mapping[str, bytes], name: str, findings: list[Finding]) -> list[Row]:
    rows: list[Row] = []
    for path in in_reading_order(files, name):
        rows += read_rows(path, files[path], COLUMNS[name], findings)
    return rows


def _destinations(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Destination id to prefixes, both in the order of the rows."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows:
        destination_id, prefix = row.cells
        if not destination_id:
            row.fault("Id", "is empty", "the name that destination rates use")
        elif not prefix:
            row.warn("Prefix", "is empty and matches no number", "leading digits, such as 4917")
            found.setdefault(destination_id, ())
        else:
            if prefix != prefix.strip():
                row.warn("Prefix", "has blanks around it, which numbers have not", "leading digits, such as 4917")
            present = found.get(destination_id, ())
            if prefix not in present:
                found[destination_id] = (*present, prefix)
    return found


def _warn_of_the_whole(tariff: Tariff, rates: RateRows, plans: PlanRows, profiles: ProfileRows) -> None:
    """What only shows when all files are together."""
    shared = {prefix for prefix, ids in tariff.ids_by_prefix.items() if len(ids) > 1}
    if shared:
        plans.warn_of_ties(tariff.destinations, shared)
    profiles.warn_of_fallbacks(tariff.profiles)
    for plan_id in sorted(profiles.plans_of(CALL) & plans.plans.keys()):
        for rate_id in sorted(_rate_ids(plans, plan_id)):
            rates.warn_of_nanoseconds(rate_id)


def _rate_ids(plans: PlanRows, plan_id: str) -> set[str]:
    distinct = {id(intervals): intervals for intervals in plans.plans[plan_id].destinations.values()}
    return {interval.rating.rate.id for intervals in distinct.values() for interval in intervals}
