"""Traffic: what numbers, ranges, trunks and accounts do, as ratios over the last seconds, hours and days.

+4930111 calls +4989222 over trunk t1 for account 1001. The attempt counts under six keys: both numbers, both ranges
(+493011 ... of seven digits), the trunk and acme:1001. When the call is answered all of them know it; when it is over
`take` gives its record. After nine more calls, three of them answered, b.asr.300 of +4989222 is 40.

An attempt is the first INVITE of a call_id, or its CDR where no INVITE was seen; it counts when it began, also where
that is told late. A re-INVITE counts nothing, and neither does anything about a call that nobody has heard of. Metrics
are of what has been taken so far: windows up to 300 s leave out what happened after the instant asked about, longer
ones know of no instants within what their buckets sum up. Nothing is forgotten but what `TrafficTerms` bounds: keys
and calls silent for long or beyond the most that are kept.
"""

from typing import Final

from triggers.calls.call_event import CDR, INVITE, CallEvent, EventDetails
from triggers.calls.call_record import CallRecord
from triggers.numbers.number import Number
from triggers.spread import Spread
from triggers.traffic.bucket import DEVICES
from triggers.traffic.call_table import CallTable, OpenCall
from triggers.traffic.counted_call import (
    ATTESTED_A,
    ATTESTED_B,
    ATTESTED_C,
    FOREIGN,
    FROM_CDR,
    HOME,
    INTERNATIONAL,
    INVALID,
    LOST,
    MISMATCH,
    NEIGHBOUR,
    PREMIUM,
    REPEATED,
    CountedCall,
    Phone,
)
from triggers.traffic.devices import Devices
from triggers.traffic.heard_keys import EVERY_MARK, HeardKeys
from triggers.traffic.history import TrafficHistory
from triggers.traffic.key import KeyKind, TrafficKey, TrafficKeys
from triggers.traffic.local_hours import LocalHours
from triggers.traffic.metric_address import MetricUnknown, check
from triggers.traffic.metric_names import (
    ACCOUNT,
    CALLED,
    CALLED_RANGE,
    KINDS,
    METRICS,
    NUMBER,
    NUMBER_RANGE,
    TRUNK,
    names_of,
)
from triggers.traffic.tally import share
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.usual_distinct import UsualDistinct
from triggers.traffic.window import TrafficWindow, faded_sum, going_on, usual_minutes

HOUR_S: Final = 3_600
DAY_S: Final = 86_400
NEIGHBOUR_DIGITS: Final = 6
_ATTESTED: Final[dict[str, int]] = {"A": ATTESTED_A, "B": ATTESTED_B, "C": ATTESTED_C}
_INVALID: Final = "raw:"


class CallCentre:
    """A called number that looks like a call centre: many callers, well answered, long calls."""

    __slots__ = ("aloc_s", "asr", "b", "distinct")

    def __init__(self, b: str, distinct: int, asr: float, aloc_s: float) -> None:
        self.b: Final = b
        self.distinct: Final = distinct
        self.asr: Final = asr
        self.aloc_s: Final = aloc_s


def account_key(tenant: str, account: str) -> str:
    """How an account is named as a key; "" for none."""
    return f"{tenant}:{account}" if account else ""


