"""Lists in force: what is stored of lists, blocks and limits holds here, whoever stored it.

Ann puts a prefix on the blacklist while the carrier's command blocks a number: each stores what is his and has all of
it read again, one after the other, so that neither puts back what was there before the other came. Where two daemons
have one database, an entry that Ann makes at the first holds at the second within the two seconds in which it looks.

To look is to ask how many entries there are, and when they were made. Only where that has changed are they read, and
where it is blocks alone that have, as while an attack goes on, only these.
"""

import threading
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from ratingd.fraud.blocks import KINDS, Blocks
from ratingd.store.fraud_lists import Stamps
from ratingd.store.fraud_rows import ListRow
from triggers.numbers.number_list import ListEntry, NumberLists


class Shelf(Protocol):
    def lists(self, list: str = "") -> list[ListRow]: ...

    def list_stamps(self) -> Stamps: ...


class ListsInForce:
    """Thread-safe. `hold` is given the white and black lists whenever they change."""

    def __init__(self, shelf: Shelf, blocks: Blocks, hold: Callable[[NumberLists], None]) -> None:
        self._shelf: Final = shelf
        self._blocks: Final = blocks
        self._hold: Final = hold
        self._changing: Final = threading.Lock()
        self._stamps: Stamps = {}

    def changed(self) -> None:
        """Let hold what is stored."""
        with self._changing:
            self._stamps = self._shelf.list_stamps()  # before the rows: what comes in between is looked for again
            self._take_blocks()
            self._hold(number_lists(self._shelf.lists()))

    def follow(self) -> None:
        """The same, where it is not what was stored when this was looked at last."""
        with self._changing:
            stamps = self._shelf.list_stamps()
            differing = {list for list in stamps.keys() | self._stamps if stamps.get(list) != self._stamps.get(list)}
            if differing & KINDS.keys():
                self._take_blocks()
            if differing - KINDS.keys():
                self._hold(number_lists(self._shelf.lists()))
            self._stamps = stamps

    def _take_blocks(self) -> None:
        """What held before the rows are read and is not among them was lifted; what is stored meanwhile stays."""
        held = {(row.list, row.kind, row.value): row for row in self._blocks.entries}
        stored = {(row.list, row.kind, row.value): row for list in KINDS for row in self._shelf.lists(list)}
        lifted = held.keys() - stored.keys()
        if lifted:
            self._blocks.remove(lifted)
        self._blocks.take([row for key, row in stored.items() if held.get(key) != row])


def number_lists(rows: Iterable[ListRow]) -> NumberLists:
    return NumberLists(
        [
            ListEntry(
                row.list,
                row.kind,
                row.value,
                reason=row.reason,
                who=row.who,
                created_ms=row.created_ms,
                expires_ms=row.expires_ms,
                threshold=row.threshold,
                window_ms=row.window_ms,
            )
            for row in rows
        ]
    )
