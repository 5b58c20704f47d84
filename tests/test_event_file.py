"""Files of calls: rows become events, in either form, and a file read again is the same events."""

from pathlib import Path

import pytest

from ratingd.api.event_message import EventReader
from ratingd.ingest.event_file import EventFile, FileEvent, begun_ms
from ratingd.ingest.event_map import GENERIC, SATARK
from ratingd.ingest.event_rows import RowFault
from ratingd.v1.fraud_pb2 import CallEvent
from triggers.calls.event_memory import event_key
from triggers.numbers.number_reading import NumberReader

HEADER = "event_type,timestamp,call_id,a_number,b_number\n"
ROWS = "INVITE,1795255200,c-1,+4930111,+4930222\nINVITE,soon,c-2,+4930111,+4930222\nBYE,1795255230,c-1,,\n"
NUMBERS = '"a_number": "+4930111", "b_number": "+4930222"'
LINES = (
    f'{{"event_type": "INVITE", "timestamp": 1795255200, "call_id": "c-1", {NUMBERS}}}\n'
    f'{{"event_type": "INVITE", "timestamp": "soon", "call_id": "c-2", {NUMBERS}}}\n'
    '{"event_type": "BYE", "timestamp": 1795255230, "call_id": "c-1"}\n'
)


def read(path: Path, after_line: int = 0) -> list[FileEvent | RowFault]:
    return list(EventFile(path, GENERIC, after_line=after_line))


@pytest.mark.parametrize(("name", "text", "first"), [("c.csv", HEADER + ROWS, 2), ("c.JSONL", LINES, 1)])
def test_rows_are_events_or_faults_in_their_order(tmp_path: Path, name: str, text: str, first: int) -> None:
    (tmp_path / name).write_text(text)
    invite, wrong, bye = read(tmp_path / name)
    assert isinstance(invite, FileEvent)
    assert (invite.line, invite.message.kind, invite.message.time_ms) == (first, CallEvent.INVITE, 1_795_255_200_000)
    assert isinstance(wrong, RowFault)
    assert (wrong.line, wrong.column, "'soon'" in wrong.reason) == (first + 1, "timestamp", True)
    assert isinstance(bye, FileEvent)
    assert (bye.line, bye.message.kind, bye.message.call_id) == (first + 2, CallEvent.BYE, "c-1")


def test_rows_that_were_read_before_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(HEADER + ROWS)
    assert [found.line for found in read(tmp_path / "c.csv", after_line=2)] == [3, 4]


def test_faults_name_the_column_as_the_file_calls_it(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        "caller_id,receiver_id,call_duration,timestamp,origin_region,target_region,true_label\n1,2,long,1795255200,,,\n"
    )
    (fault,) = EventFile(path, SATARK)
    assert isinstance(fault, RowFault)
    assert (fault.column, fault.text) == ("call_duration", "1,2,long,1795255200,,,")


def test_how_far_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(HEADER + ROWS)
    file = EventFile(tmp_path / "c.csv", GENERIC)
    assert file.offset == 0
    for _ in file:
        assert len(HEADER) < file.offset <= file.size
    assert file.offset == file.size == len(HEADER + ROWS)


def test_calls_without_a_name_have_the_same_one_each_time(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text(
        "a_number,b_number,start_ts,duration\n+4930111,+4930222,1795255200,5\n+4930111,+4930333,1795255200,5\n"
    )
    reader = EventReader(NumberReader(), default_tenant="t", max_future_skew_ms=-1)
    keys = [
        [
            event_key(reader.read(each.message.SerializeToString(), 1))
            for each in read(path)
            if isinstance(each, FileEvent)
        ]
        for _ in range(2)
    ]
    assert keys[0] == keys[1]
    assert len(set(keys[0])) == 2


@pytest.mark.parametrize(
    ("times", "ms"),
    [({"start_ms": 5, "answer_ms": 6, "end_ms": 7}, 5), ({"end_ms": 7}, 7), ({"time_ms": 8, "end_ms": 7}, 8)],
)
def test_when_a_record_began(times: dict[str, int], ms: int) -> None:
    assert begun_ms(CallEvent(kind=CallEvent.CDR, **times)) == ms  # type: ignore[arg-type]
