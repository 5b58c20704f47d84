"""Events: one line each, searchable by field, and counted under the same name."""

import io
import json
from collections.abc import Iterator

import pytest

from ratingd import observe
from ratingd.observe import LogFormat


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    out = io.StringIO()
    observe.configure(LogFormat.TEXT, out)
    yield out
    observe.configure(LogFormat.TEXT)


def test_an_event_is_one_line_of_fields(stream: io.StringIO) -> None:
    observe.event("debit.refused", account="cgrates.org:1001", detail="no rate\nfor 49", dry=True, empty="")
    _, _, rest = stream.getvalue().partition(" ")
    assert rest == 'debit.refused account=cgrates.org:1001 detail="no rate\\nfor 49" dry=true empty=""\n'


def test_a_program_reads_json(stream: io.StringIO) -> None:
    observe.configure(LogFormat.JSON, stream)
    observe.event("lane.unavailable", requests=3, error=ValueError("gone"))
    line = json.loads(stream.getvalue())
    assert {key: line[key] for key in ("event", "requests", "error")} == {
        "event": "lane.unavailable",
        "requests": 3,
        "error": "gone",
    }


def test_events_are_counted_by_reason_also_where_nothing_is_written(stream: io.StringIO) -> None:
    observe.configure(LogFormat.NONE, stream)
    before = observe.counters().get("test.refused reason=A", 0)
    observe.event("test.refused", reason="A")
    observe.count("test.refused reason=A", 2)
    assert observe.counters()["test.refused reason=A"] == before + 3
    assert stream.getvalue() == ""


def test_a_fault_names_its_place(stream: io.StringIO) -> None:
    try:
        raise KeyError("x")
    except KeyError as error:
        observe.fault("lane.fault", error)
    assert "KeyError" in stream.getvalue()
    assert "test_observe.py" in stream.getvalue()


def test_a_closed_log_does_not_stop_the_daemon() -> None:
    closed = io.StringIO()
    closed.close()
    observe.configure(LogFormat.TEXT, closed)
    try:
        observe.event("test.event")
        observe.event("test.event")
    finally:
        observe.configure(LogFormat.TEXT)


def test_what_is_timed_is_counted_by_how_long_it_took() -> None:
    before, sum_before = observe.durations("test.timed")
    for seconds in (0.004, 0.005, 0.3, 60.0):
        observe.took("test.timed", seconds)
    counts, sum_s = observe.durations("test.timed")
    found = [after - former for after, former in zip(counts, before, strict=True)]
    assert [found[0], found[6], found[-1], sum(found)] == [2, 1, 1, 4]
    assert round(sum_s - sum_before, 6) == 60.309
