"""`ratingd model` against a daemon: versions added, activated, compared and shown, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import model_scene
from tests.e2e.serving import Serving, serving
from tests.e2e.shell import Shell
from tests.model_scene import CALLERS, row


@pytest.fixture
def served(sqlite_url: str) -> Iterator[Serving]:
    with serving(sqlite_url, log_format="none") as served:
        yield served


@pytest.fixture
def shell(served: Serving) -> Shell:
    return Shell(served)


@pytest.fixture
def folders(tmp_path: Path) -> list[str]:
    """A model that is good, a better one, a worse one, and one that was cut off when it was copied."""
    measured = [{"auc": 0.98, "fpr": 0.001}, {"auc": 0.99, "fpr": 0.001}, {"auc": 0.9, "fpr": 0.002}, {}]
    paths = [tmp_path / f"masking-{number}" for number in range(len(measured))]
    for number, (path, metrics) in enumerate(zip(paths, measured, strict=True)):
        model_scene.folder(3.5 + number, metrics=metrics).write(path)
    cut = paths[-1] / "model.onnx"
    cut.write_bytes(cut.read_bytes()[:-1])
    return [str(path) for path in paths]


def test_without_a_model_everything_is_by_rules(shell: Shell) -> None:
    assert shell.json("model", "list") == []
    assert {score["method"] for score in shell.json("model", "status")} == {"rule_based"}
    assert "rule_based" in shell.table("model", "status")
    refused = shell.run("model", "show", "masking", exits=1).stderr
    assert "no model 'masking': it has none; scores are masking, caller, isolation, knn" in refused


def test_versions_are_added_activated_and_rolled_back(shell: Shell, served: Serving, folders: list[str]) -> None:
    added = shell.json("model", "add", folders[0], "--who", "ann")
    assert (added["name"], added["version"], added["status"], added["who"]) == ("masking", 1, "staging", "ann")
    assert "masking 2 is there. `ratingd model activate masking 2` has it score." in shell.table(
        "model", "add", folders[1]
    )
    assert "masking 1 scores now." in shell.table("model", "activate", "masking", "1")
    assert shell.json("model", "activate", "masking", "2", "--who", "ben")["previous"] == 1
    listed = shell.lines("model", "list", "masking")
    assert [(each["version"], each["status"]) for each in listed] == [(2, "production"), (1, "archived")]
    assert listed[0]["activated"].endswith("Z")
    table = shell.table("model", "list")
    for told in ("masking v3", "production", "archived", "0.98", "xgboost"):
        assert told in table
    assert "masking 1 scores again." in shell.table("model", "rollback", "masking")
    shown = shell.table("model", "show", "masking")
    for told in ("masking 1", "masking v3 (", "1000 rows, 100 of them fraud", "auc"):
        assert told in shown
    assert shell.table("model", "show", "masking", "2", "--card") == "# masking\n\nTwo leaves.\n"
    assert '"name": "masking"' in shell.json("model", "show", "masking", "2")["manifest"]
    served.daemon.models.scorers.score("masking", row(9))
    (masking,) = [each for each in shell.json("model", "reload") if each["name"] == "masking"]
    assert (masking["version"], masking["scored"], masking["flagged"]) == (1, 1, 1)


def test_shadow_and_drift_are_in_the_status(shell: Shell, served: Serving, folders: list[str]) -> None:
    for folder in folders[:2]:
        shell.run("model", "add", folder)
    shell.run("model", "activate", "masking", "1")
    assert "masking 2 scores in the shadow" in shell.table("model", "shadow", "masking", "2")
    models = served.daemon.models
    for callers in [1.0, 4.0] * 300:
        models.scorers.score("masking", row(callers))
    shadow = models.scorers.places["masking"].shadow
    assert shadow is not None
    while shadow.score_waiting():
        pass
    models.drift.look()
    table = shell.table("model", "status")
    assert "50.0 % of 600 (0 only by it, 300 only by the active one)" in table
    assert f"{CALLERS} " in table
    (alert,) = shell.json("fraud", "alerts")
    assert (alert["severity"], alert["detector"], alert["subject"]) == ("MEDIUM", "model_drift", "masking")
    assert "scores no more" in shell.table("model", "archive", "masking", "2")
    assert "50.0 %" not in shell.table("model", "status")


def test_what_is_wrong_is_told_and_the_former_one_stays(shell: Shell, folders: list[str], tmp_path: Path) -> None:
    shell.run("model", "add", folders[1])
    shell.run("model", "add", folders[2])
    shell.run("model", "activate", "masking", "1")
    refused = shell.run("model", "activate", "masking", "2", exits=1).stderr
    assert "PROMOTION_REFUSED" in refused
    assert "its AUC is 0.9 after 0.99" in refused
    refused = shell.run("model", "add", folders[3], exits=1).stderr
    assert "MODEL_REFUSED" in refused
    assert "model.onnx" in refused
    assert "holds no manifest.json" in shell.run("model", "add", str(tmp_path), exits=2).stderr
    assert "no version 9" in shell.run("model", "shadow", "masking", "9", exits=1).stderr
    assert "was active before" in shell.run("model", "rollback", "masking", exits=1).stderr
    assert [each["status"] for each in shell.json("model", "list")] == ["staging", "production"]
    assert shell.json("model", "activate", "masking", "2", "--force")["status"] == "production"
