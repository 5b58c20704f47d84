"""FraudService of a whole daemon, on each transport that is installed: events in, verdicts, evidence and rules out."""

import json
from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from ratingd.api.open_transport import Name
from ratingd.v1 import fraud_pb2
from ratingd.v1.fraud_pb2 import CallEvent, CallEventsRequest, CallEventsResponse, ListEntry, Verdict
from ratingd.v1.fraud_pb2_grpc import FraudServiceStub
from tests.api_desk import Refused, refused
from tests.e2e.serving import Serving, serving
from tests.e2e.switch import Switch
from tests.e2e.transport.desk import TRANSPORTS, Feed
from tests.waiting import until

B = "+4930654321"


class Scene:
    def __init__(self, served: Serving) -> None:
        self.served = served
        self.stub: Any = FraudServiceStub(served.channel)
        self.at_ms = served.daemon.start_ns // 1_000_000 - 10_000  # all of it is past, however quick we are

    def ask(self, method: str, request: Any) -> Any:
        try:
            return getattr(self.stub, method)(request, timeout=20)
        except grpc.RpcError as error:
            raise refused(error) from None

    def refused(self, method: str, request: Any) -> Refused:
        with pytest.raises(Refused) as error:
            self.ask(method, request)
        return error.value

    def invite(self, number: int, b: str = B, **more: Any) -> CallEvent:
        return CallEvent(
            call_id=f"c{number}", kind=CallEvent.INVITE, time_ms=self.at_ms + 100 * number,
            a_number=f"+49301234{number:03}", b_number=b, trunk="t-7", switch_id="sbc-1", **more,
        )  # fmt: skip

    def attack(self, callers: int = 6, b: str = B) -> list[Verdict]:
        """One call after the other, each answered when it is stored."""
        return [self.ask("SubmitCallEvent", self.invite(number, b)) for number in range(callers)]

    def incident(self, b: str = B) -> Any:
        (found,) = self.ask("ListIncidents", fraud_pb2.ListIncidentsRequest(b_number=b)).incidents
        return self.ask("GetIncident", fraud_pb2.GetIncidentRequest(id=found.id))

    def alert(self) -> Any:
        (found,) = self.ask("ListAlerts", fraud_pb2.ListAlertsRequest()).alerts
        return found


@pytest.fixture(params=TRANSPORTS)
def scene(request: pytest.FixtureRequest, sqlite_url: str) -> Iterator[Scene]:
    transport: Name = request.param
    with serving(sqlite_url, log_format="none", transport=transport, http_listen="", default_region="DE") as served:
        yield Scene(served)


def last(answers: list[CallEventsResponse]) -> tuple[int, int]:
    """How many events were seen and stored in the end."""
    return max(answer.seen for answer in answers), max(answer.stored for answer in answers)


# -- events


def test_the_fifth_caller_is_cut_and_the_run_is_told_with_its_evidence(scene: Scene) -> None:
    with Switch(scene.served.channel, "sbc-1") as switch:
        until(lambda: scene.served.daemon.delivery is not None)
        verdicts = scene.attack()
        assert [verdict.action for verdict in verdicts] == [Verdict.ALLOW] * 4 + [Verdict.DISCONNECT] * 2
        assert (list(verdicts[4].reasons), verdicts[4].incident_id != "") == (["masking"], True)
        switch.wait_for_cuts(4, 10)
        assert {cut.call_id for cut in switch.cut} >= {"c0", "c1", "c2", "c3"}
    run = scene.incident()
    assert (run.b_number, run.severity, run.max_distinct, run.response) == (B, "CRITICAL", 6, "disconnect")
    assert [call.call_id for call in run.calls] == [f"c{n}" for n in range(6)]
    assert (next(iter(run.a_numbers)), list(run.trunks)) == ("+49301234000", ["t-7"])
    assert run.id == verdicts[4].incident_id == verdicts[5].incident_id
    until(lambda: scene.incident().calls[0].result == "OK")
    alert = scene.alert()
    assert (alert.incident_id, alert.severity, alert.status, alert.subject) == (run.id, "CRITICAL", "new", B)


def test_a_stream_answers_at_once_and_tells_what_is_stored(scene: Scene) -> None:
    batches = [[scene.invite(64 * batch + n, b=f"+4940{n:06}") for n in range(64)] for batch in range(20)]
    answers = list(scene.stub.CallEvents(iter([CallEventsRequest(events=batch) for batch in batches]), timeout=30))
    assert last(answers) == (1280, 1280)
    assert [answer.seen for answer in answers if answer.seen] == [64 * n for n in range(1, 21)]
    told = [answer.stored for answer in answers if answer.stored]
    assert told == sorted(set(told))


