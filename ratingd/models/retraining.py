"""Retraining: a model in use is trained anew, once a week and when its traffic has drifted, and waits to be looked at.

    03:00   masking 3 is in use, added on Monday; its `attempts_300` has drifted by 0.41
    03:00   ratingd model train masking --stored, in a process of its own that yields to everything else
    03:07   masking 4 is there, `staging`: `ratingd model show masking 4` has its figures, `shadow` compares it
            masking 3 scores on until somebody activates 4

It is done where an operator has said what from (`training_source`): what is stored with what people said of it, or that
and a file of labelled calls besides. Else a drift is an alert and no more. Nothing is ever activated by it.

Training in the daemon would stall charging for minutes; here it costs what a process of the lowest priority takes of a
core that is idle. Of several daemons on a database one trains at a time. Where it fails it is tried again a day later.
While a version that came of drift waits for somebody, the drift that it came of is no reason for another one.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Final

from ratingd import observe
from ratingd.errors import RatingdError
from ratingd.models.drift import ALERTED_ABOVE, DriftWatch
from ratingd.models.model_desk import ModelDesk
from ratingd.scheduler.rounds import Round
from ratingd.settings import ENV_PREFIX, Settings
from ratingd.store.faults import StoreFault

STORED: Final = "stored"
WHO: Final = "retraining"
TASK: Final = "ratingd.models.retraining"
DAY_MS: Final = 86_400_000
EVERY_S: Final = 600.0
LOWEST_PRIORITY: Final = 19
LOOK_S: Final = 0.5
PATIENCE_S: Final = 10.0
TOLD_MAX: Final = 500  # characters of what a training that failed has said
# what rows are made by, and where the calls are: told to the process, whatever the daemon has it from
TOLD: Final = (
    "database_url", "default_region", "fraud_timezone", "night_hours", "premium_ranges",
    "fraud_callers_max", "detection_window_seconds", "detection_threshold", "masking_window_closed",
    "allowed_lateness_seconds", "masking_max_calls_per_b", "masking_max_b",
)  # fmt: skip

Alone = Callable[[str], AbstractContextManager[bool]]


class Retraining:
    """`alone` is held by one daemon on a database at a time; `look` is a round, for tests."""

    def __init__(
        self, models: ModelDesk, settings: Settings, alone: Alone, clock: Callable[[], int] = time.time_ns
    ) -> None:
        """OSError where the file that is to be learned from cannot be read."""
        if settings.training_source not in ("", STORED):
            look_at(settings.training_source)
        self._models: Final = models
        self._source: Final = settings.training_source
        self._every_ms: Final = settings.training_days * DAY_MS
        self._told: Final = told(settings)
        self._alone: Final = alone
        self._clock: Final = clock
        self._tried_ms: Final[dict[str, int]] = {}
        self._stopping: Final = threading.Event()
        self._thread: Final = Round("retraining", self.look, self._stopping, every_s=EVERY_S, first_s=EVERY_S)

    def start(self) -> None:
        if self._source:
            self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> None:
        """A training that is under way is given up."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def look(self) -> None:
        """Train what is due. A store that is away means later."""
        try:
            for name in list(self._models.scorers.places):
                if self._due(name) and not self._stopping.is_set():
                    with self._alone(TASK) as ours:
                        if ours and (why := self._due(name)):  # another daemon may have done it meanwhile
                            self._train(name, why)
        except StoreFault as fault:
            observe.event("model.retraining_waits", error=str(fault))

    # -- inside

    def _due(self, name: str) -> str:
        """Why a model is to be trained now; empty: it is not."""
        active = self._models.scorers.active(name)
        versions = self._models.registry.models(name)
        if active is None or not versions:
            return ""
        newest, now_ms = max(versions, key=lambda row: row.version), self._clock() // 1_000_000
        age_ms = now_ms - newest.created_ms
        if now_ms - self._tried_ms.get(name, 0) < DAY_MS:
            return ""
        if self._every_ms and age_ms >= self._every_ms:
            return f"its newest version is of {age_ms // DAY_MS} days ago"
        if newest.who == WHO and newest.version > active.version:
            return ""
        return drifted(self._models.drift.watches.get(name), active.version)

    def _train(self, name: str, why: str) -> None:
        from ratingd.models.model_folder import ModelFolder

        self._tried_ms[name] = self._clock() // 1_000_000
        observe.event("model.retraining", model=name, why=why)
        with tempfile.TemporaryDirectory(prefix="ratingd-training-") as held:
            into = Path(held) / name
            fault = self._ran(arguments(name, self._source, into), Path(held) / "said")
            if fault or self._stopping.is_set():
                observe.event("model.not_retrained", model=name, error=fault or "the daemon ends")
                return
            try:
                folder = ModelFolder.read(into)
                row = self._models.add(folder.manifest.text().encode(), folder.files, WHO)
            except RatingdError as refused:
                observe.event("model.not_retrained", model=name, error=str(refused))
                return
        observe.event("model.retrained", model=name, version=row.version, why=why)

    def _ran(self, command: Sequence[str], said: Path) -> str:
        """Empty where it went well, else what was said."""
        with said.open("wb") as errors:
            process = subprocess.Popen(
                command, env={**os.environ, **self._told}, stdout=subprocess.DEVNULL, stderr=errors
            )
            with suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, process.pid, LOWEST_PRIORITY)
            while process.poll() is None and not self._stopping.wait(LOOK_S):
                pass
            if process.poll() is None:
                ended(process)
        if process.returncode == 0:
            return ""
        return said.read_text("utf-8", "replace")[-TOLD_MAX:].strip() or f"it ended with {process.returncode}"


def look_at(source: str) -> None:
    """Now, and not in a week."""
    try:
        with Path(source).open("rb"):
            pass
    except OSError as fault:
        raise OSError(
            f"training_source: {source} cannot be read ({fault.strerror}). Name a file of labelled calls, or stored"
        ) from None


def drifted(watch: DriftWatch | None, version: int) -> str:
    """What of a version has drifted too far."""
    if watch is None or watch.version != version:
        return ""
    far = [f"{feature} {index:.2f}" for feature, index in watch.found.items() if index > ALERTED_ABOVE]
    return f"it has drifted: {', '.join(far)}" if far else ""


def arguments(name: str, source: str, into: Path) -> list[str]:
    """The command that trains a model as an operator would."""
    data = [] if source == STORED else ["--data", source]
    return [sys.executable, "-m", "ratingd", "model", "train", name, "--stored", *data, "--out", str(into)]


def told(settings: Settings) -> Mapping[str, str]:
    """The settings that training goes by, as the environment of a process says them."""
    given = {name: getattr(settings, name) for name in TOLD}
    return {f"{ENV_PREFIX}{name.upper()}": _text(value) for name, value in given.items()}


def ended(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
