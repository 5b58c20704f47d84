"""Neighbours: what the lanes of one process must know of each other.

An account belongs to the lane of its shard, but a debit may reach into another: the father's balance pays the
daughter's call. Versions in the store keep that right. Two things make it fast. A lane that has written an account
which others hold too tells them, so that they read it again before they decide on it and not after a refused commit.
And accounts that share a group are decided in one lane, that of the group's own row, where nobody stands in their way.
"""

from collections.abc import Callable, Iterable
from typing import Final

from accounts.account import Account, AccountKey
from accounts.shared_group import is_group
from ratingd.store.rows import shard_of

REMEMBERED_MAX: Final = 100_000

Forget = Callable[[tuple[AccountKey, ...]], None]
Watched = list[tuple[AccountKey, Account | None]]


class Neighbours:
    """Thread-safe, for each of its steps is one step of a set or a dict. What it forgets costs time, nothing else."""

    def __init__(self) -> None:
        self._forget: Final[list[Forget]] = []
        self._abroad: Final[set[AccountKey]] = set()  # accounts that more than one lane may hold
        self._home: Final[dict[AccountKey, int]] = {}  # lanes of accounts that share a group
        self._watchers: Final[list[Callable[[Watched], None]]] = []

    def join(self, forget: Forget) -> int:
        """Take a lane in; its number. All join before the first request."""
        self._forget.append(forget)
        return len(self._forget) - 1

    def lane_of(self, key: AccountKey) -> int:
        """The number of the lane that decides on an account."""
        home = self._home.get(key) if self._home else None
        return shard_of(key) % len(self._forget) if home is None else home

    def visited(self, lane: int, keys: Iterable[AccountKey]) -> None:
        """The lane reads these accounts."""
        if len(self._forget) > 1:
            if len(self._abroad) > REMEMBERED_MAX:
                self._abroad.clear()
            self._abroad.update(key for key in keys if shard_of(key) % len(self._forget) != lane)

    def written(self, lane: int, keys: Iterable[AccountKey]) -> None:
        """The lane has written these accounts: whoever else holds them forgets them."""
        if not self._abroad:
            return
        stale = tuple(self._abroad.intersection(keys))
        if stale:
            for number, forget in enumerate(self._forget):
                if number != lane:
                    forget(stale)

    def on_watched(self, watcher: Callable[[Watched], None]) -> None:
        """Have it told of accounts with monitors on scores or metrics when they have been written (None: removed)."""
        self._watchers.append(watcher)

    def watched(self, accounts: Watched) -> None:
        for watcher in self._watchers:
            watcher(accounts)

    def gather(self, key: AccountKey, asked: Iterable[AccountKey]) -> None:
        """A charge of the account has asked for these: let the groups among them be where it is decided from now on."""
        groups = [each for each in asked if is_group(each)]
        if not groups:
            self._home.pop(key, None)
            return
        if len(self._home) > REMEMBERED_MAX:
            self._home.clear()
        self._home[key] = shard_of(min(groups)) % len(self._forget)
