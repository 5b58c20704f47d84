"""Masking incidents: which hot calls to one number are one attack, and the evidence of it.

At 10:00:07 the fifth different caller within five seconds makes the window of +4930123456 hot, and incident 8d1f…
opens. A sixth comes at 10:00:09, and after a pause of half a minute the attack goes on: all of that is one incident,
for each hot call is at most the cool-down (60 s) behind the one before. A hot call at 10:02:30 opens another.

An incident is what was accepted, in the order of its times, and not the order in which it came. A call that comes late
may make the window of 10:00:06 hot: then the incident opened a second earlier than was thought, and as its id is made
of the number and that instant, it has a new one and remembers the former. It may also fill the gap between two, which
become one.
"""

from hashlib import sha256
from typing import Final

from mypy_extensions import i16, i32, i64, mypyc_attr

SHOWN_MAX: Final = 1_000  # callers and trunks of one incident
NEVER: Final = (1 << 62) - 1
ID_DIGITS: Final = 16


@mypyc_attr(acyclic=True)
class Attempt:
    """One call attempt. `hot`: enough callers are in the window that ends with it; `flagged`: it is in a hot window.

    `earlier` is the latest call of another caller before it, as long as that matters (`triggers.masking.recent`), and
    `touched_s` when it came, in the time of its shard, as long as it is the only one. It is placed once.
    """

    __slots__ = ("at_ms", "call_id", "caller", "digest", "earlier", "flagged", "hot", "switch_id", "touched_s", "trunk")

    def __init__(self, at_ms: int, caller: str, call_id: str, switch_id: str = "", trunk: str = "") -> None:
        self.at_ms: Final = at_ms
        self.caller: Final = caller
        self.earlier: Attempt | None = None
        self.call_id: Final = call_id
        self.switch_id: Final = switch_id
        self.trunk: Final = trunk
        self.flagged = False
        self.hot = False
        self.digest: Final[i16] = digest(caller)
        self.touched_s: i32 = 0

    def before(self, other: "Attempt") -> bool:
        """Whether it stands before another in an incident: by time, then by call_id."""
        return self.at_ms < other.at_ms or (self.at_ms == other.at_ms and self.call_id < other.call_id)


@mypyc_attr(acyclic=True)
class MaskingIncident:
    """One attack on one number. `calls` are its flagged calls by (time, call_id), the first `calls_max` of them.

    `opened_ms` and `last_ms` are the first and the last instant that was hot. `probability_max` is for whoever scores.
    `by_score`: a model flagged its calls, and not the rule.
    """

    __slots__ = (
        "_calls_max", "_calls_until_ms", "_later_callers", "_later_trunks", "b", "by_score", "calls", "former_ids",
        "id", "last_ms", "max_distinct", "opened_ms", "probability_max",
    )  # fmt: skip

    def __init__(
        self,
        b: str,
        opened_ms: int,
        last_ms: int,
        *,
        max_distinct: int = 0,
        calls_max: int = 4_096,
        former_ids: tuple[str, ...] = (),
        probability_max: float = 0.0,
        by_score: bool = False,
    ) -> None:
        self.b: Final = b
        self.by_score: Final = by_score
        self.opened_ms = opened_ms
        self.last_ms = last_ms
        self.id = incident_id(f"{b}|score" if by_score else b, opened_ms)
        self.max_distinct = max_distinct
        self.former_ids = former_ids  # in the order in which it had them; they depend on the order of arrival
        self.probability_max = probability_max
        self.calls: Final[list[Attempt]] = []
        self._calls_max: Final = calls_max
        self._calls_until_ms = NEVER  # where there are as many as are kept, the last of them
        self._later_callers: Final = FirstSeen()
        self._later_trunks: Final = FirstSeen()

    @property
    def callers(self) -> tuple[str, ...]:
        """Who called, in the order of their first calls, the first 1,000. It sorts: ask once a report."""
        seen = FirstSeen()
        for call in self.calls:
            seen.add(call.caller, call.at_ms)
        seen.take(self._later_callers)
        return seen.texts()

    @property
    def trunks(self) -> tuple[str, ...]:
        """Where the calls came from, in the order of the first calls."""
        seen = FirstSeen()
        for call in self.calls:
            seen.add(call.trunk, call.at_ms)
        seen.take(self._later_trunks)
        return seen.texts()

    def add(self, call: Attempt) -> None:
        """Take a flagged call in. One that is there already, by time and call_id, stays once."""
        if call.at_ms > self._calls_until_ms:
            self._note(call)
            return
        calls = self.calls
        if not calls or calls[-1].before(call):
            calls.append(call)
        else:
            self._insert(call)
        if len(calls) >= self._calls_max:
            self._bound()

    def extend(self, at_ms: int, distinct: int) -> None:
        """It goes on, or `distinct` callers were in its window at an instant of it."""
        if at_ms > self.last_ms:
            self.last_ms = at_ms
        if distinct > self.max_distinct:
            self.max_distinct = distinct

    def open_earlier(self, opened_ms: int) -> None:
        """It opened earlier than was thought, so it has another id."""
        self.former_ids = (*self.former_ids, self.id)
        self.opened_ms = opened_ms
        self.id = incident_id(self.b, opened_ms)

    def absorb(self, later: "MaskingIncident") -> None:
        """Become one with an incident that opened after this one."""
        self.last_ms = max(self.last_ms, later.last_ms)
        self.max_distinct = max(self.max_distinct, later.max_distinct)
        self.probability_max = max(self.probability_max, later.probability_max)
        self.former_ids = (*self.former_ids, *later.former_ids, later.id)
        for call in later.calls:
            self.add(call)
        self._later_callers.take(later._later_callers)
        self._later_trunks.take(later._later_trunks)

    def _bound(self) -> None:
        """Keep the first calls; of those beyond, who called and from where."""
        if len(self.calls) > self._calls_max:
            self._note(self.calls.pop())
        self._calls_until_ms = self.calls[-1].at_ms

    def _note(self, call: Attempt) -> None:
        self._later_callers.add(call.caller, call.at_ms)
        self._later_trunks.add(call.trunk, call.at_ms)

    def _insert(self, call: Attempt) -> None:
        """Put a call that came late where its time puts it."""
        calls = self.calls
        low, high = 0, len(calls)
        while low < high:
            middle = (low + high) // 2
            if calls[middle].before(call):
                low = middle + 1
            else:
                high = middle
        if call.before(calls[low]):
            calls.insert(low, call)


