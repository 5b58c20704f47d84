"""What holds for every tariff and call: cuts as a walk through the minutes finds them, and slices that add up."""

import sys
from datetime import UTC as UTC_TZ
from datetime import datetime, timedelta
from itertools import pairwise
from types import FrameType
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from tariffs.cost import Cost, cost
from tariffs.cuts import Cutting
from tariffs.lookup import RatingInfo, Search, profile_of
from tariffs.rate import Rate
from tariffs.rating import rate, rating_infos
from tariffs.rating_plan import RatingInterval
from tariffs.span import VOICE, RatingQuery, Unrated
from tariffs.tariff import Tariff
from tariffs.zone import SECOND_NS
from tests.tariff_notation import plan_tariff, query
from tests.tariff_strategies import MIDNIGHTS, MINUTE_NS, queries, tariffs, zones

EPOCH = datetime(1970, 1, 1, tzinfo=UTC_TZ)


class Walk:
    """The clock of a zone, minute by minute from the midnight before a call: what it shows, and the latest so far."""

    def __init__(self, asked: RatingQuery) -> None:
        self.place = asked.zone
        self.latest: dict[int, tuple[datetime, timedelta]] = {}
        instant = self.place.day_of(asked.start_ns).start_ns
        before = None
        while instant <= asked.end_ns:
            shown = self.shown(instant)
            time = timedelta(hours=shown.hour, minutes=shown.minute)
            if before is not None and before[0].date() == shown.date():
                time = max(time, before[1])
            before = shown, time
            self.latest[instant] = before
            instant += MINUTE_NS

    def shown(self, instant: int) -> datetime:
        moment = EPOCH + timedelta(microseconds=instant // 1000)
        if self.place.name[0] in "+-":
            return moment + timedelta(microseconds=self.place.offset_ns(0) // 1000)
        return moment.astimezone(ZoneInfo(self.place.name))

    def in_force(self, info: RatingInfo, instant: int) -> RatingInterval | None:
        """By the definition, without a table of shifts: the heaviest, then the latest StartTime, then the first."""
        shown, time = self.latest[instant]
        active = [
            interval
            for interval in info.prices.intervals
            if interval.timing.holds_on(shown.year, shown.month, shown.day, shown.isoweekday() % 7)
            and interval.timing.start_ns <= time // timedelta(microseconds=1) * 1000
        ]
        return max(active, key=lambda each: (each.weight, each.timing.start_ns), default=None)


@st.composite
def calls_of_minutes(draw: st.DrawFn) -> RatingQuery:
    shift = draw(st.sampled_from([-180, -61, -1, 0, 1, 60, 118, 470, 1430]))
    start = draw(st.sampled_from(MIDNIGHTS)) * SECOND_NS + shift * MINUTE_NS
    usage = draw(st.integers(1, 1600)) * MINUTE_NS
    return RatingQuery("t", "call", "1001", "4912345", VOICE, start, start + usage, usage, draw(zones()))


@settings(max_examples=75, deadline=None)
@given(tariffs(), calls_of_minutes())
def test_cuts_are_where_a_walk_through_the_minutes_finds_them(built: Tariff, asked: RatingQuery) -> None:
    infos = rating_infos(built, asked, fallback_depth=3, prefix_matching=False)
    if isinstance(infos, Unrated):
        return
    cutting, walk = Cutting(infos, asked), Walk(asked)
    pieces = {piece.start_ns: piece for piece in cutting.pieces}
    current = None
    for instant in range(asked.start_ns, asked.end_ns, MINUTE_NS):
        info = [each for each in infos if each.from_ns <= instant][-1]
        interval = walk.in_force(info, instant)
        assert (interval is None) == (cutting.hole == instant)
        if interval is None:
            return
        facts = (info, asked.zone.day_of(instant).ordinal, interval)
        position = instant - asked.start_ns
        if current is not None and facts == current:
            step = any(slot.group_start == position for slot in interval.rating.rate.slots[1:])
            assert (instant in pieces) == step
        else:
            assert instant in pieces
        if instant in pieces:
            piece = pieces[instant]
            assert (piece.info, piece.interval) == (info, interval)
            assert piece.slot is ladder_step(interval.rating.rate, position)
        current = facts


def ladder_step(rate_asked: Rate, position: int) -> object:
    return max((slot for slot in rate_asked.slots if slot.group_start <= position), key=lambda slot: slot.group_start)


@settings(max_examples=75, deadline=None)
@given(tariffs(), queries())
def test_spans_follow_each_other_in_whole_increments_and_cover_the_usage(built: Tariff, asked: RatingQuery) -> None:
    spans = rate(built, asked, decimals=5)
    if isinstance(spans, Unrated) or not spans:
        return
    assert spans[0].start_ns == asked.start_ns
    assert spans[-1].end_ns >= asked.end_ns > spans[-1].end_ns - spans[-1].increment
    assert all(before.end_ns == after.start_ns for before, after in pairwise(spans))
    assert all(span.end_ns - span.start_ns == span.count * span.increment > 0 for span in spans)
    offset = asked.duration_index - asked.end_ns
    assert all(span.group_start == span.start_ns + offset for span in spans)


@settings(max_examples=75, deadline=None)
@given(tariffs(), queries())
def test_the_quick_lookup_finds_what_the_search_finds(built: Tariff, asked: RatingQuery) -> None:
    profile = profile_of(built, asked, prefix_matching=False)
    assert profile is not None
    searched = Search(built, asked, 3).infos(profile)
    found = rating_infos(built, asked, fallback_depth=3, prefix_matching=False)
    quick = () if isinstance(found, Unrated) else found
    assert [(info.from_ns, info.prices) for info in quick] == [(info.from_ns, info.prices) for info in searched]


@settings(max_examples=75, deadline=None)
@given(tariffs(exact=True), queries(), st.data())
def test_a_call_in_slices_that_end_on_increments_costs_what_it_costs_whole(
    built: Tariff, asked: RatingQuery, data: st.DataObject
) -> None:
    whole = cost(built, asked)
    if asked.tor != VOICE or isinstance(whole, Unrated) or not whole.spans or len(rating_parts(built, asked)) > 1:
        return
    ends = {asked.end_ns}
    for span in whole.spans:
        count = data.draw(st.integers(1, min(span.count, 10**6)))
        ends.add(span.start_ns + count * span.increment)
    total, start = 0, asked.start_ns
    for index, end in enumerate(sorted(end for end in ends if end <= asked.end_ns)):
        part = cost(built, slice_of(asked, start, end), loop_index=index)
        if isinstance(part, Unrated) or part.match is None or not same_destination(part, whole):
            return  # a destination is chosen by what is active at the start of each slice
        total, start = total + part.total, end
    assert total == whole.total


def rating_parts(built: Tariff, asked: RatingQuery) -> tuple[RatingInfo, ...]:
    found = rating_infos(built, asked, fallback_depth=3, prefix_matching=False)
    return () if isinstance(found, Unrated) else found


def slice_of(asked: RatingQuery, start: int, end: int) -> RatingQuery:
    before = asked.duration_index - asked.end_ns
    return RatingQuery(
        asked.tenant, asked.category, asked.subject, asked.destination, asked.tor, start, end, end + before, asked.zone
    )


def same_destination(part: Cost, whole: Cost) -> bool:
    assert part.match is not None
    assert whole.match is not None
    return (part.match.plan_id, part.match.destination_id) == (whole.match.plan_id, whole.match.destination_id)


def calls_made(usage: str, increment: str) -> int:
    """How many functions a cost calls."""
    built, asked = plan_tariff(f"0.1,0.6,60s,{increment},0s"), query("00:00:00", usage)
    cost(built, asked)
    made = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal made
        made += event == "call"

    sys.setprofile(count)
    try:
        cost(built, asked)
    finally:
        sys.setprofile(None)
    return made


def test_a_day_by_the_nanosecond_is_as_much_work_as_a_minute() -> None:
    assert calls_made("60s", "60s") == calls_made("24h", "1ns")
    assert calls_made("48h", "1ns") - calls_made("24h", "1ns") < 20  # a midnight, a piece, a span
