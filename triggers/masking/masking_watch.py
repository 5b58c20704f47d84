"""The masking detector as it is used: every called number in its shard, and lists before it.

+49301234567 is called by five callers within five seconds: the five calls are a run. The same number on the
b_whitelist is a call centre and nothing is counted; on it with a threshold of 40 it is judged by forty. A caller on the
a_whitelist (the operator's own test calls) is left out, and so is every call from or to an emergency number: what is
never counted can never be flagged. What is done about a run is decided by who knows the scores.

What is found does not depend on the number of shards, nor on the order of calls within the lateness.
"""

from typing import Final

from mypy_extensions import mypyc_attr

from triggers.calls.call_event import CDR, CallEvent
from triggers.masking.call_centres import CallCentres
from triggers.masking.decision import threat_level
from triggers.masking.incident import Attempt, MaskingIncident
from triggers.masking.murmur2 import murmur2
from triggers.masking.run_scores import score_run
from triggers.masking.shard import MaskingShard
from triggers.masking.terms import MaskingTerms
from triggers.masking.window import Placed
from triggers.numbers.number import Number
from triggers.numbers.number_list import ListEntry, NumberLists

CURRENT_MAX: Final = 100_000


@mypyc_attr(acyclic=True)
class Judged:
    """What the detector says of one attempt. `placed` is None where it was not counted. `proposed`: the number of a run
    looks like a call centre."""

    __slots__ = ("placed", "proposed", "threshold", "whitelisted")

    def __init__(self, threshold: int) -> None:
        self.threshold: Final = threshold
        self.placed: Placed | None = None
        self.proposed = False
        self.whitelisted = False


class MaskingWatch:
    def __init__(self, terms: MaskingTerms, shards: int) -> None:
        self.terms = terms
        self._shards: Final = [MaskingShard(terms) for _ in range(shards)]
        self._own_terms: Final[dict[tuple[int, int], MaskingTerms]] = {}
        self._current: Final[dict[str, MaskingIncident]] = {}  # the last run of a number

    def judge(self, event: CallEvent, lists: NumberLists, centres: CallCentres) -> Judged:
        at_ms = attempt_ms(event)
        if not event.b.text or event.a.emergency or event.b.emergency:
            return Judged(self.terms.threshold)
        entry = lists.b_whitelisted(event.b, at_ms)
        terms = None if entry is None else self._terms_of(entry)
        if (entry is not None and terms is None) or lists.a_whitelisted(event.a, event.trunk, at_ms) is not None:
            judged = Judged(self.terms.threshold)
            judged.whitelisted = True
            return judged
        return self._place(event, at_ms, terms, centres)

    def _place(self, event: CallEvent, at_ms: int, terms: MaskingTerms | None, centres: CallCentres) -> Judged:
        b = event.b.text
        if terms is None:
            least = centres.threshold(b, at_ms)
            if least > self.terms.threshold:
                terms = self._with(least, 0)
        used = self.terms if terms is None else terms
        judged = Judged(used.threshold)
        attempt = Attempt(at_ms, event.a.text, event.call_id, event.switch_id, event.trunk)
        placed = judged.placed = self._shard_of(b).place(b, attempt, terms)
        incident = placed.incident
        if incident is not None:
            if placed.distinct >= incident.max_distinct:
                score_run(incident, used.threshold, used.window_ms)
            if len(self._current) >= CURRENT_MAX:
                self._current.clear()
            self._current[b] = incident
            judged.proposed = centres.proposed(b, at_ms)
        return judged

    def threshold_of(self, b: Number, lists: NumberLists, at_ms: int) -> int:
        """What a number is judged by; 0 where it is never flagged."""
        entry = lists.b_whitelisted(b, at_ms)
        if entry is None:
            return self.terms.threshold
        terms = self._terms_of(entry)
        return 0 if terms is None else terms.threshold

    def incident_of(self, b: str, at_ms: int) -> str:
        """The id of the run that a number is in, or was within the cool-down; "" where it is in none."""
        incident = self._current.get(b)
        if incident is None or at_ms > incident.last_ms + self.terms.cooldown_ms:
            return ""
        return incident.id

    def current(self, b: str) -> MaskingIncident | None:
        """The last run of a number, as it stands."""
        return self._current.get(b)

    def threat_level(self, b: str, at_ms: int) -> str:
        return threat_level(self.distinct(b, at_ms), self.terms.threshold)

    def distinct(self, b: str, at_ms: int) -> int:
        """Callers of a number within the window that ends at an instant."""
        return self._shard_of(b).distinct(b, at_ms)

    def set_terms(self, terms: MaskingTerms) -> None:
        self.terms = terms
        self._own_terms.clear()
        for shard in self._shards:
            shard.set_terms(terms)

    def restore(self, incident: MaskingIncident) -> None:
        self._shard_of(incident.b).restore(incident)

    @property
    def numbers(self) -> int:
        return sum([shard.numbers for shard in self._shards])

    @property
    def calls(self) -> int:
        return sum([shard.calls for shard in self._shards])

    @property
    def truncated(self) -> int:
        return sum([shard.truncated for shard in self._shards])

    def _shard_of(self, b: str) -> MaskingShard:
        shards = self._shards
        return shards[0] if len(shards) == 1 else shards[(murmur2(b.encode()) & 0x7FFFFFFF) % len(shards)]

    def _terms_of(self, entry: ListEntry) -> MaskingTerms | None:
        """A whitelist entry's own terms; None where it lets everything pass."""
        return None if entry.spares else self._with(entry.threshold, entry.window_ms)

    def _with(self, threshold: int, window_ms: int) -> MaskingTerms:
        """The terms of a number; 0 leaves what holds for all."""
        own = self._own_terms.get((threshold, window_ms))
        if own is None:
            own = self._own_terms[threshold, window_ms] = self.terms.own(window_ms, threshold)
        return own


def attempt_ms(event: CallEvent) -> int:
    """When the call was attempted: a CDR comes when it is over."""
    return event.details.start_ms or event.at_ms if event.kind == CDR else event.at_ms
