"""The daemon of the demo: `ratingd serve` in a process of its own, with a store that is thrown away."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ratingd.demo.sample_plan import TENANT
from ratingd.settings import ENV_PREFIX

READY_SECONDS: Final = 30.0
STOP_SECONDS: Final = 15.0
READY: Final = "ratingd listens on "


class DidNotStart(Exception):
    """The daemon ended, or did not say that it listens; the text has the end of its log."""


@contextmanager
def daemon(folder: Path, secret: str, alerts: str) -> Iterator[str]:
    """The address of a daemon that keeps everything in `folder`, and ends with the block.

    It posts what it detects to `alerts`.
    """
    log = folder / "ratingd.log"
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "ratingd", "serve"],
            env=_environment(folder, secret, alerts),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    try:
        yield _address(process, log)
    finally:
        _stop(process)


def surroundings() -> dict[str, str]:
    """The environment, without what the operator's own sets for ratingd: that does not count here."""
    return {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}


def _environment(folder: Path, secret: str, alerts: str) -> dict[str, str]:
    settings = {
        "DATABASE_URL": f"sqlite:///{folder / 'ratingd.db'}",
        "LISTEN": "127.0.0.1:0",
        "HTTP_LISTEN": "",
        "DEFAULT_TENANT": TENANT,
        "ALERT_WEBHOOKS": alerts,
        "WEBHOOK_SECRET": secret,
        "WEBHOOK_HOSTS": "127.0.0.1",
        "WEBHOOK_PRIVATE": "true",
    }
    return surroundings() | {ENV_PREFIX + name: value for name, value in settings.items()}


def _address(process: subprocess.Popen[str], log: Path) -> str:
    """Wait for the line that says where it listens."""
    stream = process.stdout
    if stream is None:
        raise DidNotStart("its output cannot be read")
    overdue = threading.Timer(READY_SECONDS, process.kill)
    overdue.start()
    try:
        for line in stream:
            if line.startswith(READY):
                return line.removeprefix(READY).strip()
    finally:
        overdue.cancel()
    raise DidNotStart(f"the daemon did not start. Its log ends:\n{log.read_text(errors='replace')[-3000:]}")


def _stop(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
