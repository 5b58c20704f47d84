"""A masking shard: the called numbers of one part, each with the calls to it that still matter.

A million numbers are called in a minute, and nearly all of them once: for these one call is kept and nothing else. A
second call that comes while the first can still be in a window with it makes a window (`triggers.masking.window`).

Memory is bounded in three ways. A number that nobody called while the shard saw the time of a window, of the lateness
and of the cool-down go by is forgotten; beyond `numbers_max` numbers the one longest silent, to the second, goes
(`triggers.masking.silence`); and of one number the newest `calls_max` calls are kept. The first changes no result as
long as calls come at most the lateness behind the newest of the shard. A call dated far ahead moves the shard's time by
a second only, and costs nobody his window.

Every number belongs to one shard (`triggers.masking.murmur2`), and nothing here is asked across numbers: what is found
does not depend on how many shards there are.
"""

from typing import Final

from mypy_extensions import i32, mypyc_attr

from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.silence import NEVER_S, Silence
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import ALONE, MaskingWindow, Placed
from triggers.spread import Spread

STEP_MS_MAX: Final = 1_000  # of the shard's time with one call
SECOND_MS: Final = 1_000  # of the shard's time: all calls within it are as long ago
LOOKED_MAX: Final = 4  # numbers that may have to go, with one call, so that no call waits for many


@mypyc_attr(acyclic=True)
class MaskingShard:
    """`calls` are those kept of all numbers; `truncated` counts those let go because a number had too many.

    Of a number it has the one call that matters, or a window.
    """

    __slots__ = (
        "_elapsed_ms", "_idle_s", "_newest_ms", "_numbers", "_second", "_silence", "_terms", "calls", "truncated",
    )  # fmt: skip

    def __init__(self, terms: MaskingTerms) -> None:
        self._terms = terms
        self._idle_s = _idle_s(terms)
        self._numbers: Final[Spread[Attempt | MaskingWindow]] = Spread()
        self._silence: Final = Silence()
        self._newest_ms = 0
        self._elapsed_ms = 0
        self._second: i32 = 0
        self.calls = 0
        self.truncated = 0

    @property
    def numbers(self) -> int:
        return len(self._numbers)

    def place(self, b: str, attempt: Attempt, terms: MaskingTerms | None = None) -> Placed:
        """Take a call to `b` in. `terms` are the number's own, where it has any."""
        if attempt.at_ms > self._newest_ms:
            self._go_on(attempt.at_ms)
        if terms is None:
            terms = self._terms
        else:
            self._idle_s = max(self._idle_s, _idle_s(terms))
        placed = self._place(b, attempt, terms)
        if self._silence.since_s < self._second - self._idle_s:
            self._drop_idle()
        return placed

    def distinct(self, b: str, at_ms: int) -> int:
        """The callers of `b` in the window that ends at `at_ms`, by the terms that `b` was last judged by."""
        found = self._numbers.get(b)
        if isinstance(found, MaskingWindow):
            return found.distinct(at_ms)
        return 1 if found is not None and at_ms - self._terms.span_ms <= found.at_ms <= at_ms else 0

    def set_terms(self, terms: MaskingTerms) -> None:
        """Judge all calls from the next on by other terms; a number has them from the next call to it on."""
        self._terms = terms
        self._idle_s = max(self._idle_s, _idle_s(terms))

    def restore(self, incident: MaskingIncident) -> None:
        """Go on with an incident that was stored, before the calls that can reach it are placed again."""
        b = incident.b
        if incident.last_ms > self._newest_ms:
            self._go_on(incident.last_ms)
        found = self._numbers.get(b)
        window = found if isinstance(found, MaskingWindow) else MaskingWindow(b, self._terms)
        if isinstance(found, Attempt):
            window.place(found)
        window.touched_s = self._second
        window.restore(incident)
        self._numbers.put(b, window)
        if found is None:
            self._note_new(b)

    def _place(self, b: str, attempt: Attempt, terms: MaskingTerms) -> Placed:
        found = self._numbers.get(b)
        if isinstance(found, MaskingWindow):
            return self._place_in(b, found, attempt, terms)
        attempt.touched_s = self._second
        if found is None:
            self.calls += 1
            self._numbers.put(b, attempt)
            self._note_new(b)
            return ALONE
        if attempt.at_ms - found.at_ms > terms.reach_ms:
            self._numbers.put(b, attempt)
            return ALONE
        window = MaskingWindow(b, terms)
        window.place(found)
        self._numbers.put(b, window)
        return self._place_in(b, window, attempt, terms)

    def _place_in(self, b: str, window: MaskingWindow, attempt: Attempt, terms: MaskingTerms) -> Placed:
        window.touched_s = self._second
        calls = len(window)
        if window.outlived(attempt.at_ms):
            attempt.touched_s = self._second
            self.calls += 1 - calls
            self._numbers.put(b, attempt)
            return ALONE
        if window.terms is not terms:
            window.retune(terms)
        truncated = window.truncated
        placed = window.place(attempt)
        self.calls += len(window) - calls
        self.truncated += window.truncated - truncated
        return placed

    # -- which numbers are kept

    def _go_on(self, at_ms: int) -> None:
        """Time goes by as far as a call is newer than all before it."""
        self._elapsed_ms += min(at_ms - self._newest_ms, STEP_MS_MAX)
        self._newest_ms = at_ms
        self._second = i32(self._elapsed_ms // SECOND_MS)

    def _note_new(self, b: str) -> None:
        self._silence.write(b, self._second)
        numbers = len(self._numbers)
        if numbers > self._terms.numbers_max:
            while len(self._numbers) == numbers and self._look(NEVER_S):
                pass

    def _drop_idle(self) -> None:
        before_s = self._second - self._idle_s
        for _ in range(LOOKED_MAX):
            if not self._look(before_s):
                return

    def _look(self, before_s: int) -> bool:
        """Let go of the number that was written down first, or write it down where it was last called."""
        b = self._silence.take(before_s)
        found = None if b is None else self._numbers.get(b)
        if b is None or found is None:
            return False
        if found.touched_s > self._silence.since_s:
            self._silence.write(b, found.touched_s)
        else:
            self._numbers.pop(b)
            self.calls -= len(found) if isinstance(found, MaskingWindow) else 1
        return True


def _idle_s(terms: MaskingTerms) -> int:
    """After so many seconds a silent number goes: more than it must be, as no part of a second is looked at."""
    return -(-terms.idle_ms // SECOND_MS) + 1
