from random import Random

import pytest

from tests.table import table
from triggers.traffic.counted_call import CountedCall
from triggers.traffic.recent_calls import first_after, insert, near, overlaps


def call(a: str, start_ms: int, end_ms: int, answer_ms: int = 0) -> CountedCall:
    made = CountedCall(start_ms, a, "+4989222", "", "", "", 0, None)
    made.end_ms, made.answer_ms = end_ms, answer_ms
    return made


@table("""
    calls                         | beside
    a:0-60 b:30-45 c:120-150      | b a
    a:0-60 a:30-45                | nobody
    a:0-60 b:60-90                | nobody      # one ends as the other begins
    a:0-60 b:5-5                  | nobody      # no call at all
    a:0-60 b:0-10                 | a b
    a:0-100 a:10-20 b:15-30       | a a b
    a:0-100 b:10-20 a:50-60       | a b         # the second call of a has nobody beside it
    a:0-200 c:10-20 b:150-160     | a b c
""")
def test_who_speaks_beside_another(calls: str, beside: str) -> None:
    made = []
    for each in calls.split():
        a, _, span = each.partition(":")
        start, _, end = span.partition("-")
        made.append(call(a, int(start), int(end)))
    found = [each.a for each, is_beside in zip(made, overlaps(made, 1_000), strict=True) if is_beside]
    assert sorted(found) == sorted([] if beside == "nobody" else beside.split())


def test_a_call_that_goes_on_is_beside_who_calls_now() -> None:
    calls = [call("a", 10, 0, answer_ms=20), call("b", 500_000, 0)]
    assert overlaps(calls, 500_000) == [True, True]
    calls = [call("a", 10, 0), call("b", 180_010, 0)]
    assert overlaps(calls, 500_000) == [False, False]  # nobody rings for longer than three minutes


@pytest.mark.parametrize("seed", range(40))
def test_overlaps_are_those_of_all_pairs(seed: int) -> None:
    random = Random(seed)
    starts = sorted(random.randint(1, 60) for _ in range(random.randint(0, 14)))
    calls = [call(random.choice("abc"), s, s + random.choice((0, 1, 5, 20)), random.choice((0, s))) for s in starts]
    at = random.randint(60, 80)
    spans = [(each.a, each.start_ms, each.until_ms(at)) for each in calls]
    expected = [
        end > start and any(a != x and e > s and start < e and s < end for x, s, e in spans) for a, start, end in spans
    ]
    assert overlaps(calls, at) == expected


def test_a_late_call_takes_its_place() -> None:
    calls: list[CountedCall] = []
    for start in (5, 1, 9, 5):
        insert(calls, call(str(len(calls)), start, 0))
    assert [(each.start_ms, each.a) for each in calls] == [(1, "1"), (5, "0"), (5, "3"), (9, "2")]
    assert [first_after(calls, at) for at in (0, 1, 5, 9)] == [0, 1, 3, 4]


@table("""
    one         | other       | near
    +4989222198 | +4989222203 | yes
    +4989222198 | +4989222208 | yes
    +4989222198 | +4989222209 | no
    +4989222198 | +4989222198 | no
    +4989222198 | +498922219  | no
    +4989222199 | +4989322199 | no
    +4989222100 | +4989222xyz | no
    7           | 8           | no
    +10         | +9          | no
    10          | 19          | yes
    +4989222095 | +4989222105 | yes
    +4989221999 | +4989222009 | yes
    +4989222089 | +4989222100 | no
""")
def test_numbers_within_ten_of_each_other(one: str, other: str, near: str) -> None:
    assert recent_near(one, other) == recent_near(other, one) == (near == "yes")


recent_near = near
