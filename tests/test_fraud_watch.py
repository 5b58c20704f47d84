"""The fraud watch: what one event after the other comes to."""

from hypothesis import given
from hypothesis import strategies as st

from tests.watch_scene import NOON_MS, NUMBERS, B, burst, cut, invite, taken, watch
from triggers.calls.call_event import ANSWER, BYE, CDR, RINGING, CallEvent, EventDetails
from triggers.calls.verdict import ALLOW, DISCONNECT
from triggers.masking.decision import DecisionTerms
from triggers.masking.incident import MaskingIncident
from triggers.masking.terms import MaskingTerms
from triggers.numbers.number_list import ListEntry
from triggers.rules.rule_file import COLUMNS, read_rules
from triggers.watch.outcome import Outcome

HOUR_MS = 3_600_000


def incidents(outcomes: list[Outcome]) -> list[tuple[object, ...]]:
    """What is known of each run in the end."""
    found: dict[int, MaskingIncident] = {}
    gone: set[str] = set()
    for outcome in outcomes:
        placed = outcome.placed
        if placed is not None and placed.incident is not None:
            found[id(placed.incident)] = placed.incident
            gone.update(placed.absorbed)
    there = [incident for incident in found.values() if incident.id not in gone]
    return sorted(_known(incident) for incident in there)


def _known(run: MaskingIncident) -> tuple[object, ...]:
    calls = tuple(call.call_id for call in run.calls)
    return run.id, run.b, run.opened_ms, run.last_ms, run.max_distinct, run.probability_max, run.callers, calls


# -- masking


def test_the_fifth_caller_is_refused_and_the_four_before_are_cut() -> None:
    outcomes = taken(watch(), burst(6))
    assert [outcome.verdict.action for outcome in outcomes] == [ALLOW] * 4 + [DISCONNECT] * 2
    fifth = outcomes[4]
    assert fifth.placed is not None
    assert fifth.placed.opened
    assert [attempt.call_id for attempt in fifth.placed.flagged] == ["c-0", "c-1", "c-2", "c-3", "c-4"]
    assert fifth.verdict.reasons == ("masking",)
    assert fifth.verdict.incident_id == (fifth.incident.id if fifth.incident else "")
    assert (fifth.decision.severity, fifth.decision.response) == ("CRITICAL", "disconnect")
    assert fifth.verdict.probability >= 0.5
    assert cut(outcomes) == {f"c-{number}" for number in range(6)}


def test_a_later_event_of_a_flagged_call_is_told_to_cut_it() -> None:
    one = watch()
    taken(one, burst(5))
    ringing = one.take(invite("c-0", "+49301230000", 900, kind=RINGING))
    assert (ringing.verdict.action, ringing.verdict.reasons, ringing.attempt) == (DISCONNECT, ("masking",), False)
    other = one.take(invite("x", "+49301239999", 900, "+4940555555", kind=RINGING))
    assert other.verdict.action == ALLOW


def test_a_record_of_a_flagged_call_says_so() -> None:
    one = watch()
    fifth = taken(one, burst(5))[4]
    ended = one.take(invite("c-1", "+49301230001", 3_000, kind=BYE))
    assert ended.record is not None
    assert (ended.record.flags, ended.record.incident_id) == ("masking", fifth.verdict.incident_id)
    assert ended.record.disposition == "DISCONNECTED_FRAUD"


def test_reinvites_forks_and_forwarded_legs_of_one_call_are_one_attempt() -> None:
    one = watch()
    again = [invite("c-1", f"+4930123000{number}", number * 10, event_id=f"leg-{number}") for number in range(9)]
    outcomes = taken(one, again)
    assert [outcome.attempt for outcome in outcomes] == [True] + [False] * 8
    assert cut(outcomes) == set()


def test_a_cdr_is_an_attempt_where_no_invite_was_seen_at_the_time_when_the_call_began() -> None:
    times = EventDetails(
        start_ms=NOON_MS + 400, answer_ms=NOON_MS + 900, end_ms=NOON_MS + 9_000, disposition="ANSWERED"
    )
    one = watch()
    taken(one, burst(4))
    outcome = one.take(invite("late", "+49301239999", 9_000, kind=CDR, details=times))
    assert outcome.attempt
    assert outcome.placed is not None
    assert outcome.placed.hot
    assert one.take(invite("c-0", "+49301230000", 9_000, kind=CDR, details=times)).attempt is False


