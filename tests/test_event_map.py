"""Maps of columns: the two that are built in, those of files, and each thing that may be wrong with one."""

from pathlib import Path

import pytest

from ratingd.errors import InvalidRequest
from ratingd.ingest.event_fields import call_event
from ratingd.ingest.event_map import GENERIC, SATARK, EventMap, MapRefused, event_map, parse_map
from ratingd.v1.fraud_pb2 import CallEvent

SWITCH = """
kind = "CDR"
delimiter = ";"
time_format = "%d.%m.%Y %H:%M:%S"
time_zone = "Europe/Berlin"
[columns]
call_id = "CallID"
a_number = "Calling"
b_number = "Called"
start_ts = "Begin"
duration = "Seconds"
disposition = "Cause"
[constants]
trunk = "carrier-7"
[values.disposition]
NORMAL = "ANSWERED"
"""
ROW = {
    "CallID": "c-17", "Calling": "030 111", "Called": "+49301234567", "Begin": "21.11.2026 10:00:00", "Seconds": "42",
    "Cause": "NORMAL", "Cost": "0.07",
}  # fmt: skip
NEEDED = '[columns]\na_number = "A"\nb_number = "B"\nstart_ts = "T"\n'


def switch() -> EventMap:
    return parse_map("switch.toml", SWITCH.encode())


def test_a_map_says_what_the_columns_of_a_switch_mean() -> None:
    event = call_event(switch().fields(ROW))
    assert (event.kind, event.call_id, event.trunk) == (CallEvent.CDR, "c-17", "carrier-7")
    assert (event.a_number, event.b_number) == ("030 111", "+49301234567")
    assert (event.start_ms, event.duration_ms) == (1_795_251_600_000, 42_000)  # 09:00:00Z
    assert event.disposition == "ANSWERED"


@pytest.mark.parametrize(
    ("written", "begin_ms"),
    [
        ("2026-11-21T10:00:00", 1_795_251_600_000),  # no zone: the map's
        ("2026-11-21T10:00:00Z", 1_795_255_200_000),
        ("1795255200.5", 1_795_255_200_500),
    ],
)
def test_times_without_a_zone_are_of_the_zone_of_the_map(written: str, begin_ms: int) -> None:
    columns = parse_map("m.toml", f'time_zone = "Europe/Berlin"\n{NEEDED}'.encode())
    assert call_event(columns.fields({"A": "1", "B": "2", "T": written})).start_ms == begin_ms


def test_a_format_without_a_zone_is_utc() -> None:
    columns = parse_map("m.toml", f'time_format = "%Y%m%d%H%M%S"\n{NEEDED}'.encode())
    assert call_event(columns.fields({"A": "1", "B": "2", "T": "20261121100000"})).start_ms == 1_795_255_200_000


def test_a_time_that_is_not_written_as_the_map_says_is_named_with_its_column() -> None:
    with pytest.raises(InvalidRequest, match="is not written as time_format") as refused:
        switch().fields(ROW | {"Begin": "2026-11-21"})
    assert switch().column_of(refused.value.field) == "Begin"


def test_the_generic_map_takes_events_and_records() -> None:
    numbers = {"a_number": "+4930111", "b_number": "+4930222"}
    assert GENERIC.fields(numbers | {"event_type": "SETUP", "timestamp": "1795255200"})["event_type"] == "SETUP"
    record = call_event(GENERIC.fields(numbers | {"start_ts": "1795255200", "answer_ts": "", "end_ts": "1795255205"}))
    assert (record.kind, record.answer_ms, record.end_ms) == (CallEvent.CDR, 0, 1_795_255_205_000)


def test_the_satark_map_keeps_the_label_where_no_detector_sees_it() -> None:
    row = {
        "caller_id": "", "receiver_id": "+4930222", "call_duration": "12.5", "timestamp": "1795255200",
        "origin_region": "Berlin", "target_region": "Hamburg", "true_label": "fraud",
    }  # fmt: skip
    event = call_event(SATARK.fields(row))
    assert (event.a_number, event.start_ms, event.duration_ms, event.label) == ("", 1_795_255_200_000, 12_500, "fraud")


@pytest.mark.parametrize(("named", "lacking"), [("satark", ["caller_id", "timestamp"]), ("generic", ["a_number"])])
def test_columns_that_are_needed_are_missed(named: str, lacking: list[str]) -> None:
    missing = event_map(named).missing(["b_number", "receiver_id", "start_ts"])
    assert missing == lacking


def test_a_row_without_a_time_says_nothing() -> None:
    numbers = {"a_number": "1", "b_number": "2"}
    with pytest.raises(InvalidRequest, match="start_ts: is missing, and so are all other times"):
        GENERIC.fields(numbers)
    with pytest.raises(InvalidRequest, match="timestamp: is missing: a file has no other time"):
        GENERIC.fields(numbers | {"event_type": "INVITE", "start_ts": "1795255200"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind = ", "is no TOML"),
        (f'colums = 1\n{NEEDED}', "colums: is unknown; did you mean columns?"),
        ('[columns]\na_number = "A"\nstart_ts = "T"', "b_number is missing: it says who is called"),
        ('[columns]\na_number = "A"\nb_number = "B"', "no time is named; one of timestamp, start_ts"),
        (f'{NEEDED}bnumber = "B"', "columns.bnumber: no field is called so; did you mean b_number?"),
        (f"{NEEDED}trunk = 7", "columns.trunk: a text is wanted, not 7"),
        (f'kind = "CRD"\n{NEEDED}', "kind: 'CRD' is none of INVITE, "),
        (f'kind = "CDR"\n{NEEDED}event_type = "E"', "kind: and columns.event_type exclude each other"),
        (f'delimiter = "."\n{NEEDED}', "delimiter: '.' is none of"),
        (f'time_zone = "Mars/Base"\n{NEEDED}', "time_zone: 'Mars/Base' is no zone; one is 'Europe/Berlin'"),
        (f'time_format = "%Q"\n{NEEDED}', "time_format: '%Q' cannot be used"),
        (f'{NEEDED}[values.disposition]\nOK = "FINE"', "values.disposition.OK: 'FINE' is none of ANSWERED, "),
        (f'{NEEDED}[values.event_type]\n1 = "START"', "values.event_type.1: 'START' is none of INVITE, "),
        (f'{NEEDED}[values.cause]\nOK = "x"', "values.cause: no field is called so"),
        (f'values = 3\n{NEEDED}', "values: tables are wanted"),
        ('columns = 3', "columns: a table of texts is wanted"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_map_is_said(text: str, said: str) -> None:
    with pytest.raises(MapRefused) as refused:
        parse_map("own.toml", text.encode())
    assert said in str(refused.value)
    assert str(refused.value).startswith("own.toml: ")


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(MapRefused) as refused:
        parse_map("own.toml", b'kind = "X"\ndelimiter = "."\n')
    assert len(refused.value.problems) == 5


def test_a_map_is_a_name_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(SWITCH)
    assert event_map(str(tmp_path / "own.toml")).delimiter == ";"
    with pytest.raises(MapRefused, match=r"generik: cannot be read .*; write generic, satark, or the path"):
        event_map("generik")
