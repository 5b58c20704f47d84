"""Kill the daemon in the middle of masking attacks: what is found in the end is what an undisturbed run finds.

A switch tells of six attacks among ordinary calls, in messages of sixteen events. Whenever so many events are said to
be stored the daemon is killed: some events were looked at and not stored, some stored and not acknowledged. The switch
sends whatever was not acknowledged again. Flagged calls, incidents, alerts and orders to disconnect are those of a
daemon that nobody killed, each of them once.
"""

import random
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import grpc
import pytest

from ratingd.delivery.disconnect_order import KIND
from ratingd.store.store import open_store
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.faults.daemon_process import DaemonProcess

BASE_MS = 1_795_000_000_000
ATTACKS, CALLERS, ORDINARY = 6, 14, 900
MESSAGE = 16
LATENESS_MS = 4_000
IN_FLIGHT = 10 * MESSAGE  # beyond what must be stored before it is killed


def told() -> list[CallEvent]:
    """What the switch tells, in its order: not quite that of the calls' times."""
    chance = random.Random(7)
    events = []
    for attack in range(ATTACKS):
        for number in range(CALLERS):  # fourteen callers within three seconds, a pause, and one more at the end
            at_ms = attack * 2_500 + number * 230 + (20_000 if number == CALLERS - 1 else 0)
            events.append(
                invite(f"attack-{attack}-{number}", f"+4930555{attack}{number:03}", f"+49894444{attack}", at_ms)
            )
    for number in range(ORDINARY):
        caller, called = f"+49407{chance.randrange(10**6):06}", f"+49221{number:06}"
        events.append(invite(f"call-{number}", caller, called, chance.randrange(35_000)))
    delays = {event.call_id: chance.randrange(LATENESS_MS) for event in events}
    return sorted(events, key=lambda event: event.time_ms + delays[event.call_id])


def invite(call_id: str, a: str, b: str, at_ms: int) -> CallEvent:
    return CallEvent(
        call_id=call_id, kind=CallEvent.INVITE, time_ms=BASE_MS + at_ms, a_number=a, b_number=b,
        trunk="t-7", switch_id="sbc-1",
    )  # fmt: skip


class Producer:
    """Sends what is not stored yet; `stored` counts from the first event of all."""

    def __init__(self, daemon: DaemonProcess, events: Sequence[CallEvent]) -> None:
        self._daemon = daemon
        self._events = events
        self.stored = 0

    def send(self, kill_at: int) -> None:
        """Send until so many are stored, and kill the daemon then; or until all are."""
        begin, ended = self.stored, threading.Event()
        with grpc.insecure_channel(self._daemon.address) as channel:
            stub: Any = FraudServiceStub(channel)
            answers = stub.CallEvents(self._messages(begin, kill_at + IN_FLIGHT, ended))
            try:
                for answer in answers:
                    assert not answer.faults
                    self.stored = max(self.stored, begin + answer.stored)
                    if self.stored >= kill_at and self._daemon.status is None:
                        self._daemon.kill()
            except grpc.RpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
            finally:
                ended.set()

    def _messages(self, begin: int, until: int, ended: threading.Event) -> Iterator[CallEventsRequest]:
        """What is left, but no more than `until` before the stream has ended."""
        for start in range(begin, min(len(self._events), until), MESSAGE):
            yield CallEventsRequest(events=self._events[start : start + MESSAGE])
        if until < len(self._events):
            ended.wait(60)


def run(url: str, log: Path, kills: int) -> tuple[int, dict[str, object]]:
    """How often it was killed, and what was found."""
    daemon = DaemonProcess({"RATINGD_DATABASE_URL": url, "RATINGD_DETECTION": "true"}, log)
    events = told()
    producer = Producer(daemon, events)
    killed = 0
    daemon.start()
    try:
        while producer.stored < len(events):
            step = len(events) // (kills + 1)
            producer.send(kill_at=(killed + 1) * step if killed < kills else len(events) + 1)
            if daemon.status is not None:
                killed += 1
                daemon.start()
    finally:
        daemon.stop()
    return killed, found(url)


def found(url: str) -> dict[str, object]:
    store = open_store(url, exclusive=False)
    try:
        shelf = store.fraud
        incidents = shelf.incidents(limit=1_000)
        return {
            "incidents": sorted(
                (row.id, row.b_number, row.opened_ms, row.last_ms, row.max_distinct) for row in incidents
            ),
            "flagged": sorted((call.call_id, call.incident_id) for call in shelf.flagged_since(0)),
            "alerts": sorted((alert.subject, alert.incident_id) for alert in shelf.alerts(limit=1_000)),
            "orders": sorted(entry.id for entry in store.outbox.waiting_for(KIND, None, limit=10_000)),
        }
    finally:
        store.close()


@pytest.mark.timeout(300)
def test_killing_the_daemon_amid_attacks_changes_nothing_that_is_found(tmp_path: Path) -> None:
    undisturbed, expected = run(f"sqlite:///{tmp_path / 'calm.db'}", tmp_path / "calm.log", kills=0)
    killed, disturbed = run(f"sqlite:///{tmp_path / 'killed.db'}", tmp_path / "killed.log", kills=4)
    assert (undisturbed, killed) == (0, 4)
    flagged = [f"attack-{attack}-{number}" for attack in range(ATTACKS) for number in range(CALLERS - 1)]
    assert {call_id for call_id, _ in expected["flagged"]} == set(flagged)  # type: ignore[attr-defined]
    assert disturbed == expected
