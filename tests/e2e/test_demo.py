"""The demo, as `make demo` runs it: every step of it must happen, within half a minute."""

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from ratingd.demo.sample_plan import RECEIVER_PORT, sample_files

DEMO = [sys.executable, "-m", "ratingd", "demo"]
STEPS = 26

TOLD = (
    "Total 0.2",
    "1m 30 × 1s 0.03 1011 MAIN 0.03 19.8",  # 1012 called
    "2m 180 × 1s 0.18 1002 MAIN",
    "call-b how long may it last? 3m20s granted 1.1 19.2 0",
    "DEAR_CALL at 5, DAILY_SPEND at 15",
    "30 calls of 30 callers within five minutes, 90 % answered",
    "8 callers within the window called +4930765000; 5 are a masking run",
    "disconnect: 4 cut, 4 not up",
    "where three or four call at once",
    "says 0.00, 0.00 and 0.00: their own networks",
    "with 4 callers within the window; 5 are a masking run by the rule",
    "vouched for (usual:",
    "CARRIER/MASKED fired STOP_SPENDING, which told the receiver: event trigger.fired of account example.org:1010",
    "labels for `ratingd model train --stored`",
    "rebuilt 12 accounts",
)


def test_every_step_happens() -> None:
    begun = time.monotonic()
    ended = subprocess.run(DEMO, capture_output=True, text=True, timeout=100, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stdout.count("✓") == STEPS
    assert "✗" not in ended.stdout
    assert "\x1b" not in ended.stdout, "plain, for it is no terminal"
    for told in TOLD:
        assert " ".join(told.split()) in " ".join(ended.stdout.split()), told
    assert time.monotonic() - begun < 60


def asked(*words: str) -> str:
    """What the daemon that stayed up answers."""
    command = [sys.executable, "-m", "ratingd", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout


def test_keep_stays_up_until_it_is_told_to_end() -> None:
    with subprocess.Popen([*DEMO, "--keep"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        told = ""
        for line in demo.stdout:
            told += line
            if "stays up until Ctrl-C" in line:
                break
        found = re.search(r"account show 1008 --address (\S+)", told)
        assert found is not None, told
        address = found[1]
        assert "disabled" in asked("account", "show", "1008", "--address", address)
        case = asked("fraud", "case", "+4930765001", "--address", address)
        assert "numbers that do not exist" in case
        demo.terminate()  # not SIGINT: children of a shell in the background are born ignoring it
        demo.communicate(timeout=30)
    assert demo.returncode == 0
    host, port = address.split(":")
    with socket.socket() as probe:
        assert probe.connect_ex((host, int(port))) != 0, "the daemon outlived the demo"


def test_another_receiver_is_written_into_the_folder_in_memory() -> None:
    moved = sample_files(4711)["Actions.csv"]
    assert b"http://127.0.0.1:4711/alerts" in moved
    assert str(RECEIVER_PORT).encode() not in moved
    folder = Path(__file__).parents[2] / "examples" / "tariffs"
    assert sample_files(RECEIVER_PORT)["Actions.csv"] == (folder / "Actions.csv").read_bytes()
