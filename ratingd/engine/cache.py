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

    __slots__ = ("account", "fault", "open_calls", "shard", "some_call_ends_ns", "version")

    def __init__(
        self,
        shard: int,
        account: Account | None,
        version: int,
        open_calls: dict[tuple[str, str], OpenCall],
        fault: Exception | None = None,
    ) -> None:
        self.shard: Final = shard
        self.account = account
        self.version = version
        self.fault: Final = fault  # why the stored account cannot be read
        self.open_calls: Final = open_calls  # (switch id, call id) to the call
        self.some_call_ends_ns = 0  # none of them expires before

    def note_call(self, call: OpenCall, now_ns: int) -> None:
        """Keep an open call at hand, and those no longer that are over. A trunk with two thousand calls goes through
        them when the first of them expires, and not for each that begins."""
        calls = self.open_calls
        if self.some_call_ends_ns <= now_ns:
            for name in [name for name, each in calls.items() if each.expires_ns <= now_ns]:
                del calls[name]
            self.some_call_ends_ns = min([each.expires_ns for each in calls.values()], default=call.expires_ns)
        self.some_call_ends_ns = min(self.some_call_ends_ns, call.expires_ns)
        calls[call.switch_id, call.call_id] = call

    def drop_call(self, call: OpenCall) -> None:
        self.open_calls.pop((call.switch_id, call.call_id), None)


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

    def has(self, key: AccountKey) -> bool:
        """Whether the account is at hand and can be read."""
        held = self._held.get(key)
        return held is not None and held.fault is None

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
