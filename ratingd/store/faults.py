"""Why the store did not do what it was asked. Whatever is raised, nothing of the transaction was stored, but one case.

    StoreFault
    ├── RepeatedKeys            an idempotency key is stored already: answer from `Store.replies`
    ├── VersionConflict         somebody else wrote an account in between: reload and decide again
    ├── DataRefused             the database will never take this data: find the culprit
    ├── StoreUnavailable        it does not answer, or broke off: ask again later. The one case: when the connection
    │                           ends during the commit itself, it is not known whether the batch is stored
    │   └── LockNotGiven        another one has kept a row to itself for too long; nothing is stored
    └── StoreInUse              another daemon holds this database

The next call connects again by itself.
"""

from collections.abc import Sequence

from accounts.account import AccountKey


class StoreFault(Exception):
    """The root of what the store raises."""


class RepeatedKeys(StoreFault):
    def __init__(self, keys: Sequence[tuple[AccountKey, str]]) -> None:
        super().__init__(f"stored already: {', '.join(f'{key} {idempotency_key!r}' for key, idempotency_key in keys)}")
        self.keys = tuple(keys)


class VersionConflict(StoreFault):
    """`keys` are the accounts that were written by others; empty when the database does not tell."""

    def __init__(self, keys: Sequence[AccountKey], detail: str = "") -> None:
        super().__init__(detail or f"written by others meanwhile: {', '.join(map(str, keys))}")
        self.keys = tuple(keys)


class DataRefused(StoreFault):
    pass


class StoreUnavailable(StoreFault):
    pass


class LockNotGiven(StoreUnavailable):
    pass


class StoreInUse(StoreFault):
    pass
