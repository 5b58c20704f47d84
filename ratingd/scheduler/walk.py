"""A walk: one action set for every account of a plan, five hundred at a time, with a place to go on from.

A hundred thousand accounts get their package at midnight. At no time are more than five hundred of them in hand; after
each chunk its last account and the figures so far are stored, so that a crash in the middle costs a look at five
hundred, a pause takes hold within them, and an operator sees 31,500 of 100,000, 4 refused. Every tenth of the way is
told in the log.

Who joins the plan behind the place where the walk is gets it; who joins before it waits for the next instant.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.engine.operation import ExecuteSet
from ratingd.scheduler.effects import Effects
from ratingd.scheduler.planned import Planned
from ratingd.store.rows import FIRST_KEY
from ratingd.store.store import Store

CHUNK: Final = 500
TOLD: Final = 10  # so many times on a long way


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a walk has come: `accounts` of `members`, the last of them `after`."""

    after: AccountKey = FIRST_KEY
    accounts: int = 0
    members: int = 0
    refused: int = 0

    def tenths(self) -> int:
        return self.accounts * TOLD // self.members if self.members else TOLD


def walk(
    store: Store,
    effects: Effects,
    each: Planned,
    key_of: Callable[[AccountKey], str],
    progress: Progress,
    *,
    tenant: str = "",
) -> Iterator[Progress]:
    """Go on from a place to the last member; yields after each chunk, for it to be stored. Raises Stopped."""
    operation = ExecuteSet(each.entry.actions_id, create=False)
    more = True
    while more:
        keys = store.directory.members(
            each.plan_id, time_zone=each.time_zone, tenant=tenant, after=progress.after, limit=CHUNK
        )
        more = len(keys) == CHUNK
        if keys:
            former, progress = progress, beyond(progress, keys, effects.run(keys, operation, key_of))
            if more and progress.tenths() > former.tenths():
                tell(each, progress)
            yield progress


def beyond(progress: Progress, keys: list[AccountKey], refused: int) -> Progress:
    accounts = progress.accounts + len(keys)
    return replace(
        progress,
        after=keys[-1],
        accounts=accounts,
        members=max(progress.members, accounts),
        refused=progress.refused + refused,
    )


def tell(each: Planned, progress: Progress) -> None:
    observe.event(
        "schedule.progress",
        entry=each.name,
        zone=each.zone.name,
        accounts=progress.accounts,
        of=progress.members,
        refused=progress.refused,
    )
