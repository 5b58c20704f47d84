"""`ratingd model generate` and `ratingd model import`."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ratingd.cli import main
from ratingd.cli.model_traffic import CALLS_LEAST, PRESETS
from ratingd.ingest.event_map import event_map
from ratingd.models.traffic import presets, telephony
from ratingd.models.traffic.call_file import read_calls
from triggers.numbers.number_reading import NumberReader


def run(*arguments: object) -> Result:
    result = CliRunner().invoke(main, ["model", *map(str, arguments)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_generated_calls_are_the_same_bytes_for_the_same_seed(tmp_path: Path) -> None:
    one, other, third = tmp_path / "one.csv", tmp_path / "other.csv", tmp_path / "third.csv"
    told = json.loads(
        run("generate", "telephony", "--calls", 2_000, "--seed", 7, "--out", one, "--output", "json").stdout
    )
    run("generate", "telephony", "--calls", 2_000, "--seed", 7, "--out", other)
    run("generate", "telephony", "--calls", 2_000, "--seed", 8, "--out", third)
    assert one.read_bytes() == other.read_bytes() != third.read_bytes()
    assert told["calls"] == sum(told["kinds"].values()) == len(one.read_text().splitlines()) - 1
    assert 0 < told["fraud"] < told["calls"]


@pytest.mark.parametrize("preset", PRESETS)
def test_each_town_is_written_so_that_it_is_read_again(tmp_path: Path, preset: str) -> None:
    out = tmp_path / "calls.csv"
    run("generate", "telephony", "--preset", preset, "--calls", 1_000, "--out", out)
    calls = read_calls(out, event_map("generic"), NumberReader())
    assert calls[0].call_id.startswith(preset)


def test_what_the_command_offers_is_what_there_is() -> None:
    assert tuple(presets.PRESETS) == PRESETS
    assert telephony.CALLS_LEAST == CALLS_LEAST


def test_the_rows_of_the_board_are_written_to_the_last_digit(tmp_path: Path) -> None:
    result = run("generate", "scam5000", "--out", tmp_path / "rows.csv", "-o", "json")
    assert json.loads(result.stdout) | {"file": ""} == {
        "name": "scam5000", "seed": 42, "rows": 5000, "fraud": 1703, "file": "",
    }  # fmt: skip
    header, first = (tmp_path / "rows.csv").read_text().splitlines()[:2]
    assert header == "call_duration,num_digits,hour_of_day,freq_calls,label"
    assert first == "28.156085398611545,10,22,2,0"


def test_a_person_is_told_how_much_of_it_is_fraud(tmp_path: Path) -> None:
    said = run("generate", "telephony", "--calls", 1_000, "--out", tmp_path / "calls.jsonl").stdout
    assert "call_centre" in said
    assert f"file   {tmp_path / 'calls.jsonl'}" in said


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["satark", "--calls", "2000"], "--calls and --preset are for telephony: satark is of one size and kind"),
        (["telephony", "--calls", "10"], "10 is not in the range x>=1000"),
        (["other"], "'other' is not one of 'satark', 'scam5000', 'telephony'"),
    ],
)
def test_misuse_is_told(tmp_path: Path, arguments: list[str], told: str) -> None:
    result = run("generate", *arguments, "--out", tmp_path / "x.csv")
    assert result.exit_code == 2
    assert told in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    result = run("generate", "telephony", "--calls", 1_000, "--out", tmp_path / "no" / "x.csv")
    assert (result.exit_code, "x.csv cannot be written: No such file or directory" in result.stderr) == (1, True)


ROWS = """caller_id,receiver_id,call_duration,timestamp,origin_region,target_region,true_label
9111111111,8222222222,15.5,1767571214,Mumbai,Delhi,1
9111111112,8222222222,0,1767571210,Delhi,Delhi,0
"""


def test_an_operators_calls_become_labelled_calls(tmp_path: Path) -> None:
    given, out = tmp_path / "cdrs.csv", tmp_path / "labelled.csv"
    given.write_text(ROWS)
    result = run("import", given, "--map", "satark", "--region", "IN", "--out", out, "-o", "json")
    assert json.loads(result.stdout)["kinds"] == {"ordinary": 1, "fraud": 1}
    first, second = read_calls(out, event_map("generic"), NumberReader())
    assert (first.a, first.disposition, first.label) == ("+919111111112", "NO_ANSWER", 0)
    assert (second.a, second.duration_ms, second.label) == ("+919111111111", 15_500, 1)


def test_one_bad_row_and_nothing_is_taken(tmp_path: Path) -> None:
    given, out, rejects = tmp_path / "cdrs.csv", tmp_path / "labelled.csv", tmp_path / "rejects.csv"
    given.write_text(ROWS + "9111111113,8222222222,1,1767571210,Delhi,Delhi,perhaps\n")
    result = run("import", given, "--map", "satark", "--out", out, "--rejects", rejects)
    assert result.exit_code == 1
    assert f"{given}:4: true_label: 'perhaps' says neither; 1, true" in result.stderr
    assert "1 row cannot be read; nothing is taken" in result.stderr
    assert not out.exists()
    assert rejects.read_text().splitlines()[1].startswith("4,true_label,")


def test_a_map_that_does_not_fit_and_a_country_that_is_none_are_told(tmp_path: Path) -> None:
    given = tmp_path / "cdrs.csv"
    given.write_text(ROWS)
    wrong = run("import", given, "--out", tmp_path / "out.csv")
    assert (wrong.exit_code, "lacks the column a_number" in wrong.stderr) == (1, True)
    nowhere = run("import", given, "--map", "satark", "--region", "XX", "--out", tmp_path / "out.csv")
    assert (nowhere.exit_code, "--region: no country is called 'XX'" in nowhere.stderr) == (2, True)


def test_the_command_line_waits_for_no_numbers_to_be_crunched() -> None:
    code = "import sys, ratingd.cli.model_traffic; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
