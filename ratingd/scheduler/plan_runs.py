"""Running what is due: every instant once, for every account of the plan, over crashes and restarts.

The daemon was down from 23:50 to 01:10. At start it finds that PACKAGE/TOPUP@*daily was last run yesterday, runs
midnight now, and goes on. What was missed longer ago than `catch_up` (24 h) is not run any more but logged. An instant
is run for the accounts in their order, five hundred at a time; after each chunk the place is stored, so that a crash in
the middle of a million accounts costs a look at five hundred.

Whoever is a member when an instant is run gets it. A zone that members came to live in since the last look begins with
that look: an account that was created at 15:00 is not given this morning's top-up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from ratingd import observe
from ratingd.engine.operation import ExecuteSet
from ratingd.scheduler.effects import Effects
from ratingd.scheduler.planned import Planned, in_order
from ratingd.store.rows import FIRST_KEY, ScheduleRow
from ratingd.store.store import Store
from tariffs.instant import instant_text

CHUNK: Final = 500


class PlanRuns:
    def __init__(self, store: Store, effects: Effects, catch_up_ns: int, clock: Callable[[], int]) -> None:
        self._store: Final = store
        self._effects: Final = effects
        self._catch_up_ns: Final = catch_up_ns
        self._clock: Final = clock

    def begin(self, entries: Sequence[Planned], looked_ns: int) -> None:
        """Give entries that are new a place to go on from: their first load, or the last look without them."""
        known = {(row.entry, row.time_zone) for row in self._store.schedules.rows()}
        for gone in known - {each.place for each in entries}:
            self._store.schedules.forget(*gone)  # who joins later begins then, not where the last member left
        for each in entries:
            if each.place not in known:
                self._store.schedules.save(ScheduleRow(*each.place, max(each.entry.anchor_ns, looked_ns)))

    def run(self, entries: Sequence[Planned]) -> int:
        """Run everything that is due, oldest first; how many instants that were."""
        now_ns = self._clock()
        rows = {(row.entry, row.time_zone): row for row in self._store.schedules.rows()}
        due = [(each, self._due(each, rows[each.place], now_ns)) for each in entries]
        count = 0
        for instant, each in in_order(due):
            self._run_one(each, instant, rows[each.place])
            rows[each.place] = ScheduleRow(*each.place, instant)
            count += 1
        return count

    def _due(self, each: Planned, row: ScheduleRow, now_ns: int) -> Iterable[int]:
        """The instants to run. One that was begun in time is finished, however long ago that was."""
        if row.running_ns is None:
            return each.due(self._start(each, row, now_ns), now_ns)
        behind_ns = max(row.running_ns, now_ns - self._catch_up_ns - 1)
        return chain((row.running_ns,), each.due(behind_ns, now_ns))

    def _start(self, each: Planned, row: ScheduleRow, now_ns: int) -> int:
        """From where on instants are run: behind the last one, but not longer ago than `catch_up`."""
        oldest_ns = now_ns - self._catch_up_ns
        missed_ns = each.next_due(row.done_ns)
        if missed_ns is None or missed_ns >= oldest_ns:
            return max(row.done_ns, oldest_ns - 1)
        first, before = instant_text(missed_ns), instant_text(oldest_ns)
        observe.event("schedule.missed", entry=each.name, zone=each.time_zone, first=first, before=before)
        self._store.schedules.save(ScheduleRow(*each.place, oldest_ns - 1))
        return oldest_ns - 1

    def _run_one(self, each: Planned, due_ns: int, row: ScheduleRow) -> None:
        after = row.after if row.running_ns == due_ns else FIRST_KEY
        operation = ExecuteSet(each.entry.actions_id, create=False)
        accounts = refused = 0
        while True:
            keys = self._store.directory.members(each.plan_id, time_zone=each.time_zone, after=after, limit=CHUNK)
            if not keys:
                break
            refused += self._effects.run(keys, operation, lambda key: f"sched:{each.name}:{due_ns}:{key.account}")
            accounts, after = accounts + len(keys), keys[-1]
            self._store.schedules.save(replace(row, running_ns=due_ns, after=after))
        self._store.schedules.save(ScheduleRow(*each.place, due_ns))
        observe.event("schedule.ran", entry=each.name, due=instant_text(due_ns), accounts=accounts, refused=refused)
