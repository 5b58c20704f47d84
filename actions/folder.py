"""A tariff folder as a whole: rating files, actions, plans, triggers and accounts, read into one value.

One load gives the tariff, the action sets, the plans and trigger groups, the rows of the accounts, and a notice for
Chargers.csv, which is not used. A row may refer to what an earlier file of the load defines or
what is stored already; what is loaded replaces what is stored under the same name, and the rest stays. A folder with a
fault gives nothing but its findings: the operator mends them all and loads again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from actions import account_files, action_files, action_plan_files, alias_files, shared_group_files
from actions.alias import Aliases
from actions.catalogue import EMPTY_CATALOGUE, Catalogue
from actions.catalogue_image import catalogue_from_image, catalogue_image
from actions.plan_schedule import BUILT_IN_TIMINGS
from tariffs.fault import Finding, Severity
from tariffs.image import from_image, to_image
from tariffs.plan_files import RATING_FILES, read_tariff
from tariffs.tariff import EMPTY_TARIFF, Tariff
from tariffs.zone import Zone
from triggers import trigger_files

# Files of CGRateS whose content ratingd does not use.
OTHER_FILES: Final = frozenset(
    f"{name}.csv"
    for name in (
        "CdrStats", "Chargers", "DerivedChargers", "DispatcherHosts", "DispatcherProfiles", "Filters",
        "IPs", "LCRs", "Rankings", "RateProfiles", "Resources", "Routes", "Stats", "Thresholds",
        "Trends", "Users",
    )
)  # fmt: skip
USED_FILES: Final = RATING_FILES | {
    module.FILE
    for module in (action_files, action_plan_files, trigger_files, account_files, shared_group_files, alias_files)
}


@dataclass(frozen=True, slots=True)
class PlanBook:
    """A tariff and the catalogue that goes with it: what one load leaves in force."""

    tariff: Tariff
    catalogue: Catalogue

    def counts(self) -> dict[str, int]:
        """How many of each kind there are, stored ones included; accounts are those of the folder."""
        return {
            "destinations": len(self.tariff.destinations),
            "timings": len(self.tariff.timings),
            "rating_plans": len(self.tariff.plans),
            "rating_profiles": len(self.tariff.profiles),
            "action_sets": len(self.catalogue.action_sets),
            "action_plans": len(self.catalogue.action_plans),
            "trigger_groups": len(self.catalogue.trigger_groups),
            "shared_groups": len(self.catalogue.shared_groups),
            "aliases": len(self.catalogue.aliases.profiles),
            "accounts": len(self.catalogue.account_rows),
        }


EMPTY_PLAN_BOOK: Final = PlanBook(EMPTY_TARIFF, EMPTY_CATALOGUE)


def read_folder(
    files: Mapping[str, bytes], stored: PlanBook, *, now_ns: int, zone: Zone, decimals: int = 5
) -> tuple[PlanBook | None, list[Finding]]:
    """The book that is in force once the folder is loaded (None where a fault forbids it), and all there is to say.

    `files` maps a path inside the folder to its content. `now_ns` and `zone` give relative and local times a meaning,
    `decimals` are those that costs keep.
    """
    findings: list[Finding] = []
    tariff = read_tariff(files, stored.tariff, findings, now_ns=now_ns, zone=zone, decimals=decimals)
    catalogue = _read_catalogue(files, tariff, stored.catalogue, findings, now_ns=now_ns, zone=zone)
    findings += _notices(files)
    findings.sort()
    refused = any(finding.severity is Severity.FAULT for finding in findings)
    return (None if refused else PlanBook(tariff, catalogue)), findings


def book_image(book: PlanBook) -> dict[str, object]:
    """The book as JSON-ready tables, for the store."""
    return {"tariff": to_image(book.tariff), "catalogue": catalogue_image(book.catalogue)}


def book_from_image(image: Mapping[str, object]) -> PlanBook:
    """The book of an image; the empty one for an empty image."""
    if not image:
        return EMPTY_PLAN_BOOK
    tariff, catalogue = image["tariff"], image["catalogue"]
    if not isinstance(tariff, dict) or not isinstance(catalogue, dict):
        raise ValueError("the image of a plan book has a tariff and a catalogue")
    return PlanBook(from_image(tariff), catalogue_from_image(catalogue))


def _read_catalogue(
    files: Mapping[str, bytes],
    tariff: Tariff,
    stored: Catalogue,
    findings: list[Finding],
    *,
    now_ns: int,
    zone: Zone,
) -> Catalogue:
    """Read in the order of reference: sets, plans, groups, accounts."""
    timing_ids = tariff.timings.keys() | BUILT_IN_TIMINGS.keys()
    sets = dict(stored.action_sets) | action_files.read_actions(files, timing_ids, findings, now_ns=now_ns, zone=zone)
    plans = dict(stored.action_plans) | action_plan_files.read_action_plans(
        files, sets.keys(), tariff.timings, stored.action_plans, findings, now_ns=now_ns
    )
    groups = dict(stored.trigger_groups) | trigger_files.read_triggers(
        files, sets.keys(), findings, stored=stored.trigger_groups, now_ns=now_ns, zone=zone
    )
    rows = account_files.read_account_rows(files, plans.keys(), groups.keys(), findings)
    shared = dict(stored.shared_groups) | shared_group_files.read_shared_groups(files, findings)
    aliases = {(profile.tenant, profile.id): profile for profile in stored.aliases.profiles}
    aliases |= alias_files.read_aliases(files, findings, now_ns=now_ns, zone=zone)
    return Catalogue(sets, plans, groups, rows, shared, Aliases(tuple(aliases.values())))


def _notices(files: Mapping[str, bytes]) -> list[Finding]:
    unused = [path for path in files if path.rpartition("/")[2] not in USED_FILES]
    return [Finding(path, 0, 0, "", Severity.NOTICE, path, "the file is not used", _hint(path)) for path in unused]


def _hint(path: str) -> str:
    """A file that is not used may be one whose name is misspelt."""
    name = path.rpartition("/")[2]
    if name in OTHER_FILES:
        return ""
    alike = get_close_matches(name, USED_FILES, n=1, cutoff=0.85)
    return f"is {alike[0]} meant?" if alike else ""