def test_single_messages_are_answered_in_their_order(scene: Scene) -> None:
    events = [scene.invite(n, b=f"+4940{n:06}") for n in range(500)]
    answers = list(scene.stub.CallEvents((CallEventsRequest(events=[event]) for event in events), timeout=30))
    assert [answer.seen for answer in answers if answer.seen] == list(range(1, 501))
    assert last(answers) == (500, 500)


def test_verdicts_are_there_before_anything_else_is_sent(scene: Scene) -> None:
    feed = Feed()
    answers = scene.stub.CallEvents(iter(feed), timeout=30)
    feed.send(CallEventsRequest(events=[scene.invite(n) for n in range(5)]))  # type: ignore[arg-type]
    first = next(answers)
    assert [(verdict.index, verdict.action) for verdict in first.verdicts] == [(4, Verdict.DISCONNECT)]
    assert next(answers).stored == 5
    feed.send(CallEventsRequest(events=[scene.invite(4)]))  # type: ignore[arg-type]
    again = next(answers).verdicts[0]
    assert (again.duplicate, again.action) == (True, Verdict.DISCONNECT)
    feed.close()
    list(answers)


def test_wrong_events_are_faults_and_the_stream_goes_on(scene: Scene) -> None:
    request = CallEventsRequest(events=[scene.invite(1), scene.invite(2, b=""), CallEvent(call_id="x")])
    answers = list(scene.stub.CallEvents(iter([request, CallEventsRequest(events=[scene.invite(3)])]), timeout=30))
    faults = [(fault.index, fault.field) for answer in answers for fault in answer.faults]
    assert faults == [(1, "b_number"), (2, "kind")]
    assert last(answers) == (4, 4)


def test_a_message_of_too_many_events_ends_the_stream_with_a_word(scene: Scene) -> None:
    request = CallEventsRequest(events=[scene.invite(n) for n in range(1_001)])
    with pytest.raises(grpc.RpcError) as error:
        list(scene.stub.CallEvents(iter([request]), timeout=30))
    refusal = refused(error.value)
    assert refusal.fields == {"events": "1001 in one message; at most 1000 are allowed"}


def test_an_event_that_cannot_be_meant_is_refused_by_its_field(scene: Scene) -> None:
    refusal = scene.refused("SubmitCallEvent", scene.invite(1, b=""))
    assert (refusal.code, list(refusal.fields)) == ("INVALID_ARGUMENT", ["b_number"])


def test_what_is_sent_again_after_a_restart_is_known(sqlite_url: str) -> None:
    options: dict[str, Any] = {"log_format": "none", "http_listen": ""}
    with serving(sqlite_url, **options) as served:
        before = Scene(served)
        assert [verdict.action for verdict in before.attack(5)][-1] == Verdict.DISCONNECT
        at_ms, incident = before.at_ms, before.incident().id
    with serving(sqlite_url, **options) as served:
        after = Scene(served)
        after.at_ms = at_ms
        again = after.attack(5)
        assert [verdict.duplicate for verdict in again] == [True] * 5
        assert after.ask("SubmitCallEvent", after.invite(5)).incident_id == incident


# -- alerts and incidents


def test_an_alert_is_acknowledged_and_resolved(scene: Scene) -> None:
    scene.attack()
    id = scene.alert().id
    acked = scene.ask("AckAlert", fraud_pb2.AckAlertRequest(id=id, who="ann"))
    assert (acked.status, acked.acked_by, acked.HasField("acked_at")) == ("acked", "ann", True)
    request = fraud_pb2.ResolveAlertRequest(id=id, who="ben", comment="a test call", verdict="false_positive")
    assert (scene.ask("ResolveAlert", request).status, scene.alert().comment) == ("false_positive", "a test call")
    assert scene.ask("ListAlerts", fraud_pb2.ListAlertsRequest(status="open")).alerts == []
    assert scene.refused("AckAlert", fraud_pb2.AckAlertRequest(id=id)).fields == {
        "id": f"alert {id} is false_positive already"
    }
    assert scene.ask("GetAlert", fraud_pb2.GetAlertRequest(id=id)).resolved_by == "ben"


