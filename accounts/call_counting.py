"""Counters of single calls: opened with a call, moved by its debits alone, gone when it is closed.

A monitor of 5.00 a call is a ceiling on each call for itself. Account 1001 has two calls going, at 4.80 and at 0.60:
there are two counters of one name, and each keeps the marks of the monitors that fired in its call, so the monitor may
fire once in each. The switch closes a call with a `final` debit; one it never closes is over at `expires_at_ns`, when
it counts as over everywhere else, and its counters go with the next operation; each debit puts that off, which is noted
once a minute. A debit that names no call is a call of its own. So is what comes after the final debit: it counts anew.

A call of which nothing has been counted yet needs no counters and keeps none, and the account of a shared group that
was only asked is left as it was.
"""

from collections.abc import Iterable
from typing import Final

from mypy_extensions import mypyc_attr

from accounts.account import UnitCounter, Window
from accounts.book import Page, Savepoint
from accounts.counting import counter_name, new_counter, replace_counters

NOTED_EVERY_NS: Final = 60_000_000_000


@mypyc_attr(acyclic=True, free_list_len=1)
class CallCounters:
    """The counters of a call on the pages of one of its debits that have monitors on single calls. `call` is its CgrID,
    "" for one that has no name."""

    __slots__ = ("_call", "_opened")

    def __init__(self, pages: Iterable[Page], call: str, expires_at_ns: int) -> None:
        self._call: Final = call
        self._opened: Final[list[tuple[Savepoint, int]]] = []  # how each page was, and its changes once they were open
        for page in pages:
            before = page.savepoint()
            _open(page, call, expires_at_ns)
            self._opened.append((before, len(page.changes)))

    def end(self, *, over: bool) -> None:
        """The debit is done; `over` closes the call."""
        for before, changes in self._opened:
            page = before.page
            if len(page.changes) == changes and not any(_is_of(counter, self._call) for counter, *_ in before.counters):
                _uncount(page, before)
            _close(page, self._call, over=over or not self._call)


def _open(page: Page, call: str, expires_at_ns: int) -> None:
    """Give the call the counters that monitors ask for, if it has them not yet."""
    counters = [_put_off(counter, call, expires_at_ns) for counter in page.account.counters]
    held = {counter.name for counter in counters}
    for trigger in page.account.triggers:
        name = counter_name(trigger.terms, call)
        if name is not None and trigger.terms.window is Window.CALL and name not in held:
            held.add(name)
            counters.append(new_counter(name, trigger.terms.filter, expires_at_ns))
    replace_counters(page, counters)


def _uncount(page: Page, before: Savepoint) -> None:
    """Take the counters of the call away again; a balance that was asked for nothing, a fee of 0, still took part."""
    took_part = set(page.dirty)
    page.roll_back(before)
    page.dirty.update(took_part)


def _close(page: Page, call: str, *, over: bool) -> None:
    """Drop the counters of a call that is over, and of one of which nothing has been counted."""
    mine = [counter for counter in page.account.counters if _is_of(counter, call)]
    if mine and (over or not any(counter.value or counter.fired for counter in mine)):
        replace_counters(page, [counter for counter in page.account.counters if counter not in mine])


def _is_of(counter: UnitCounter, call: str) -> bool:
    return counter.window is Window.CALL and counter.call == call


def _put_off(counter: UnitCounter, call: str, expires_at_ns: int) -> UnitCounter:
    """The counter, and if it is one of this call, with its end put off."""
    until_ns = counter.expires_at_ns
    if until_ns is None or counter.call != call or expires_at_ns - until_ns < NOTED_EVERY_NS:
        return counter
    return UnitCounter(
        counter.id, counter.kind, counter.of, counter.filter, counter.value, counter.window, counter.since_ns,
        counter.call, counter.fired, expires_at_ns,
    )  # fmt: skip
