"""The list book: white and black lists as people change them, on disk before they hold.

An operator puts the sales line on the b_whitelist: "0800 123456", read as +49800123456 where Germany is the default
region, is stored with who said so and why, and from the next event on none of its calls is flagged. A hundred thousand
entries of a CSV come ten thousand at a time; of those in which one is wrong none is taken, and the wrong one is named
by its place.

Numbers are kept as they are counted, prefixes as "+" and digits. An emergency number is put on no blacklist, for it
would hold nothing there. Blocks and limits that rules have set are lists too: they are seen and lifted here.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from ratingd.api.convert import name, required
from ratingd.errors import InvalidRequest, NotFound
from ratingd.fraud.blocks import BLOCK, LIMIT
from ratingd.store.fraud_rows import AuditRow, FraudBatch, ListRow
from tariffs.fault import Finding, Severity
from tariffs.zone import UTC
from triggers.numbers.number_list import B_WHITELIST, BLACKLIST, KINDS, LISTS, NUMBER, ListEntry
from triggers.numbers.number_list_file import FILE, entry_value, read_entries
from triggers.numbers.number_reading import NumberReader

ALL_LISTS: Final = (*LISTS, BLOCK, LIMIT)
ENTRIES_MAX: Final = 10_000  # that are added at once
THRESHOLD_MAX: Final = 10_000
WINDOW_MS: Final = (1_000, 60_000)


class Shelf(Protocol):
    def lists(self, list: str = "") -> Sequence[ListRow]: ...

    def commit(self, batch: FraudBatch) -> object: ...


class EntryUnknown(NotFound):
    def __init__(self, list: str, kind: str, value: str) -> None:
        super().__init__(
            f"{list} has no {kind} {value!r}, so nothing was removed. "
            "`ratingd fraud whitelist list` and `ratingd fraud blacklist list` tell what there is."
        )


class ListBook:
    """Thread-safe. `changed` puts in force what is stored now."""

    def __init__(
        self,
        shelf: Shelf,
        numbers: NumberReader,
        changed: Callable[[], None],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._shelf: Final = shelf
        self._numbers: Final = numbers
        self._changed: Final = changed
        self._clock: Final = clock

    def entries(self, list: str = "") -> Sequence[ListRow]:
        """Of one list, or of all; by list, kind and value."""
        if list and list not in ALL_LISTS:
            raise InvalidRequest("list", f"there is no {list!r}; the lists are {', '.join(ALL_LISTS)}")
        return self._shelf.lists(list)

    def add(self, entries: Sequence[ListRow], who: str) -> list[ListRow]:
        """Let these hold, each in place of the one with its list, kind and value; as they are stored."""
        if not 0 < len(entries) <= ENTRIES_MAX:
            raise InvalidRequest("entries", f"{len(entries)} entries; 1 to {ENTRIES_MAX} are added at once")
        now_ms = self._clock() // 1_000_000
        rows = [self._checked(row, f"entries[{place}]", who, now_ms) for place, row in enumerate(entries)]
        audits = [
            AuditRow(now_ms, row.who, "list.add", f"{row.list} {row.kind} {row.value}", row.reason) for row in rows
        ]
        self._shelf.commit(FraudBatch(lists=rows, audits=audits))
        self._changed()
        return rows

    def take_file(
        self, data: bytes, who: str, lists: Sequence[str] = (), *, dry_run: bool = False
    ) -> tuple[int, list[Finding]]:
        """How many entries there are in a file, and what is to be said of it. With faults, or dry, nothing changes.

        Rows of other lists than these are faults, unless none is named.
        """
        now_ms = self._clock() // 1_000_000
        findings: list[Finding] = []
        entries = read_entries(data, self._numbers, findings, now_ms=now_ms, zone=UTC, who=name(who, "who"))
        for entry in entries:
            if lists and entry.list not in lists:
                findings.append(_elsewhere(entry, lists))
        if entries and not dry_run and not any(finding.severity is Severity.FAULT for finding in findings):
            audit = AuditRow(now_ms, who, "list.import", FILE, f"{len(entries)} entries")
            self._shelf.commit(FraudBatch(lists=[_row(entry) for entry in entries], audits=[audit]))
            self._changed()
        return len(entries), findings

    def remove(self, list: str, kind: str, value: str, who: str) -> None:
        """Raises EntryUnknown where there is none."""
        kind = kind or NUMBER
        stored_as = self._value(kind, value, "value") if list in LISTS else value
        key = (list, kind, stored_as)
        if key not in [(row.list, row.kind, row.value) for row in self.entries(required(list, "list"))]:
            raise EntryUnknown(list, kind, value)
        audit = AuditRow(self._clock() // 1_000_000, name(who, "who"), "list.remove", " ".join(key))
        self._shelf.commit(FraudBatch(lists_removed=[key], audits=[audit]))
        self._changed()

    def _checked(self, row: ListRow, place: str, who: str, now_ms: int) -> ListRow:
        if row.list not in LISTS:
            raise InvalidRequest(f"{place}.list", f"is {row.list!r}; entries are added to {', '.join(LISTS)}")
        kind = row.kind or NUMBER
        value = self._value(kind, row.value, f"{place}.value")
        if row.list == BLACKLIST and kind == NUMBER and self._numbers.read(value).emergency:
            raise InvalidRequest(f"{place}.value", f"{value} is an emergency number, which is never refused")
        _check_terms(row, place, now_ms)
        return replace(
            row, kind=kind, value=value, reason=name(row.reason, f"{place}.reason"),
            who=name(row.who or who, f"{place}.who"), created_ms=now_ms,
        )  # fmt: skip

    def _value(self, kind: str, value: str, field: str) -> str:
        """As it is counted."""
        if kind not in KINDS:
            raise InvalidRequest(field.replace("value", "kind"), f"is {kind!r}; known are {', '.join(KINDS)}")
        try:
            return entry_value(kind, required(value.strip(), field), self._numbers)
        except ValueError as error:
            raise InvalidRequest(field, str(error)) from None


def _row(entry: ListEntry) -> ListRow:
    return ListRow(
        entry.list, entry.kind, entry.value, entry.reason, entry.who, entry.created_ms, entry.expires_ms,
        entry.threshold, entry.window_ms,
    )  # fmt: skip


def _elsewhere(entry: ListEntry, lists: Sequence[str]) -> Finding:
    message, allowed = f"{entry.value} is on the {entry.list}", f"{' or '.join(lists)} alone"
    return Finding(FILE, 0, 0, "List", Severity.FAULT, entry.list, message, allowed)


def _check_terms(row: ListRow, place: str, now_ms: int) -> None:
    if row.expires_ms and row.expires_ms <= now_ms:
        raise InvalidRequest(f"{place}.expires_ms", f"is {row.expires_ms}, which has passed; 0 is for ever")
    terms: Mapping[str, int] = {"threshold": row.threshold, "window_seconds": row.window_ms}
    for field, given in terms.items():
        if given and row.list != B_WHITELIST:
            raise InvalidRequest(f"{place}.{field}", "only an entry of the b_whitelist has terms of its own")
    if row.threshold and not 2 <= row.threshold <= THRESHOLD_MAX:
        raise InvalidRequest(
            f"{place}.threshold", f"is {row.threshold}; 2 to {THRESHOLD_MAX} callers are a masking run"
        )
    if row.window_ms and not WINDOW_MS[0] <= row.window_ms <= WINDOW_MS[1]:
        raise InvalidRequest(f"{place}.window_seconds", f"is {row.window_ms / 1000:g}; a window lasts 1 to 60 seconds")
