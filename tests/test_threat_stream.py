"""Frames of the threat stream: the riskiest first, at most fifty, and nothing kept where nobody watches."""

import json
from typing import Any

from ratingd.fraud.threat_stream import ThreatStream
from triggers.calls.call_event import ANSWER, CDR, INVITE, CallEvent, EventDetails
from triggers.calls.verdict import DISCONNECT, Verdict
from triggers.numbers.number import Number
from triggers.watch.outcome import Outcome


def outcome(n: int, risk: float = 0.0, kind: int = INVITE, *, attempt: bool = True) -> Outcome:
    details = EventDetails(duration_ms=4_200 if kind == CDR else -1)
    event = CallEvent(kind, 1_000 + n, f"c{n}", Number(f"+491{n}", region="DE"), Number("+492"), details=details)
    verdict = Verdict(f"c{n}", DISCONNECT, ("masking",), risk=risk) if risk else Verdict(f"c{n}")
    return Outcome(event, verdict, attempt=attempt)


def stream() -> tuple[ThreatStream, list[Any]]:
    threats = ThreatStream(lambda: {"total_calls": 7})
    heard: list[Any] = []
    threats.watch(lambda text: heard.append(json.loads(text)))
    return threats, heard


def test_what_was_seen_is_told_once() -> None:
    threats, _ = stream()
    threats.saw([outcome(1), outcome(2, 90.0), outcome(3, kind=CDR)])
    frame: Any = threats.frame()
    assert [event["id"] for event in frame["events"]] == ["c2", "c1", "c3"]
    assert frame["events"][0] == {
        "id": "c2", "timestamp": 1.002, "source": "+4912", "destination": "+492", "duration": 0.0, "risk_score": 90.0,
        "type": "Fraud", "location": "DE", "cluster_id": None, "fraud_type": "masking",
    }  # fmt: skip
    assert frame["events"][2]["duration"] == 4.2
    assert (frame["sampled"], frame["stats"]) == (False, {"total_calls": 7})
    assert threats.frame()["events"] == []


def test_a_call_names_the_campaign_of_its_caller() -> None:
    threats = ThreatStream(dict, campaign_of={"+491x": None, "+4912": "CMP-2026-1"}.get)
    threats.watch(lambda text: None)
    threats.saw([outcome(1), outcome(2)])
    frame: Any = threats.frame()
    assert {event["id"]: event["cluster_id"] for event in frame["events"]} == {"c1": None, "c2": "CMP-2026-1"}


def test_a_flood_of_ordinary_calls_hides_no_threat() -> None:
    threats, _ = stream()
    threats.saw([outcome(1, 90.0)])
    threats.saw([outcome(n) for n in range(2, 10_000)])
    frame: Any = threats.frame()
    assert (len(frame["events"]), frame["events"][0]["id"], frame["sampled"]) == (50, "c1", True)


def test_only_calls_are_told_not_what_becomes_of_them() -> None:
    threats, _ = stream()
    threats.saw([outcome(1, kind=ANSWER, attempt=False)])
    assert threats.frame()["events"] == []


def test_nothing_is_kept_where_nobody_watches() -> None:
    threats = ThreatStream(dict)
    threats.saw([outcome(1)])
    assert threats.frame()["events"] == []


def test_an_alert_goes_at_once_and_a_broken_watcher_alone_misses_it() -> None:
    threats = ThreatStream(dict)
    heard: list[str] = []

    def broken(text: str) -> None:
        raise OSError("gone")

    threats.watch(broken)
    end = threats.watch(heard.append)
    threats.alert({"id": 1})
    assert heard == ['{"alert":{"id":1}}']
    end()
    threats.alert({"id": 2})
    assert len(heard) == 1
    assert threats.watching == 1
