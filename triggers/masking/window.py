"""The masking window: which calls to one number are part of a masking run.

Five people who have nothing to do with each other do not call the same number within five seconds; somebody who changes
the number he shows does. A call at 10:00:07 looks back on (10:00:02, 10:00:07]: are there five different callers or
more, it is hot, and every call in that window is flagged, the first four as well, and so are two calls of one caller.

What is flagged depends on what was accepted and not on the order in which it came; calls of one instant are in each
other's windows. A call that comes late is put where its time puts it: the count of callers is wound back to that
instant and played again from there, so that a call k places late costs k steps. One that is more than the lateness
behind the newest is refused and changes nothing.

Times are those of the events; nothing here reads a clock. Where the terms change, the next call is judged by the new
ones; what has been flagged stays so, and a wider window finds only calls that the narrower one had no reason to forget.
"""

from typing import Final

from mypy_extensions import i32, mypyc_attr

from triggers.masking.incident import Attempt, IncidentChain, MaskingIncident
from triggers.masking.recent import latest_of, link, part
from triggers.masking.terms import MaskingTerms

FEW: Final = 8  # callers that are looked through rather than counted
FORGOTTEN_MIN: Final = 4  # so many places at the front of the list are worth moving the rest
MANY: Final = 64  # calls, of which those that are over may wait
WAIT: Final = 4  # for a sixteenth of the reach
NONE_FLAGGED: Final[list[Attempt]] = []  # of all cold calls; nobody adds to it


@mypyc_attr(acyclic=True)
class Placed:
    """What became of an attempt.

    `distinct` are the callers of the window that ends with it, or of the fullest one it is in, where it came late.
    `hot`: it is flagged. `flagged` are all that are now and were not before, in the order of time. `incident` is the
    one it belongs to; `opened`: that is new; `absorbed`: ids of incidents that have become this one. `also` are other
    incidents that it changed, which takes a cool-down shorter than the window.
    """

    __slots__ = ("absorbed", "also", "distinct", "flagged", "hot", "incident", "late", "opened")

    def __init__(
        self,
        distinct: int,
        *,
        late: bool = False,
        hot: bool = False,
        flagged: list[Attempt] = NONE_FLAGGED,
        incident: MaskingIncident | None = None,
        opened: bool = False,
        absorbed: tuple[str, ...] = (),
        also: tuple[MaskingIncident, ...] = (),
    ) -> None:
        self.late: Final = late
        self.distinct: Final = distinct
        self.hot: Final = hot
        self.flagged: Final = flagged
        self.incident: Final = incident
        self.opened: Final = opened
        self.absorbed: Final = absorbed
        self.also: Final = also


NOTHING_MS: Final = -(1 << 61)  # the newest time where there is none
COLD_MAX: Final = 128
COLD: Final = [Placed(distinct) for distinct in range(COLD_MAX)]  # most calls change nothing, and need nothing new
ALONE: Final = COLD[1]
LATE: Final = Placed(0, late=True)


def cold(distinct: int) -> Placed:
    return COLD[distinct] if distinct < COLD_MAX else Placed(distinct)


