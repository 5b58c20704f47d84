"""Retraining: due when it has drifted or is old, done in a process of its own, and never put to work by itself."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from ratingd.cli.main import main
from ratingd.models.drift import ROWS_MIN
from ratingd.models.model_desk import ModelDesk
from ratingd.models.model_folder import ModelFolder
from ratingd.models.registry import Registry
from ratingd.models.retraining import DAY_MS, WHO, Retraining, arguments, ended, told
from ratingd.settings import Settings
from ratingd.settings_reading import read_settings
from ratingd.store.fraud_rows import FraudBatch
from ratingd.store.model_rows import PRODUCTION, STAGING
from ratingd.store.store import Store
from tests import model_scene
from tests.model_scene import row, sent
from tests.test_judged_calls import records, said

NOW_MS = 1_795_262_400_000


class Scene:
    """A daemon's models, with masking 1 in use, and a clock to turn."""

    def __init__(self, store: Store, url: str, **settings: object) -> None:
        self.now_ms = NOW_MS
        self.store = store
        self.models = ModelDesk(Registry(store.models, clock=self.clock), clock=self.clock)
        given = {"database_url": url, "training_source": "stored"} | settings
        self.retraining = Retraining(self.models, Settings(**given), store.database.alone, self.clock)  # type: ignore[arg-type]
        self.models.add(*sent(model_scene.folder()), "ann")
        self.models.activate("masking", 1, "ann")

    def clock(self) -> int:
        return self.now_ms * 1_000_000

    def later(self, days: float) -> None:
        self.now_ms += round(days * DAY_MS)

    def drift(self) -> None:
        self.models.scorers.score_all("masking", [row(2.0)] * ROWS_MIN)
        self.models.drift.look()

    def trains(self, monkeypatch: pytest.MonkeyPatch, code: str = "") -> list[list[str]]:
        """What is asked for from now on. Instead of training, the folder that scores is copied; or `code` is run."""
        asked: list[list[str]] = []

        def run(name: str, source: str, into: Path) -> list[str]:
            asked.append(arguments(name, source, into)[2:])
            model_scene.folder(4.5).write(into)
            return [sys.executable, "-c", code]

        monkeypatch.setattr("ratingd.models.retraining.arguments", run)
        return asked

    def versions(self, name: str = "masking") -> list[tuple[int, str, str]]:
        return [(each.version, each.status, each.who) for each in self.models.registry.models(name)]


@pytest.fixture
def scene(store: Store, sqlite_url: str) -> Scene:
    return Scene(store, sqlite_url)


def test_drift_has_a_version_trained_that_scores_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = scene.trains(monkeypatch)
    scene.retraining.look()
    assert asked == []
    scene.drift()
    scene.retraining.look()
    [command] = asked
    assert command[:5] == ["ratingd", "model", "train", "masking", "--stored"]
    assert scene.versions() == [(2, STAGING, WHO), (1, PRODUCTION, "ann")]
    active = scene.models.scorers.active("masking")
    assert active is not None
    assert active.version == 1
    assert [each.row.who for each in scene.store.fraud.audits(what="model.add", limit=1)] == [WHO]


def test_drift_is_no_reason_for_another_while_one_waits_and_the_week_is(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = scene.trains(monkeypatch)
    scene.drift()
    for days in (0.0, 0.5, 3, 3):
        scene.later(days)
        scene.retraining.look()
        assert len(asked) == 1
    scene.later(0.5)
    scene.retraining.look()
    assert len(asked) == 2
    scene.models.activate("masking", 3, "ann", force=True)
    scene.drift()
    scene.later(1)
    scene.retraining.look()
    assert len(asked) == 3


@pytest.mark.parametrize(("days", "times"), [(7, 1), (0, 0)])
def test_schedule_is_what_was_set(
    store: Store, sqlite_url: str, monkeypatch: pytest.MonkeyPatch, days: int, times: int
) -> None:
    scene = Scene(store, sqlite_url, training_days=days)
    asked = scene.trains(monkeypatch)
    scene.later(6.9)
    scene.retraining.look()
    assert asked == []
    scene.later(0.2)
    scene.retraining.look()
    assert len(asked) == times


def test_training_that_fails_is_told_and_tried_a_day_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = scene.trains(monkeypatch, "import sys; sys.exit('too few rows')")
    scene.drift()
    for days in (0, 0.9, 0.2):
        scene.later(days)
        scene.retraining.look()
    assert len(asked) == 2
    assert scene.versions() == [(1, PRODUCTION, "ann")]
    assert "model.not_retrained" in (logged := capsys.readouterr().err)
    assert "too few rows" in logged


def test_folder_that_is_none_is_told(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ratingd.models.retraining.arguments", lambda *of: [sys.executable, "-c", ""])
    scene.drift()
    scene.retraining.look()
    assert "holds no manifest.json" in capsys.readouterr().err


def test_training_yields_to_everything_and_ends_with_the_daemon(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    told = tmp_path / "nice"
    code = f"""import os, pathlib, time
while not os.nice(0): time.sleep(0.01)
pathlib.Path({str(told)!r}).write_text(str(os.nice(0)))"""
    scene.trains(monkeypatch, code)
    scene.drift()
    scene.retraining.look()
    assert told.read_text() == "19"
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    ended(process)
    assert process.returncode != 0
    slow = scene.trains(monkeypatch, "import time; time.sleep(60)")
    scene.retraining.stop()
    scene.later(8)
    scene.retraining.look()
    assert (slow, len(scene.versions())) == ([], 2)


def test_without_a_source_nothing_is_started(store: Store, sqlite_url: str) -> None:
    retraining = Scene(store, sqlite_url, training_source="").retraining
    retraining.start()
    retraining.stop()
    assert not retraining._thread.ident


def test_what_the_process_is_told_is_read_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(
        database_url="sqlite:///some.db", default_region="DE", night_hours=(23, 0), premium_ranges=("+371909",),
        detection_window_seconds=3, fraud_timezone="Europe/Riga",
    )  # fmt: skip
    for name, value in told(settings).items():
        monkeypatch.setenv(name, value)
    again = read_settings(None).settings
    same = ("database_url", "default_region", "night_hours", "premium_ranges", "detection_window_seconds",
            "fraud_timezone")  # fmt: skip
    assert [getattr(again, name) for name in same] == [getattr(settings, name) for name in same]


def test_command_trains_on_what_is_stored_and_the_settings_say(store: Store, sqlite_url: str, tmp_path: Path) -> None:
    store.fraud.commit(FraudBatch(records=records(time.time_ns() // 1_000_000)))
    store.labels.add(*[said("call", f"o{n}", 1, "scam") for n in range(1, 60, 3)])
    command = arguments("knn", "stored", tmp_path / "knn")
    assert command[1:4] == ["-m", "ratingd", "model"]
    done = CliRunner().invoke(main, command[3:], env=dict(told(Settings(database_url=sqlite_url))))
    assert done.exit_code == 0, done.stderr
    assert ModelFolder.read(tmp_path / "knn").manifest.labels == {"analyst scam": 20}
    assert arguments("knn", "calls.csv", tmp_path)[6:9] == ["--stored", "--data", "calls.csv"]


def test_a_source_that_cannot_be_read_is_told_at_the_start(store: Store, sqlite_url: str) -> None:
    with pytest.raises(OSError, match=r"training_source: /none/calls.csv cannot be read \(No such file or directory\)"):
        Scene(store, sqlite_url, training_source="/none/calls.csv")
