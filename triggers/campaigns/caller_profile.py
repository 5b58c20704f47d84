"""Caller profiles: what a suspect caller did in the last 24 hours, whom he called, and what is said against him.

+37120001 made 62 calls to 61 numbers in half an hour, 55 of them cancelled while they rang, none answered. That is
distinct_b_ratio 0.98, cancel_ratio 0.89, asr 0 and a mean gap of 30 s; five of them came in the last five minutes, all
over trunk t-9. The rule wangiri held for him: that is a flag of fraud type wangiri.

Calls of the last six minutes are known one by one. Of earlier ones it is known whom the calls of a minute, an hour or a
day went to, and not how often each: there calls are shared evenly, and the last call to a number is as old as the
minute or hour. Whom a caller with more than 256 different numbers in such a span called is not known, only how many.
"""

from collections.abc import Sequence
from typing import Final

from triggers.campaigns.suspects import Flag
from triggers.numbers.calling_code import CallingCodes
from triggers.traffic.bucket import CALLED, ORIGINS, TARGETS, TRUNKS, TrafficBucket, said
from triggers.traffic.distinct_count import DistinctCount
from triggers.traffic.history import DAY_MS, SECOND_MS
from triggers.traffic.key import TrafficKey
from triggers.traffic.tally import share
from triggers.traffic.window import TrafficWindow

RECENT_MS: Final = 300_000
NO_FLAGS: Final[tuple[Flag, ...]] = ()


class Contact:
    """Calls from one to another: how many, and when the last one began."""

    __slots__ = ("calls", "last_ms")

    def __init__(self, calls: float, last_ms: int) -> None:
        self.calls = calls
        self.last_ms = last_ms


class CallerProfile:
    """`risk` is 0 to 100, `called` and `trunks` are by number and by name, `regions` where the calls went.

    `called_count` counts them all, also where `called` does not know each; `country` is a calling code, 0 if unknown.
    """

    __slots__ = (
        "aloc_s", "answered", "asr", "called", "called_count", "calls", "cancel_ratio", "country", "distinct_b_ratio",
        "ended", "first_ms", "flags", "intl_ratio", "last_ms", "mean_ring_s", "night_ratio", "number", "origins",
        "premium_ratio", "range", "recent_calls", "regions", "risk", "short_ratio", "talk_s", "trunks",
    )  # fmt: skip

    def __init__(
        self,
        number: str,
        *,
        calls: int = 1,
        country: int = 0,
        range: str = "",
        risk: float = 0.0,
        first_ms: int = 0,
        last_ms: int = 0,
        flags: Sequence[Flag] = NO_FLAGS,
        called: dict[str, Contact] | None = None,
        trunks: dict[str, float] | None = None,
        regions: dict[str, float] | None = None,
    ) -> None:
        self.number: Final = number
        self.calls = calls
        self.country: Final = country
        self.range: Final = range
        self.risk = risk
        self.first_ms = first_ms
        self.last_ms = last_ms
        self.flags: Sequence[Flag] = flags
        self.called: dict[str, Contact] = {} if called is None else called
        self.trunks: dict[str, float] = {} if trunks is None else trunks
        self.regions: dict[str, float] = {} if regions is None else regions
        self.called_count: DistinctCount | None = None
        self.recent_calls = 0
        self.answered = 0
        self.ended = 0
        self.talk_s = 0.0
        self.asr = 0.0
        self.aloc_s = 0.0
        self.night_ratio = 0.0
        self.distinct_b_ratio = min(1.0, len(self.called) / calls) if calls else 0.0
        self.cancel_ratio = 0.0
        self.intl_ratio = 0.0
        self.premium_ratio = 0.0
        self.short_ratio = 0.0
        self.mean_ring_s = 0.0
        self.origins = 0

    @property
    def avg_duration_s(self) -> float:
        """Over all attempts."""
        return self.talk_s / self.calls if self.calls else 0.0

    @property
    def gap_s(self) -> float:
        """The mean time from one call to the next; a day where there is only one."""
        if self.calls < 2:
            return DAY_MS / 1000
        return (self.last_ms - self.first_ms) / 1000 / (self.calls - 1)

    @property
    def called_total(self) -> int:
        """Different numbers called."""
        known = len(self.called)
        return known if self.called_count is None else max(known, self.called_count.count())

    def called_since(self, since_ms: int) -> set[str]:
        found = set[str]()
        for number, contact in self.called.items():
            if contact.last_ms >= since_ms:
                found.add(number)
        return found


