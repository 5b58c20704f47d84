"""Keys: what traffic is counted under, such as one called number, and what is kept of each.

Most numbers make a few calls a week: their calls are kept as they are, and every metric is exact. Where calls pile up
(24 of them, or those of a busy quarter of an hour) all that began more than six minutes ago go into the buckets of a
history. A key with more than `recent_max` calls in six minutes keeps that many; of those before there are buckets of
seconds.
"""

from typing import Final

from mypy_extensions import i64, mypyc_attr

from triggers.spread import Spread
from triggers.traffic.contacts import CONTACT_MS, Contacts
from triggers.traffic.counted_call import CountedCall
from triggers.traffic.history import RAW_MS, TrafficHistory
from triggers.traffic.metric_names import ACCOUNT, CALLED, CALLED_RANGE, NUMBER, NUMBER_RANGE
from triggers.traffic.recent_calls import first_after, insert, near, overlaps
from triggers.traffic.silence import Seat, Silence
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.usual_distinct import UsualDistinct

FEW: Final = 24  # calls that are kept whatever their age
FOLDED: Final = 64  # at a time
MOVED_MS: Final = 600_000  # the order of silence is right to ten minutes
NEVER_MS: Final = -1
CALLED_BITS: Final = 61


@mypyc_attr(acyclic=True)
class KeyKind:
    """What is particular to the keys of a kind. `bit` marks the calls whose buckets hold them already."""

    __slots__ = ("bit", "called", "callers", "contacts", "name", "overlaps", "recent_max", "sequences", "talkers")

    def __init__(self, name: str, bit: int, recent_max: int) -> None:
        self.name: Final = name
        self.bit: Final = bit
        self.recent_max: Final = recent_max
        self.callers: Final = name != NUMBER
        self.called: Final = name != CALLED
        self.contacts: Final = name == NUMBER
        self.overlaps: Final = name == CALLED
        self.sequences: Final = name in (NUMBER, NUMBER_RANGE, ACCOUNT)
        self.talkers: Final = name in (CALLED, CALLED_RANGE)


