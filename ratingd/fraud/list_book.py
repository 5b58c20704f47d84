"""The list book: white and black lists as people change them, on disk before they hold.

An operator puts the sales line on the b_whitelist: "0800 123456", read as +49800123456 where Germany is the default
region, is stored with who said so and why, and from the next event on none of its calls is flagged. Ten thousand
entries of a CSV come a thousand at a time; of a thousand in which one is wrong none is taken, and the wrong one is
named by its place.

Numbers are kept as they are counted, prefixes as "+" and digits. An emergency number is put on no blacklist, for it
would hold nothing there. Blocks and limits that rules have set are lists too: they are seen and lifted here.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

from ratingd.api.convert import name, required
from ratingd.errors import InvalidRequest, NotFound
from ratingd.fraud.blocks import BLOCK, LIMIT, Blocks
from ratingd.store.fraud_rows import AuditRow, FraudBatch, ListRow
from triggers.number import ANONYMOUS
from triggers.number_list import (
    B_WHITELIST,
    BLACKLIST,
    KINDS,
    LISTS,
    NUMBER,
    PREFIX,
    ListEntry,
    NumberLists,
)
from triggers.number_reading import NumberReader
from triggers.number_spelling import all_digits, bare

ALL_LISTS: Final = (*LISTS, BLOCK, LIMIT)
ENTRIES_MAX: Final = 1_000  # that are added at once
PREFIX_DIGITS: Final = 15
THRESHOLD_MAX: Final = 10_000
WINDOW_MS: Final = (1_000, 60_000)
Key = tuple[str, str, str]  # list, kind, value


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
    """Thread-safe. `in_force` is given the lists whenever they have changed."""

    def __init__(
        self,
        shelf: Shelf,
        numbers: NumberReader,
        blocks: Blocks,
        in_force: Callable[[NumberLists], None],
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._shelf: Final = shelf
        self._numbers: Final = numbers
        self._blocks: Final = blocks
        self._in_force: Final = in_force
        self._clock: Final = clock
        self._changing: Final = threading.Lock()
        self._held: dict[Key, ListRow] = {}

    def load(self) -> None:
        """At the start: let hold what is stored."""
        with self._changing:
            rows = self._shelf.lists()
            self._held = {_key(row): row for row in rows if row.list in LISTS}
            self._blocks.take(rows)
            self._in_force(number_lists(self._held.values()))

    def entries(self, list: str = "") -> list[ListRow]:
        """Of one list, or of all; by list, kind and value."""
        if list and list not in ALL_LISTS:
            raise InvalidRequest("list", f"there is no {list!r}; the lists are {', '.join(ALL_LISTS)}")
        rows = [*self._held.values(), *self._blocks.entries]
        return sorted([row for row in rows if not list or row.list == list], key=_key)

    def add(self, entries: Sequence[ListRow], who: str) -> list[ListRow]:
        """Let these hold, each in place of the one with its list, kind and value; as they are stored."""
        if not 0 < len(entries) <= ENTRIES_MAX:
            raise InvalidRequest("entries", f"{len(entries)} entries; 1 to {ENTRIES_MAX} are added at once")
        now_ms = self._clock() // 1_000_000
        rows = [self._checked(row, f"entries[{place}]", who, now_ms) for place, row in enumerate(entries)]
        audits = [
            AuditRow(now_ms, row.who, "list.add", f"{row.list} {row.kind} {row.value}", row.reason) for row in rows
        ]
        with self._changing:
            self._shelf.commit(FraudBatch(lists=rows, audits=audits))
            self._let_hold(self._held | {_key(row): row for row in rows})
        return rows

    def remove(self, list: str, kind: str, value: str, who: str) -> None:
        """Raises EntryUnknown where there is none."""
        kind = kind or NUMBER
        stored_as = self._value(kind, value, "value") if list in LISTS else value
        key = (list, kind, stored_as)
        now_ms = self._clock() // 1_000_000
        audit = AuditRow(now_ms, name(who, "who"), "list.remove", f"{list} {kind} {stored_as}")
        with self._changing:
            if key not in self._held and key not in map(_key, self._blocks.entries):
                raise EntryUnknown(list, kind, value)
            self._shelf.commit(FraudBatch(lists_removed=[key], audits=[audit]))
            if list in LISTS:
                self._let_hold({other: row for other, row in self._held.items() if other != key})
            else:
                self._blocks.remove([key])

    def _let_hold(self, held: dict[Key, ListRow]) -> None:
        self._held = held
        self._in_force(number_lists(held.values()))

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
        value = required(value.strip(), field)
        if kind == NUMBER:
            found = self._numbers.clear(value) or ANONYMOUS
            if found.startswith("raw:"):
                raise InvalidRequest(field, f"{value!r} is no number; one with its country is, such as +4930123456")
            return found
        if kind == PREFIX:
            digits = bare(value).removeprefix("+")
            if not all_digits(digits) or not 0 < len(digits) <= PREFIX_DIGITS:
                raise InvalidRequest(field, f"{value!r} is no prefix; the first digits with the country are, as +37190")
            return f"+{digits}"
        return value


def number_lists(rows: Iterable[ListRow]) -> NumberLists:
    return NumberLists([_entry(row) for row in rows])


def _entry(row: ListRow) -> ListEntry:
    return ListEntry(
        row.list, row.kind, row.value, reason=row.reason, who=row.who, created_ms=row.created_ms,
        expires_ms=row.expires_ms, threshold=row.threshold, window_ms=row.window_ms,
    )  # fmt: skip


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


def _key(row: ListRow) -> Key:
    return row.list, row.kind, row.value
