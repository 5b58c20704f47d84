"""A store whose process dies: what is on disk then is what a killed daemon would have left there."""

from collections.abc import Callable
from typing import Any, Final

from ratingd.store.faults import StoreUnavailable
from ratingd.store.rows import Batch
from ratingd.store.store import Store


class Mortal:
    """Lets the store of a process die: `dying` says after how many more commits, and whether the last is stored."""

    def __init__(self, store: Store) -> None:
        self.dead = False
        self._left: int | None = None
        self._stores = False
        self._commit: Final = store.commit
        setattr(store, "commit", self.commit)  # noqa: B010 (the instance alone, and mypy need not know)
        for name in ("accounts", "replies", "charge", "versions"):
            setattr(store, name, self.guarded(getattr(store, name)))
        for name in ("rows", "save", "forget"):
            setattr(store.schedules, name, self.guarded(getattr(store.schedules, name)))

    def die(self, after: int, *, stores: bool) -> None:
        self._left, self._stores = after, stores

    def commit(self, batch: Batch) -> None:
        if self._left is not None:
            if self._left == 0:
                if self._stores and not self.dead:
                    self._commit(batch)
                self.dead = True
            self._left = max(0, self._left - 1)
        self.check()
        self._commit(batch)

    def guarded(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def asked(*given: Any) -> Any:
            self.check()
            return method(*given)

        return asked

    def check(self) -> None:
        if self.dead:
            raise StoreUnavailable("the process is dead")
