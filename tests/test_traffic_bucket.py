from triggers.traffic.bucket import TrafficBucket, TrafficParts
from triggers.traffic.counted_call import CountedCall, Phone


def test_parts_are_made_when_there_is_something_in_them() -> None:
    bucket = TrafficBucket(60_000)
    bucket.meet(CountedCall(60_001, "+1", "+2", "", "", "", 0, None), callers=True, called=False)
    assert bucket.callers is not None
    others = (bucket.called, bucket.origins, bucket.targets, bucket.trunks, bucket.devices, bucket.delays)
    assert others == (None,) * 6


def test_joined_parts_count_nobody_twice() -> None:
    total = TrafficParts()
    for minute in range(3):
        bucket = TrafficBucket(minute * 60_000)
        for n in range(4):
            call = CountedCall(minute * 60_000 + n, f"+{n}", "+9", "DE", "LV", "t1", 0, Phone("box", f"s{n}", "cell"))
            call.ring_ms = call.start_ms + 700
            call.answer_ms, call.end_ms = call.start_ms + 1_000, call.start_ms + 11_000
            bucket.meet(call, callers=True, called=True)
            bucket.delayed(call, 1 << 60, 1)
            bucket.talked(call, 1 << 60, 1)
        total.join_all(bucket)
    counted = (total.callers, total.called, total.origins, total.targets, total.trunks, total.sims, total.cells)
    assert [0 if each is None else each.count() for each in counted] == [4, 1, 1, 1, 1, 4, 1]
    assert total.devices is not None
    assert total.devices.kept() == ["box"]
    assert total.talkers is not None
    assert total.talkers.longest_ms() == 120_000