@mypyc_attr(acyclic=True)
class TrafficKey(Seat):
    """`calls` in the order they began; `last_ms` when the newest of all began.

    Most keys never have a second call: theirs is `_only`, and a million lists are not made for the garbage collector.
    """

    __slots__ = (
        "_called_bits", "_calls", "_fold_at", "_folded_ms", "_last_folded_b", "_only", "born_ms", "contacts",
        "first_ms", "history", "kind", "last_ms", "name", "payer", "range", "usual",
    )  # fmt: skip

    def __init__(self, name: str, kind: KeyKind, first_ms: int) -> None:
        super().__init__()
        self.name: Final = name
        self.kind: Final = kind
        self.first_ms = first_ms
        self.born_ms: Final = first_ms  # calls that began before may have been counted by a key of this name before
        self.last_ms = NEVER_MS
        self._only: CountedCall | None = None
        self._calls: list[CountedCall] | None = None  # from the second on
        self.history: TrafficHistory | None = None
        self.usual: UsualDistinct | None = None
        self.contacts: Contacts | None = None  # of a busy caller
        self.payer: TrafficKey | None = None  # of a caller: the account of the last call
        self.range: TrafficKey | None = None  # of a number
        self._fold_at = FEW
        self._folded_ms = NEVER_MS  # calls that began by then go to the history at once
        self._last_folded_b = ""
        self._called_bits: i64 = 0  # of a caller: a bit for each number called, which several may share

    @property
    def calls(self) -> list[CountedCall]:
        if self._calls is not None:
            return self._calls
        return [] if self._only is None else [self._only]

    @property
    def attempts(self) -> int:
        """All that are kept: no window holds more."""
        if self._calls is None:
            return 0 if self._only is None else 1
        return len(self._calls) + (0 if self.history is None else self.history.attempts)

    @property
    def last_folded_b(self) -> str:
        return self._last_folded_b

    def add(self, call: CountedCall) -> None:
        if self.kind.contacts:
            self._meet(call)
        start_ms, calls = call.start_ms, self._calls
        if calls is None:
            if self._only is None:
                self._only, self.last_ms = call, start_ms
                return
            calls = self._calls = [self._only]
            self._only = None
        if start_ms >= self.last_ms:
            self.last_ms = start_ms
            calls.append(call)
        else:
            self._add_late(calls, call)
        if len(calls) >= self._fold_at:
            self._fold(calls)

    def called_before(self, b: str, at_ms: int) -> bool:
        """Whether this caller has called a number within seven days."""
        if self.contacts is not None:
            return self.contacts.called_before(b, at_ms)
        if not self._called_bits & called_bit(b):
            return False
        found = False
        for call in self.calls:
            if call.b == b and at_ms - call.start_ms < CONTACT_MS:
                found = True
        return found

    def _meet(self, call: CountedCall) -> None:
        if self.contacts is not None:
            self.contacts.add(call.b, call.start_ms)
        else:
            self._called_bits |= called_bit(call.b)

    def _add_late(self, calls: list[CountedCall], call: CountedCall) -> None:
        self.first_ms = min(self.first_ms, call.start_ms)
        if call.start_ms > self._folded_ms:
            insert(calls, call)
        elif self.history is not None:
            call.folded |= self.kind.bit
            self.history.place(call, sequential=False, overlapped=False)

    def _fold(self, calls: list[CountedCall]) -> None:
        """Let go what is too old to be kept itself."""
        if self.contacts is None and self.kind.contacts:
            self.contacts = Contacts()
            for call in calls:
                self.contacts.add(call.b, call.start_ms)
        count = max(first_after(calls, self.last_ms - RAW_MS), len(calls) - self.kind.recent_max)
        if count > 0:
            history = self.history
            if history is None:
                history = self.history = self._new_history()
            history.turn(self.last_ms)
            self._place(history, calls, count)
            self._folded_ms = calls[count - 1].start_ms
            self._last_folded_b = calls[count - 1].b
            del calls[:count]
        left = len(calls)
        # where each look goes through all of them there are few looks; else there are many, and nobody waits for one
        self._fold_at = left + max(FEW, left // 4 if self.kind.overlaps else min(left // 4, FOLDED))

    def _place(self, history: TrafficHistory, calls: list[CountedCall], count: int) -> None:
        kind, before = self.kind, self._last_folded_b
        beside = overlaps(calls, self.last_ms) if kind.overlaps else []
        for index in range(count):
            call = calls[index]
            follows = kind.sequences and near(call.b, before)
            call.folded |= kind.bit
            history.place(call, sequential=follows, overlapped=kind.overlaps and beside[index])
            before = call.b

    def _new_history(self) -> TrafficHistory:
        kind = self.kind
        return TrafficHistory(callers=kind.callers, called=kind.called, talkers=kind.talkers)


def called_bit(b: str) -> i64:
    """One bit of few for a number: where it is not set, the number is not among those called."""
    bits: i64 = hash(b)
    bit: i64 = 1
    return bit << (bits % CALLED_BITS)


@mypyc_attr(acyclic=True)
class TrafficKeys:
    """The keys of one kind: at most `keys_max`, none silent for longer than `idle_ms`."""

    __slots__ = ("_idle_ms", "_keys_max", "_silence", "dropped", "keys", "kind", "latest")

    def __init__(self, kind: KeyKind, terms: TrafficTerms) -> None:
        self.kind: Final = kind
        self._keys_max: Final = terms.keys_max
        self._idle_ms: Final = terms.idle_ms
        self._silence: Final = Silence()
        self.keys: Final[Spread[TrafficKey]] = Spread()
        self.latest: TrafficKey | None = None  # the one heard last
        self.dropped = 0

    def known(self, name: str, guess: object | None) -> TrafficKey | None:
        """A key, without a search where the guess is right: `guess` was the key of that name when it was made."""
        if isinstance(guess, TrafficKey) and guess.kind is self.kind and not guess.gone:
            return guess
        return self.keys.get(name)

    def heard(self, key: TrafficKey | None, name: str, at_ms: int) -> TrafficKey:
        """A key that was looked for, made where there is none, moved to the end of the order of silence."""
        if key is None:
            key = self._entered(name, at_ms)
        elif at_ms - key.seen_ms >= MOVED_MS:
            self._silence.touch(key, at_ms)
        self.latest = key
        return key

    def attempts(self, name: str) -> int:
        latest = self.latest
        if latest is not None and latest.name == name:
            return latest.attempts
        key = self.keys.get(name)
        return 0 if key is None else key.attempts

    def drop(self, name: str) -> None:
        key = self.keys.pop(name)
        self.latest = None
        if key is not None:
            self._silence.leave(key)

    def _entered(self, name: str, at_ms: int) -> TrafficKey:
        key = TrafficKey(name, self.kind, at_ms)
        self._drop_silent(at_ms)
        self.keys.put(name, key)
        self._silence.enter(key, at_ms)
        return key

    def _drop_silent(self, at_ms: int) -> None:
        """Two for each that comes: so the silent go as fast as others come, and no call waits for all of them."""
        for _ in range(2):
            oldest = self._silence.oldest()
            if not isinstance(oldest, TrafficKey):
                return
            if len(self.keys) >= self._keys_max:
                self.dropped += 1
            elif at_ms - oldest.seen_ms <= self._idle_ms:
                return
            self.drop(oldest.name)