@mypyc_attr(acyclic=True)
class FirstSeen:
    """Texts in the order in which they were first seen, those of one instant by the text: the first `most` of them.

    Up to twice as many are kept; whatever comes later than the last of the first `most` need not be.
    """

    __slots__ = ("_first_ms", "_last_ms", "_most")

    def __init__(self, most: int = SHOWN_MAX) -> None:
        self._most: Final = most
        self._first_ms: dict[str, int] = {}
        self._last_ms = NEVER

    def add(self, text: str, at_ms: int) -> None:
        if at_ms > self._last_ms or not text:
            return
        known_ms = self._first_ms.get(text)
        if known_ms is None:
            self._first_ms[text] = at_ms
            if len(self._first_ms) >= 2 * self._most:
                self._leave_out()
        elif at_ms < known_ms:
            self._first_ms[text] = at_ms

    def take(self, other: "FirstSeen") -> None:
        for text, at_ms in other._first_ms.items():
            self.add(text, at_ms)

    def texts(self) -> tuple[str, ...]:
        return tuple([text for _, text in self._sorted()])

    def _leave_out(self) -> None:
        first = self._sorted()
        self._last_ms = first[-1][0]
        self._first_ms = {text: at_ms for at_ms, text in first}

    def _sorted(self) -> list[tuple[int, str]]:
        return sorted([(at_ms, text) for text, at_ms in self._first_ms.items()])[: self._most]


@mypyc_attr(acyclic=True)
class IncidentChain:
    """The incidents of one number that a call can still reach, in the order of time.

    `opened` and `absorbed` tell of what has been reached since `begin`: whether an incident is new, and the ids of
    those that are no more, because they became another.
    """

    __slots__ = ("_b", "absorbed", "incidents", "opened")

    def __init__(self, b: str) -> None:
        self._b: Final = b
        self.incidents: Final[list[MaskingIncident]] = []
        self.opened = False
        self.absorbed: tuple[str, ...] = ()

    def begin(self) -> None:
        self.opened = False
        self.absorbed = ()

    def reach(self, at_ms: int, distinct: int, cooldown_ms: int, calls_max: int) -> MaskingIncident:
        """The incident of an instant at which `distinct` callers made the window hot."""
        incident = self._reached(at_ms, cooldown_ms)
        if incident is None:
            incident = MaskingIncident(self._b, at_ms, at_ms, calls_max=calls_max)
            self.opened = True
            self.put(incident)
        incident.extend(at_ms, distinct)
        return incident

    def put(self, incident: MaskingIncident) -> None:
        place = len(self.incidents)
        while place and self.incidents[place - 1].opened_ms > incident.opened_ms:
            place -= 1
        self.incidents.insert(place, incident)

    def forget(self, before_ms: int) -> None:
        """Let go of what was over before that instant."""
        while self.incidents and self.incidents[0].last_ms < before_ms:
            del self.incidents[0]

    def _reached(self, at_ms: int, cooldown_ms: int) -> MaskingIncident | None:
        incidents = self.incidents
        place = len(incidents)
        while place and incidents[place - 1].opened_ms > at_ms:
            place -= 1
        earlier = incidents[place - 1] if place else None
        if earlier is not None and at_ms > earlier.last_ms + cooldown_ms:
            earlier = None
        if place < len(incidents) and incidents[place].opened_ms - at_ms <= cooldown_ms:
            return self._join(earlier, place, at_ms)
        return earlier

    def _join(self, earlier: MaskingIncident | None, place: int, at_ms: int) -> MaskingIncident:
        """What was just reached leads to the incident at `place`, which opened later."""
        later = self.incidents[place]
        self.absorbed = (*self.absorbed, later.id)
        if earlier is None:
            later.open_earlier(at_ms)
            return later
        earlier.absorb(later)
        del self.incidents[place]
        return earlier


def incident_id(b: str, opened_ms: int) -> str:
    """The same for the same attack, whoever finds it and however often."""
    return sha256(f"{b}|{opened_ms}".encode()).hexdigest()[:ID_DIGITS]


def digest(number: str) -> i16:
    """Of the last digits of a number. Where they are unlike, so are the numbers, and neither text need be fetched."""
    size: i64 = len(number)
    if size < 2:
        return 0
    return i16(ord(number[size - 1]) & 15 | (ord(number[size - 2]) & 15) << 4)
