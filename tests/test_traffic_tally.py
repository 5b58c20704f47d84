import pytest

from triggers.traffic.counted_call import BUSY, CANCELLED, FAILED, LOST, NIGHT, NO_ANSWER, PREMIUM, CountedCall
from triggers.traffic.tally import Tally

EVER = 1 << 60


def call(talk_s: float = -1, outcome: int = 0, marks: int = 0, ring_ms: int = 500) -> CountedCall:
    made = CountedCall(1_000, "+1", "+2", "", "", "", marks, None)
    made.ring_ms, made.outcome = 1_000 + ring_ms, outcome
    if talk_s >= 0:
        made.answer_ms, made.end_ms = 4_000, 4_000 + int(talk_s * 1_000)
    elif outcome:
        made.end_ms = 6_000
    return made


def tallied(calls: list[CountedCall]) -> Tally:
    tally = Tally()
    for each in calls:
        tally.attempt(each)
        tally.fate(each, EVER, 1)
    return tally


def ten() -> list[CountedCall]:
    """Six answered, four of them over; one busy, one given up, one failed, one not answered."""
    going = [call(), call()]
    for each in going:
        each.answer_ms = 4_000
    return [
        *[call(s) for s in (30, 5, 2, 143)],
        *going,
        *[call(outcome=o) for o in (BUSY, CANCELLED, FAILED, NO_ANSWER)],
    ]


def test_ten_attempts() -> None:
    tally = tallied(ten())
    expected = {
        "attempts": 10,
        "answered_calls": 6,
        "asr": 60,
        "ner": 90,
        "aloc": 45,
        "avg_call_duration": 18,
        "minutes": 3,
        "short_call_ratio": 0.5,
        "very_short": 0.25,
        "long_call_ratio": 0.25,
        "cancel_ratio": 0.1,
        "mean_ring_s": (6 * 2.5 + 2 * 4.5) / 8,
        "fas_index": 0,
    }
    assert {name: tally.value(name) for name in expected} == pytest.approx(expected)
    assert tally.going == 2


def test_what_is_put_in_and_taken_out_leaves_nothing() -> None:
    tally, empty = tallied(ten()), Tally()
    for each in ten():
        tally.fate(each, EVER, -1)
    for name in ("asr", "ner", "aloc", "minutes", "mean_ring_s", "short_call_ratio", "cancel_ratio", "duration_cv"):
        assert tally.value(name) == empty.value(name) == 0


def test_sums_of_two_parts_are_those_of_the_whole() -> None:
    calls = [*ten(), call(7, marks=NIGHT | PREMIUM)]
    whole, joined = tallied(calls), tallied(calls[:4])
    joined.join(tallied(calls[4:]))
    sums = [name for name in dir(whole) if isinstance(getattr(whole, name), int)]
    assert len(sums) == 34
    assert [name for name in sums if getattr(joined, name) != getattr(whole, name)] == []


@pytest.mark.parametrize(
    ("answer_ms", "ring_ms", "talk_s", "others_rang", "expected"),
    [
        (999, 500, 300, False, 1),  # at once, however long it lasted
        (1_000, 500, 5, False, 0),
        (3_000, 0, 10, True, 1),  # unrung and soon over
        (3_000, 0, 10.001, True, 0),
        (3_000, 0, 10, False, 0),  # of ringing nobody tells here
    ],
)
def test_false_answers(answer_ms: int, ring_ms: int, talk_s: float, others_rang: bool, expected: float) -> None:
    made = CountedCall(1_000, "+1", "+2", "", "", "", 0, None)
    made.ring_ms = 1_000 + ring_ms if ring_ms else 0
    made.answer_ms = 1_000 + answer_ms
    made.end_ms = made.answer_ms + int(talk_s * 1_000)
    others = [call(outcome=NO_ANSWER)] if others_rang else []
    assert tallied([made, *others]).value("fas_index") == expected


def test_lengths_that_are_all_alike_do_not_vary() -> None:
    assert tallied([call(600), call(600), call(600)]).value("duration_cv") == 0
    assert tallied([call(10), call(30)]).value("duration_cv") == pytest.approx(0.5)


def test_a_lost_call_is_not_going_on() -> None:
    lost = call(outcome=LOST)
    lost.answer_ms, lost.end_ms = 4_000, 0
    assert (tallied([lost]).going, tallied([lost]).answered) == (0, 1)


def test_names_that_sums_do_not_give() -> None:
    assert Tally().value("distinct_a") == Tally().value("no such name") == -1
