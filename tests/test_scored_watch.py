"""The fraud watch where a model is active: who is asked, what a score decides with the rule, and what waits for it."""

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from tests.table import table
from tests.watch_scene import B, burst, cut, invite, taken, watch
from triggers.calls.call_event import ANSWER, BYE, CDR, INVITE, RINGING, CallEvent, EventDetails
from triggers.calls.verdict import ALLOW, DISCONNECT
from triggers.masking.decision import DecisionTerms
from triggers.masking.incident import MaskingIncident
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import ListEntry
from triggers.scores.masking_features import MASKING
from triggers.scores.scored import Scored
from triggers.watch.analysis import WhatIf, analyze
from triggers.watch.fraud_watch import FraudWatch
from triggers.watch.outcome import Outcome

DISTINCT = MASKING.place("distinct_a_count")
VERSION = 3


class Scores:
    """A model that says what it is told to say of each row; None: it has no score."""

    def __init__(self, says: Callable[[list[float]], float | None] = lambda row: row[DISTINCT] / 5) -> None:
        self.says = says
        self.asked: list[int] = []  # rows at a time

    def wanted(self, name: str) -> bool:
        return name == "masking"

    def method(self, name: str) -> str:
        return "xgboost"

    def scores(self, name: str, rows: Sequence[list[float]]) -> list[Scored | None]:
        self.asked.append(len(rows))
        found = [self.says(row) for row in rows]
        return [None if each is None else Scored(each, VERSION, each >= 0.7) for each in found]


class Risks:
    def known(self, caller: str) -> float:
        return 92.0 if caller == "+49301230000" else 0.0


def scored(says: float | None, **terms: bool) -> FraudWatch:
    return watch(models=Scores(lambda row: says), decisions=DecisionTerms(**terms))


# -- what a score decides


@table("""
    callers | score | terms        | severity | response   | version
    5       | 0.93  | -            | CRITICAL | disconnect | 3
    5       | 0.2   | -            | HIGH     | disconnect | 3
    5       | none  | -            | CRITICAL | disconnect | 0
    5       | 0.2   | require_both | HIGH     | alert      | 3
    5       | 0.7   | require_both | CRITICAL | disconnect | 3
    5       | none  | require_both | CRITICAL | alert      | 0
    3       | 0.7   | -            | MEDIUM   | alert      | 3
    3       | 0.699 | -            | -        | none       | 3
    3       | 0.93  | ml_acts      | MEDIUM   | disconnect | 3
    3       | none  | ml_acts      | -        | none       | 0
    """)
def test_rule_and_score_decide_together(
    callers: str, score: str, terms: str, severity: str, response: str, version: str
) -> None:
    one = scored(None if score == "none" else float(score), **({} if terms == "-" else {terms: True}))
    last = taken(one, burst(int(callers)))[-1]
    assert (last.decision.severity or "-", last.decision.response) == (severity, response)
    assert last.verdict.version == int(version)
    assert last.verdict.action == (DISCONNECT if response == "disconnect" else ALLOW)
    if score != "none":
        assert last.verdict.probability == float(score)
        assert last.verdict.risk == 100 * float(score)


def test_a_score_says_nothing_of_numbers_that_look_like_call_centres_without_the_rule() -> None:
    one = watch(models=Scores(lambda row: 0.9), decisions=DecisionTerms(ml_acts=True), centre_distinct=20)
    for number in range(30):
        start = number * 60_000
        caller = f"+4930999{number:04}"
        taken(one, [invite(f"o-{number}", caller, start), invite(f"o-{number}", caller, start + 900, kind=ANSWER)])
        one.take(invite(f"o-{number}", caller, start + 50_000, kind=BYE))
    last = taken(one, burst(3, at_ms=1_900_000))[-1]
    assert (last.decision.severity, last.decision.response) == ("MEDIUM", "alert")


# -- runs that only a model sees


