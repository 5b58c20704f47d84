"""Blocks: who is refused for a while, and whose calls are kept short, whatever their accounts would pay.

A run of masked calls to +4930123456 came over trunk t-7, and MASKING_BLOCK_SECONDS is 300: for five minutes t-7 reaches
that number no more, while everybody else still does, for a block of the number itself would let whoever attacks it
silence it. A rule shrinks the calls of account 1001 to 60 s for a day: its session time is answered with a minute.

    number  +371909…            whoever calls from it or to it
    range   +371909             whoever calls a number that begins so, as who rings back a Wangiri does
    trunk   t-7                 whatever comes over it
    pair    t-7 +4930123456     what comes over this trunk to this number
    account cgrates.org:1001    of limits alone: *disable_account refuses it

They are rows of the lists, under names of their own, and so are there after a restart. They are looked at on the thread
that brings the call, without a lock: a dictionary is replaced whole by whoever changes it. Emergency numbers are never
refused, as caller or as called, and their calls never shortened.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ratingd.store.fraud_rows import ListRow
from triggers.numbers.number import Number

BLOCK: Final = "block"
LIMIT: Final = "limit"
NUMBER: Final = "number"
RANGE: Final = "range"
TRUNK: Final = "trunk"
PAIR: Final = "pair"
ACCOUNT: Final = "account"
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    BLOCK: (NUMBER, RANGE, TRUNK, PAIR),
    LIMIT: (NUMBER, TRUNK, ACCOUNT),
}
Key = tuple[str, str, str]  # list, kind, value


def pair(trunk: str, number: str) -> str:
    """What a block of one trunk to one number is kept under."""
    return f"{trunk} {number}"


def block(kind: str, value: str, reason: str, who: str, now_ms: int, expires_ms: int) -> ListRow:
    """Nobody gets through from or to it until `expires_ms`."""
    return ListRow(BLOCK, kind, value, reason, who, now_ms, expires_ms)


def limit(kind: str, value: str, limit_ms: int, reason: str, who: str, now_ms: int, expires_ms: int) -> ListRow:
    """Calls of it are granted `limit_ms` at most, until `expires_ms`."""
    return ListRow(LIMIT, kind, value, reason, who, now_ms, expires_ms, window_ms=limit_ms)


class Blocks:
    """What holds, at hand for every call. `entries` are the stored rows of all lists; others than its own are left."""

    def __init__(self, entries: Iterable[ListRow] = ()) -> None:
        self._lock: Final = threading.Lock()
        self.changes = 0  # whoever remembers what was found looks again when this has moved
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._held: dict[Key, ListRow] = {}
        self._kinds: frozenset[tuple[str, str]] = frozenset()
        self.take(entries)

    def take(self, entries: Iterable[ListRow]) -> None:
        """Let these hold too; one of the same list, kind and value is replaced."""
        taken = {(entry.list, entry.kind, entry.value): entry for entry in entries if entry.list in KINDS}
        if taken:
            with self._lock:
                self._replace(self._held | taken)
            self._tell()

    def remove(self, keys: Iterable[Key]) -> None:
        gone = set(keys)
        with self._lock:
            self._replace({key: entry for key, entry in self._held.items() if key not in gone})
        self._tell()

    def forget(self, before_ms: int) -> list[Key]:
        """Drop what has ended before an instant; the keys, for their rows to be removed."""
        gone = [key for key, entry in self._held.items() if 0 < entry.expires_ms <= before_ms]
        if gone:
            self.remove(gone)
        return gone

    @property
    def entries(self) -> list[ListRow]:
        return list(self._held.values())

    def refuses(self, a: Number, b: Number, trunk: str, at_ms: int) -> ListRow | None:
        """The block that a call meets, if it meets one."""
        if not self._kinds or a.emergency or b.emergency:
            return None
        found = self._holding(BLOCK, NUMBER, a.text, at_ms) or self._holding(BLOCK, NUMBER, b.text, at_ms)
        if found is None and b.range:
            found = self._holding(BLOCK, RANGE, b.range, at_ms)
        if found is None and trunk:
            found = self._holding(BLOCK, TRUNK, trunk, at_ms)
            if found is None and (BLOCK, PAIR) in self._kinds:
                found = self._holding(BLOCK, PAIR, pair(trunk, b.text), at_ms)
        return found

    def limit_ms(self, tenant: str, account: str, a: Number, b: Number, trunk: str, at_ms: int) -> int:
        """How long a call may last at most; 0 where nothing limits it."""
        if not self._kinds or a.emergency or b.emergency:
            return 0
        found = 0
        for kind, value in ((ACCOUNT, f"{tenant}:{account}"), (NUMBER, a.text), (NUMBER, b.text), (TRUNK, trunk)):
            entry = self._holding(LIMIT, kind, value, at_ms)
            if entry is not None and (not found or entry.window_ms < found):
                found = entry.window_ms
        return found

    def listen(self, changed: Callable[[], None]) -> None:
        """Have it told when something else holds."""
        self._listeners = (*self._listeners, changed)

    def _holding(self, list: str, kind: str, value: str, at_ms: int) -> ListRow | None:
        if (list, kind) not in self._kinds:
            return None
        entry = self._held.get((list, kind, value))
        return entry if entry is not None and (not entry.expires_ms or at_ms < entry.expires_ms) else None

    def _tell(self) -> None:
        for changed in self._listeners:
            changed()

    def _replace(self, held: dict[Key, ListRow]) -> None:
        self._held = held
        self.changes += 1
        self._kinds = frozenset([(list, kind) for list, kind, _ in held])
