"""Metric monitors: which of an account's monitors look at traffic, and when its account is to be told what they saw.

    FRAUD,,*max_counter,20,false,0,,,b.distinct_a.60,,,,,,,,,,,DISABLE_AND_LOG,10

Account 1001 calls +4930111, and with this call twenty callers have called that number within a minute. The account is
told b.distinct_a.60 = 20, once; the watch that follows fires the monitor as it would for a balance, with its mark, its
weight and its MinSleep. The next call brings the twenty-first caller: the level is reached already, nothing is told.
When a later call sees 12, the account is told 12, so that a reset arms the monitor for the next time.

A recurrent monitor is told again while its level holds, each MinSleep, and not more than once a second. `b.…` looks at
the number called, `a.…` at the caller, `trunk.…` and `account.…` at theirs, `a_range.…` and `b_range.…` at ranges;
`score.masking` and `score.risk` at what was just thought of the call. DestinationIds let a monitor look only at calls
to these. An address that nobody computes is left to whoever tells it.

A model may think of a call a little later: `score.risk` of its caller, some milliseconds after the call has come, and
`score.knn` when it is over. The risk of a call is the higher of what was thought of it and of its caller: a call of a
masking run is 95, and stays 95 where its caller comes to 10.
"""

from collections.abc import Mapping
from typing import Final

from accounts.account import Account, BoundSide, TriggerTerms
from triggers.calls.call_event import CallEvent
from triggers.monitor import SCORE_SIDES, reached
from triggers.traffic.metric_address import MetricUnknown, is_score, parse
from triggers.traffic.metric_names import ACCOUNT, CALLED, CALLED_RANGE, NUMBER, NUMBER_RANGE, TRUNK

SCALE: Final = 1_000_000_000
AGAIN_MS: Final = 1_000
MS_NS: Final = 1_000_000
MASKING: Final = "score.masking"
RISK: Final = "score.risk"
KNN: Final = "score.knn"
SCORES: Final = (MASKING, RISK, KNN)


class MetricMonitor:
    """One monitor, and whether its level held when it was last looked at."""

    __slots__ = (
        "address", "call_id", "destinations", "holds", "key", "kind", "name", "pause_ms", "recurrent", "side",
        "threshold", "told_ms", "value", "window_s",
    )  # fmt: skip

    def __init__(self, terms: TriggerTerms, address: str, kind: str, name: str, window_s: int) -> None:
        self.address: Final = address
        self.kind: Final = kind  # of key; "" for a score
        self.name: Final = name
        self.window_s: Final = window_s
        self.side: Final[BoundSide] = SCORE_SIDES[terms.type]
        self.threshold: Final = terms.threshold
        self.destinations: Final[Mapping[str, bool] | None] = terms.filter.destinations
        self.recurrent: Final = terms.recurrent
        self.pause_ms: Final = max(terms.min_sleep_ns // MS_NS, AGAIN_MS)
        self.holds = False
        self.told_ms = 0
        self.key = ""  # that it was last looked at for
        self.call_id = ""  # of a score: the call it was last looked at for, and what it was of that
        self.value = 0

    def looked(self, value: int, at_ms: int) -> bool:
        """Take a value (1e-9) note; whether the account is to be told it."""
        held, self.holds = self.holds, reached(self.side, self.threshold, value)
        if held == self.holds and not (self.holds and self.recurrent and at_ms - self.told_ms >= self.pause_ms):
            return False
        self.told_ms = at_ms
        return True

    def of_call(self, call_id: str, value: int) -> int:
        """What a score (1e-9) of a call is, where it may have been thought of before: the most of it."""
        self.value = max(value, self.value) if call_id == self.call_id else value
        self.call_id = call_id
        return self.value

    def faded(self, value: int) -> bool:
        """Whether a level that held does not hold any more, though no call has said so."""
        if not self.holds or reached(self.side, self.threshold, value):
            return False
        self.holds = False
        return True

    def carry_on(self, former: "MetricMonitor") -> None:
        """Go on from where the same monitor stood before the account was written."""
        self.holds, self.told_ms, self.key = former.holds, former.told_ms, former.key
        self.call_id, self.value = former.call_id, former.value


def metric_monitors(account: Account) -> list[MetricMonitor]:
    """The monitors of an account that look at traffic or at what detection thinks of a call."""
    found: list[MetricMonitor] = []
    for trigger in account.triggers:
        terms = trigger.terms
        if terms.type in SCORE_SIDES:
            monitor = _monitor(terms)
            if monitor is not None:
                found.append(monitor)
    return found


def _monitor(terms: TriggerTerms) -> MetricMonitor | None:
    text = terms.filter.id or ""
    if is_score(text):
        return MetricMonitor(terms, text, "", text, 0) if text in SCORES else None
    try:
        address = parse(text)
    except MetricUnknown:
        return None
    return MetricMonitor(terms, text, address.kind, address.name, address.window_s)


def key_of(kind: str, event: CallEvent) -> str:
    """The number, range, trunk or account of an event that metrics of a kind are of; "" for none."""
    if kind == CALLED:
        return event.b.text
    if kind == NUMBER:
        return event.a.text
    if kind == TRUNK:
        return event.trunk
    if kind == ACCOUNT:
        return f"{event.tenant}:{event.account}" if event.account else ""
    if kind == NUMBER_RANGE:
        return event.a.range
    return event.b.range if kind == CALLED_RANGE else ""
