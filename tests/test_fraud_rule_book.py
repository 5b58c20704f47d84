"""The rule book: whom rules are asked about, how often, and that one attack is one hit."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ratingd.shipped_rules import shipped_rules
from tests.fraud_scene import MIDNIGHT_MS, Calls, told
from tests.table import table
from triggers.calls.call_event import ANSWER, BYE, CallEvent, EventDetails
from triggers.numbers.number import NO_NUMBER, Number
from triggers.rules.rule import Rule, RuleHit
from triggers.rules.rule_book import RuleBook
from triggers.rules.rule_file import read_rules
from triggers.rules.rule_parsing import parse_condition
from triggers.traffic.counted_call import HOME, INTERNATIONAL, MISMATCH, NIGHT, PREMIUM, UNSOCIAL


def book(*rows: str) -> RuleBook:
    """Rules as rows of id, subject, condition and pause."""
    text = "".join(
        [f"{id},test,{of},{condition},HIGH,,*alert,,{pause},\n" for id, of, condition, pause in map(parts, rows)]
    )
    found, findings = read_rules(text)
    assert findings == []
    return found


def parts(row: str) -> list[str]:
    return [part.strip() for part in row.split("|")]


def many(calls: Calls, count: int, every: float = 10.0, a: str = "+4930111", b: str = "+4940222") -> list[RuleHit]:
    for number in range(count):
        calls.call(a, b, every * number)
    return calls.hits()


@table("""
    subject | told
    a       | +4930111222
    b       | +4940333444
    a_range | +4930111
    b_range | +4940333
    trunk   | t-1
    account | acme:1001