def test_a_call_too_late_for_the_window_counts_in_metrics_all_the_same() -> None:
    one = watch()
    taken(one, burst(4, at_ms=10_000))
    late = one.take(invite("late", "+49301239999", 4_000))
    assert late.late
    assert not late.placed or not late.placed.hot
    assert one.traffic.value("b", B, "attempts", 60, NOON_MS + 11_000) == 5


def test_with_disconnecting_switched_off_a_run_is_reported_only() -> None:
    outcomes = taken(watch(decisions=DecisionTerms(auto_disconnect=False)), burst(6))
    assert cut(outcomes) == set()
    assert outcomes[4].verdict.reasons == ("masking",)
    assert (outcomes[4].decision.severity, outcomes[4].decision.response) == ("CRITICAL", "alert")


def test_window_and_threshold_change_while_it_runs() -> None:
    one = watch()
    taken(one, burst(2))
    one.set_detection(window_ms=10_000, threshold=3)
    assert cut(taken(one, burst(1, first=2, at_ms=6_000))) == {"c-0", "c-1", "c-2"}


# -- repeats


def test_a_repeat_is_answered_as_the_first_and_counts_nothing() -> None:
    one = watch()
    first = taken(one, burst(5))
    again = taken(one, burst(5))
    assert all(outcome.duplicate and outcome.verdict.duplicate for outcome in again)
    assert [outcome.verdict.action for outcome in again] == [outcome.verdict.action for outcome in first]
    assert again[4].verdict.incident_id == first[4].verdict.incident_id
    assert one.traffic.value("b", B, "attempts", 60, NOON_MS + 1_000) == 5
    assert one.masking.calls == 5


def test_events_of_one_call_are_told_apart_by_their_kind() -> None:
    outcomes = taken(watch(), [invite("c", "+49301", 0), invite("c", "+49301", 9, kind=ANSWER)])
    assert [outcome.duplicate for outcome in outcomes] == [False, False]


# -- lists


def test_a_whitelisted_number_is_never_flagged_and_counted_all_the_same() -> None:
    one = watch(ListEntry("b_whitelist", "number", B))
    outcomes = taken(one, burst(40, every_ms=10))
    assert cut(outcomes) == set()
    assert all(outcome.whitelisted for outcome in outcomes)
    assert one.traffic.value("b", B, "distinct_a", 60, NOON_MS + 1_000) == 40


def test_a_whitelisted_number_may_have_a_threshold_and_a_window_of_its_own() -> None:
    entry = ListEntry("b_whitelist", "prefix", "+4989", threshold=8, window_ms=2_000)
    assert cut(taken(watch(entry), burst(7, every_ms=10))) == set()
    assert len(cut(taken(watch(entry), burst(8, every_ms=10)))) == 8
    assert cut(taken(watch(entry), burst(12, every_ms=300))) == set()


def test_callers_and_trunks_of_the_a_whitelist_do_not_count() -> None:
    entries = (ListEntry("a_whitelist", "number", "+49301230000"), ListEntry("a_whitelist", "trunk", "pbx"))
    events = [*burst(5), invite("pbx-1", "+49301239999", 450, trunk="pbx")]
    outcomes = taken(watch(*entries), events)
    assert cut(outcomes) == set()
    assert [outcome.whitelisted for outcome in outcomes] == [True, False, False, False, False, True]


def test_a_blacklisted_number_is_refused_and_one_alert_an_hour_is_due() -> None:
    one = watch(ListEntry("blacklist", "prefix", "+37190"))
    at = [0, 1_000, HOUR_MS - 1, HOUR_MS, HOUR_MS + 1]
    outcomes = taken(one, [invite(f"c-{at_ms}", "+37190123456", at_ms) for at_ms in at])
    assert all(outcome.verdict.action == DISCONNECT for outcome in outcomes)
    assert all(outcome.verdict.reasons == ("blacklist",) for outcome in outcomes)
    assert [outcome.blacklist_due for outcome in outcomes] == [True, False, False, True, False]