class Traffic:
    def __init__(self, terms: TrafficTerms) -> None:
        self._terms: Final = terms
        self._window_ms = terms.window_ms
        self._hours: Final = LocalHours(terms.zone, terms.night_hours)
        self._premium_lengths: Final = sorted({len(prefix) for prefix in terms.premium})
        self._premium: Final = set(terms.premium)
        self._calls: Final = CallTable(terms.calls_max, terms.ended_ms, terms.lost_ms)
        self._devices: Final = Devices()
        self._a: Final = self._new_keys(NUMBER)
        self._b: Final = self._new_keys(CALLED)
        self._trunks: Final = self._new_keys(TRUNK)
        self._accounts: Final = self._new_keys(ACCOUNT)
        self._a_ranges: Final = self._new_keys(NUMBER_RANGE)
        self._b_ranges: Final = self._new_keys(CALLED_RANGE)
        self._by_kind: Final[dict[str, TrafficKeys]] = {
            NUMBER: self._a,
            CALLED: self._b,
            TRUNK: self._trunks,
            ACCOUNT: self._accounts,
            NUMBER_RANGE: self._a_ranges,
            CALLED_RANGE: self._b_ranges,
        }
        self._heard = HeardKeys()
        self._taken = 0
        self._read: TrafficWindow | None = None  # the window read last: rules ask for several of its names
        self._read_of = ("", "", 0, 0, 0)

    def _new_keys(self, kind: str) -> TrafficKeys:
        return TrafficKeys(KeyKind(kind, 1 << KINDS.index(kind), self._terms.recent_max), self._terms)

    @property
    def keys(self) -> int:
        total = 0
        for keys in self._by_kind.values():
            total += len(keys.keys)
        return total

    @property
    def callers(self) -> Spread[TrafficKey]:
        """The numbers that call."""
        return self._a.keys

    @property
    def calls(self) -> int:
        """Calls of which more may be heard."""
        return len(self._calls.calls)

    @property
    def dropped_keys(self) -> int:
        total = 0
        for keys in self._by_kind.values():
            total += keys.dropped
        return total

    @property
    def dropped_calls(self) -> int:
        return self._calls.dropped

    def set_window(self, window_ms: int) -> None:
        """The detection window, at run time."""
        self._window_ms = window_ms
        self._read = None

    def call(self, call_id: str) -> OpenCall | None:
        return self._calls.calls.get(call_id)

    def take(self, event: CallEvent) -> CallRecord | None:
        """Count an event. The record of its call where the call is over, or was and is now told differently."""
        call = self._calls.calls.get(event.call_id)
        kind = event.kind
        if call is None:
            return self.attempt(event) if kind in (INVITE, CDR) else None
        self._taken += 1
        was_going, due = call.going, False
        if kind != INVITE:
            due = self._told(call, event)
        self._calls.moved(call, was_going, event.at_ms)
        return call.record() if due else None

    def attempt(self, event: CallEvent) -> CallRecord | None:
        """Count the first that is heard of a call; its record where that is its CDR. `call` knows nothing of it."""
        self._taken += 1
        caller = self._a.known(event.a.text, event.a.caller_key)
        counted = self._counted(event, caller)
        call = OpenCall(event, counted)
        due = event.kind == CDR and call.take(event)
        self._count(event, counted, caller)
        lost = self._calls.enter(call, event.at_ms)
        if lost is not None:
            self._lose(lost)
        return call.record() if due else None

    def retold(self, event: CallEvent) -> CallRecord | None:
        """The record of a call as its CDR tells it, which was counted and is known no longer. It counts nothing."""
        call = OpenCall(event, self._counted(event, self._a.keys.get(event.a.text)))
        return call.record() if call.take(event) else None

    def value(self, kind: str, key: str, name: str, window_s: int, at_ms: int) -> float:
        """A metric at an instant; 0 for keys nobody has heard of. MetricUnknown for what is not computed."""
        check(kind, name, window_s)
        return self._value(kind, key, name, window_s, at_ms)

    def report(self, kind: str, key: str, window_s: int, at_ms: int) -> dict[str, float]:
        """All metrics of a key over a window; fading sums have no place in windows that are no half-life."""
        check(kind, "attempts", window_s)
        found: dict[str, float] = {}
        for name in names_of(kind):
            if not name.endswith("_ewma") or window_s in (HOUR_S, DAY_S, 7 * DAY_S):
                found[name] = self._value(kind, key, name, window_s, at_ms)
        return found

    def attempts(self, kind: str, key: str) -> int:
        """At least as many as in any window of the key: what is below a rule's least number need not be looked at."""
        return self._keys_of(kind).attempts(key)

    def heard(self, event: CallEvent) -> HeardKeys:
        """The keys of an event: those of the attempt just taken without a search. They hold until the next `take`."""
        return self._heard if self._heard.event is event else self._looked_up(event)

    def reset(self, kind: str, key: str) -> None:
        """Forget all traffic of a key. Calls that are going on do not come back into it."""
        self._keys_of(kind).drop(key)
        self._heard.event = None
        self._read = None

    def proposals(self, distinct: int, asr: float, aloc_s: float, at_ms: int) -> list[CallCentre]:
        """Called numbers which over 24 h had so many callers, were so well answered and spoken to for so long."""
        found = []
        for name in self._b.keys:
            key = self._b.keys.get(name)
            if key is not None and key.attempts >= distinct:
                window = TrafficWindow(key, DAY_S * 1000, at_ms)
                one = CallCentre(name, window.callers(), window.value("asr"), window.value("aloc"))
                if one.distinct >= distinct and one.asr >= asr and one.aloc_s >= aloc_s:
                    found.append(one)
        return found

    def note_distinct(self, b: str, distinct: int, at_ms: int) -> None:
        """How many callers the detection window of a called number held at an attempt to it."""
        key = self._b.keys.get(b)
        if key is not None:
            if key.usual is None:
                key.usual = UsualDistinct()
            key.usual.note(distinct, at_ms)

    def usual_distinct(self, b: str, at_ms: int) -> int:
        """The 99.9th percentile of what `note_distinct` told in seven days, an hour old at most; 0: not known."""
        key = self._b.keys.get(b)
        return 0 if key is None or key.usual is None else key.usual.value(at_ms)

    def _counted(self, event: CallEvent, caller: TrafficKey | None) -> CountedCall:
        """The attempt an event begins, with all that is known of it at once. `caller` is the key of who calls."""
        details, a, b = event.details, event.a, event.b
        start_ms = event.at_ms
        if event.kind == CDR and details.start_ms:
            start_ms = details.start_ms
        phone = self._phone(details, a, start_ms) if details.imei or details.imsi or details.cell_id else None
        return CountedCall(
            start_ms,
            a.text,
            b.text,
            details.origin_region or a.region,
            details.target_region or b.region,
            event.trunk,
            self._marks(event, details, start_ms, caller),
            phone,
        )

    def _marks(self, event: CallEvent, details: EventDetails, start_ms: int, caller: TrafficKey | None) -> int:
        a, b = event.a, event.b
        marks = self._hours.marks(start_ms)
        if event.kind == CDR:
            marks |= FROM_CDR
        if a.country != b.country:
            if a.country and b.country:
                marks |= INTERNATIONAL
        elif a.range == b.range and a.country and _neighbours(a, b):
            marks |= NEIGHBOUR
        home = self._terms.home_region
        if home and a.region:
            marks |= HOME if a.region == home else FOREIGN
        if not a.digits and a.text.startswith(_INVALID):
            marks |= INVALID
        if details.cli_mismatch:
            marks |= MISMATCH
        if details.attestation:
            marks |= _ATTESTED.get(details.attestation, 0)
        if caller is not None and b.text and caller.called_before(b.text, start_ms):
            marks |= REPEATED
        return marks | PREMIUM if self._premium_lengths and self._is_premium(b.digits) else marks

    def _is_premium(self, digits: str) -> bool:
        found = False
        for length in self._premium_lengths:
            found = found or digits[:length] in self._premium
        return found

    def _phone(self, details: EventDetails, a: Number, start_ms: int) -> Phone:
        sim = details.imsi or a.text
        if details.imei:
            self._devices.seen(details.imei, sim, start_ms)
        return Phone(details.imei, sim, details.cell_id)

    def _count(self, event: CallEvent, counted: CountedCall, caller: TrafficKey | None) -> None:
        a, b, at_ms = event.a, event.b, counted.start_ms
        heard = self._heard
        heard.event, heard.marks = event, counted.marks
        keys = heard.keys
        caller = keys[0] = a.caller_key = self._counted_of(self._a, caller, a.text, at_ms, counted)
        called = self._b.known(b.text, b.called_key)
        called = keys[1] = b.called_key = self._counted_of(self._b, called, b.text, at_ms, counted)
        keys[2] = self._counted_under(self._trunks, event.trunk, at_ms, counted)
        keys[3] = self._counted_under_account(event, caller, at_ms, counted)
        keys[4] = self._counted_within(self._a_ranges, caller, a.range, at_ms, counted)
        keys[5] = self._counted_within(self._b_ranges, called, b.range, at_ms, counted)

    def _counted_under(self, keys: TrafficKeys, name: str, at_ms: int, counted: CountedCall) -> TrafficKey | None:
        return self._counted_of(keys, keys.keys.get(name), name, at_ms, counted) if name else None

    def _counted_of(
        self, keys: TrafficKeys, key: TrafficKey | None, name: str, at_ms: int, counted: CountedCall
    ) -> TrafficKey | None:
        """The same under a key that was looked for."""
        if not name:
            return None
        key = keys.heard(key, name, at_ms)
        key.add(counted)
        return key

    def _counted_within(
        self, keys: TrafficKeys, key: TrafficKey | None, name: str, at_ms: int, counted: CountedCall
    ) -> TrafficKey | None:
        """The same under the range of a number that was counted."""
        if not name or key is None:
            return None
        key.range = self._counted_of(keys, keys.known(name, key.range), name, at_ms, counted)
        return key.range

    def _counted_under_account(
        self, event: CallEvent, caller: TrafficKey | None, at_ms: int, counted: CountedCall
    ) -> TrafficKey | None:
        """Mostly it is the account that paid for the caller's last call, too."""
        if not event.account:
            return None
        payer, name = None, ""
        if caller is not None and caller.payer is not None and not caller.payer.gone:
            payer, name = caller.payer, caller.payer.name
        if payer is None or not _is_named(name, event.tenant, event.account):
            name = account_key(event.tenant, event.account)
            payer = self._accounts.keys.get(name)
        payer = self._counted_of(self._accounts, payer, name, at_ms, counted)
        if caller is not None:
            caller.payer = payer
        return payer

    def _looked_up(self, event: CallEvent) -> HeardKeys:
        heard, call = HeardKeys(), self._calls.calls.get(event.call_id)
        heard.marks = EVERY_MARK if call is None else call.counted.marks
        a, b, keys = event.a, event.b, heard.keys
        keys[0] = self._a.keys.get(a.text)
        keys[1] = self._b.keys.get(b.text)
        keys[2] = self._trunks.keys.get(event.trunk)
        keys[3] = self._accounts.keys.get(account_key(event.tenant, event.account))
        keys[4] = self._a_ranges.keys.get(a.range)
        keys[5] = self._b_ranges.keys.get(b.range)
        return heard

    def _told(self, call: OpenCall, event: CallEvent) -> bool:
        """Let a call take an event, and buckets that hold it know."""
        if not call.counted.folded:
            return call.take(event)
        histories = self._histories(call)
        for history in histories:
            history.take_out(call.counted)
        due = call.take(event)
        for history in histories:
            history.put_in(call.counted)
        return due

    def _lose(self, call: OpenCall) -> None:
        """Nobody will tell how a call ended: it is not over, but it is not going on either."""
        histories = self._histories(call)
        for history in histories:
            history.take_out(call.counted)
        call.counted.outcome = LOST
        for history in histories:
            history.put_in(call.counted)

    def _histories(self, call: OpenCall) -> list[TrafficHistory]:
        """Those whose buckets hold a call. A key that was forgotten meanwhile, or came again, holds it no longer."""
        found: list[TrafficHistory] = []
        first, counted = call.first, call.counted
        _add_history(found, self._a, first.a.text, counted)
        _add_history(found, self._b, first.b.text, counted)
        _add_history(found, self._trunks, first.trunk, counted)
        _add_history(found, self._accounts, account_key(first.tenant, first.account), counted)
        _add_history(found, self._a_ranges, first.a.range, counted)
        _add_history(found, self._b_ranges, first.b.range, counted)
        return found

    def _value(self, kind: str, key: str, name: str, window_s: int, at_ms: int) -> float:
        if name == "hour_of_day":
            return float(self._hours.hour(at_ms))
        if name == "is_night":
            return float(self._hours.hour(at_ms) in self._terms.night_hours)
        found = self._keys_of(kind).keys.get(key)
        if name in ("received_calls", "in_out_ratio"):
            return self._received(kind, key, found, name, window_s, at_ms)
        if found is None:
            return 0.0
        if not METRICS[name].windowed:
            return self._lasting(found, name, at_ms)
        if name.endswith("_ewma"):
            return faded_sum(found, name, window_s, at_ms)
        window = self._window(kind, found, window_s * 1000, at_ms)
        if name == "concurrency_ratio":
            return share(self._window(kind, found, self._window_ms, at_ms).callers(), window.attempts())
        if name == "sims_per_imei":
            return float(self._devices.most_sims(window.distinct(DEVICES).kept(), at_ms))
        return window.value(name)

    def _lasting(self, key: TrafficKey, name: str, at_ms: int) -> float:
        """What does not depend on the window that is named."""
        kind = key.kind.name
        if name == "number_age":
            return max(0, at_ms - key.first_ms) / 1000
        if name == "freq_calls":
            return float(self._window(kind, key, HOUR_S * 1000, at_ms).attempts())
        if name == "cps":
            return float(TrafficWindow(key, 1_000, at_ms).attempts())
        if name == "minutes_p99":
            return usual_minutes(key, at_ms)
        if name == "call_rate":
            return self._window(kind, key, self._window_ms, at_ms).attempts() * 1000 / self._window_ms
        if name == "concurrent_callers":
            return float(self._window(kind, key, self._window_ms, at_ms).callers())
        return going_on(key, name, at_ms)

    def _received(self, kind: str, name: str, made: TrafficKey | None, metric: str, window_s: int, at_ms: int) -> float:
        keys = self._b if kind == NUMBER else self._b_ranges
        key = keys.keys.get(name)
        received = 0 if key is None else TrafficWindow(key, window_s * 1000, at_ms).attempts()
        if metric == "received_calls":
            return float(received)
        return 0.0 if made is None else share(received, self._window(kind, made, window_s * 1000, at_ms).attempts())

    def _window(self, kind: str, key: TrafficKey, window_ms: int, at_ms: int) -> TrafficWindow:
        asked = (kind, key.name, window_ms, at_ms, self._taken)
        window = self._read
        if window is None or asked != self._read_of:
            window = self._read = TrafficWindow(key, window_ms, at_ms)
            self._read_of = asked
        return window

    def _keys_of(self, kind: str) -> TrafficKeys:
        keys = self._by_kind.get(kind)
        if keys is None:
            raise MetricUnknown(f"there are no metrics of {kind!r}: kinds are {', '.join(KINDS)}")
        return keys


def _is_named(name: str, tenant: str, account: str) -> bool:
    """Whether it is the key of an account, without putting the name together."""
    at = len(tenant)
    return len(name) == at + 1 + len(account) and name[at] == ":" and name.endswith(account) and name.startswith(tenant)


def _add_history(found: list[TrafficHistory], keys: TrafficKeys, name: str, call: CountedCall) -> None:
    if call.folded & keys.kind.bit:
        key = keys.keys.get(name)
        if key is not None and key.history is not None and key.born_ms <= call.start_ms:
            found.append(key.history)


def _neighbours(a: Number, b: Number) -> bool:
    """Whether two numbers of one country share six digits more than its code."""
    shared = len(str(a.country)) + NEIGHBOUR_DIGITS
    return len(a.digits) > shared and a.text != b.text and a.digits[:shared] == b.digits[:shared]
