"""Cuts: which innocent calls would be cut off, by the rule and by the model, with and without lists.

    kind          calls   the rule, afterwards   with lists   as they come   the model   with lists   as the rule
    masking       2,419   2,419                  2,408        1,755          2,300       2,289        1,755
    televote      3,000   2,992                  0            2,947              1       0                0
    redial        2,447   1,989                  1,642        1,362            137     137                0

Afterwards, the rule cuts a whole window, the calls before the fifth as well; as they come it cuts the fifth and those
after it. The model cuts a call as it comes, or not at all. With lists means: what an operator would have written down
is there. Called numbers of call centres, televotes and conferences are on the b_whitelist, callers of bulk notifiers on
the a_whitelist; couriers, people who redial and all others are on none. As the rule: with the threshold at which the
model catches as many calls of attacks as the rule does as they come, so that the two can be compared.
"""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import numpy as np

from ratingd.models.arrays import Column
from ratingd.models.traffic.busy_callers import NOTIFIER
from ratingd.models.traffic.crowds import CALL_CENTRE, CONFERENCE, TELEVOTE
from ratingd.models.traffic.simulated_call import SimulatedCall, events_of
from ratingd.models.training.ranking import Ranking
from triggers.calls.call_event import INVITE, CallEvent
from triggers.masking.call_centres import CallCentres
from triggers.masking.masking_watch import MaskingWatch
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import A_WHITELIST, B_WHITELIST, NUMBER, ListEntry, NumberLists
from triggers.numbers.number_reading import NumberReader
from triggers.traffic.terms import TrafficTerms
from triggers.traffic.traffic import Traffic

LISTED_CALLED: Final = (CALL_CENTRE, TELEVOTE, CONFERENCE)
LISTED_CALLERS: Final = (NOTIFIER,)


@dataclass(frozen=True, slots=True)
class Cut:
    """Of one kind of calls: how many there are and how many are cut."""

    kind: str
    fraud: bool
    calls: int
    rule: int
    rule_listed: int
    rule_at_once: int
    model: int
    model_listed: int
    model_as_rule: int | None  # None where the model never catches as many as the rule

    def document(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}


def cuts(calls: Sequence[SimulatedCall], scores: Column, fraud: Sequence[bool], threshold: float) -> list[Cut]:
    """`scores` and `fraud` are of each call; a call that is not scored has 0."""
    events = [event for event in events_of(calls) if event.kind == INVITE]
    lists = written_down(calls)
    listed = {event.call_id for event in events if _spared(event, lists)}
    by_rule, at_once = flagged_by_rule(events, NumberLists())
    by_rule_listed, _ = flagged_by_rule(events, lists)
    as_rule = _threshold_as_rule(calls, scores, np.array(fraud), at_once)
    found: dict[tuple[str, bool], list[int]] = {}
    for call, score, bad in zip(calls, scores.tolist(), fraud, strict=True):
        counts = found.setdefault((call.kind, bad), [0] * 7)
        cut = score >= threshold
        ruled = (call.call_id in by_rule, call.call_id in by_rule_listed, call.call_id in at_once)
        hits = (True, *ruled, cut, cut and call.call_id not in listed)
        for place, hit in enumerate((*hits, as_rule is not None and score >= as_rule)):
            counts[place] += hit
    return [
        _cut(kind, bad, counts, as_rule is not None)
        for (kind, bad), counts in sorted(found.items(), key=lambda each: (not each[0][1], each[0][0]))
    ]


def _cut(kind: str, fraud: bool, counts: Sequence[int], comparable: bool) -> Cut:
    calls, rule, rule_listed, rule_at_once, model, model_listed, model_as_rule = counts
    return Cut(
        kind, fraud, calls, rule, rule_listed, rule_at_once, model, model_listed, model_as_rule if comparable else None
    )


def flagged_by_rule(events: Iterable[CallEvent], lists: NumberLists) -> tuple[set[str], set[str]]:
    """Ids of the calls that are part of a run of five callers within five seconds, and of those known so at once."""
    watch = MaskingWatch(MaskingTerms(), 1)
    nobody = CallCentres(Traffic(TrafficTerms()), 1, adaptive=False)
    flagged: set[str] = set()
    at_once: set[str] = set()
    for event in events:
        placed = watch.judge(event, lists, nobody).placed
        if placed is not None:
            flagged.update(attempt.call_id for attempt in placed.flagged)
            if placed.hot:
                at_once.add(event.call_id)
    return flagged, at_once


def written_down(calls: Iterable[SimulatedCall]) -> NumberLists:
    """The lists that an operator would keep of these calls."""
    reader = NumberReader()
    called = {call.b for call in calls if call.kind in LISTED_CALLED}
    callers = {call.a for call in calls if call.kind in LISTED_CALLERS}
    return NumberLists(
        [ListEntry(B_WHITELIST, NUMBER, reader.read(number).text) for number in sorted(called)]
        + [ListEntry(A_WHITELIST, NUMBER, reader.read(number).text) for number in sorted(callers)]
    )


def _spared(event: CallEvent, lists: NumberLists) -> bool:
    if lists.b_whitelisted(event.b, event.at_ms) is not None:
        return True
    return lists.a_whitelisted(event.a, event.trunk, event.at_ms) is not None


def _threshold_as_rule(
    calls: Sequence[SimulatedCall], scores: Column, fraud: Column, at_once: AbstractSet[str]
) -> float | None:
    """At which the model flags as large a share of the fraud as the rule does as calls come."""
    if not fraud.any():
        return None
    caught = sum(bad and call.call_id in at_once for call, bad in zip(calls, fraud.tolist(), strict=True))
    if not caught:
        return None
    threshold = Ranking(scores, fraud.astype(np.int8)).threshold_for(caught / int(fraud.sum()))
    return threshold if threshold > 0 else None