def test_a_blocked_call_is_refused() -> None:
    class Trunk:
        def refuses(self, a: object, b: object, trunk: str, at_ms: int) -> object | None:
            return "blocked" if trunk == "t-7" else None

    one = watch(blocks=Trunk())
    assert one.take(invite("c-1", "+4930123", trunk="t-7")).verdict.reasons == ("blocked",)
    assert one.take(invite("c-2", "+4930123", trunk="t-8")).verdict.action == ALLOW


# -- emergency numbers


def test_an_emergency_number_is_never_flagged_whoever_calls_it() -> None:
    events = burst(40, every_ms=10, b="112")
    assert cut(taken(watch(), events)) == set()


def test_calls_from_an_emergency_number_do_not_make_a_run() -> None:
    events = [invite(f"e-{number}", "112", number * 10) for number in range(9)] + burst(4, at_ms=100)
    assert cut(taken(watch(), events)) == set()


def test_an_emergency_call_is_on_no_blacklist_and_meets_no_block() -> None:
    class Everything:
        def refuses(self, a: object, b: object, trunk: str, at_ms: int) -> object | None:
            return None  # as Blocks: it knows emergency numbers itself

    entries = (ListEntry("blacklist", "number", "112"), ListEntry("blacklist", "trunk", "t-7"))
    one = watch(*entries, blocks=Everything())
    assert one.take(invite("c-1", "+49301", b="112", trunk="t-7")).verdict.action == ALLOW
    assert one.take(invite("c-2", "+49301", b="+4989555555", trunk="t-7")).verdict.action == DISCONNECT


# -- call centres


def test_a_number_that_looks_like_a_call_centre_is_alerted_only() -> None:
    one = watch(centre_distinct=10)
    for number in range(20):
        at_ms = number * 60_000
        for kind, later_ms in ((1, 0), (ANSWER, 2_000), (BYE, 50_000)):
            one.take(invite(f"day-{number}", f"+4940{number:07}", at_ms + later_ms, kind=kind))
    outcomes = taken(one, burst(6, at_ms=3_000_000))
    assert cut(outcomes) == set()
    assert outcomes[5].decision.response == "alert"
    assert [one.b for one in one.proposals(NOON_MS + 3_100_000)] == [B]
    assert outcomes[5].incident is not None


def test_an_adaptive_threshold_is_what_a_number_is_used_to_and_one_more() -> None:
    one = watch(adaptive=True)
    for minute in range(1_100):  # seven callers within a second, minute after minute, before anybody minds
        one.traffic.take(invite(f"m-{minute}", "+4940555", minute * 60_000))
        one.traffic.note_distinct(B, 7, NOON_MS + minute * 60_000)
    later_ms = 1_101 * 60_000 + 2 * HOUR_MS
    assert cut(taken(one, burst(7, at_ms=later_ms, every_ms=10))) == set()
    assert len(cut(taken(one, burst(1, first=7, at_ms=later_ms + 90)))) == 8


def test_an_attack_is_not_what_a_number_is_used_to() -> None:
    one = watch(adaptive=True)
    for hour in range(3):
        assert len(cut(taken(one, burst(14, first=20 * hour, at_ms=hour * HOUR_MS)))) == 14


# -- rules


def rules(actions: str, report_only: str = "false") -> str:
    row = ["many", "robocall", "a", "attempts.60 >= 3", "HIGH", "HIGH", actions, report_only, "1h", "many calls"]
    return "#" + ",".join(COLUMNS) + "\n" + ",".join(row) + "\n"