def test_calls_that_a_model_flags_are_a_run_of_their_own() -> None:
    one = watch(models=Scores())
    outcomes = taken(one, burst(5))  # scored 0.4, 0.6, 0.8, 1.0 from the second on
    fourth, fifth = outcomes[3], outcomes[4]
    assert [outcome.incident is None for outcome in outcomes[:4]] == [True, True, True, False]
    assert fourth.incident is not None
    assert fourth.placed is not None
    assert (fourth.incident.by_score, fourth.placed.opened, fourth.incident.max_distinct) == (True, True, 4)
    assert [call.call_id for call in fourth.placed.flagged] == ["c-3"]
    assert fourth.verdict.reasons == ("masking",)
    assert fourth.incident.probability_max == 0.8
    assert fifth.incident is not None
    assert fifth.placed is not None
    assert (fifth.incident.by_score, fifth.placed.opened) == (False, True)
    assert fifth.incident.id != fourth.incident.id
    assert [call.call_id for call in fifth.placed.flagged] == ["c-0", "c-1", "c-2", "c-3", "c-4"]
    assert fifth.incident.probability_max == 1.0


def test_a_run_of_scores_goes_on_within_the_cool_down_and_after_a_start() -> None:
    one = watch(models=Scores(lambda row: 0.8), masking=MaskingTerms(cooldown_ms=60_000))
    first = taken(one, burst(2))[1]
    again = taken(one, burst(2, first=10, at_ms=30_000))[1]
    later = taken(one, burst(2, first=20, at_ms=95_000))[1]
    runs = [outcome.incident for outcome in (first, again, later)]
    assert runs[0] is runs[1]
    assert runs[0] is not None
    assert runs[2] is not None
    assert runs[2].id != runs[0].id
    assert [call.call_id for call in runs[0].calls] == ["c-1", "c-11"]
    other = watch(models=Scores(lambda row: 0.8), masking=MaskingTerms(cooldown_ms=60_000))
    restored = MaskingIncident(B, runs[2].opened_ms, runs[2].last_ms, by_score=True)
    other.restore(restored)
    on = taken(other, burst(2, first=30, at_ms=120_000))[1]
    assert on.incident is restored
    assert on.incident.id == runs[2].id
    assert other.current(restored) is restored


# -- who is asked


def test_a_lone_caller_to_a_quiet_number_is_not_asked_about_and_one_who_contradicts_himself_is() -> None:
    model = Scores(lambda row: 0.9)
    one = watch(models=model)
    assert one.take(invite("c-1", "+49301230001")).scored is None
    numbers = [one.take(invite(f"d-{n}", f"+4930123{n:04}", b=f"+4989333{n:04}")).scored for n in range(9)]
    assert numbers == [None] * 9
    assert model.asked == []
    read = invite("x", "+49301230001").a
    other = invite("x", "+49301239999").a
    details = EventDetails(cli=read, p_asserted_identity=other)
    contradicted = one.take(invite("c-2", "+49301230005", 60_000, "+498933300001", details=details))
    assert contradicted.scored is not None
    assert model.asked == [1]


def test_calls_to_the_whitelist_are_scored_and_nothing_else_and_emergency_calls_are_not() -> None:
    model = Scores(lambda row: 0.95)
    listed = watch(ListEntry("b_whitelist", "number", B), models=model, decisions=DecisionTerms(ml_acts=True))
    last = taken(listed, burst(6))[-1]
    assert (last.verdict.action, last.verdict.reasons, last.verdict.probability) == (ALLOW, (), 0.95)
    assert (last.incident, last.decision.severity, last.whitelisted) == (None, "", True)
    asked = len(model.asked)
    help_calls = taken(listed, burst(6, first=10, b="112"))
    assert {outcome.scored for outcome in help_calls} == {None}
    assert len(model.asked) == asked


def test_what_is_known_of_a_caller_is_in_his_verdicts_and_records() -> None:
    one = watch(models=Scores(lambda row: 0.3))
    one.risks = Risks()
    first, second = taken(one, burst(2))
    assert (first.verdict.risk, first.verdict.probability, first.verdict.reasons) == (92.0, 0.0, ())
    assert (second.verdict.risk, second.verdict.probability) == (30.0, 0.3)
    ended = taken(one, [invite("c-0", "+49301230000", 3_000, kind=BYE), invite("c-1", "x", 3_000, kind=BYE)])
    records = [outcome.record for outcome in ended]
    assert [(one.risk, one.probability, one.models) for one in records if one is not None] == [
        (92.0, 0.0, ""), (30.0, 0.3, "masking:3"),
    ]  # fmt: skip