@mypyc_attr(acyclic=True)
class MaskingWindow:
    """The calls to one number in the order of their times, as far back as a late one can reach.

    How many callers the newest window has is told by the latest calls of each (`_recent`) as long as they are few and
    no call comes late. Otherwise `_callers` counts the calls of each in that window, which begins at place `_low`, and
    goes on for at least `_counting` calls, so that the counting is worth its while.

    What is before `_first` is forgotten, and so is what is older than `_keep_ms`, whether it has gone or not yet.
    `_front_ms`: none that is there is older. What each call needs lies together.
    """

    __slots__ = (
        "_attempts", "_b", "_callers", "_chain", "_counting", "_first", "_front_ms", "_keep_ms", "_latest", "_low",
        "_newest_ms", "_recent", "_settled", "terms", "touched_s", "truncated",
    )  # fmt: skip

    def __init__(self, b: str, terms: MaskingTerms) -> None:
        self._newest_ms = NOTHING_MS
        self.touched_s: i32 = 0  # when the last call came, in the time of the shard
        self._settled = True  # whether all that the present terms flag is flagged
        self.terms = terms
        self._callers: dict[str, int] | None = None
        self._recent: Attempt | None = None
        self._attempts: Final[list[Attempt]] = []
        self._first = 0
        self._front_ms = NOTHING_MS
        self._keep_ms = NOTHING_MS
        self.truncated = 0
        self._latest: MaskingIncident | None = None  # the last of the chain
        self._chain: IncidentChain | None = None
        self._low = 0
        self._counting = 0
        self._b: Final = b

    def __len__(self) -> int:
        return len(self._attempts) - self._first

    def place(self, attempt: Attempt) -> Placed:
        if attempt.at_ms >= self._newest_ms:
            return self._append(attempt)
        if self._newest_ms - attempt.at_ms > self.terms.lateness_ms:
            return LATE
        return self._insert(attempt)

    def distinct(self, at_ms: int) -> int:
        """The callers of the window that ends at `at_ms`, which need not be the time of a call."""
        begin = max(at_ms - self.terms.span_ms, self._keep_ms)
        callers: set[str] = set()
        for place in range(len(self._attempts) - 1, self._first - 1, -1):
            attempt = self._attempts[place]
            if attempt.at_ms < begin:
                break
            if attempt.at_ms <= at_ms:
                callers.add(attempt.caller)
        return len(callers)

    def outlived(self, at_ms: int) -> bool:
        """Whether a call at `at_ms` has nothing to do with all that is here, and neither has one that is late."""
        newest_ms, terms = self._newest_ms, self.terms
        if at_ms <= newest_ms + terms.reach_ms or newest_ms == NOTHING_MS:
            return False
        return self._chain is None or at_ms > newest_ms + terms.reach_ms + terms.cooldown_ms

    def retune(self, terms: MaskingTerms) -> None:
        """Judge what comes by other terms. What the former had reason to forget is forgotten."""
        self._first = self._kept_from()
        self.terms = terms
        self._settled = False
        self._count()

    def restore(self, incident: MaskingIncident) -> None:
        """Go on with an incident that was stored."""
        chain = self._incidents()
        chain.put(incident)
        self._latest = chain.incidents[-1]

    # -- in the order of time

    def _append(self, attempt: Attempt) -> Placed:
        self._attempts.append(attempt)
        self._newest_ms = attempt.at_ms
        distinct = self._linked(attempt) if self._callers is None else self._entered(attempt, self._callers)
        placed = cold(distinct) if distinct < self.terms.threshold else self._heat(attempt, distinct)
        self._forget()
        return placed

    def _linked(self, attempt: Attempt) -> int:
        """The callers of the window that ends with this call, the next in the order of time."""
        distinct = link(attempt, self._recent, attempt.at_ms - self.terms.span_ms)
        self._recent = attempt
        if distinct > FEW:
            self._count()
        return distinct

    def _entered(self, attempt: Attempt, callers: dict[str, int]) -> int:
        """The same where they are counted."""
        self._enter(attempt, callers)
        self._counting -= 1
        if self._counting <= 0 and len(callers) < FEW and len(self) < self.terms.calls_max:
            self._recent = latest_of(self._attempts, len(callers))
            self._callers = None
        return len(callers)

    def _enter(self, attempt: Attempt, callers: dict[str, int]) -> None:
        """Let the window end with this call."""
        attempts, low = self._attempts, self._low
        begin = attempt.at_ms - self.terms.span_ms
        callers[attempt.caller] = callers.get(attempt.caller, 0) + 1
        while attempts[low].at_ms < begin:
            _leave(callers, attempts[low].caller)
            low += 1
        self._low = low

    def _count(self) -> dict[str, int]:
        """Count the calls of each caller in the newest window, from now on."""
        part(self._recent)
        self._recent = None
        callers = self._callers = {}
        self._low = len(self._attempts)
        self._reach_back(self._newest_ms, callers)
        self._counting = len(self._attempts) - self._low
        return callers

    def _heat(self, attempt: Attempt, distinct: int) -> Placed:
        """The newest window is hot: mostly the latest incident goes on."""
        attempt.hot = True
        incident = self._latest
        if incident is not None and 0 <= attempt.at_ms - incident.last_ms <= self.terms.cooldown_ms:
            incident.extend(attempt.at_ms, distinct)
            return Placed(distinct, hot=True, flagged=self._flag_newest(incident), incident=incident)
        chain = self._incidents()
        chain.begin()
        incident = self._hot_at(attempt.at_ms, distinct)
        return Placed(
            distinct,
            hot=True,
            flagged=self._flag_newest(incident),
            incident=incident,
            opened=chain.opened and not chain.absorbed,
            absorbed=chain.absorbed,
        )

    def _flag_newest(self, incident: MaskingIncident) -> list[Attempt]:
        """Flag the newest window. What is before a flagged call in it is flagged as well: that was hot, too."""
        attempts, start = self._attempts, len(self._attempts) - 1
        begin, whole = self._newest_ms - self.terms.span_ms, not self._settled or self.terms.overlapping
        while start > self._first and attempts[start - 1].at_ms >= begin and (whole or not attempts[start - 1].flagged):
            start -= 1
        self._settled = True
        flagged: list[Attempt] = []
        self._flag(start, len(attempts), incident, flagged)
        return flagged

    def _flag(self, start: int, stop: int, incident: MaskingIncident, flagged: list[Attempt]) -> None:
        attempts, overlapping = self._attempts, self.terms.overlapping
        for place in range(start, stop):
            attempt = attempts[place]
            if not attempt.flagged:
                attempt.flagged = True
                flagged.append(attempt)
                incident.add(attempt)
            elif overlapping:
                incident.add(attempt)

    def _forget(self) -> None:
        """Let go of what no late call can reach, and of the oldest where there are too many.

        Of many, those that are over go some at a time: to look at each means to wait for memory."""
        size, terms = len(self._attempts) - self._first, self.terms
        keep_ms = self._keep_ms = self._newest_ms - terms.reach_ms
        over_ms = keep_ms if size < MANY else keep_ms - (terms.reach_ms >> WAIT)
        if self._front_ms < over_ms or size > terms.calls_max:
            self._let_go()

    def _let_go(self) -> None:
        attempts, first = self._attempts, self._kept_from()
        if len(attempts) - first > self.terms.calls_max:
            first = self._truncate(first)
        self._front_ms = attempts[first].at_ms
        if first >= FORGOTTEN_MIN and 2 * first >= len(attempts):
            del attempts[:first]
            self._low -= first
            first = 0
        self._first = first

    def _kept_from(self) -> int:
        """The place of the first call that is not forgotten."""
        attempts, first, keep_ms = self._attempts, self._first, self._keep_ms
        while first < len(attempts) and attempts[first].at_ms < keep_ms:
            first += 1
        return first

    def _truncate(self, first: int) -> int:
        """Keep the newest `calls_max`, though the window may hold more."""
        callers = self._count() if self._callers is None else self._callers
        stop = len(self._attempts) - self.terms.calls_max
        self.truncated += stop - first
        while self._low < stop:
            _leave(callers, self._attempts[self._low].caller)
            self._low += 1
        return stop

    # -- behind the newest

    def _insert(self, attempt: Attempt) -> Placed:
        """Put a late call where its time puts it, and look again at every window that it is in."""
        attempts, threshold = self._attempts, self.terms.threshold
        callers = self._count() if self._callers is None else self._callers
        start = self._wind_back(attempt.at_ms, callers)
        attempts.insert(start, attempt)
        self._front_ms = min(self._front_ms, attempt.at_ms)
        replay = _Replay(attempt)
        last_ms = attempt.at_ms + self.terms.span_ms
        if self._chain is not None:
            self._chain.begin()
        for place in range(start, len(attempts)):
            end = attempts[place]
            self._enter(end, callers)
            if end.at_ms > last_ms:
                continue
            replay.distinct = max(replay.distinct, len(callers))
            if len(callers) >= threshold:
                self._heat_again(replay, place, len(callers))
        self._counting = len(attempts) - self._low
        self._forget()
        return self._replayed(replay)

    def _wind_back(self, at_ms: int, callers: dict[str, int]) -> int:
        """Let the window end at `at_ms`; the place after the last call of that instant."""
        attempts, place = self._attempts, len(self._attempts)
        while place > self._first and attempts[place - 1].at_ms > at_ms:
            place -= 1
            if place >= self._low:
                _leave(callers, attempts[place].caller)
        self._low = min(self._low, place)
        self._reach_back(at_ms, callers)
        return place

    def _reach_back(self, at_ms: int, callers: dict[str, int]) -> None:
        """Count what the window that ends at `at_ms` holds before `_low`."""
        attempts, low, begin = self._attempts, self._low, at_ms - self.terms.span_ms
        while low > self._first and attempts[low - 1].at_ms >= begin:
            low -= 1
            caller = attempts[low].caller
            callers[caller] = callers.get(caller, 0) + 1
        self._low = low

    def _heat_again(self, replay: "_Replay", place: int, distinct: int) -> None:
        """The window that ends at `place` is hot with the late call; it may have been hot without it."""
        end = self._attempts[place]
        incident = self._hot_at(end.at_ms, distinct)
        replay.reached(incident)
        if not end.hot:
            end.hot = True
            start = self._low if self.terms.overlapping else max(self._low, replay.done)
            self._flag(start, place + 1, incident, replay.flagged)
            replay.done = place + 1
        elif not replay.attempt.flagged:
            replay.attempt.flagged = True
            replay.flagged.append(replay.attempt)
            incident.add(replay.attempt)
        elif self.terms.overlapping:
            incident.add(replay.attempt)

    def _replayed(self, replay: "_Replay") -> Placed:
        chain = self._chain
        if not replay.incidents or chain is None:
            return cold(replay.distinct)
        return Placed(
            replay.distinct,
            hot=True,
            flagged=replay.flagged,
            incident=replay.incidents[0],
            opened=chain.opened and not chain.absorbed,
            absorbed=chain.absorbed,
            also=tuple(replay.incidents[1:]),
        )

    # -- incidents

    def _incidents(self) -> IncidentChain:
        if self._chain is None:
            self._chain = IncidentChain(self._b)
        return self._chain

    def _hot_at(self, at_ms: int, distinct: int) -> MaskingIncident:
        chain, terms = self._incidents(), self.terms
        if len(chain.incidents) > 1:
            chain.forget(self._newest_ms - terms.reach_ms - terms.cooldown_ms)
        incident = chain.reach(at_ms, distinct, terms.cooldown_ms, terms.calls_max)
        self._latest = chain.incidents[-1]
        return incident


def _leave(callers: dict[str, int], caller: str) -> None:
    left = callers[caller] - 1
    if left:
        callers[caller] = left
    else:
        del callers[caller]


@mypyc_attr(acyclic=True)
class _Replay:
    """What is found while the windows of a late call are looked at again. All before place `done` is flagged."""

    __slots__ = ("attempt", "distinct", "done", "flagged", "incidents")

    def __init__(self, attempt: Attempt) -> None:
        self.attempt: Final = attempt
        self.distinct = 0
        self.done = 0
        self.flagged: Final[list[Attempt]] = []
        self.incidents: Final[list[MaskingIncident]] = []

    def reached(self, incident: MaskingIncident) -> None:
        if not self.incidents or self.incidents[-1] is not incident:
            self.incidents.append(incident)
