"""Waiting in a test for what happens on other threads."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], within_s: float = 10.0, pause_s: float = 0.005) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(pause_s)
