"""History: an account as it was at any past moment, rebuilt from its operations.

A customer asks on Monday why a call on Friday at 18:02 was cut. The account as it stood at 18:02 is what the operations
up to then make of it: its balances, its counters, which monitor had fired. Nothing is kept for this but the operations,
and `ratingd verify` proves every day that they say the truth.

Operations count in the order in which they were done. Where a clock was set back in between, a later one may bear an
earlier time; the account is then the one after the last operation that had been done by that time.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from accounts.account import Account, AccountKey
from accounts.replay import replay


class Journal(Protocol):
    def changes(self, key: AccountKey) -> Iterator[tuple[int, int, str, str]]:
        """(version, instant, operation id, changes) of every operation that changed the account, oldest first."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An account after one of its operations; `account` None where it was not there (yet, or any more)."""

    account: Account | None
    operation_id: str = ""
    version: int = 0


def account_at(journal: Journal, key: AccountKey, at_ns: int) -> Moment:
    """The account after the last operation done at or before an instant. Raises ReplayError for damaged records."""
    account: Account | None = None
    version, operation_id = 0, ""
    for found, done_ns, id, changes in journal.changes(key):
        if done_ns > at_ns:
            break
        account = replay(account, json.loads(changes), done_ns)
        version, operation_id = found, id
    return Moment(account, operation_id, version)
