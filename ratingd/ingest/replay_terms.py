"""What a replay goes by: window, threshold and bounds of the settings, lists and rules of files or of a database.

Nothing is said of blocks: a call that a rule of the same replay would have had refused is there all the same, since it
was made. What a rule would have done is told with each time that it holds.

Times in a list that are relative (`+720h`) count from the first event of a replay: there is no now.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from ratingd.fraud.lists_in_force import number_lists
from ratingd.fraud.runtime import own_rules
from ratingd.fraud.terms import watch_terms
from ratingd.settings import Settings
from ratingd.shipped_rules import shipped_rules
from ratingd.store.store import Store
from tariffs.fault import Finding, Severity
from tariffs.zone import zone
from triggers.numbers.number_list import NumberLists
from triggers.numbers.number_list_file import read_entries
from triggers.numbers.number_reading import NumberReader
from triggers.rules.rule_book import RuleBook
from triggers.rules.rule_file import FILE as RULES_FILE
from triggers.rules.rule_file import read_rules
from triggers.watch.fraud_watch import FraudWatch

NO_LISTS: Final = NumberLists()


class FaultsFound(Exception):
    """A file of lists or rules has faults."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: Final = list(findings)
        super().__init__("\n".join(map(str, self.findings)))


@dataclass(frozen=True, slots=True)
class Written:
    """A file as it was read: its name, for findings, and what stands in it."""

    name: str
    content: bytes


def rules_for(settings: Settings, file: Written | None, store: Store | None) -> RuleBook:
    """The rules of a file; else those in force in a database; else those that a daemon would begin with. Raises
    FaultsFound, and OSError for the file of the settings."""
    if file is not None:
        return _book(file.content.decode("utf-8-sig", "replace"), file.name)
    stored = store.fraud.rules() if store is not None else None
    if stored is not None and stored.text:
        return _book(stored.text, RULES_FILE)
    return _book(own_rules(settings) or shipped_rules(), settings.fraud_rules or RULES_FILE)


def lists_for(
    settings: Settings, numbers: NumberReader, file: Written | None, store: Store | None, now_ms: int
) -> NumberLists:
    """The lists of a file, else those of a database, else none. Raises FaultsFound."""
    if file is not None:
        findings: list[Finding] = []
        place = zone(settings.fraud_timezone)
        entries = read_entries(file.content, numbers, findings, now_ms=now_ms, zone=place, file=file.name)
        _refuse(findings)
        return NumberLists(entries)
    return number_lists(store.fraud.lists()) if store is not None else NO_LISTS


def fresh_watch(settings: Settings, lists: NumberLists, rules: RuleBook) -> FraudWatch:
    return FraudWatch(watch_terms(settings), lists, rules)


def _book(text: str, file: str) -> RuleBook:
    book, findings = read_rules(text, file)
    _refuse(findings)
    return book


def _refuse(findings: list[Finding]) -> None:
    if any(finding.severity is Severity.FAULT for finding in findings):
        raise FaultsFound(findings)
