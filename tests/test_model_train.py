"""`ratingd model train` and `evaluate`: a folder comes of calls, and refusals say what is wrong."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ratingd.cli.main import main
from ratingd.models.model_folder import ModelFolder
from ratingd.models.traffic.scam5000 import scam5000, write_rows


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "scam.csv"
    write_rows(path, scam5000(rows=400))
    return path


@pytest.fixture(scope="module")
def model(rows: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("models") / "knn-1"
    done = run("train", "knn", "--data", str(rows), "--out", str(into))
    assert done.exit_code == 0, done.output
    return into


def test_folder_is_written_with_its_card(model: Path) -> None:
    folder = ModelFolder.read(model)
    assert (folder.manifest.name, folder.manifest.sources) == ("knn", ("scam.csv",))
    assert folder.files["card.md"].startswith(b"# knn\n")


def test_figures_are_shown_to_people_and_told_to_programs(rows: Path, tmp_path: Path) -> None:
    shown = run("train", "knn", "--data", str(rows), "--out", str(tmp_path / "a"), "--output", "table")
    assert "AUC" in shown.output
    assert "accuracy" in shown.output
    told = json.loads(run("train", "knn", "--data", str(rows), "--out", str(tmp_path / "b"), "--output", "json").output)
    assert told["metrics"]["judged"]["rows"] == 80
    assert told["folder"] == str(tmp_path / "b")


def test_model_is_judged_by_other_rows(model: Path, tmp_path: Path) -> None:
    write_rows(tmp_path / "other.csv", scam5000(seed=7, rows=200))
    told = json.loads(run("evaluate", str(model), "--data", str(tmp_path / "other.csv"), "--output", "json").output)
    assert (told[0]["data"], told[0]["rows"]) == ("other.csv", 200)
    assert 0 < told[0]["model"]["auc"][0] < 1
    shown = run("evaluate", str(model), "--data", str(tmp_path / "other.csv"), "--output", "table")
    assert "other.csv: 200 rows scored" in shown.output


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("train", "knn", "--out", "x"), "--data FILE or --generate, --stored, or one and the other"),
        (("train", "weather", "--generate", "--out", "x"), "'weather' is not one of"),
        (("evaluate", "."), "--data FILE or --preset NAME"),
    ],
)
def test_misuse_says_what_is_wanted(arguments: tuple[str, ...], fault: str) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert fault in done.output


def test_one_file_is_learned_from_and_none_is_left_out_unsaid(rows: Path, tmp_path: Path) -> None:
    done = run("train", "knn", "--data", str(rows), "--data", str(rows), "--out", str(tmp_path / "a"))
    assert done.exit_code == 2
    assert "2 files; one is wanted" in done.output
    assert not (tmp_path / "a").exists()


def test_folder_with_something_in_it_is_kept(rows: Path, model: Path) -> None:
    done = run("train", "knn", "--data", str(rows), "--out", str(model))
    assert done.exit_code == 2
    assert "is a folder with something in it" in done.output


def test_folder_of_something_else_is_no_model(tmp_path: Path, rows: Path) -> None:
    done = run("evaluate", str(tmp_path), "--data", str(rows))
    assert done.exit_code == 1
    assert "holds no manifest.json" in done.output


def test_calls_that_cannot_be_read_refuse_the_file(tmp_path: Path) -> None:
    path = tmp_path / "calls.csv"
    path.write_text(
        "call_id,a_number,b_number,start_ts,answer_ts,end_ts,disposition,trunk,label\nc,+4930111222,,x,,,,,7\n"
    )
    done = run("train", "masking", "--data", str(path), "--out", str(tmp_path / "m"))
    assert done.exit_code == 1
    assert "1 row" in done.output
    assert not (tmp_path / "m").exists()


def test_too_few_rows_are_refused(tmp_path: Path) -> None:
    write_rows(tmp_path / "few.csv", scam5000(rows=8))
    done = run("train", "knn", "--data", str(tmp_path / "few.csv"), "--out", str(tmp_path / "m"))
    assert done.exit_code == 1
    assert "at least 20 are wanted" in done.output


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["model", *arguments])
