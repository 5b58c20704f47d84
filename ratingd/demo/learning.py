"""A model is trained beside the daemon, in a process of its own: the command that an operator would type.

It begins with the demo, and takes seconds: some 10,000 simulated calls, few trees, no cross-validation. The seed is
given, so chance has no part in it. What the operator's environment sets for ratingd does not count.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from ratingd.demo.child import DidNotStart, surroundings

TRAINING: Final = ("model", "train", "masking", "--generate", "--calls", "10000", "--seed", "42", "--quick")
TYPED: Final = f"ratingd {' '.join(TRAINING)}"
TRAINED_SECONDS: Final = 120.0


class Learning:
    """Learns while it is entered; `learned` waits for it, and gives what is known of the model."""

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder / "masking-1"
        self._log: Final = folder / "training.log"
        self._took_s = 0.0

    def learned(self) -> tuple[Mapping[str, Any], float]:
        """The manifest, and how many seconds it took. DidNotStart where nothing came of it."""
        self._watch.join(TRAINED_SECONDS)
        if self._watch.is_alive() or self._process.returncode:
            log = self._log.read_text(errors="replace")[-3000:]
            raise DidNotStart(f"no model was trained. What `{TYPED}` said ends:\n{log}")
        manifest: Mapping[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return manifest, self._took_s

    def __enter__(self) -> Self:
        begun = time.monotonic()
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ratingd", *TRAINING, "--out", str(self.folder)],
                env=surroundings(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self._watch = threading.Thread(target=self._wait, args=(begun,), name="training", daemon=True)
        self._watch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._watch.join()

    def _wait(self, begun: float) -> None:
        self._process.wait()
        self._took_s = time.monotonic() - begun
