"""Kill the daemon while it reads a file of its watched folder: no call is lost, none is there twice."""

import collections
import time
from pathlib import Path

import pytest

from ratingd.store.store import Store, open_store
from ratingd.v1.fraud_pb2 import CallEventsRequest
from tests.faults.daemon_process import DaemonProcess

CALLS = 6_000
KILLS = 2


def calls(folder: Path) -> None:
    """A call every 100 ms to one of 97 numbers; an attack of seven callers now and then."""
    rows = ["call_id,a_number,b_number,start_ts,duration\n"]
    for number in range(CALLS):
        b = "+4989444" if number % 1_000 < 7 else f"+49221{number % 97:06}"
        rows.append(f"c{number},+49407{number:06},{b},{1_795_000_000 + number / 10:.1f},{number % 5}\n")
    (folder / ".calls.csv").write_text("".join(rows))
    (folder / ".calls.csv").rename(folder / "calls.csv")


def stored_calls(store: Store) -> collections.Counter[str]:
    found: collections.Counter[str] = collections.Counter()
    after = 0
    while chunks := store.fraud.events(after, 100):
        after = chunks[-1].id
        for chunk in chunks:
            found.update([event.call_id for event in CallEventsRequest.FromString(chunk.row.content).events])
    return found


def stored_by_now(store: Store) -> int:
    return sum([chunk.row.count for chunk in store.fraud.events(limit=10_000)])


@pytest.mark.timeout(200)
def test_no_call_is_lost_and_none_is_there_twice(sqlite_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "calls"
    folder.mkdir()
    calls(folder)
    settings = {"RATINGD_DATABASE_URL": sqlite_url, "RATINGD_WATCH_FOLDER": str(folder)}
    daemon = DaemonProcess(settings, tmp_path / "log")
    daemon.start()
    kills = 0
    store = open_store(sqlite_url, exclusive=False)
    try:
        deadline = time.monotonic() + 100
        while not (folder / "processed" / "calls.csv").exists():
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()[-3000:]
            if kills < KILLS and stored_by_now(store) >= (kills + 1) * CALLS // (KILLS + 1):
                daemon.kill()
                kills += 1
                daemon.start()
            time.sleep(0.05)
        daemon.stop()
        assert kills == KILLS
        assert stored_calls(store) == collections.Counter([f"c{number}" for number in range(CALLS)])
        runs = store.fraud.incidents()
        assert {run.b_number for run in runs} == {"+4989444"}
        assert len(runs) == CALLS // 1_000
    finally:
        store.close()
        daemon.stop()
