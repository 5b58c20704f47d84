"""The rule book: which rules hold now for the subjects of one event, for half a microsecond where nothing is near.

A call of +4930123456 to +4940123456 on trunk sbc-1 has six subjects: both numbers, their ranges, the trunk and the
account. Asking seventeen rules about all of them takes longer than everything else that is done with a call. So

- a subject with fewer attempts than any rule about its kind needs is not asked about at all;
- a rule that needs a premium number (a call abroad, at night …) to begin to hold looks at no other calls;
- a subject for which a rule did not hold is asked about again when it has made a quarter more attempts, and at the
  latest after a twelfth of the rule's shortest window, a minute at most, of the calls' own time; where that window is a
  minute or less, when it has made a sixteenth more, and at the latest after a second;
- a rule that held for a subject is silent about it for its pause.

A rule about callers that looks at received_calls is looked at for whom is called, too: who calls back a number that
rings once is what confirms the rule, and need not wait for the next one that it rings.

Rules are looked at when a call begins, or when a CDR tells of all of it: the end of one call is seen by the next. A
call from or to an emergency number is seen by no rule.
"""

from collections.abc import Sequence
from typing import Final

from triggers.calls.call_event import CDR, INVITE, CallEvent
from triggers.numbers.number import ANONYMOUS
from triggers.rules.rule import Rule, RuleHit
from triggers.rules.rule_condition import Measured
from triggers.rules.scene import Scene
from triggers.traffic.metric_names import CALLED, CALLED_RANGE, KINDS, NUMBER, NUMBER_RANGE
from triggers.traffic.traffic import Traffic
from triggers.watch.explanation import Explanation

LOOKS_MAX: Final = 100_000  # subjects of a kind whose looks are remembered
PAUSES_MAX: Final = 100_000
NEVER: Final = 1 << 60  # attempts, or an instant
RECEIVED: Final = "received_calls"
NO_HITS: Final[list[RuleHit]] = []


