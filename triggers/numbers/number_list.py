"""Lists of numbers: who is never flagged, whose calls do not count, and whom nobody wants.

    b_whitelist  +498001234567   the sales line takes forty calls in five seconds: none of them is flagged
    b_whitelist  +4990056, 60    televoting: flagged from 60 callers on, not from five
    a_whitelist  trunk pbx-7     our own dialler: its calls do not count towards a masking run
    blacklist    +37190          callers and called numbers of this range are refused

The longest prefix that holds decides, a whole number before any prefix, an entry that has expired as if it were not
there. Emergency numbers are on no blacklist, whatever is written there.

A snapshot is made of all entries at once and never changes, so whoever asks needs no lock. Of two entries with the same
list, kind and value the later one holds.
"""

from collections.abc import Iterable
from typing import Final

from triggers.numbers.number import Number

B_WHITELIST: Final = "b_whitelist"
A_WHITELIST: Final = "a_whitelist"
BLACKLIST: Final = "blacklist"
LISTS: Final = (B_WHITELIST, A_WHITELIST, BLACKLIST)

NUMBER: Final = "number"
PREFIX: Final = "prefix"
TRUNK: Final = "trunk"
KINDS: Final = (NUMBER, PREFIX, TRUNK)


class ListEntry:
    """`value` is a number as `NumberReader` writes it, the digits of a prefix, or a trunk.

    A b_whitelist entry with `threshold` or `window_ms` has masking judged by these instead of the settings; with
    neither, the number is never flagged.
    """

    __slots__ = ("created_ms", "expires_ms", "kind", "list", "reason", "threshold", "value", "who", "window_ms")

    def __init__(
        self,
        list: str,
        kind: str,
        value: str,
        *,
        reason: str = "",
        who: str = "",
        created_ms: int = 0,
        expires_ms: int = 0,
        threshold: int = 0,
        window_ms: int = 0,
    ) -> None:
        self.list: Final = list
        self.kind: Final = kind
        self.value: Final = value
        self.reason: Final = reason
        self.who: Final = who
        self.created_ms: Final = created_ms
        self.expires_ms: Final = expires_ms  # 0: never
        self.threshold: Final = threshold  # 0: that of the settings
        self.window_ms: Final = window_ms  # 0: that of the settings

    @property
    def spares(self) -> bool:
        """Whether it spares a called number altogether."""
        return not self.threshold and not self.window_ms

    def holds(self, at_ms: int) -> bool:
        return not self.expires_ms or at_ms < self.expires_ms


class NumberLists:
    """All lists at one time. A kind that is none of `KINDS` is another's business."""

    def __init__(self, entries: Iterable[ListEntry] = ()) -> None:
        self.entries: Final = tuple(entries)
        self._b_white: Final = _Entries(self.entries, B_WHITELIST)
        self._a_white: Final = _Entries(self.entries, A_WHITELIST)
        self._black: Final = _Entries(self.entries, BLACKLIST)

    def b_whitelisted(self, b: Number, at_ms: int) -> ListEntry | None:
        return self._b_white.of_number(b, at_ms) if self._b_white.filled else None

    def a_whitelisted(self, a: Number, trunk: str, at_ms: int) -> ListEntry | None:
        if not self._a_white.filled:
            return None
        return self._a_white.of_number(a, at_ms) or self._a_white.of_trunk(trunk, at_ms)

    def blacklisted(self, a: Number, b: Number, trunk: str, at_ms: int) -> ListEntry | None:
        """What refuses a call: its caller, then the called number, then its trunk."""
        if not self._black.filled or a.emergency or b.emergency:
            return None
        return self._black.of_number(a, at_ms) or self._black.of_number(b, at_ms) or self._black.of_trunk(trunk, at_ms)


class _Entries:
    """The entries of one list, by what they are about."""

    __slots__ = ("_lengths", "_numbers", "_prefixes", "_trunks", "filled")

    def __init__(self, entries: tuple[ListEntry, ...], name: str) -> None:
        self._numbers: Final[dict[str, ListEntry]] = {}
        self._prefixes: Final[dict[str, ListEntry]] = {}
        self._trunks: Final[dict[str, ListEntry]] = {}
        for entry in entries:
            if entry.list == name and entry.value:
                self._place(entry)
        self._lengths: Final = tuple(sorted({len(prefix) for prefix in self._prefixes}, reverse=True))
        self.filled: Final = bool(self._numbers or self._prefixes or self._trunks)

    def of_number(self, number: Number, at_ms: int) -> ListEntry | None:
        entry = self._numbers.get(number.text)
        if entry is None and number.digits:
            entry = self._numbers.get("+" + number.digits)  # shown as a pseudonym, and listed as it is
        if entry is not None and entry.holds(at_ms):
            return entry
        for length in self._lengths:
            entry = self._prefixes.get(number.digits[:length])
            if entry is not None and entry.holds(at_ms):
                return entry
        return None

    def of_trunk(self, trunk: str, at_ms: int) -> ListEntry | None:
        entry = self._trunks.get(trunk) if trunk else None
        return entry if entry is not None and entry.holds(at_ms) else None

    def _place(self, entry: ListEntry) -> None:
        if entry.kind == NUMBER:
            self._numbers[entry.value] = entry
        elif entry.kind == PREFIX:
            self._prefixes[entry.value.removeprefix("+")] = entry
        elif entry.kind == TRUNK:
            self._trunks[entry.value] = entry
