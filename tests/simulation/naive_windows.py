"""Counters over an hour, a day, a week or a month of the account's calendar: begun anew when their time has come."""

from datetime import timedelta

from tests.simulation.folder import Watch
from tests.simulation.naive_account import Account, Counter, instant, local, midnight, zone_of


def counter_name(watch: Watch) -> str:
    return watch.id or watch.uid


def counts(watch: Watch) -> str | None:
    """Which kind of counter belongs to a monitor, if one does."""
    if "_balance_counter" in watch.on:
        return "balance"
    return "event" if "_event_counter" in watch.on else None


def counters_of(account: Account, watch: Watch, call: str) -> list[Counter]:
    name = (watch.type, counts(watch), counter_name(watch), watch.window)
    found = [c for c in account.counters if (c.type, c.of, c.id, c.window) == name]
    return [c for c in found if watch.window != "*call" or c.call == call]


def window_begin(window: str, now: int, zone: str) -> int:
    day = midnight(local(now, zone))
    if window == "*hour":
        return instant(local(now, zone).replace(minute=0, second=0))
    if window == "*week":
        day = midnight((day.replace(tzinfo=None) - timedelta(days=day.weekday())).replace(tzinfo=zone_of(zone)))
    if window == "*month":
        day = day.replace(day=1)
    return instant(day)


def roll(account: Account | None, now: int) -> None:
    """Begin the windows anew whose time has passed, and arm what belongs to them."""
    if account is None:
        return
    for counter in account.counters:
        if counter.window in ("", "*call"):
            continue
        begin = window_begin(counter.window, now, account.zone)
        if counter.since == 0:
            counter.since = begin  # its first window
        if begin > counter.since:
            counter.since, counter.value = begin, 0
            for trigger in account.triggers:
                if counter in counters_of(account, trigger.watch, ""):
                    trigger.executed = False
    account.counters = [c for c in account.counters if c.expires is None or c.expires > now]
