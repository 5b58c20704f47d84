"""The rule desk: which rules are in force, and putting others there.

    stored     what somebody set last while the daemon ran; it stays over starts
    file       what the setting `fraud_rules` names
    shipped    what comes with ratingd

The first of them that there is holds. Rules are checked to their end before anything changes: with a fault the former
ones stay. A rule that is silent about a subject stays silent where the new ones have a rule of the same name. Setting
an empty text goes back to the file, or to what is shipped.
"""

import threading
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from typing import Final, Protocol

from ratingd import observe
from ratingd.api.convert import name
from ratingd.store.fraud_rows import AuditRow, FraudBatch, RulesRow
from tariffs.fault import Finding, Severity
from triggers.rules.rule_book import RuleBook
from triggers.rules.rule_file import read_rules

STORED: Final = "stored"
FILE: Final = "file"
SHIPPED: Final = "shipped"


class Shelf(Protocol):
    def rules(self) -> RulesRow | None: ...

    def commit(self, batch: FraudBatch) -> object: ...


@dataclass(frozen=True, slots=True)
class RulesInForce:
    """`source` is stored, file or shipped; who and when only of those that were set."""

    text: str
    source: str
    who: str = ""
    set_ms: int = 0


class RuleDesk:
    """Thread-safe. `in_force` is given the rules whenever they change; `action_ids` are the action sets there are."""

    def __init__(
        self,
        shelf: Shelf,
        in_force: Callable[[RuleBook], None],
        shipped: str,
        *,
        file: str = "",
        action_ids: Callable[[], Set[str] | None] = lambda: None,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        """`file` is the text of the file that the settings name; empty where they name none."""
        self._shelf: Final = shelf
        self._in_force: Final = in_force
        self._own: Final = RulesInForce(file, FILE) if file else RulesInForce(shipped, SHIPPED)
        self._action_ids: Final = action_ids
        self._clock: Final = clock
        self._changing: Final = threading.Lock()
        self._book = RuleBook()
        self._current = self._own
        self._stored: RulesRow | None = None  # as it was when it was looked at last

    @property
    def current(self) -> RulesInForce:
        return self._current

    @property
    def rules(self) -> int:
        return len(self._book.rules)

    def load(self) -> None:
        """At the start. Stored rules that this version finds fault with do not hold, and the log says so."""
        with self._changing:
            self._take(self._shelf.rules())

    def follow(self) -> None:
        """Let hold what was set at another daemon on the same database."""
        with self._changing:
            stored = self._shelf.rules()
            if stored != self._stored:
                self._take(stored)

    def set(self, text: str, who: str, *, dry_run: bool = False) -> tuple[int, list[Finding]]:
        """How many rules there are in a text, and what is to be said of it. With faults, or dry, nothing changes."""
        with self._changing:
            now_ms = self._clock() // 1_000_000
            chosen = RulesInForce(text, STORED, name(who, "who"), now_ms) if text.strip() else self._own
            book, findings = self._read(chosen.text)
            if not dry_run and not faults(findings):
                audit = AuditRow(now_ms, who, "rules.set", chosen.source, f"{len(book.rules)} rules")
                stored = chosen.text if chosen.source == STORED else ""
                row = RulesRow(stored, who, now_ms)
                self._shelf.commit(FraudBatch(rules=[row], audits=[audit]))
                self._stored = row
                self._hold(book, chosen)
            return len(book.rules), findings

    def _take(self, stored: RulesRow | None) -> None:
        self._stored = stored
        chosen = self._own
        if stored is not None and stored.text:
            chosen = RulesInForce(stored.text, STORED, stored.who, stored.set_ms)
        book, findings = self._read(chosen.text)
        if chosen.source == STORED and faults(findings):
            observe.event("fraud.rules_refused", source=chosen.source, first=str(faults(findings)[0]))
            chosen = self._own
            book, findings = self._read(chosen.text)
        self._hold(book, chosen)

    def _read(self, text: str) -> tuple[RuleBook, list[Finding]]:
        return read_rules(text, action_ids=self._action_ids())

    def _hold(self, book: RuleBook, chosen: RulesInForce) -> None:
        book.carry_on(self._book)
        self._book, self._current = book, chosen
        self._in_force(book)
        observe.event("fraud.rules_set", source=chosen.source, rules=len(book.rules), who=chosen.who)


def faults(findings: Sequence[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.severity is Severity.FAULT]