def profile(key: TrafficKey, at_ms: int, codes: CallingCodes) -> CallerProfile | None:
    """What a caller did by an instant; None where he did nothing within 24 hours."""
    window = TrafficWindow(key, DAY_MS, at_ms)
    attempts = window.attempts()
    if not attempts:
        return None
    buckets = _buckets(key, window)
    found = CallerProfile(
        key.name,
        calls=attempts,
        country=_country(key, codes),
        range=key.range.name if key.range is not None else "",
        first_ms=_first_ms(window, buckets),
        last_ms=min(key.last_ms, at_ms),
        called=_called(window, buckets),
        trunks=_spread(window, buckets, TRUNKS),
        regions=_spread(window, buckets, TARGETS),
    )
    found.recent_calls = TrafficWindow(key, RECENT_MS, at_ms).attempts()
    _behaved(found, window)
    return found


def _behaved(found: CallerProfile, window: TrafficWindow) -> None:
    tally = window.tally()
    found.answered, found.ended, found.talk_s = tally.answered, tally.ended, tally.talk_ms / 1000
    found.asr = 100.0 * share(tally.answered, tally.attempts)
    found.aloc_s = share(tally.talk_ms, tally.ended) / 1000
    found.night_ratio = share(tally.night, tally.attempts)
    found.cancel_ratio = share(tally.cancelled, tally.attempts)
    found.intl_ratio = share(tally.international, tally.attempts)
    found.premium_ratio = share(tally.premium, tally.attempts)
    found.short_ratio = share(tally.short, tally.ended)
    found.mean_ring_s = share(tally.ring_ms, tally.rings) / 1000
    found.called_count = window.distinct(CALLED)
    found.distinct_b_ratio = min(1.0, share(found.called_count.count(), tally.attempts))
    found.origins = window.distinct(ORIGINS).count()


def _buckets(key: TrafficKey, window: TrafficWindow) -> list[TrafficBucket]:
    if key.history is None:
        return []
    whole_ms = -(-window.from_ms // SECOND_MS) * SECOND_MS
    return key.history.buckets(whole_ms, window.at_ms)


def _first_ms(window: TrafficWindow, buckets: list[TrafficBucket]) -> int:
    first_ms = window.calls[0].start_ms if window.calls else window.at_ms
    for bucket in buckets:
        first_ms = min(first_ms, bucket.start_ms)
    return first_ms


def _called(window: TrafficWindow, buckets: list[TrafficBucket]) -> dict[str, Contact]:
    found = dict[str, Contact]()
    for bucket in buckets:
        numbers = [] if bucket.called is None else bucket.called.kept()
        for number in numbers:
            _met(found, number, bucket.attempts / len(numbers), bucket.start_ms)
    for call in window.calls:
        if call.b:
            _met(found, call.b, 1.0, call.start_ms)
    return found


def _met(found: dict[str, Contact], number: str, calls: float, last_ms: int) -> None:
    contact = found.get(number)
    if contact is None:
        found[number] = Contact(calls, last_ms)
        return
    contact.calls += calls
    contact.last_ms = max(contact.last_ms, last_ms)


def _spread(window: TrafficWindow, buckets: list[TrafficBucket], part: int) -> dict[str, float]:
    """How many calls there were of each trunk, or region."""
    found = dict[str, float]()
    for bucket in buckets:
        count = bucket.distinct(part)
        names = [] if count is None else count.kept()
        for name in names:
            found[name] = found.get(name, 0.0) + bucket.attempts / len(names)
    for call in window.calls:
        name = said(call, part)
        if name:
            found[name] = found.get(name, 0.0) + 1.0
    return found


def _country(key: TrafficKey, codes: CallingCodes) -> int:
    code = codes.of(key.name[1:]) if key.name.startswith("+") else None
    return 0 if code is None else code.code
