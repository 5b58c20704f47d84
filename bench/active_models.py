"""Models for a daemon that is measured: trained before, on simulated calls, and active while events come.

The masking model learns from 60,000 calls, the model of callers from 20,000: it takes half a minute. What matters here
is what they cost, and that is how many trees they have, not how good they are.
"""

import re
import subprocess
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from bench.build import Build
from bench.daemon import Daemon

CALLS: Final = {"masking": 60_000, "caller": 20_000}
TIMEOUT_S: Final = 300
LOOK_S: Final = 10
SCORED: Final = re.compile(r'^fraud_model_score_count\{model="masking"\} ([0-9.e+]+)$', re.MULTILINE)


def trained(build: Build, folder: Path) -> list[Path]:
    """A folder for each. RuntimeError says why there is none."""
    made = []
    for name, calls in CALLS.items():
        out = folder / f"model-{name}"
        _run(build, "model", "train", name, "--generate", "--calls", str(calls), "--seed", "5", "--out", str(out))
        made.append(out)
    return made


def activate(build: Build, daemon: Daemon, folders: Sequence[Path]) -> None:
    for name, folder in zip(CALLS, folders, strict=True):
        _run(build, "model", "add", str(folder), "--address", daemon.address)
        _run(build, "model", "activate", name, "1", "--address", daemon.address)


def scored(daemon: Daemon) -> float:
    """Calls that the masking model has scored since the daemon started."""
    with urllib.request.urlopen(f"http://{daemon.http}/metrics", timeout=LOOK_S) as answer:
        found = SCORED.search(answer.read().decode())
    return float(found[1]) if found else 0.0


def _run(build: Build, *arguments: str) -> None:
    done = subprocess.run(
        build.command("ratingd", *arguments), env=build.environment(), capture_output=True, text=True,
        timeout=TIMEOUT_S, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise RuntimeError(
            f"ratingd {' '.join(arguments[:3])} ended with {done.returncode}: {done.stderr.strip()[-300:]}"
        )
