"""Masking rows: the features of one call, right after it was counted and placed in the masking window.

The fourth caller of +4930555 within five seconds, over trunk t1, from abroad: distinct_a_count 4, call_rate 0.8,
first_seen_a_share 1, same_trunk_share 1, foreign_a 1, asr 0, b_total_seen 4. The names are explained in
`triggers.scores.masking_features`.
"""

from typing import Final

from triggers.calls.call_event import CallEvent
from triggers.masking.masking_watch import MaskingWatch
from triggers.scores.called_facts import CalledFacts, CalledLooks
from triggers.scores.called_lately import CALLS_LOOKED_AT, CalledLately
from triggers.scores.masking_features import HIGH_VOLUME
from triggers.traffic.counted_call import ATTESTED_A, INTERNATIONAL
from triggers.traffic.key import TrafficKey
from triggers.traffic.metric_names import CALLED
from triggers.traffic.recent_calls import first_after
from triggers.traffic.traffic import Traffic

METRICS_S: Final = 300
WEEK_H: Final = 168.0
HOUR_MS: Final = 3_600_000
_ATTESTED: Final[dict[str, float]] = {"A": 3.0, "B": 2.0, "C": 1.0}


def masking_row(
    traffic: Traffic, masking: MaskingWatch, event: CallEvent, at_ms: int, distinct: int = 0
) -> list[float]:
    """One row. `MaskingRows` gives many, and looks at busy numbers less often."""
    return MaskingRows(traffic, masking).row(event, at_ms, distinct)


class MaskingRows:
    def __init__(self, traffic: Traffic, masking: MaskingWatch) -> None:
        self._traffic: Final = traffic
        self._masking: Final = masking
        self._looks: Final = CalledLooks()

    def row(self, event: CallEvent, at_ms: int, distinct: int = 0) -> list[float]:
        """`distinct` are the callers within W, for whoever has just been told them; 0: to be looked up."""
        heard = self._traffic.heard(event).keys
        caller, called, trunk = heard[0], heard[1], heard[2]
        lately = CalledLately(self._traffic, called, event.trunk, at_ms, self._masking.terms.window_ms)
        if distinct <= 0:
            distinct = self._masking.distinct(event.b.text, at_ms) or lately.callers
        facts = None if called is None else self._looks.facts(called, at_ms)
        return self._row(event, at_ms, distinct, lately, facts, caller, called, trunk)

    def _row(
        self,
        event: CallEvent,
        at_ms: int,
        distinct: int,
        lately: CalledLately,
        facts: CalledFacts | None,
        caller: TrafficKey | None,
        called: TrafficKey | None,
        trunk: TrafficKey | None,
    ) -> list[float]:
        return [
            0.0 if facts is None else facts.asr,
            0.0 if facts is None else facts.aloc,
            0.0 if facts is None else facts.overlap,
            1.0 if event.details.cli_mismatch else 0.0,
            float(distinct),
            lately.rate,
            0.0 if facts is None else facts.short,
            1.0 if lately.attempts >= HIGH_VOLUME else 0.0,
            float(lately.callers_30),
            0.0 if facts is None else float(facts.callers),
            float(lately.attempts_300),
            0.0 if called is None else float(called.attempts),
            0.0 if called is None else hourly(called, at_ms),
            lately.newcomers,
            lately.same_trunk,
            1.0 if is_foreign(event) else 0.0,
            trunk_class(trunk, at_ms),
            0.0 if facts is None else facts.open,
            self._earlier(event, caller),
            fanout(caller, at_ms),
            _ATTESTED.get(event.details.attestation, 0.0),
            self._traffic.value(CALLED, event.b.text, "hour_of_day", METRICS_S, at_ms),
            lately.vouched,
            0.0 if facts is None else facts.vouched,
            lately.mismatched,
            lately.trunks_a_caller,
            lately.quiet_s,
            0.0 if facts is None else facts.calls_a_caller,
        ]

    def _earlier(self, event: CallEvent, caller: TrafficKey | None) -> float:
        """The caller's calls but for this one, which is counted unless it is only asked about."""
        if caller is None:
            return 0.0
        counted = 1 if self._traffic.call(event.call_id) is not None else 0
        return float(max(0, caller.attempts - counted))


def is_foreign(event: CallEvent) -> bool:
    a, b = event.a.country, event.b.country
    return a != 0 and b != 0 and a != b


def hourly(called: TrafficKey, at_ms: int) -> float:
    """Calls an hour to a number since it was first called, or over a week; of a new one as if that were an hour."""
    known_h = (at_ms - called.first_ms) / HOUR_MS
    return called.attempts / min(max(known_h, 1.0), WEEK_H)


def trunk_class(trunk: TrafficKey | None, at_ms: int) -> float:
    """Whose calls a trunk carries, by the last of them, this one included: 1 of subscribers that somebody vouches for
    (half of them are attested A), 2 of others, 3 from another country; 0 where no trunk is named."""
    if trunk is None:
        return 0.0
    calls = trunk.calls
    stop = first_after(calls, at_ms)
    start = max(0, stop - CALLS_LOOKED_AT)
    abroad = vouched = 0
    for place in range(start, stop):
        marks = calls[place].marks
        if marks & INTERNATIONAL:
            abroad += 1
        if marks & ATTESTED_A:
            vouched += 1
    if stop == start:
        return 0.0
    return 3.0 if 2 * abroad > stop - start else 1.0 if 2 * vouched >= stop - start else 2.0


def fanout(caller: TrafficKey | None, at_ms: int) -> float:
    """Different numbers among a caller's last calls, of 300 s."""
    if caller is None:
        return 0.0
    calls = caller.calls
    stop = first_after(calls, at_ms)
    called: set[str] = set()
    for place in range(stop - 1, max(first_after(calls, at_ms - 1000 * METRICS_S), stop - CALLS_LOOKED_AT) - 1, -1):
        called.add(calls[place].b)
    return float(len(called))
