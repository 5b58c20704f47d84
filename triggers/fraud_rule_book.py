"""The rule book: which rules hold now for the subjects of one event, for half a microsecond where nothing is near.

A call of +4930123456 to +4940123456 on trunk sbc-1 has six subjects: both numbers, their ranges, the trunk and the
account. Asking thirteen rules about all of them takes longer than everything else that is done with a call. So

- a subject with fewer attempts than any rule about its kind needs is not asked about at all;
- a subject that was asked about and for which nothing held is asked about again after a second of the calls' own time,
  or when a 64th of attempts has been added, whichever comes first: with up to 63 attempts at each of them;
- a rule that held for a subject is silent about it for its pause.

Rules are looked at when a call begins, or when a CDR tells of all of it: the end of one call is seen by the next. A
call from or to an emergency number is seen by no rule.
"""

from collections.abc import Sequence
from typing import Final

from triggers.call_event import CDR, INVITE, CallEvent
from triggers.explanation import Explanation
from triggers.fraud_rule import Rule, RuleHit
from triggers.fraud_rule_condition import Measured, Scene
from triggers.metric_names import ACCOUNT, CALLED, CALLED_RANGE, KINDS, NUMBER, NUMBER_RANGE, TRUNK
from triggers.traffic import Traffic

LOOK_MS: Final = 1_000
GROWTH: Final = 64
LOOKS_MAX: Final = 100_000  # subjects of a kind whose last look is remembered
PAUSES_MAX: Final = 100_000
NO_HITS: Final[list[RuleHit]] = []


class RuleBook:
    """`rules` in the order of their file."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules: Final = tuple(rules)
        groups = [_Group(kind, [rule for rule in self.rules if rule.subject == kind]) for kind in KINDS]
        self._groups: Final = [group for group in groups if group.rules]
        self._silent: Final[dict[tuple[str, str], int]] = {}  # rule and subject, until when

    def due(self, event: CallEvent, traffic: Traffic, at_ms: int) -> list[RuleHit]:
        """The rules that hold. Asking is taking note: the same rule and subject are not told again within its pause."""
        if event.kind != INVITE and event.kind != CDR:
            return NO_HITS
        if event.a.emergency or event.b.emergency:
            return NO_HITS
        hits = NO_HITS
        for group in self._groups:
            key = _key(group.kind, event)
            if key:
                attempts = traffic.attempts(group.kind, key)
                if attempts >= group.least and group.looks_due(key, attempts, at_ms):
                    hits = self._held(group, key, attempts, event, traffic, at_ms, hits)
        return hits

    def note_fired(self, rule_id: str, subject_kind: str, subject: str, at_ms: int) -> None:
        """That a rule held before a start: it is silent for the rest of its pause."""
        for rule in self.rules:
            if rule.id == rule_id and rule.subject == subject_kind:
                self._silence(rule, subject, at_ms)

    def carry_on(self, former: "RuleBook") -> None:
        """Go on being silent where another book with rules of the same names was."""
        self._silent.update(former._silent)

    def _held(
        self,
        group: "_Group",
        key: str,
        attempts: int,
        event: CallEvent,
        traffic: Traffic,
        at_ms: int,
        hits: list[RuleHit],
    ) -> list[RuleHit]:
        scene: Scene | None = None
        for rule in group.rules:
            if attempts < rule.least or at_ms < self._silent.get((rule.id, key), at_ms):
                continue
            if scene is None:
                scene = Scene(traffic, _keys(event), at_ms)
            if rule.condition.holds(scene):
                self._silence(rule, key, at_ms)
                hits = [*hits, _hit(rule, key, scene)]
        return hits

    def _silence(self, rule: Rule, key: str, at_ms: int) -> None:
        if len(self._silent) >= PAUSES_MAX:
            lasting = {each: until_ms for each, until_ms in self._silent.items() if until_ms > at_ms}
            self._silent.clear()
            if len(lasting) < PAUSES_MAX:
                self._silent.update(lasting)
        self._silent[(rule.id, key)] = at_ms + rule.pause_ms


class _Group:
    """The rules about one kind of subject."""

    __slots__ = ("_looks", "kind", "least", "rules")

    def __init__(self, kind: str, rules: list[Rule]) -> None:
        self.kind: Final = kind
        self.rules: Final = rules
        self.least: Final = min([rule.least for rule in rules], default=1)
        self._looks: Final[dict[str, _Look]] = {}

    def looks_due(self, key: str, attempts: int, at_ms: int) -> bool:
        """Whether to ask about a subject now."""
        look = self._looks.get(key)
        if look is None:
            if len(self._looks) >= LOOKS_MAX:
                self._looks.clear()
            look = self._looks[key] = _Look()
        elif attempts < look.next_attempts and look.next_ms - LOOK_MS <= at_ms < look.next_ms:
            return False
        look.next_attempts = attempts + 1 + attempts // GROWTH
        look.next_ms = at_ms + LOOK_MS
        return True


class _Look:
    """When a subject is asked about again."""

    __slots__ = ("next_attempts", "next_ms")

    def __init__(self) -> None:
        self.next_attempts = 0
        self.next_ms = 0


def _key(kind: str, event: CallEvent) -> str:
    if kind == NUMBER:
        return event.a.text
    if kind == CALLED:
        return event.b.text
    if kind == TRUNK:
        return event.trunk
    if kind == ACCOUNT:
        return f"{event.tenant}:{event.account}" if event.account else ""
    return event.a.range if kind == NUMBER_RANGE else event.b.range


def _keys(event: CallEvent) -> dict[str, str]:
    return {kind: _key(kind, event) for kind in (NUMBER, CALLED, TRUNK, ACCOUNT, NUMBER_RANGE, CALLED_RANGE)}


def _hit(rule: Rule, key: str, scene: Scene) -> RuleHit:
    measured, explanations = list[Measured](), list[Explanation]()
    rule.condition.measures(measured)
    rule.condition.explain(scene, explanations)
    values = {each.text(): each.value(scene) for each in measured}
    return RuleHit(rule, key, scene.at_ms, values, tuple(explanations))
