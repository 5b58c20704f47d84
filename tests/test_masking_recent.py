"""The latest calls of different callers: they say how many callers a window has, whatever came before them."""

from hypothesis import given
from hypothesis import strategies as st

from triggers.masking.incident import Attempt
from triggers.masking.recent import latest_of, link, part

CALLERS = ["+4915112", "+4915212", "+4915113", "+4915213", "2", ""]
CALLS = st.lists(st.tuples(st.integers(0, 3), st.sampled_from(CALLERS)), min_size=1, max_size=60)


def linked(latest: Attempt | None) -> list[str]:
    return [] if latest is None else [latest.call_id, *linked(latest.earlier)]


@given(CALLS, st.integers(0, 12))
def test_they_are_the_last_call_of_each_caller_in_the_window(steps: list[tuple[int, str]], span: int) -> None:
    calls, latest, now = list[Attempt](), None, 0
    for number, (gap, caller) in enumerate(steps):
        now += gap
        call = Attempt(now, caller, f"c{number}")
        calls.append(call)
        distinct = link(call, latest, now - span)
        latest = call
        last = {each.caller: each.call_id for each in calls if each.at_ms >= now - span}
        assert distinct == len(last)
        assert sorted(linked(latest)) == sorted(last.values())
    found = linked(latest)
    part(latest)
    assert all(call.earlier is None for call in calls)
    assert linked(latest_of(calls, len(found))) == found