""")
def test_a_rule_is_about_one_of_the_keys_of_a_call(subject: str, told: str) -> None:
    calls = Calls(book(f"two | {subject} | attempts.60 >= 2 | 1h"))
    for at in range(3):
        calls.call("+4930111222", "+4940333444", at, account="1001")
    (hit,) = calls.hits()
    assert (hit.subject_kind, hit.subject, hit.values) == (subject, told, {"attempts.60": 2})
    assert hit.at_ms == MIDNIGHT_MS + 1_000


def test_one_attack_is_one_hit_until_the_pause_is_over() -> None:
    hits = many(Calls(book("busy | a | attempts.60 >= 2 | 5m")), 100)  # over 1,000 s
    assert [(hit.at_ms - MIDNIGHT_MS) // 1000 for hit in hits] == [10, 310, 610, 910]
    assert len({hit.id for hit in hits}) == 4


def test_a_hit_has_the_same_id_when_it_is_found_again() -> None:
    rules = "busy | a | attempts.60 >= 2 | 5m"
    assert [hit.id for hit in many(Calls(book(rules)), 100)] == [hit.id for hit in many(Calls(book(rules)), 100)]


def test_pauses_are_of_each_rule_and_subject() -> None:
    calls = Calls(book("one | a | attempts.60 >= 2 | 1h", "two | a | attempts.60 >= 3 | 1h"))
    for at in range(4):
        calls.call("+4930111", "+4940222", at)
        calls.call("+4930112", "+4940222", at + 0.5)
    assert told(calls.hits()) == ["one +4930111", "one +4930112", "two +4930111", "two +4930112"]


def test_a_rule_that_held_before_a_start_is_silent_for_the_rest_of_its_pause() -> None:
    rules = book("busy | a | attempts.60 >= 2 | 5m")
    rules.note_fired("busy", "a", "+4930111", MIDNIGHT_MS - 200_000)
    rules.note_fired("gone", "a", "+4930111", MIDNIGHT_MS)
    assert [(hit.at_ms - MIDNIGHT_MS) // 1000 for hit in many(Calls(rules), 20)] == [100]


def test_other_rules_go_on_with_the_pauses_of_the_former_ones() -> None:
    former = book("busy | a | attempts.60 >= 2 | 1h")
    assert len(many(Calls(former), 5)) == 1
    later = book("busy | a | attempts.60 >= 3 | 1h", "other | a | attempts.60 >= 3 | 1h")
    later.carry_on(former)
    assert [hit.rule.id for hit in many(Calls(later), 5)] == ["other"]


def test_pauses_that_are_over_are_forgotten() -> None:
    rules = book("busy | a | attempts.60 >= 2 | 5m")
    for number in range(250_000):
        rules.note_fired("busy", "a", f"+49{number}", MIDNIGHT_MS + number)
    assert len(rules._silent) <= 100_000


def test_only_the_beginning_of_a_call_or_its_record_is_looked_at() -> None:
    calls = Calls(book("any | a | attempts.60 >= 1 | 1s"))
    number = Number("+4930111", digits="4930111", country=49)
    for kind in (ANSWER, BYE):
        event = CallEvent(kind, MIDNIGHT_MS, "c-1", number, NO_NUMBER)
        calls.traffic.take(event)
        assert calls.rules.due(event, calls.traffic, event.at_ms) == []
    calls.record("+4930111", "+4940222", 0, 30, regions=("", ""))
    assert told(calls.hits()) == ["any +4930111"]


def test_a_call_without_a_trunk_is_no_traffic_of_one() -> None:
    calls = Calls(book("any | trunk | attempts.60 >= 1 | 1s", "all | a | not trunk.attempts.60 >= 1 | 1s"))
    calls.call("+4930111", "+4940222", 0, trunk="")
    assert told(calls.hits()) == ["all +4930111"]


def test_all_who_withhold_their_number_are_no_caller() -> None:
    calls = Calls(book("any | a | attempts.60 >= 1 | 1s", "line | trunk | attempts.60 >= 2 | 1h"))
    for at in range(3):
        calls.call("anonymous", "+4940222", at)
    assert told(calls.hits()) == ["line t-1"]


def test_a_rule_on_calls_received_is_looked_at_when_its_subject_is_called() -> None:
    calls = Calls(book("back | a_range | attempts.3600 >= 2 and received_calls.3600 >= 2 | 1h"))
    for at in range(2):
        calls.call("+4930111222", "+4940333444", at)
    for at in (10, 20):
        calls.call("+4950555666", "+4930111222", at)
    (hit,) = calls.hits()
    assert (hit.subject, hit.at_ms) == ("+4930111", MIDNIGHT_MS + 20_000)


@pytest.mark.parametrize(("a", "b"), [("112", "+4940222"), ("+4930111", "110"), ("+4930111", "+49112")])
def test_no_rule_looks_at_a_call_for_help(a: str, b: str) -> None:
    calls = Calls(book("any | a | attempts.60 >= 1 | 1s", "range | b_range | attempts.60 >= 1 | 1s"))
    calls.call(a, b, 0)
    assert calls.hits() == []


@table("""
    condition                                            | marks
    premium_ratio.3600 >= 0.5                            | premium
    0.5 < premium_ratio.3600                             | premium
    premium_ratio.3600 >= 0                              |              # holds for everybody
    premium_ratio.3600 <= 0.5                            |
    not premium_ratio.3600 > 0.5                         |
    b.premium_ratio.3600 > 0.5                           |              # somebody else's
    asr.60 > 3 and premium_concurrent >= 3               | premium
    asr.60 > 3 or premium_concurrent >= 3                |
    intl_ratio.60 > 0.5 or premium_concurrent >= 3       | premium international
    home_unattested.60 >= 3 and intl_ratio.60 > 0        | home
    cli_mismatches.60 > 0                                | mismatch
    night_call_ratio.60 > 0.5                            | night
    unsocial_ratio.60 >= 0.5                             | unsocial
    premium_ratio.60 > asr.60                            |
""")
def test_of_which_calls_one_is_needed(condition: str, marks: str) -> None:
    names = {
        "premium": PREMIUM, "international": INTERNATIONAL, "home": HOME, "mismatch": MISMATCH, "night": NIGHT,
        "unsocial": UNSOCIAL,
    }  # fmt: skip
    assert parse_condition(condition, "a").marks() == sum([names[mark] for mark in marks.split()])


@table("""
    condition                                          | seconds
    attempts.60 >= 50                                  | 1
    attempts.300 >= 50                                 | 25
    attempts.600 >= 50                                 | 50
    attempts.3600 >= 50                                | 60
    attempts.86400 >= 50                               | 60
    attempts.86400 >= 50 and asr.60 > 3                | 1
    premium_concurrent >= 3                            | 1
    attempts.5 >= 3                                    | 1