def test_a_rule_that_holds_is_told_and_may_cut_the_call() -> None:
    for actions, report_only, action in (
        ("*alert;*disconnect", "false", DISCONNECT),
        ("*alert", "false", ALLOW),
        ("*alert;*disconnect", "true", ALLOW),
    ):
        book, findings = read_rules(rules(actions, report_only))
        assert not findings
        one = watch(rules=book)
        outcomes = taken(one, [invite(f"c-{n}", "+4930123456", n * 10, f"+49895555{n}") for n in range(4)])
        assert [len(outcome.hits) for outcome in outcomes] == [0, 0, 1, 0]
        assert (outcomes[2].verdict.action, outcomes[2].verdict.reasons) == (action, ("many",))


def test_a_rule_only_tells_of_calls_to_a_number_that_is_spared() -> None:
    book, _ = read_rules(rules("*alert;*disconnect;*block_number:1h"))
    one = watch(ListEntry("b_whitelist", "prefix", "+49895555"), rules=book)
    calls = [invite(f"c-{n}", "+4930123456", n * 10, f"+49895555{n}") for n in range(4)]
    hits = [hit for outcome in taken(one, calls) for hit in outcome.hits]
    assert [hit.rule.report_only for hit in hits] == [True]
    assert {one.verdict_of_call(call.call_id).action for call in calls} == {ALLOW}


# -- whatever the order, however many shards

CALLERS = [f"+4930123{number:04}" for number in range(7)]
CALLED = ["+4989555111", "+4989555222", "+4940555333"]
ATTEMPTS = st.lists(
    st.tuples(st.integers(0, 25_000), st.sampled_from(CALLERS), st.sampled_from(CALLED)), min_size=1, max_size=40
)


@given(ATTEMPTS, st.sampled_from([1, 2, 8]), st.randoms(use_true_random=False), st.booleans())
def test_what_is_found_depends_neither_on_shards_nor_on_order_within_the_lateness(
    attempts: list[tuple[int, str, str]], shards: int, chance: object, twice: bool
) -> None:
    terms = MaskingTerms(cooldown_ms=8_000)
    events = [invite(f"c-{n}", a, at_ms, b) for n, (at_ms, a, b) in enumerate(sorted(attempts))]
    shuffled = _within_lateness(events, chance, terms.lateness_ms)
    if twice:
        shuffled = [event for event in shuffled for _ in range(2)]
    in_order = taken(watch(masking=terms), events)
    otherwise = taken(watch(masking=terms, shards=shards), shuffled)
    assert cut(otherwise) == cut(in_order)
    assert incidents(otherwise) == incidents(in_order)


def _within_lateness(events: list[CallEvent], chance: object, lateness_ms: int) -> list[CallEvent]:
    """In another order, in which none comes after one that is more than the lateness newer."""
    delays = {event.call_id: chance.randint(0, lateness_ms) for event in events}  # type: ignore[attr-defined]
    return sorted(events, key=lambda event: event.at_ms + delays[event.call_id])


def test_spelling_adds_no_caller() -> None:
    spelled = ["+493012345678", "00493012345678", "030 12345678", "sip:+493012345678@x", "tel:+49-30-12345678"]
    assert len({NUMBERS.caller(each).text for each in spelled}) == 1
    outcomes = taken(watch(), [invite(f"c-{n}", each, n * 10) for n, each in enumerate(spelled)])
    assert cut(outcomes) == set()


def test_a_record_that_comes_hours_after_a_long_call_counts_no_second_attempt() -> None:
    one = watch()
    lasted_ms, late_ms = 5 * HOUR_MS, 9 * HOUR_MS - 1_000
    one.take(invite("c-1", "+49301230001", 0))
    one.take(invite("c-1", "+49301230001", 1_000, kind=ANSWER))
    for hour in range(1, 9):
        one.take(invite(f"other-{hour}", "+49301230099", hour * HOUR_MS))
        if hour == 5:
            assert one.take(invite("c-1", "+49301230001", lasted_ms, kind=BYE)).record is not None
    said = EventDetails(start_ms=NOON_MS, answer_ms=NOON_MS + 1_000, end_ms=NOON_MS + lasted_ms)
    outcome = one.take(invite("c-1", "+49301230001", late_ms, kind=CDR, details=said))
    assert not outcome.attempt
    assert one.traffic.value("a", "+49301230001", "attempts", 86_400, NOON_MS + late_ms) == 1
