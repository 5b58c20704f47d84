"""`ratingd cdr import`, and a watched folder, against a daemon: every row stored or named, and nothing twice."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from ratingd.cli import cdr_sending, main
from tests.e2e.serving import Serving, serving
from tests.e2e.shell import Shell
from tests.waiting import until

B = "+4930654321"
HEADER = "event_type,timestamp,call_id,a_number,b_number,trunk,switch_id\n"


@pytest.fixture
def quiet(sqlite_url: str) -> Iterator[Serving]:
    with serving(sqlite_url, log_format="none") as served:
        yield served


@pytest.fixture
def shell(quiet: Serving) -> Shell:
    return Shell(quiet)


def written(path: Path, calls: int, *, first_s: int, wrong: str = "") -> str:
    """Calls to one number, one a second and each by somebody else; from the sixth on five within five seconds."""
    rows = [f"INVITE,{first_s + n},c{n},+493012{n:05},{B},t-7,sbc-1\n" for n in range(calls)]
    path.write_text(HEADER + "".join(rows) + wrong)
    return str(path)


def events(served: Serving) -> int:
    return sum([chunk.row.count for chunk in served.daemon.store.fraud.events()])


def test_a_file_is_stored_and_a_repeat_counts_nothing(quiet: Serving, shell: Shell, tmp_path: Path) -> None:
    file = written(tmp_path / "c.csv", 700, first_s=1_795_255_200)
    told = shell.json("cdr", "import", file)
    assert (told["sent"], told["stored"], told["duplicates"], told["rejected"]) == (700, 700, 0, 0)
    assert (told["disconnect"], told["reasons"]) == (696, {"masking": 696})
    assert events(quiet) == 700
    (incident,) = shell.json("fraud", "incidents")
    assert incident["call_count"] == 700
    again = shell.json("cdr", "import", file)
    assert (again["stored"], again["duplicates"], again["disconnect"]) == (700, 700, 0)
    assert events(quiet) == 700
    assert "known before  700" in shell.table("cdr", "import", file)


def test_records_of_calls_are_stored_by_a_map(quiet: Serving, shell: Shell, tmp_path: Path) -> None:
    map_file = tmp_path / "switch.toml"
    map_file.write_text(
        'time_format = "%d.%m.%Y %H:%M:%S"\ntime_zone = "Europe/Berlin"\n'
        '[columns]\na_number = "A"\nb_number = "B"\nstart_ts = "Begin"\nduration = "Sec"\n'
    )
    file = tmp_path / "c.csv"
    file.write_text(f"A;B;Begin;Sec\n+4930111;{B};21.11.2025 10:00:00;42\n+4930222;{B};21.11.2025 10:00:00;0\n")
    assert shell.json("cdr", "import", str(file), "--map", str(map_file))["stored"] == 2
    first, second = sorted(quiet.daemon.store.fraud.records(b=B), key=lambda stored: stored.record.a)
    assert (first.record.start_ms, first.record.duration_ms) == (1_763_715_600_000, 42_000)
    assert (first.record.disposition, second.record.disposition) == ("ANSWERED", "NO_ANSWER")


def test_bad_rows_are_named_wherever_they_are_found(shell: Shell, tmp_path: Path) -> None:
    wrong = "INVITE,soon,x,1,2,,\nINVITE,1795255200,y,+4930111,anonymous,,\nINVITE\n"
    file = written(tmp_path / "c.csv", 3, first_s=1_795_255_200, wrong=wrong)
    rejects = tmp_path / "rejects.jsonl"
    result = shell.run("cdr", "import", file, "--rejects", str(rejects), exits=1)
    assert "stored        3" in result.stdout
    assert f"{file}:6: b_number: is 'anonymous'" in result.stderr
    named = sorted([json.loads(line) for line in rejects.read_text().splitlines()], key=lambda each: int(each["line"]))
    assert [(each["line"], each["column"]) for each in named] == [(5, "timestamp"), (6, "b_number"), (7, "switch_id")]
    assert named[1]["row"] == "INVITE,1795255200,y,+4930111,anonymous,,"


def test_a_file_of_which_nothing_can_be_read_is_refused(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("a,b\n1,2\n")
    assert "lacks the column a_number" in shell.run("cdr", "import", str(tmp_path / "c.csv"), exits=1).stderr
    (tmp_path / "e.jsonl").write_text("")
    assert shell.json("cdr", "import", str(tmp_path / "e.jsonl"))["sent"] == 0


def test_nobody_there(tmp_path: Path) -> None:
    file = written(tmp_path / "c.csv", 3, first_s=1_795_255_200)
    result = CliRunner().invoke(main, ["cdr", "import", file, "--address", "127.0.0.1:1"])
    assert result.exit_code == 1
    assert "UNREACHABLE: no daemon answers at 127.0.0.1:1" in result.stderr


def test_a_daemon_that_has_no_room_is_asked_again(
    quiet: Serving, shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is none while a batch of the stream is looked at and not stored."""
    monkeypatch.setattr(cdr_sending, "BATCH", 10)
    quiet.daemon.fraud.writer._events_max = 15
    pauses = list[float]()

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        time.sleep(seconds / 10)

    monkeypatch.setattr(cdr_sending, "time", SimpleNamespace(sleep=pause))
    told = shell.json("cdr", "import", written(tmp_path / "c.csv", 200, first_s=1_795_255_200))
    assert (told["sent"], told["stored"], told["rejected"]) == (200, 200, 0)
    assert set(pauses) == {0.1}
    assert events(quiet) == 200


def test_a_watched_folder_of_a_daemon(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    written(folder / "night.csv", 8, first_s=1_795_255_200, wrong="INVITE,soon,x,1,2,,\n")
    with serving(sqlite_url, log_format="none", watch_folder=str(folder)) as served:
        until(lambda: (folder / "failed" / "night.csv").exists())
        assert "night.csv:10: timestamp: " in (folder / "failed" / "night.csv.errors").read_text()
        assert events(served) == 8
        (incident,) = Shell(served).json("fraud", "incidents")
        assert incident["call_count"] == 8
