"""The accounts a lane has at hand: the state after everything decided so far, committed or on its way to the disk.

A lane is the only writer of its accounts in this process, so what it holds is what is stored plus what it has decided
since. Another process may write too; then the version in the store is another one, the commit is refused, and the lane
forgets what it held and reads again. An account that does not exist is held as well, as `account` None.
"""

from collections import OrderedDict
from collections.abc import Container, Iterable
from typing import Final

from accounts.account import Account, AccountKey
from ratingd.store.rows import OpenCall


class Held:
    """One account at hand. `version` counts the operations that changed it; 0 is an account never stored."""

    __slots__ = ("account", "fault", "open_calls", "version")

    def __init__(
        self,
        account: Account | None,
        version: int,
        open_calls: dict[tuple[str, str], OpenCall],
        fault: Exception | None = None,
    ) -> None:
        self.account = account
        self.version = version
        self.fault: Final = fault  # why the stored account cannot be read
        self.open_calls: Final = open_calls  # (switch id, call id) to the call


class AccountCache:
    """At most `size` accounts, the least recently used dropped first."""

    __slots__ = ("_held", "_size")

    def __init__(self, size: int) -> None:
        self._size: Final = size
        self._held: Final[OrderedDict[AccountKey, Held]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def get(self, key: AccountKey) -> Held | None:
        held = self._held.get(key)
        if held is not None:
            self._held.move_to_end(key)
        return held

    def put(self, key: AccountKey, held: Held) -> None:
        self._held[key] = held

    def forget(self, keys: Iterable[AccountKey]) -> None:
        for key in keys:
            self._held.pop(key, None)

    def forget_all(self) -> None:
        self._held.clear()

    def trim(self, in_use: Container[AccountKey]) -> None:
        """Drop the least recently used beyond the size; those in use have changes that are not on disk yet and stay."""
        excess = len(self._held) - self._size
        if excess <= 0:
            return
        dropped: list[AccountKey] = []
        for key in self._held:
            if key not in in_use:
                dropped.append(key)
                if len(dropped) == excess:
                    break
        self.forget(dropped)
