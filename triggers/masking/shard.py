"""A masking shard: the called numbers of one part, each with the calls to it that still matter.

A million numbers are called in a minute, and nearly all of them once: for these one call is kept and nothing else. A
second call that comes while the first can still be in a window with it makes a window (`triggers.masking.window`).

Memory is bounded in three ways. A number that nobody called while the shard saw the time of a window, of the lateness
and of the cool-down go by is forgotten; beyond `numbers_max` numbers the one longest silent goes; and of one number the
newest `calls_max` calls are kept. The first changes no result as long as calls come at most the lateness behind the
newest of the shard. A call dated far ahead moves the shard's time by a second only, and costs nobody his window.

Every number belongs to one shard (`triggers.masking.murmur2`), and nothing here is asked across numbers: what is found
does not depend on how many shards there are.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import ALONE, MaskingWindow, Placed
from triggers.spread import Spread

STEP_MS_MAX: Final = 1_000  # of the shard's time with one call
TOUCH_MS: Final = 1_000  # of the shard's time: a number called again within it keeps its place in the order of silence
DROPPED_MAX: Final = 4  # idle numbers with one call, so that no call waits for many


class MaskingShard:
    """`calls` are those kept of all numbers; `truncated` counts those let go because a number had too many."""

    __slots__ = ("_elapsed_ms", "_ends", "_idle_ms", "_newest_ms", "_numbers", "_terms", "calls", "truncated")

    def __init__(self, terms: MaskingTerms) -> None:
        self._terms = terms
        self._idle_ms = terms.idle_ms
        self._numbers: Final[Spread[_Called]] = Spread()
        self._ends: Final = _Called("")
        self._newest_ms = 0
        self._elapsed_ms = 0
        self.calls = 0
        self.truncated = 0

    def __del__(self) -> None:
        """Part the numbers, which hold each other: a million of them are better not known to the garbage collector."""
        called = self._ends.after
        self._ends.before = self._ends.after = None
        while called is not None:
            after = called.after
            called.before = called.after = None
            called = after

    @property
    def numbers(self) -> int:
        return len(self._numbers)

    def place(self, b: str, attempt: Attempt, terms: MaskingTerms | None = None) -> Placed:
        """Take a call to `b` in. `terms` are the number's own, where it has any."""
        called = self._touched(b, attempt.at_ms)
        self._drop_idle()
        if terms is None:
            return self._place(called, attempt, self._terms)
        self._idle_ms = max(self._idle_ms, terms.idle_ms)
        return self._place(called, attempt, terms)

    def distinct(self, b: str, at_ms: int) -> int:
        """The callers of `b` in the window that ends at `at_ms`, by the terms that `b` was last judged by."""
        called = self._numbers.get(b)
        if called is None:
            return 0
        if called.window is not None:
            return called.window.distinct(at_ms)
        only = called.only
        return 1 if only is not None and at_ms - self._terms.span_ms <= only.at_ms <= at_ms else 0

    def set_terms(self, terms: MaskingTerms) -> None:
        """Judge all calls from the next on by other terms; a number has them from the next call to it on."""
        self._terms = terms
        self._idle_ms = max(self._idle_ms, terms.idle_ms)

    def restore(self, incident: MaskingIncident) -> None:
        """Go on with an incident that was stored, before the calls that can reach it are placed again."""
        called = self._touched(incident.b, incident.last_ms)
        self._window_of(called, self._terms).restore(incident)

    def _place(self, called: "_Called", attempt: Attempt, terms: MaskingTerms) -> Placed:
        window, only = called.window, called.only
        if window is None:
            if only is None or attempt.at_ms - only.at_ms > terms.reach_ms:
                self.calls += only is None
                called.only = attempt
                return ALONE
            window = self._window_of(called, terms)
        elif window.outlived(attempt.at_ms):
            self.calls += 1 - len(window)
            called.window, called.only = None, attempt
            return ALONE
        if window.terms is not terms:
            window.retune(terms)
        return self._place_in(window, attempt)

    def _place_in(self, window: MaskingWindow, attempt: Attempt) -> Placed:
        calls, truncated = len(window), window.truncated
        placed = window.place(attempt)
        self.calls += len(window) - calls
        self.truncated += window.truncated - truncated
        return placed

    def _window_of(self, called: "_Called", terms: MaskingTerms) -> MaskingWindow:
        window = called.window
        if window is None:
            window = called.window = MaskingWindow(called.b, terms)
            if called.only is not None:
                window.place(called.only)
                called.only = None
        return window

    # -- which numbers are kept

    def _touched(self, b: str, at_ms: int) -> "_Called":
        """The number, the one called last from now on."""
        if at_ms > self._newest_ms:
            self._elapsed_ms += min(at_ms - self._newest_ms, STEP_MS_MAX)
            self._newest_ms = at_ms
        called = self._numbers.get(b)
        if called is None:
            called = _Called(b)
            self._numbers.put(b, called)
            if len(self._numbers) > self._terms.numbers_max:
                self._drop_oldest()
        elif self._elapsed_ms - called.touched_ms < TOUCH_MS:
            return called
        else:
            called.leave(self._ends)
        called.join(self._ends)
        called.touched_ms = self._elapsed_ms
        return called

    def _drop_idle(self) -> None:
        idle_from_ms = self._elapsed_ms - self._idle_ms - TOUCH_MS
        for _ in range(DROPPED_MAX):
            oldest = self._ends.after
            if oldest is None or oldest.touched_ms >= idle_from_ms:
                return
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._ends.after
        if oldest is not None:
            oldest.leave(self._ends)
            self._numbers.pop(oldest.b)
            self.calls -= oldest.calls


@mypyc_attr(acyclic=True)
class _Called:
    """A called number, between those called `before` and `after` it. It has the one call that matters, or a window.

    The shard's own, which is no number, has the one longest silent `after` it and the one called last `before` it.
    """

    __slots__ = ("after", "b", "before", "only", "touched_ms", "window")

    def __init__(self, b: str) -> None:
        self.b: Final = b
        self.touched_ms = 0  # of the shard's time
        self.only: Attempt | None = None
        self.window: MaskingWindow | None = None
        self.before: _Called | None = None
        self.after: _Called | None = None

    @property
    def calls(self) -> int:
        if self.window is not None:
            return len(self.window)
        return 0 if self.only is None else 1

    def join(self, ends: "_Called") -> None:
        """Become the one called last."""
        last = ends.before
        self.before, self.after = last, None
        ends.before = self
        if last is None:
            ends.after = self
        else:
            last.after = self

    def leave(self, ends: "_Called") -> None:
        before, after = self.before, self.after
        if before is None:
            ends.after = after
        else:
            before.after = after
        if after is None:
            ends.before = before
        else:
            after.before = before
        self.before = self.after = None
