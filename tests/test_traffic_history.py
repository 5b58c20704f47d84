from random import Random

import pytest

from triggers.traffic.bucket import TrafficParts
from triggers.traffic.counted_call import BUSY, CountedCall
from triggers.traffic.history import DAY_MS, HOUR_MS, MINUTE_MS, TrafficHistory

NOON = 1_700_049_600_000


def history() -> TrafficHistory:
    return TrafficHistory(callers=True, called=True, talkers=True)


def call(start_ms: int, a: str = "+1", b: str = "+2", talk_ms: int = -1) -> CountedCall:
    made = CountedCall(start_ms, a, b, "DE", "LV", "t1", 0, None)
    if talk_ms >= 0:
        made.answer_ms, made.end_ms = start_ms + 2_000, start_ms + 2_000 + talk_ms
    return made


def placed(into: TrafficHistory, calls: list[CountedCall]) -> None:
    for each in calls:
        into.turn(each.start_ms)
        into.place(each, sequential=False, overlapped=False)


def joined(subject: TrafficHistory) -> TrafficParts:
    total = TrafficParts()
    for bucket in subject.buckets(0, 1 << 60):
        total.join_all(bucket)
    return total


def test_a_call_lies_in_one_bucket_of_a_minute_then_of_an_hour_then_of_a_day() -> None:
    subject, one = history(), call(NOON + 90_000)
    subject.turn(NOON + 500_000)
    subject.place(one, sequential=True, overlapped=True)
    for age_ms, start_ms in (
        (0, NOON + MINUTE_MS),
        (61 * MINUTE_MS, NOON + MINUTE_MS),
        (62 * MINUTE_MS, NOON),
        (25 * HOUR_MS, NOON - 12 * HOUR_MS),
    ):
        subject.turn(NOON + 90_000 + age_ms)
        (bucket,) = subject.buckets(0, 1 << 60)
        assert (bucket.start_ms, bucket.attempts, bucket.sequential, bucket.overlapped) == (start_ms, 1, 1, 1)
    subject.turn(NOON + 8 * DAY_MS)
    assert subject.buckets(0, 1 << 60) == []
    assert subject.attempts == 0


@pytest.mark.parametrize("gap_ms", [1_000, 50_000, 2_000_000])
def test_what_is_known_later_ends_where_the_call_lies(gap_ms: int) -> None:
    """Calls placed while they went on come to the same as calls placed when all was known."""
    random = Random(gap_ms)
    late, known = history(), history()
    calls = [call(NOON + n * gap_ms, f"+{n % 7}", f"+{n % 30}", random.randint(0, 200_000)) for n in range(150)]
    for n, each in enumerate(calls):
        if n % 9 == 0:
            each.answer_ms, each.outcome = 0, BUSY
    placed(known, calls)
    facts = [(each.answer_ms, each.end_ms) for each in calls]
    for each in calls:
        each.answer_ms = each.end_ms = 0
    placed(late, calls)
    for each, (answer_ms, end_ms) in zip(calls, facts, strict=True):
        for answered, ended in ((answer_ms, 0), (answer_ms, end_ms)):
            late.take_out(each)
            each.answer_ms, each.end_ms = answered, ended
            late.put_in(each)
    one, other = joined(late), joined(known)
    for name in ("attempts", "asr", "ner", "aloc", "duration_cv", "short_call_ratio", "mean_ring_s", "minutes"):
        assert one.value(name) == pytest.approx(other.value(name)), name
    assert one.callers is not None
    assert one.callers.count() == 7
    assert one.delays is not None
    assert other.delays is not None
    assert one.delays.percentile(0.9) == other.delays.percentile(0.9)
    assert one.talkers is not None
    assert other.talkers is not None
    assert one.talkers.longest_ms() == other.talkers.longest_ms()


def test_a_call_of_last_week_has_no_place() -> None:
    subject = history()
    placed(subject, [call(NOON), call(NOON - 9 * DAY_MS)])
    subject.turn(NOON)
    subject.place(call(NOON - 9 * DAY_MS), sequential=False, overlapped=False)
    assert subject.attempts == 1