class RuleBook:
    """`rules` in the order of their file."""

    def __init__(self, rules: Sequence[Rule] = ()) -> None:
        self.rules: Final = tuple(rules)
        groups = [_Group(kind, [rule for rule in self.rules if rule.subject == kind]) for kind in KINDS]
        for kind, called_kind in ((NUMBER, CALLED), (NUMBER_RANGE, CALLED_RANGE)):
            heard = [rule for rule in self.rules if rule.subject == kind and _listens(rule)]
            groups.append(_Group(kind, heard, called_kind))
        self._groups: Final = [group for group in groups if group.rules]
        self._silent: Final[dict[tuple[str, str], int]] = {}  # rule and subject, until when

    def due(self, event: CallEvent, traffic: Traffic, at_ms: int) -> list[RuleHit]:
        """The rules that hold. Asking is taking note: the same rule and subject are not told again within its pause."""
        if event.kind != INVITE and event.kind != CDR:
            return NO_HITS
        if event.a.emergency or event.b.emergency:
            return NO_HITS
        hits, heard = NO_HITS, traffic.heard(event)
        marks, keys = heard.marks, heard.keys
        for group in self._groups:
            key = keys[group.place]
            if key is None:
                continue
            grown = attempts = key.attempts
            if group.called_kind:
                attempts = traffic.attempts(group.kind, key.name)
            marked = marks & group.marks != 0
            if attempts < (group.least if marked else group.least_unmarked):
                continue
            look = group.looks.get(key.name)
            if (marked or look is None or not look.quiet(attempts, grown, at_ms)) and key.name != ANONYMOUS:
                hits = self._held(group, key.name, attempts, grown, marks, Scene(traffic, event, at_ms), hits)
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
        self, group: "_Group", key: str, attempts: int, grown: int, marks: int, scene: Scene, hits: list[RuleHit]
    ) -> list[RuleHit]:
        """The rules of a group that hold for a subject, behind those that are known to hold."""
        at_ms, look = scene.at_ms, group.looks.get(key)
        for place in range(len(group.rules)):
            rule = group.rules[place]
            if attempts < rule.least or not group.concerns(rule, marks):
                continue
            if look is None:
                look = group.new_look(key)
            if look.due(place, grown, at_ms):
                look.note(place, grown + 1 + grown // rule.growth, at_ms, rule.spacing_ms)
                if at_ms >= self._silent.get((rule.id, key), at_ms) and _holds(rule, key, scene):
                    self._silence(rule, key, at_ms)
                    hits = [*hits, _hit(rule, key, scene)]
        if look is not None:
            look.settle(group, attempts)
        return hits

    def _silence(self, rule: Rule, key: str, at_ms: int) -> None:
        if len(self._silent) >= PAUSES_MAX:
            lasting = {each: until_ms for each, until_ms in self._silent.items() if until_ms > at_ms}
            self._silent.clear()
            if len(lasting) < PAUSES_MAX:
                self._silent.update(lasting)
        self._silent[(rule.id, key)] = at_ms + rule.pause_ms


class _Group:
    """Rules about one kind of subject. Those with a `called_kind` are looked at for whom is called instead.

    `marks`: a call with none of them is looked at by the other rules alone, from `least_unmarked` attempts on.
    """

    __slots__ = ("called_kind", "kind", "least", "least_unmarked", "looks", "marks", "place", "rules")

    def __init__(self, kind: str, rules: list[Rule], called_kind: str = "") -> None:
        self.kind: Final = kind
        self.called_kind: Final = called_kind
        self.place: Final = KINDS.index(called_kind or kind)
        self.rules: Final = rules
        self.least: Final = min([rule.least for rule in rules], default=1)
        unmarked = [rule.least for rule in rules if self.concerns(rule, 0)]
        self.least_unmarked: Final = min(unmarked, default=NEVER)
        marks = 0
        for rule in rules:
            if not called_kind:
                marks |= rule.marks
        self.marks: Final = marks
        self.looks: Final[dict[str, _Look]] = {}

    def concerns(self, rule: Rule, marks: int) -> bool:
        """Whether a rule may begin to hold with a call of these marks. They tell of who calls."""
        return rule.marks == 0 or rule.marks & marks != 0 or bool(self.called_kind)

    def new_look(self, key: str) -> "_Look":
        if len(self.looks) >= LOOKS_MAX:
            self.looks.clear()
        look = self.looks[key] = _Look(len(self.rules))
        return look


class _Look:
    """When a subject is asked about again, for each rule of its group: at so many attempts, or at the latest when.

    Most calls of a busy subject come while none of its rules is due. `quiet` says so of all of them at once.
    """

    __slots__ = (
        "_attempts",
        "_from_ms",
        "_quiet_below",
        "_quiet_from_ms",
        "_quiet_least",
        "_quiet_until_ms",
        "_until_ms",
    )

    def __init__(self, rules: int) -> None:
        self._attempts: Final = [0] * rules
        self._from_ms: Final = [0] * rules
        self._until_ms: Final = [0] * rules
        self._quiet_least = 0
        self._quiet_below = 0
        self._quiet_from_ms = 0
        self._quiet_until_ms = 0

    def due(self, place: int, attempts: int, at_ms: int) -> bool:
        if attempts >= self._attempts[place]:
            return True
        return not self._from_ms[place] <= at_ms < self._until_ms[place]

    def note(self, place: int, attempts: int, at_ms: int, spacing_ms: int) -> None:
        """Events come late too: what is as much older than this look is looked at again."""
        self._attempts[place] = attempts
        self._from_ms[place] = at_ms - spacing_ms
        self._until_ms[place] = at_ms + spacing_ms

    def quiet(self, attempts: int, grown: int, at_ms: int) -> bool:
        """Whether no rule is due for a call without marks. `grown`: the attempts by which looks are counted."""
        if attempts >= self._quiet_least or grown >= self._quiet_below:
            return False
        return self._quiet_from_ms <= at_ms < self._quiet_until_ms

    def settle(self, group: _Group, attempts: int) -> None:
        """Find out until when it is quiet: until one more rule is within reach, or one of the others is due."""
        self._quiet_least = self._quiet_below = self._quiet_until_ms = NEVER
        self._quiet_from_ms = 0
        for place in range(len(group.rules)):
            rule = group.rules[place]
            if not group.concerns(rule, 0):
                continue
            if attempts < rule.least:
                self._quiet_least = min(self._quiet_least, rule.least)
            else:
                self._quiet_below = min(self._quiet_below, self._attempts[place])
                self._quiet_from_ms = max(self._quiet_from_ms, self._from_ms[place])
                self._quiet_until_ms = min(self._quiet_until_ms, self._until_ms[place])


def _listens(rule: Rule) -> bool:
    """Whether it looks at calls to its subject."""
    measured = list[Measured]()
    rule.condition.measures(measured)
    return any(each.own and each.name == RECEIVED for each in measured)


def _holds(rule: Rule, key: str, scene: Scene) -> bool:
    scene.ask_about(rule.subject, key)
    return rule.condition.holds(scene)


def _hit(rule: Rule, key: str, scene: Scene) -> RuleHit:
    measured, explanations = list[Measured](), list[Explanation]()
    rule.condition.measures(measured)
    rule.condition.explain(scene, explanations)
    values = {each.text(): each.value(scene) for each in measured}
    return RuleHit(rule, key, scene.at_ms, values, tuple(explanations))