def test_a_repeat_is_answered_the_score_of_the_first_time() -> None:
    one = watch(models=Scores(lambda row: 0.9))
    second = taken(one, burst(2))[1]
    one.models.says = lambda row: 0.1  # type: ignore[attr-defined]  # it is a Scores
    again = one.take(burst(2)[1])
    assert (again.duplicate, again.scored) == (True, None)
    assert (again.verdict.probability, again.verdict.version) == (second.verdict.probability, VERSION) == (0.9, VERSION)


# -- calls of one message


def test_calls_of_a_message_are_scored_together() -> None:
    model = Scores(lambda row: 0.1)
    one = watch(models=model)
    outcomes = [one.look(event) for event in burst(20, every_ms=1_100)]
    assert model.asked == []
    one.settle()
    assert model.asked == [19]
    assert all(outcome.scored is not None for outcome in outcomes[1:])
    one.settle()
    assert model.asked == [19]


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 7),  # call
        st.sampled_from([INVITE, INVITE, INVITE, RINGING, ANSWER, BYE, CDR]),
        st.integers(0, 3_000),  # ms after the one before
        st.sampled_from([B, "+4940111222"]),
    ),
    max_size=40,
)


@given(EVENTS, st.sampled_from([1, 2, 3, 7, 64]), st.booleans())
def test_how_calls_are_put_into_messages_changes_nothing(
    drawn: list[tuple[int, int, int, str]], size: int, ml_acts: bool
) -> None:
    events: list[CallEvent] = []
    at_ms = 0
    for call, kind, after_ms, b in drawn:
        at_ms += after_ms
        events.append(invite(f"c-{call}", f"+4930123{call:04}", at_ms, b, kind=kind))
    terms = DecisionTerms(ml_acts=ml_acts)
    singly, together = watch(models=Scores(), decisions=terms), watch(models=Scores(), decisions=terms)
    expected = [came_to(outcome) for outcome in taken(singly, events)]
    found: list[Outcome] = []
    for start in range(0, len(events), size):
        found += [together.look(event) for event in events[start : start + size]]
        together.settle()
    assert [came_to(outcome) for outcome in found] == expected


def came_to(outcome: Outcome) -> tuple[object, ...]:
    verdict, record = outcome.verdict, outcome.record
    told = (verdict.call_id, verdict.action, verdict.reasons, verdict.probability, verdict.incident_id, verdict.version)
    kept = None if record is None else (record.call_id, record.probability, record.flags, record.disposition)
    return (told, kept, outcome.duplicate, outcome.decision.severity, sorted(cut([outcome])))


# -- asked about


def test_an_analysis_says_what_a_model_would_say() -> None:
    one = watch(models=Scores(lambda row: row[DISTINCT] / 10))
    taken(one, burst(3))
    call = invite("asked", "+49301239999", 400)
    found = analyze(one, call, WhatIf(distinct=8))
    assert (found.probability, found.method, found.features["distinct_a_count"]) == (0.8, "xgboost", 8.0)
    assert (found.is_masking, found.risk_level, list(found.features)) == (True, "HIGH", list(MASKING.names))
    assert analyze(one, call, WhatIf()).probability == 0.3
    alone = invite("asked", "+49301239999", 400, "+498912399999")
    assert analyze(one, alone, WhatIf()).method == "rule_based"
    assert taken(one, [invite("c-9", "+49301230077", 500)])[0].distinct == 4  # nothing of it was counted


def test_without_a_score_an_analysis_is_of_the_rules() -> None:
    one = watch(models=Scores(lambda row: None))
    taken(one, burst(3))
    found = analyze(one, invite("asked", "+49301239999", 400), WhatIf(distinct=8))
    assert (found.method, found.row, found.probability >= 0.5) == ("rule_based", None, True)
    assert "distinct_a_count" in found.features
