"""Windows of counters: what an hour, a day, a week or a month of an account is, and what begins with it.

An operator caps a day's spending at 20.00. Account 1001 lives in Europe/Berlin and has spent 20.40 on 25 October; its
monitor has fired. The day there lasts from 22:00 UTC of the 24th to 23:00 UTC of the 25th, 25 hours, for the clocks
are set back. The first debit after it finds a counter of 0 and the monitor armed.

A window is known by the instant at which it began, and a counter remembers that instant. No clock rings at midnight:
whatever counts or evaluates rolls the account's counters first, and whoever shows an account shows it rolled. Weeks
begin on Monday. An hour is one of the local clock; the hour that a clock shows twice in autumn is two of them. A window
that lies behind the one at hand, because a clock was set back or the account has moved west, begins nothing.

Debits and refunds count in the window in which they are made, by the clock of the daemon and not by the time of the
call: what is refunded today is taken from today's counter, which may fall below zero, for yesterday's is closed.
"""

from typing import Final

from accounts.account import Account, UnitCounter, Window
from accounts.book import Page
from accounts.counting import counter_name
from accounts.document import counter_document
from accounts.holding import expire
from accounts.outline import earliest
from tariffs.zone import SECOND_NS, Zone

HOUR_NS: Final = 3600 * SECOND_NS


def window_begin(window: Window, now_ns: int, zone: Zone) -> int:
    """The instant at which the window began in which `now_ns` lies; 0 where it is no period of the calendar."""
    match window:
        case Window.NONE | Window.CALL:
            return 0
        case Window.HOUR:
            return now_ns - (now_ns + zone.offset_ns(now_ns)) % HOUR_NS
        case Window.DAY:
            return zone.day_of(now_ns).start_ns
        case Window.WEEK:
            today = zone.day_of(now_ns)
            return zone.first_instant(today.ordinal - (today.week_day - 1) % 7, 0)
        case Window.MONTH:
            today = zone.day_of(now_ns)
            return zone.first_instant(today.ordinal - today.month_day + 1, 0)


def roll_windows(page: Page, now_ns: int, zone: Zone) -> None:
    """Begin the windows that have come, and drop the counters of calls that must be over.

    `zone` is the account's. Leaves no record where nothing begins or ends.
    """
    counters = page.account.counters
    if not counters:
        return
    outline = page.account.outlined()
    if outline.windows_zone is zone and now_ns < outline.windows_until_ns:
        return
    if not _is_due(counters, now_ns, zone):
        outline.windows_zone, outline.windows_until_ns = zone, _lasting_until(counters, now_ns, zone)
        return
    page.own()
    begun = [_rolled(counter, window_begin(counter.window, now_ns, zone)) for counter in counters]
    restarted = {old.name for old, new in zip(counters, begun, strict=True) if new is not old and old.since_ns}
    kept = [counter for counter in begun if not _is_over(counter, now_ns)]
    page.replace_counters(kept, [counter_document(counter) for counter in kept])
    for trigger in page.account.triggers:
        if trigger.executed and counter_name(trigger.terms) in restarted:
            page.mark(trigger, executed=False, last_executed_ns=trigger.last_executed_ns)


def rolled(account: Account, now_ns: int, zone: Zone) -> Account:
    """The account as it reads at this moment: itself, or a copy with the windows that have begun since.

    What the sweep has still to remove does not show: neither counters of calls that are over, nor what those held.
    """
    over = [reservation for reservation in account.reservations if reservation.expires_at_ns <= now_ns]
    if not over and not _is_due(account.counters, now_ns, zone):
        return account
    page = Page(account.copy())
    roll_windows(page, now_ns, zone)
    expire(page, now_ns)
    return page.account


def _is_due(counters: list[UnitCounter], now_ns: int, zone: Zone) -> bool:
    for counter in counters:
        if counter.window is Window.NONE:
            continue
        if _is_over(counter, now_ns) or window_begin(counter.window, now_ns, zone) > counter.since_ns:
            return True
    return False


def _lasting_until(counters: list[UnitCounter], now_ns: int, zone: Zone) -> int:
    """How long it need not be asked again whether anything is due: to the end of the day, where hours are counted of
    the second, for the clock may be set back or forth in an hour."""
    until_ns = earliest([counter.expires_at_ns for counter in counters])
    windows = [counter.window for counter in counters]
    if Window.HOUR in windows:
        until_ns = min(until_ns, (now_ns // SECOND_NS + 1) * SECOND_NS)
    if Window.DAY in windows or Window.WEEK in windows or Window.MONTH in windows:
        until_ns = min(until_ns, zone.day_of(now_ns).end_ns)
    return until_ns


def _is_over(counter: UnitCounter, now_ns: int) -> bool:
    return counter.expires_at_ns is not None and counter.expires_at_ns <= now_ns


def _rolled(counter: UnitCounter, begin_ns: int) -> UnitCounter:
    """The counter in the window that began then. One that has just come into being keeps what it holds."""
    if begin_ns <= counter.since_ns:
        return counter
    value = 0 if counter.since_ns else counter.value
    return UnitCounter(counter.id, counter.kind, counter.of, counter.filter, value, counter.window, begin_ns)