""")
def test_how_often_a_busy_subject_is_looked_at(condition: str, seconds: str) -> None:
    rule = Rule("x", "x", "a", parse_condition(condition, "a"))
    assert rule.spacing_ms == 1000 * int(seconds)


@settings(max_examples=25)
@given(st.integers(20, 150), st.integers(1, 40), st.sampled_from([0.01, 0.5, 3.0, 40.0]))
def test_what_begins_in_busy_traffic_is_seen_soon(before: int, least: int, every: float) -> None:
    """Premium calls among others: the rule holds with the one that reaches the number, and is told not much later."""
    calls = Calls(book(f"dear | account | premium_calls.60 >= {least} | 24h"))
    for number in range(before):
        calls.call("+4930111", "+4940222", every * number, account="1001")
    first = every * before
    for number in range(80):
        calls.call("+4930111", "+37190912345", first + number * 0.05, account="1001")
    (hit,) = calls.hits()
    reached = first + (least - 1) * 0.05
    late = 0.05 * (1 + (before + least) // 16)
    assert reached - 0.06 <= (hit.at_ms - MIDNIGHT_MS) / 1000 <= reached + min(late, 1.0) + 0.06


def test_a_hit_says_why_in_words_with_numbers() -> None:
    rules = book(
        "x | a | attempts.60 >= 2 and (minutes_p99 * 2 >= attempts.60 or 5 > asr.60) and 1 <= trunk.cps <= 9 | 1h"
    )
    (hit,) = many(Calls(rules), 2, every=0.5)
    assert [(each.feature, each.value, each.baseline) for each in hit.explanations] == [
        ("attempts.60", 2, 2),
        ("asr.60", 0, 5),
        ("trunk.cps", 2, 1),
        ("trunk.cps", 2, 9),
    ]
    assert hit.explanation == (
        "calls that were tried, 1m: 2, at least 2; "
        "answer-seizure ratio: answered of attempted calls, 1m: 0, less than 5; "
        "attempts in the last second of the trunk: 2, at least 1; "
        "attempts in the last second of the trunk: 2, at most 9"
    )
    assert hit.values == {"attempts.60": 2, "minutes_p99": 0, "asr.60": 0, "trunk.cps": 2}


def test_ordinary_calls_are_not_looked_at() -> None:
    """Of a thousand households that call each other a few times, no shipped rule looks at any but the trunk's."""
    shipped, _ = read_rules(shipped_rules())
    calls = Calls(shipped)
    for number in range(2_000):
        a, b = f"+4930{number % 1000 * 10007:08d}", f"+4940{number * 7919 % 1000 * 10007:08d}"
        calls.call(a, b, 30 * number, talk=60, details=EventDetails(attestation="A"))
    assert calls.hits() == []
    looked = {group.kind: len(group.looks) for group in shipped._groups}
    assert looked["a"] == looked["account"] == looked["a_range"] == 0
    assert looked["trunk"] == 1


ROWS = [
    "few | a | attempts.60 >= 2 | 20s",
    "many | a | attempts.600 >= 6 | 5m",
    "given_up | a | cancel_ratio.60 >= 0.6 | 1m",
    "abroad | a | attempts.60 >= 2 and intl_ratio.60 >= 0.5 | 30s",
    "burst | trunk | attempts.5 >= 3 | 10s",
    "busy | trunk | attempts.300 >= 12 | 2m",
    "scattered | a_range | attempts.60 >= 3 and distinct_b_ratio.60 >= 0.9 | 1m",
    "called_back | a_range | attempts.600 >= 2 and received_calls.600 >= 2 | 1m",
    "heard | a_range | received_calls.60 >= 1 | 1m",
]
TOWN = ["+4930111222", "+4930111333", "+4940222333", "+43155566677"]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from(TOWN), st.sampled_from(TOWN), st.booleans()),
        min_size=5,
        max_size=60,
    )
)
def test_a_rule_holds_as_if_it_were_the_only_one(steps: list[tuple[int, str, str, bool]]) -> None:
    def hits(*rows: str) -> set[tuple[str, str, int]]:
        calls, at = Calls(book(*rows)), 0.0
        for gap, a, b, answered in steps:
            at += gap * gap / 20
            calls.call(a, b, at, ring=2, talk=10 if answered else 0)
        return {(hit.rule.id, hit.subject, hit.at_ms) for hit in calls.hits()}

    assert hits(*ROWS) == set().union(*[hits(row) for row in ROWS])
