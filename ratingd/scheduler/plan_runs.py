"""Running what is due: every instant once, for every account of the plan, over crashes, restarts and pauses.

The daemon was down from 23:50 to 01:10. At start it finds that PACKAGE/TOPUP@*daily was last run yesterday, runs
midnight now, and goes on. What was missed longer ago than `catch_up` (24 h) is not run any more but logged. An instant
is run for the accounts in their order, five hundred at a time (`ratingd.scheduler.walk`).

A pause holds an entry where it is, within a chunk. Whoever lifts it says what becomes of the instants in between: they
are made up from the oldest on, however long the pause was, or they are skipped. An instant that had begun is finished
in either case, or half of the accounts would have it. Where an entry and its plan were both paused, the last word is
that of who lifts the last pause.

The clock of the daemon may have been wrong: it showed 2036 for a minute, the last runs of 2036 were made, and it was
set right. The stored place lies ten years ahead then, yet nothing before its last day has run. So where a place lies
further ahead than `catch_up` the entry goes on from now. The keys of the effects see to it that nothing is run twice,
and the place stays as it is stored: should the clock of today be the wrong one, nothing is made up for that either.

Whoever is a member when an instant is run gets it. A zone that members came to live in since the last look begins with
that look: an account that was created at 15:00 is not given this morning's top-up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from accounts.account import AccountKey
from ratingd import observe
from ratingd.scheduler.effects import Effects
from ratingd.scheduler.planned import Planned, in_order
from ratingd.scheduler.walk import Progress, walk
from ratingd.store.rows import FIRST_KEY, ScheduleRow
from ratingd.store.schedules import RESUME, Order, Pause
from ratingd.store.store import Store
from tariffs.instant import instant_text


class PlanRuns:
    def __init__(self, store: Store, effects: Effects, catch_up_ns: int, clock: Callable[[], int]) -> None:
        self._store: Final = store
        self._effects: Final = effects
        self._catch_up_ns: Final = catch_up_ns
        self._clock: Final = clock
        self._set_back: Final[dict[tuple[str, str], int]] = {}  # where entries are whose stored place is far ahead

    def begin(self, entries: Sequence[Planned], looked_ns: int) -> None:
        """Give entries that are new a place to go on from: their first load, or the last look without them.

        Either may lie ahead of a clock that was set back since; what comes from now on is not to be missed for that.
        """
        now_ns = self._clock()
        known = {(row.entry, row.time_zone) for row in self._store.schedules.rows()}
        for gone in known - {each.place for each in entries}:
            self._store.schedules.forget(*gone)  # who joins later begins then, not where the last member left
        for each in entries:
            if each.place not in known:
                begin_ns = min(max(each.entry.anchor_ns, looked_ns), now_ns)
                self._store.schedules.save(ScheduleRow(*each.place, begin_ns))

    def run(self, entries: Sequence[Planned]) -> int:
        """Run everything that is due and not paused, oldest first; how many instants that were."""
        now_ns = self._clock()
        pauses = self._store.schedules.pauses()  # before the orders: a pause that is gone has left one
        running = [each for each in entries if not paused(each, pauses)]
        for order in self._store.schedules.open_orders([RESUME]):
            self._resume(order, running, now_ns)
        rows = {(row.entry, row.time_zone): row for row in self._store.schedules.rows()}
        running = [each for each in running if each.place in rows]  # another daemon may have found its zone empty
        due = [(each, self._due(each, rows[each.place], now_ns)) for each in running]
        held: set[tuple[str, str]] = set()
        count = 0
        for instant, each in in_order(due):
            if each.place in held:
                continue
            row = rows[each.place] = self._run_one(each, instant, rows[each.place])
            if row.running_ns is not None:
                held.add(each.place)
            count += 1
        return count

    def _resume(self, order: Order, running: Sequence[Planned], now_ns: int) -> None:
        """Carry out what was said about a pause that was lifted."""
        rows = {(row.entry, row.time_zone): row for row in self._store.schedules.rows()}
        for each in running:
            row = rows.get(each.place)
            if row is None or each.plan_id != order.plan_id or order.entry not in ("", each.name):
                continue
            if order.make_up:
                self._store.schedules.save(replace(row, owed_ns=order.end_ns))
            else:
                self._store.schedules.save(replace(row, done_ns=max(row.done_ns, order.end_ns), owed_ns=None))
        self._store.schedules.save_order(replace(order, begun_ns=now_ns, ended_ns=now_ns))
        name, missed = order.entry or order.plan_id, "made up" if order.make_up else "skipped"
        observe.event("schedule.resumed", entry=name, since=instant_text(order.start_ns), missed=missed)

    def _due(self, each: Planned, row: ScheduleRow, now_ns: int) -> Iterable[int]:
        """The instants to run. One that was begun in time, or that is owed, is run however long ago that was."""
        if row.done_ns - now_ns > self._catch_up_ns:
            return self._since_set_back(each, row, now_ns)
        self._set_back.pop(each.place, None)
        place_ns = max(row.done_ns, row.running_ns or 0)
        owed_ns = max(place_ns, min(row.owed_ns or 0, now_ns))
        begun = () if row.running_ns is None else (row.running_ns,)
        return chain(begun, each.due(place_ns, owed_ns), each.due(self._recent(each, row, owed_ns, now_ns), now_ns))

    def _since_set_back(self, each: Planned, row: ScheduleRow, now_ns: int) -> Iterable[int]:
        """The instants to run of an entry that has come further than the clock, and what had begun then."""
        if each.place not in self._set_back:
            self._set_back[each.place] = now_ns
            observe.event("schedule.clock_set_back", entry=each.name, ran_to=instant_text(row.done_ns))
        begun = () if row.running_ns is None else (row.running_ns,)
        return chain(begun, each.due(self._set_back[each.place], now_ns))

    def _recent(self, each: Planned, row: ScheduleRow, behind_ns: int, now_ns: int) -> int:
        """From where on instants are run: behind the last one, but not longer ago than `catch_up`."""
        oldest_ns = now_ns - self._catch_up_ns
        missed_ns = each.next_due(behind_ns)
        if missed_ns is None or missed_ns >= oldest_ns:
            return max(behind_ns, oldest_ns - 1)
        first, before = instant_text(missed_ns), instant_text(oldest_ns)
        observe.event("schedule.missed", entry=each.name, zone=each.time_zone, first=first, before=before)
        if row.running_ns is None and behind_ns == row.done_ns:
            self._store.schedules.save(replace(row, done_ns=oldest_ns - 1))
        return oldest_ns - 1

    def _run_one(self, each: Planned, due_ns: int, row: ScheduleRow) -> ScheduleRow:
        """The row afterwards; its `running_ns` remains where a pause came in between."""
        if row.running_ns == due_ns:
            begin = Progress(row.after, row.accounts, row.members, row.refused)
        else:
            begin = Progress(members=self._store.directory.count_members(each.plan_id, time_zone=each.time_zone))
            row = replace(row, running_ns=due_ns, begun_ns=self._clock(), after=FIRST_KEY)
        progress = begin
        for progress in walk(self._store, self._effects, each, effect_key(each, due_ns), begin):
            row = replace(
                row,
                after=progress.after,
                accounts=progress.accounts,
                members=progress.members,
                refused=progress.refused,
            )
            self._store.schedules.save(row)
            if paused(each, self._store.schedules.pauses()):
                observe.event("schedule.paused", entry=each.name, due=instant_text(due_ns), accounts=progress.accounts)
                return row
        return self._ran(each, due_ns, row, progress)

    def _ran(self, each: Planned, due_ns: int, row: ScheduleRow, progress: Progress) -> ScheduleRow:
        done_ns = max(row.done_ns, due_ns)
        if each.place in self._set_back:
            self._set_back[each.place] = max(self._set_back[each.place], min(due_ns, self._clock()))
        owed_ns = row.owed_ns if row.owed_ns is not None and row.owed_ns > done_ns else None
        row = ScheduleRow(
            *each.place,
            done_ns,
            begun_ns=row.begun_ns,
            accounts=progress.accounts,
            members=progress.accounts,
            refused=progress.refused,
            ran_ns=due_ns,
            owed_ns=owed_ns,
        )
        self._store.schedules.save(row)
        observe.event(
            "schedule.ran",
            entry=each.name,
            due=instant_text(due_ns),
            accounts=progress.accounts,
            refused=progress.refused,
        )
        return row


def effect_key(each: Planned, due_ns: int) -> Callable[[AccountKey], str]:
    """The key of an instant's effect on an account, whoever runs it: in its time, late, or in a replay."""
    return lambda key: f"sched:{each.name}:{due_ns}:{key.account}"


def paused(each: Planned, pauses: Iterable[Pause]) -> bool:
    return any(pause.plan_id == each.plan_id and pause.entry in ("", each.name) for pause in pauses)
