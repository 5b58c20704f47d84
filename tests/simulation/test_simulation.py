"""A seeded simulation of the whole engine against a second, naive book of the same money.

Two tenants, ninety accounts (in the long run 272), calls, top-ups, monitors, groups, holds, plans, retries, crashes and
clocks that jump: after each step the accounts it touched are the same in both books, and every forty steps so are all
accounts, all members of groups, everything that was sent, and everything rebuilt from the operations alone.

A seed that fails is cut down to the steps that matter and printed, one a line, ready to be played again:

    python -m pytest tests/simulation -k seed -s         # or SIMULATION_SEED=7 SIMULATION_STEPS=400
"""

import json
import os
import sys
import time
from pathlib import Path

import pytest

from actions.action import SUPPORTED
from ratingd import observe
from tests.postgres_server import PostgresServer, database
from tests.simulation.folder import HOUR, MINUTE, NANO, SECOND, SETS, WATCHES, files
from tests.simulation.player import Disagreement, Player
from tests.simulation.shrink import shrunk
from tests.simulation.steps import Chance, Step

SHORT_STEPS = 120
LONG_STEPS = 1000
CROWD = 120  # in each tenant, in the long run: 272 accounts
SEEDS = (1, 2, 3, 4)
FOLDER = files(SETS, WATCHES)
ACTIONS = frozenset(type.value for type in SUPPORTED)


@pytest.fixture(autouse=True)
def quiet() -> None:
    observe.configure(observe.LogFormat.NONE)


def history(seed: int, count: int, crowd: int = 0) -> list[Step]:
    return list(Chance(seed, sets=SETS, watches=WATCHES, actions=ACTIONS, crowd=crowd).steps(count))


def play(url: str, steps: list[Step], lanes: int = 2) -> tuple[int, Disagreement] | None:
    """Play a history on an empty store: the number of the first step that disagrees, and how."""
    with Player(url, FOLDER, lanes=lanes) as player:
        for number, step in enumerate(json.loads(json.dumps(steps))):
            try:
                player.play(step)
                if number == len(steps) - 1:
                    player.check()
            except Disagreement as found:
                return number, found
    return None


def told(seed: int, steps: list[Step], found: Disagreement) -> str:
    rows = "\n".join(f"    {json.dumps(step)}" for step in steps)
    return f"seed {seed}, cut down to {len(steps)} steps:\n{rows}\n{found}"


def play_or_tell(seed: int, count: int, folder: Path, crowd: int = 0) -> int:
    """Play a seed on SQLite; the number of steps. A failure is shrunk and raised with its history."""
    steps = history(seed, count, crowd)
    first = play(f"sqlite:///{folder / f'{seed}.db'}", steps)
    if first is not None:
        left, found = shrunk(steps, first, lambda trial, name: play(f"sqlite:///{folder / f'{seed}-{name}.db'}", trial))
        raise AssertionError(told(seed, left, found))
    return len(steps)


@pytest.mark.parametrize("seed", SEEDS)
def test_engine_and_model_agree_on_sqlite(seed: int, tmp_path: Path) -> None:
    play_or_tell(seed, SHORT_STEPS, tmp_path)


def test_a_window_that_nothing_was_done_in_is_not_kept_when_the_clock_is_set_back(tmp_path: Path) -> None:
    """Seed 1795261261200, cut down by hand: at 11:00:19 an action finds nothing to do, then it is 10:58:49."""
    who, money = ["acme", "117"], {"do": "*topup", "type": "*monetary", "id": "M", "units": NANO}
    steps: list[Step] = [
        {"name": "s0", "do": "actions", "who": who, "create": True, "actions": [money]},
        {"name": "s1", "do": "set_account", "who": who, "groups": ["WINDOWS"]},
        {
            "name": "s2",
            "do": "debit",
            "who": who,
            "category": "call",
            "tor": "*voice",
            "usage": MINUTE,
            "number": "441",
        },
        {"name": "s3", "do": "execute", "who": who, "set": "ONCE", "create": False, "wait": HOUR + 19 * SECOND},
        {"name": "s4", "do": "clock", "wait": -90 * SECOND},
    ]
    assert play(f"sqlite:///{tmp_path / 'back.db'}", steps) is None


@pytest.mark.parametrize("lanes", [1, 2])
def test_engine_and_model_agree_on_postgresql(lanes: int, postgres_server: PostgresServer) -> None:
    steps = history(10 + lanes, SHORT_STEPS)
    with database(postgres_server) as url:
        found = play(url, steps, lanes)
    assert found is None, told(10 + lanes, steps[: found[0] + 1], found[1])


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_new_seeds_for_as_long_as_asked(tmp_path: Path) -> None:
    """SIMULATION_SECONDS (600) of new seeds; SIMULATION_SEED is the first, SIMULATION_STEPS their length."""
    begin, seconds = time.monotonic(), float(os.environ.get("SIMULATION_SECONDS", "600"))
    first = int(os.environ.get("SIMULATION_SEED", str(time.time_ns() // 1_000_000)))
    count = int(os.environ.get("SIMULATION_STEPS", str(LONG_STEPS)))
    seeds = steps = 0
    while time.monotonic() - begin < seconds:
        steps += play_or_tell(first + seeds, count, tmp_path, CROWD)
        seeds += 1
        for file in tmp_path.iterdir():
            file.unlink()
    passed = time.monotonic() - begin
    sys.stdout.write(f"{seeds} seeds from {first}, {steps} steps, {steps / passed:.0f} steps/s, all agree\n")
