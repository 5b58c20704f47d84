"""The collector looks at little at a time, and finds the cycles of what has just ended."""

import gc
from collections.abc import Iterator

import pytest

from ratingd.collector import settle


class Connection:
    """Refers to itself, as what ends late does."""

    ended = 0

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        Connection.ended += 1


@pytest.fixture
def looks() -> Iterator[list[int]]:
    """The generations that were looked at since it was settled."""
    before = gc.get_threshold()
    seen: list[int] = []

    def look(phase: str, info: dict[str, int]) -> None:
        if phase == "start":
            seen.append(info["generation"])

    settle()
    gc.callbacks.append(look)
    yield seen
    gc.callbacks.remove(look)
    gc.set_threshold(*before)
    gc.unfreeze()


def test_what_is_kept_is_never_looked_at_as_a_whole(looks: list[int]) -> None:
    kept = [[number] for number in range(100_000)]
    assert len(kept) == 100_000
    assert looks.count(0) >= 50
    assert looks.count(1) >= 10
    assert 2 not in looks


def test_cycles_of_what_has_just_ended_are_found(looks: list[int]) -> None:
    Connection.ended = 0
    for _ in range(100_000):
        Connection()
    assert looks
    assert Connection.ended > 90_000


def test_what_was_there_before_is_left_alone(looks: list[int]) -> None:
    assert gc.get_freeze_count() > 1_000
    assert not looks.count(2)