def test_lists_come_in_pages_and_by_severity(scene: Scene) -> None:
    for number in range(3):
        scene.at_ms -= 20_000
        for caller in range(5):
            scene.ask("SubmitCallEvent", scene.invite(10 * number + caller, b=f"+493000000{number}"))
    newest = scene.ask("ListIncidents", fraud_pb2.ListIncidentsRequest(page_size=2))
    assert [run.b_number for run in newest.incidents] == ["+4930000000", "+4930000001"]
    rest = scene.ask("ListIncidents", fraud_pb2.ListIncidentsRequest(page_size=2, page_token=newest.next_page_token))
    assert ([run.b_number for run in rest.incidents], rest.next_page_token) == (["+4930000002"], "")
    alerts = scene.ask("ListAlerts", fraud_pb2.ListAlertsRequest(page_size=2))
    more = scene.ask("ListAlerts", fraud_pb2.ListAlertsRequest(page_size=2, page_token=alerts.next_page_token))
    assert len({alert.id for alert in [*alerts.alerts, *more.alerts]}) == 3
    assert scene.ask("ListAlerts", fraud_pb2.ListAlertsRequest(severity="LOW")).alerts == []
    assert (
        "known are LOW" in scene.refused("ListAlerts", fraud_pb2.ListAlertsRequest(severity="BAD")).fields["severity"]
    )


def test_what_is_not_there_is_told_with_what_to_do(scene: Scene) -> None:
    missing = scene.refused("GetAlert", fraud_pb2.GetAlertRequest(id=99))
    assert (missing.code, "`ratingd fraud alerts` lists them" in missing.details) == ("NOT_FOUND", True)
    missing = scene.refused("GetIncident", fraud_pb2.GetIncidentRequest(id="00ff"))
    assert (missing.code, "`ratingd fraud incidents` lists them" in missing.details) == ("NOT_FOUND", True)


# -- inquiries


def test_an_analysis_counts_nothing(scene: Scene) -> None:
    request = fraud_pb2.AnalyzeRequest(call_id="q", a_number="+4930999", b_number="030 654321", distinct_a_count=6)
    found = scene.ask("Analyze", request)
    assert (found.is_masking, found.action, found.method) == (True, Verdict.DISCONNECT, "rule_based")
    assert (found.metrics.key, found.explanations[0].feature) == (B, "distinct_a")
    assert not scene.ask("Analyze", fraud_pb2.AnalyzeRequest(b_number=B)).is_masking
    assert scene.refused("Analyze", fraud_pb2.AnalyzeRequest()).fields == {"b_number": "is empty"}
    wrong = fraud_pb2.AnalyzeRequest(b_number=B, short_call_ratio=float("nan"))
    assert scene.refused("Analyze", wrong).fields == {"short_call_ratio": "is nan; 0 to 1 can be assumed"}


def test_traffic_of_a_number_is_told_and_forgotten(scene: Scene) -> None:
    scene.attack(3)
    metrics = scene.ask("GetNumberMetrics", fraud_pb2.GetNumberMetricsRequest(key="030654321"))
    assert (metrics.kind, metrics.key, metrics.window_seconds, metrics.values["attempts"]) == ("b", B, 300, 3)
    scene.ask("ResetNumberMetrics", fraud_pb2.ResetNumberMetricsRequest(key=B))
    assert scene.ask("GetNumberMetrics", fraud_pb2.GetNumberMetricsRequest(key=B)).values["attempts"] == 0
    trunk = scene.ask("GetNumberMetrics", fraud_pb2.GetNumberMetricsRequest(kind="trunk", key="t-7"))
    assert trunk.values["attempts"] == 3
    for request, field in (
        (fraud_pb2.GetNumberMetricsRequest(key=B, window_seconds=301), "window_seconds"),
        (fraud_pb2.GetNumberMetricsRequest(key=B, kind="planet"), "kind"),
    ):
        assert list(scene.refused("GetNumberMetrics", request).fields) == [field]


def test_the_window_is_changed_while_it_runs(scene: Scene) -> None:
    terms = scene.ask("SetDetection", fraud_pb2.DetectionTerms(threshold=3))
    assert (terms.window_seconds, terms.threshold) == (5, 3)
    assert [verdict.action for verdict in scene.attack(3)][-1] == Verdict.DISCONNECT
    assert scene.ask("GetDetection", fraud_pb2.GetDetectionRequest()).threshold == 3
    assert list(scene.refused("SetDetection", fraud_pb2.DetectionTerms(window_seconds=61)).fields) == ["window_seconds"]


def test_what_goes_on_is_told_to_who_watches(scene: Scene) -> None:
    watching = scene.stub.WatchThreats(fraud_pb2.WatchThreatsRequest(), timeout=30)
    frames = (json.loads(threats.frame) for threats in watching)
    assert "stats" in next(frames)
    scene.attack()
    alert = next(frame["alert"] for frame in frames if "alert" in frame)
    assert (alert["severity"], alert["subject"]["value"]) == ("CRITICAL", B)
    watching.cancel()


# -- lists and rules


