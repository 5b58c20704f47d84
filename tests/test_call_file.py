"""Files of labelled calls."""

from pathlib import Path

import pytest

from ratingd.ingest.event_map import event_map, parse_map
from ratingd.ingest.event_rows import FileRefused
from ratingd.models.traffic.call_file import CallsRefused, read_calls, write_calls, write_satark
from ratingd.models.traffic.presets import TRAIN
from ratingd.models.traffic.simulated_call import SimulatedCall
from ratingd.models.traffic.telephony import telephony_calls
from triggers.numbers.number_reading import NumberReader

GENERIC = event_map("generic")
HEADER = "call_id,a_number,b_number,start_ts,answer_ts,end_ts,disposition,label,kind"


def written(folder: Path, *lines: str, name: str = "calls.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def told(path: Path, map_name: str = "generic") -> list[str]:
    with pytest.raises(CallsRefused) as refused:
        read_calls(path, event_map(map_name), NumberReader())
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize("name", ["calls.csv", "calls.jsonl"])
def test_what_was_written_is_read_again_call_by_call(tmp_path: Path, name: str) -> None:
    calls = telephony_calls(TRAIN, seed=5, calls=2_000)
    write_calls(tmp_path / name, calls)
    again = read_calls(tmp_path / name, GENERIC, NumberReader())
    assert sorted(again, key=lambda call: call.call_id) == calls


def test_a_file_of_satark_is_read_by_its_map(tmp_path: Path) -> None:
    call = SimulatedCall(
        "x", "+919111111111", "+918222222222", 1_767_571_214_341, 0, 1_767_571_214_341, 1_767_571_229_846, "ANSWERED",
        "", "", "", "", "", "Mumbai", "Delhi", 1, "satark_fraud",
    )  # fmt: skip
    write_satark(tmp_path / "s.csv", [call], "+91")
    assert (tmp_path / "s.csv").read_text().splitlines()[1] == (
        "9111111111,8222222222,15.505,1767571214.341,Mumbai,Delhi,1"
    )
    (read,) = read_calls(tmp_path / "s.csv", event_map("satark"), NumberReader("IN"))
    assert (read.a, read.b, read.start_ms, read.duration_ms) == (call.a, call.b, call.start_ms, 15_505)
    assert (read.origin, read.target, read.label, read.kind) == ("Mumbai", "Delhi", 1, "fraud")


def test_a_map_of_ones_own_is_good_as_well(tmp_path: Path) -> None:
    columns = parse_map(
        "own.toml",
        b"""
        time_format = "%d.%m.%Y %H:%M:%S"
        [columns]
        a_number = "From"
        b_number = "To"
        start_ts = "Begin"
        duration = "Seconds"
        label = "Checked"
        """,
    )
    path = written(
        tmp_path, "From;To;Begin;Seconds;Checked", "030 111111;030/222222;02.03.2026 10:00:00;42;no",
        "anonymous;+4930222222;02.03.2026 09:00:00;0;Fraud",
    )  # fmt: skip
    first, second = read_calls(path, columns, NumberReader("DE"))
    assert (first.a, first.label, first.disposition, first.kind) == ("anonymous", 1, "NO_ANSWER", "fraud")
    assert (second.a, second.b, second.duration_ms, second.kind) == ("+4930111111", "+4930222222", 42_000, "ordinary")


def test_each_row_that_cannot_be_read_is_told_and_nothing_is_taken(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        HEADER,
        "c-1,+4930111111,+4930222222,1772409600,,1772409610,NO_ANSWER,0,",
        "c-2,+4930111111,+4930222222,soon,,1772409610,NO_ANSWER,0,",
        "c-3,+4930111111,+4930222222,1772409600,,1772409610,NO_ANSWER,maybe,",
        "c-4,+4930111111,+4930222222,1772409600,,1772409610,NO_ANSWER,,",
        "c-1,+4930111111,+4930222222,1772409600,,1772409610,NO_ANSWER,1,wangiri",
        "c-5,+4930111111,,1772409600,,1772409610,NO_ANSWER,1,wangiri",
        "c-6,+4930111111,+4930222222",
    )
    assert told(path) == [
        "3: start_ts: a time is wanted: seconds since 1970, or RFC 3339 as 2026-11-21T04:12:09.412Z, not 'soon'",
        "4: label: 'maybe' says neither; 1, true, yes, fraud or scam is fraud;"
        " 0, false, no, normal or legitimate is not",
        "5: label: is empty; 1 is fraud, 0 is not",
        "6: call_id: c-1 is the call of line 2 already",
        "7: b_number: is missing: it says who is called",
        "8: kind: has 3 cells, and the header names 9 columns",
    ]


def test_events_are_no_labelled_calls(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "event_type,call_id,a_number,b_number,timestamp,label",
        "INVITE,c,+4930111111,+4930222222,1772409600,0",
    )
    assert told(path) == ["2: event_type: labelled calls are CDRs, one row a call"]


def test_a_file_without_labels_or_without_calls_is_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="lacks the column label"):
        read_calls(written(tmp_path, "a_number,b_number,start_ts", "1,2,3"), GENERIC, NumberReader())
    with pytest.raises(FileRefused, match="has no calls, only a header"):
        read_calls(written(tmp_path, HEADER), GENERIC, NumberReader())


def test_a_kind_is_a_word(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER, f"c-1,+4930111111,+4930222222,1772409600,,1772409610,BUSY,0,{'x' * 41}")
    assert told(path) == ["2: kind: a word of at most 40 characters is wanted"]
