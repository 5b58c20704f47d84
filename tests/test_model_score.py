"""`ratingd model score`: messages from a file, with a model of a folder or of a database, and without any."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ratingd.cli import main
from ratingd.models.board_file import BUNCH, LINE_BYTES_MAX
from ratingd.models.model_folder import ModelFolder
from ratingd.models.registry import Registry
from ratingd.store.store import open_store
from tests import board_scene, model_scene
from tests.board_scene import LONG, SHORT


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("models") / "knn-1"
    board_scene.folder().write(path)
    return str(path)


def run(*arguments: str | Path, exits: int = 0, url: str = "sqlite:///nowhere.db") -> Result:
    environment = {"RATINGD_DATABASE_URL": url}
    result = CliRunner().invoke(main, ["model", "score", *map(str, arguments)], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == exits, result.output
    return result


def written(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"\n".join([line if isinstance(line, bytes) else line.encode() for line in lines]))
    return path


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_messages_are_answered_in_their_order_and_unchanged(tmp_path: Path, folder: str) -> None:
    odd = '{"call_duration": 1.00e2,  "num_digits":11,"hour_of_day":3, "freq_calls": 4, "name": "Zo\\u00eb é"}'
    file = written(tmp_path / "calls.jsonl", "\ufeff" + json.dumps(SHORT), "", f"  {odd}\r", json.dumps(LONG))
    lines = run(file, "--model", folder).stdout.splitlines()
    assert [each["predicted_label"] for each in map(json.loads, lines)] == [1, 0, 0]
    assert [each["predicted_proba"] for each in map(json.loads, lines)] == [[0.2, 0.8], [0.8, 0.2], [0.8, 0.2]]
    assert lines[1].startswith(f'{{"call":{odd},"predicted_label":0,')
    assert all(each["processed_ts"] > 1.7e9 for each in map(json.loads, lines))
    assert not (tmp_path / "calls.jsonl.dead").exists()


def test_bad_lines_go_to_the_dead_and_stop_nothing(tmp_path: Path, folder: str) -> None:
    bad = ["{", '{"num_digits": "11"}', "[1]", '{"hour_of_day": NaN}', '{"freq_calls": 1e999}', "[" * 100_000]
    bad.append('{"x":' + "[" * 900 + "]" * 900 + "}")  # which can be read
    lines: list[str | bytes] = [
        json.dumps(SHORT),
        *bad,
        b'{"caller": "\xff"}',
        "x" * (2 * LINE_BYTES_MAX),
        json.dumps(LONG),
    ]
    into, file = tmp_path / "scored.jsonl", written(tmp_path / "calls.jsonl", *lines)
    told = json.loads(run(file, "--model", folder, "--out", into, "-o", "json").stdout)
    dead = read((tmp_path / "calls.jsonl.dead").read_text())
    assert told == {
        "file": str(file), "model": "knn", "version": None, "messages": 2, "scams": 1, "refused": 9,
        "dead": f"{file}.dead", "out": str(into),
    }  # fmt: skip
    assert [each["predicted_label"] for each in read(into.read_text())] == [1, 0]
    assert [each["line"] for each in dead] == [2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [each["row"] for each in dead[:5]] == bad[:5]
    wrong = [
        "no JSON",
        "num_digits is '11'",
        "an object is wanted",
        "NaN",
        "beyond all",
        "nested",
        "nested",
        "no UTF-8",
        "more than",
    ]
    for each, why in zip(dead, wrong, strict=True):
        assert why in each["error"]
    written(file, json.dumps(SHORT))
    run(file, "--model", folder)
    assert not (tmp_path / "calls.jsonl.dead").exists(), "it told of another run"


def test_more_than_a_bunch_is_scored(tmp_path: Path, folder: str) -> None:
    into, file = tmp_path / "scored.jsonl", written(tmp_path / "calls.jsonl", *[json.dumps(SHORT)] * (BUNCH + 3))
    page = run(file, "--model", folder, "--out", into).stdout
    assert len(read(into.read_text())) == BUNCH + 3
    assert "1,003" in page


def test_active_model_of_the_database_scores_and_without_one_it_is_said(tmp_path: Path, sqlite_url: str) -> None:
    file = written(tmp_path / "calls.jsonl", json.dumps(SHORT))
    store = open_store(sqlite_url)
    store.migrate()
    without = run(file, url=sqlite_url)
    [answer] = read(without.stdout)
    assert (answer["call"], answer["predicted_label"], answer["predicted_proba"]) == (SHORT, None, None)
    assert "no model of the name knn is active" in without.stderr
    registry = Registry(store.models)
    registry.add(*model_scene.sent(board_scene.folder()), "ann")
    registry.activate("knn", 1, "ann")
    into = tmp_path / "scored.jsonl"
    told = json.loads(run(file, "--out", into, "-o", "json", url=sqlite_url).stdout)
    assert (told["model"], told["version"], told["scams"], read(into.read_text())[0]["predicted_label"]) == (
        "knn", 1, 1, 1,
    )  # fmt: skip
    store.close()


def test_what_cannot_score_is_refused(tmp_path: Path, folder: str) -> None:
    file = written(tmp_path / "calls.jsonl", json.dumps(SHORT))
    model_scene.folder().write(tmp_path / "masking-1")
    assert "scores masking; messages of a board are scored by knn" in run(
        file, "--model", tmp_path / "masking-1", exits=1
    ).stderr  # fmt: skip
    other = board_scene.folder(schema_hash="0" * 16)
    other.write(tmp_path / "knn-0")
    assert "knn v1 run here" in run(file, "--model", tmp_path / "knn-0", exits=1).stderr
    whole = board_scene.folder()
    ModelFolder(whole.manifest, {**whole.files, "model.npz": b"no"}).write(tmp_path / "knn-2")
    assert "model.npz" in run(file, "--model", tmp_path / "knn-2", exits=1).stderr
    told = run(file, exits=1, url=f"sqlite:///{tmp_path}/none.db").stderr
    assert "cannot be read: there is no" in told
    assert "Name a folder with --model" in told
    refused = run(file, "--model", folder, "--out", tmp_path / "no" / "where.jsonl", exits=1).stderr
    assert "FILE_REFUSED" in refused