def test_a_number_on_the_whitelist_is_spared_and_one_on_the_blacklist_refused(scene: Scene) -> None:
    entries = [
        ListEntry(list="b_whitelist", kind="number", value="030 654321", reason="sales"),
        ListEntry(list="blacklist", kind="prefix", value="+37190"),
    ]
    stored = scene.ask("AddEntries", fraud_pb2.AddEntriesRequest(entries=entries, who="ann")).entries
    assert [(entry.value, entry.who) for entry in stored] == [(B, "ann"), ("+37190", "ann")]
    assert {verdict.action for verdict in scene.attack()} == {Verdict.ALLOW}
    refusal = scene.ask("SubmitCallEvent", scene.invite(50, b="+37190123456"))
    assert (refusal.action, list(refusal.reasons)) == (Verdict.DISCONNECT, ["blacklist"])
    page = scene.ask("ListEntries", fraud_pb2.ListEntriesRequest(page_size=1))
    assert [entry.list for entry in page.entries] == ["b_whitelist"]
    page = scene.ask("ListEntries", fraud_pb2.ListEntriesRequest(page_size=1, page_token=page.next_page_token))
    assert ([entry.list for entry in page.entries], page.next_page_token) == (["blacklist"], "")
    remove = fraud_pb2.RemoveEntryRequest(list="blacklist", kind="prefix", value="37190")
    scene.ask("RemoveEntry", remove)
    assert scene.ask("SubmitCallEvent", scene.invite(51, b="+37190123456")).action == Verdict.ALLOW
    assert scene.refused("RemoveEntry", remove).code == "NOT_FOUND"


def test_lists_are_imported_whole_or_not_at_all(scene: Scene) -> None:
    good = b"blacklist,number,+4930999999,,,,,\nblacklist,trunk,bad,,,,,\n"
    found = scene.ask("ImportEntries", fraud_pb2.ImportEntriesRequest(file=good, lists=["blacklist"], dry_run=True))
    assert (found.entries, list(found.findings)) == (2, [])
    assert scene.ask("ListEntries", fraud_pb2.ListEntriesRequest()).entries == []
    wrong = good + b"b_whitelist,number,+4930999998,,,,,\nblacklist,number,alice,,,,,\n"
    found = scene.ask("ImportEntries", fraud_pb2.ImportEntriesRequest(file=wrong, lists=["blacklist"]))
    assert [(finding.line, finding.field) for finding in found.findings] == [(4, "Value"), (0, "List")]
    assert scene.ask("ListEntries", fraud_pb2.ListEntriesRequest()).entries == []
    scene.ask("ImportEntries", fraud_pb2.ImportEntriesRequest(file=good, who="ann"))
    assert len(scene.ask("ListEntries", fraud_pb2.ListEntriesRequest(list="blacklist")).entries) == 2


def test_rules_are_checked_put_in_force_and_taken_back(scene: Scene) -> None:
    shipped = scene.ask("GetFraudRules", fraud_pb2.GetFraudRulesRequest())
    assert (shipped.source, shipped.rules > 5) == ("shipped", True)
    rule = "many,robocall,a,attempts.600 >= {},HIGH,HIGH,*alert,false,1h,\n"
    wrong = scene.ask("SetFraudRules", fraud_pb2.SetFraudRulesRequest(text=rule.format("lots")))
    assert (wrong.findings[0].line, scene.ask("GetFraudRules", fraud_pb2.GetFraudRulesRequest())) == (1, shipped)
    scene.ask("SetFraudRules", fraud_pb2.SetFraudRulesRequest(text=rule.format(9), who="ann"))
    stored = scene.ask("GetFraudRules", fraud_pb2.GetFraudRulesRequest())
    assert (stored.source, stored.who, stored.text, stored.rules) == ("stored", "ann", rule.format(9), 1)
    scene.ask("SetFraudRules", fraud_pb2.SetFraudRulesRequest())
    assert scene.ask("GetFraudRules", fraud_pb2.GetFraudRulesRequest()).source == "shipped"


def test_no_call_centre_is_proposed_where_nobody_called(scene: Scene) -> None:
    assert scene.ask("ListProposals", fraud_pb2.ListProposalsRequest()).proposals == []


def test_who_looked_at_what_is_written_down(scene: Scene) -> None:
    scene.ask("GetNumberMetrics", fraud_pb2.GetNumberMetricsRequest(key=B, who="ann"))
    scene.ask("Analyze", fraud_pb2.AnalyzeRequest(b_number=B))
    audits = [(audit.row.who, audit.row.what, audit.row.subject) for audit in scene.served.daemon.store.fraud.audits()]
    assert audits == [("grpc", "lookup", B), ("ann", "lookup", B)]
