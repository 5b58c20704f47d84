"""Calls that models score while they begin: what is seen under the rule's threshold, who is told, and what is cut."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api_desk import Refused
from tests.e2e.scored_town import VOUCHED_FOR, Town, caller, models, town
from tests.e2e.serving import Serving
from tests.e2e.shell import Shell
from tests.waiting import until


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """As shipped: models report, and do not act by themselves."""
    with town(f"sqlite:///{tmp_path_factory.mktemp('town')}/ratingd.db", *models()) as made:
        yield made


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Models cut what they see, and the rule cuts only where they agree."""
    url = f"sqlite:///{tmp_path_factory.mktemp('town')}/ratingd.db"
    with town(url, *models(), masking_ml_acts=True, masking_require_both=True) as made:
        yield made


def texts(explanations: list[dict[str, Any]]) -> list[str]:
    return [each["text"] for each in explanations]


def features(explanations: list[dict[str, Any]]) -> list[str]:
    return [each["feature"] for each in explanations]


def test_attack_under_the_threshold_is_cut_for_who_pays_and_told(here: Town) -> None:
    """Three callers of one account within five seconds: no run by the rule, and it costs them their calls."""
    b = "+4930222101"
    here.opened("1001", "MASKED")
    assert [here.debit("1001", f"m-{n}", caller(b, n), b) for n in range(3)] == [60] * 3
    cuts = here.switch.wait_for_cuts(3, 10)
    assert {(cut.call_id, cut.trigger_group) for cut in cuts} == {(f"m-{n}", "MASKED") for n in range(3)}
    until(lambda: len(here.posted("trigger.fired", "1001")) == 1)
    [fired] = here.posted("trigger.fired", "1001")
    assert fired["trigger"]["Score"] == "score.masking"
    assert 99 < float(fired["trigger"]["Observed"]) <= 100
    alert = here.alert(b)
    assert (alert["severity"], alert["fraud_type"], alert["threshold"]) == ("MEDIUM", "masking", 0.7)
    assert 0.99 < alert["value"] <= 1
    assert features(alert["explanations"])[0] == "masking_probability"
    assert any(each.startswith("3 callers within the detection window") for each in texts(alert["explanations"]))
    until(lambda: len(here.posted("alert.created", b)) == 1)
    [told] = here.posted("alert.created", b)
    assert (told["alert"]["id"], told["alert"]["severity"]) == (alert["id"], "MEDIUM")
    assert told["incident"]["by_score"] is True
    [run] = here.incidents(b)
    assert (run["id"], run["response"], run["model_version"]) == (alert["incident_id"], "alert", 1)
    assert run["calls"] == 1


def test_models_that_act_cut_the_call_that_they_see_and_no_other(strict: Town) -> None:
    b = "+4930222102"
    strict.opened("1002")
    verdicts = strict.attack(b, 3)
    assert [verdict["action"] for verdict in verdicts] == ["ALLOW", "ALLOW", "DISCONNECT"]
    assert (verdicts[2]["reasons"], verdicts[2]["model_version"]) == (["masking"], 1)
    assert [cut.call_id for cut in strict.switch.wait_for_cuts(1, 10)] == [f"{b}-2"]
    with pytest.raises(Refused) as refused:
        strict.debit("1002", f"{b}-2", caller(b, 2), b)
    assert (refused.value.code, refused.value.reason) == ("FAILED_PRECONDITION", "CALL_MASKED")
    assert verdicts[2]["incident_id"] in refused.value.details
    assert strict.debit("1002", f"{b}-1", caller(b, 1), b) == 60
    alert = strict.alert(b)
    assert (alert["severity"], alert["action_results"]) == ("MEDIUM", ["disconnect: 1 calls flagged"])
    strict.http.post("/event", strict.event(f"{b}-2", caller(b, 2), b, "BYE"))
    assert strict.record(f"{b}-2").disposition == "DISCONNECTED_FRAUD"


def test_call_that_only_charging_tells_of_is_refused_by_the_model(strict: Town) -> None:
    b = "+4930222113"
    strict.opened("1006")
    assert [strict.debit("1006", f"g-{n}", caller(b, n), b) for n in range(2)] == [60, 60]
    with pytest.raises(Refused) as refused:
        strict.debit("1006", "g-2", caller(b, 2), b)
    assert refused.value.reason == "CALL_MASKED"
    assert strict.debit("1006", "g-3", caller(b, 3), b, attestation=VOUCHED_FOR) == 60
    assert strict.alert(b)["call_ids"] == ["g-2"]


def test_run_of_a_storm_is_a_case_with_its_reasons(strict: Town) -> None:
    """Where there are so many alerts in a minute that one stands for many, none of them is of this run."""
    b = "+4930222114"
    storm = strict.daemon.fraud.book._storm_max
    strict.daemon.fraud.book._storm_max = 0  # type: ignore[misc]
    try:
        strict.attack(b, 3)
        [run] = strict.incidents(b)
    finally:
        strict.daemon.fraud.book._storm_max = storm  # type: ignore[misc]
    case = strict.http.get(f"/api/cases/{run['id']}")
    assert case["alerts"] == []
    assert features(case["explanations"])[0] == "masking_probability"
    assert "distinct_a_count" in features(case["explanations"])


@pytest.mark.parametrize(
    ("place", "b", "attestation", "severity", "response"),
    [
        ("here", "+4930222103", "", "CRITICAL", "disconnect"),  # rule and model
        ("here", "+4930222104", VOUCHED_FOR, "HIGH", "disconnect"),  # the rule alone
        ("strict", "+4930222105", "", "CRITICAL", "disconnect"),
        ("strict", "+4930222106", VOUCHED_FOR, "HIGH", "alert"),
    ],
)
def test_rule_and_model_together_say_how_bad_it_is(
    place: str, b: str, attestation: str, severity: str, response: str, request: pytest.FixtureRequest
) -> None:
    there: Town = request.getfixturevalue(place)
    verdicts = there.attack(b, 6, attestation=attestation)
    assert [verdict["action"] for verdict in verdicts[4:]] == [
        "DISCONNECT" if response == "disconnect" else "ALLOW"
    ] * 2
    assert [verdict["model_version"] for verdict in verdicts] == [0, 1, 1, 1, 1, 1]
    [run] = [run for run in there.incidents(b) if not run["by_score"]]
    assert (run["severity"], run["response"], run["calls"]) == (severity, response, 6)
    assert verdicts[5]["incident_id"] == run["id"]
    alert = there.alert(b)
    assert (alert["severity"], alert["incident_id"], alert["threshold"]) == (severity, run["id"], 5)


def test_alert_grows_worse_when_the_rule_sees_it_too(here: Town) -> None:
    """Four callers, and somebody is told; two more, and he is told again, of the same alert, which is of both runs."""
    b = "+4930222107"
    here.attack(b, 4)
    medium = here.alert(b)
    until(lambda: len(here.posted("alert.created", b)) == 1)
    here.attack(b, 2, first=4)
    critical = here.alert(b)
    assert (medium["severity"], critical["severity"]) == ("MEDIUM", "CRITICAL")
    assert (medium["id"], medium["uuid"]) == (critical["id"], critical["uuid"])
    assert set(critical["call_ids"]) == {f"{b}-{n}" for n in range(6)}
    until(lambda: len(here.posted("alert.updated", b)) == 1)
    [told] = here.posted("alert.updated", b)
    assert (told["alert"]["severity"], told["incident"]["by_score"]) == ("CRITICAL", False)
    assert {"distinct_a", "masking_probability", "distinct_a_count"} <= set(features(critical["explanations"]))
    runs = {run["by_score"]: run for run in here.incidents(b)}
    assert [runs[by_score]["severity"] for by_score in (True, False)] == ["MEDIUM", "CRITICAL"]
    assert critical["incident_id"] == runs[False]["id"]
    shell = Shell(Serving(here.daemon, here.channel))
    for run in runs.values():
        assert run["explanation"][:40] in shell.json("fraud", "show", run["id"])["explanation"]
        case = here.http.get(f"/api/cases/{run['id']}")
        assert [alert["id"] for alert in case["alerts"]] == [critical["id"]]
        assert "distinct_a_count" in features(case["explanations"])
    evidence = here.http.get(f"/api/incidents/{runs[False]['id']}")
    assert [call["call_id"] for call in evidence["flagged_calls"]] == [f"{b}-{n}" for n in range(6)]
    assert runs[True]["a_numbers"] == [caller(b, n) for n in (2, 3)]


def test_alert_of_the_rule_grows_worse_when_the_model_agrees(here: Town) -> None:
    b = "+4930222115"
    here.attack(b, 5, attestation=VOUCHED_FOR)
    assert here.alert(b)["severity"] == "HIGH"
    here.attack(b, 1, first=5)
    assert here.alert(b)["severity"] == "CRITICAL"
    until(lambda: [each["alert"]["severity"] for each in here.posted("alert.updated", b)] == ["CRITICAL"])
    [run] = here.incidents(b)
    assert (run["severity"], run["model_version"]) == ("CRITICAL", 1)
    assert run["probability_max"] > 0.9


def test_one_message_with_the_whole_attack_is_one_alert_told_as_bad_as_it_is(here: Town) -> None:
    b = "+4930222108"
    at = here.now_ms() / 1000
    here.http.post("/event", [here.event(f"{b}-{n}", caller(b, n), b, timestamp=at) for n in range(5)])
    alert = here.alert(b)
    assert (alert["severity"], len(here.incidents(b))) == ("CRITICAL", 2)
    until(lambda: [each["alert"]["severity"] for each in posts(here, b)][-1:] == ["CRITICAL"])
    assert {each["alert"]["id"] for each in posts(here, b)} == {alert["id"]}


def posts(here: Town, b: str) -> list[Any]:
    return here.posted("alert.created", b) + here.posted("alert.updated", b)


def test_risk_of_a_caller_by_the_model_fires_a_monitor_and_is_explained(here: Town) -> None:
    here.opened("1003", "RISKY")
    a, b = "+4940777000", "+4930222301"
    for number in range(7):
        here.call(f"r-{number}", a, b, account="1003")
    here.scores_again()
    here.call("r-7", a, b, account="1003")
    until(lambda: len(here.posted("trigger.fired", "1003")) == 1)
    [fired] = here.posted("trigger.fired", "1003")
    assert fired["trigger"]["Score"] == "score.risk"
    assert float(fired["trigger"]["Observed"]) > 90
    assert here.call("r-8", a, b)["risk_score"] > 90
    explained = here.http.get(f"/api/explain/{a}")
    assert (explained["kind"], explained["model"]) == ("number", "caller 1")
    assert "attempts_1h" in features(explained["explanations"])
    case = here.http.get(f"/api/cases/{a}")
    assert any(each.startswith("9 calls over the last hour") for each in texts(case["explanations"]))
    assert case["numbers"][0]["risk_score"] > 85


def test_call_that_is_over_is_scored_and_fires_a_monitor(here: Town) -> None:
    here.opened("1004", "SCAM")
    a, b = "+4940777001", "+4930222302"
    here.call("k-0", a, b, account="1004")
    begun = here.now_ms() / 1000
    here.http.post("/event", here.event("k-0", a, b, "ANSWER", timestamp=begun))
    assert here.posted("trigger.fired", "1004") == []
    here.http.post("/event", here.event("k-0", a, b, "BYE", timestamp=begun + 11))
    until(lambda: len(here.posted("trigger.fired", "1004")) == 1)
    [fired] = here.posted("trigger.fired", "1004")
    assert (fired["trigger"]["Score"], fired["trigger"]["Observed"]) == ("score.knn", "80")
    assert (here.record("k-0").knn, here.record("k-0").versions) == (0.8, {"knn": 1})


def test_scored_call_is_explained_as_it_began_and_recorded_when_it_is_over(here: Town) -> None:
    b = "+4930222109"
    verdicts = here.attack(b, 4)
    assert verdicts[0]["masking_probability"] == 0  # nobody else had called: no model is asked
    assert verdicts[1]["masking_probability"] < 0.1
    assert (verdicts[3]["masking_probability"], verdicts[3]["risk_score"]) == pytest.approx((0.999, 99.9), rel=1e-3)
    explained = here.http.get(f"/api/explain/{b}-3")
    assert (explained["kind"], explained["model"]) == ("call", "masking 1")
    assert explained["score"] == pytest.approx(verdicts[3]["risk_score"])
    assert features(explained["explanations"])[0] == "masking_probability"
    assert any(each.startswith("4 callers within the detection window") for each in texts(explained["explanations"]))
    assert [rule["id"] for rule in explained["rules"]] == ["masking"]
    unsuspected = {each["feature"]: each for each in here.http.get(f"/api/explain/{b}-1")["explanations"]}
    assert unsuspected["masking_probability"]["value"] == verdicts[1]["masking_probability"]
    assert unsuspected["distinct_a_count"]["direction"] == "lowers"
    for n in (1, 3):
        here.http.post("/event", here.event(f"{b}-{n}", caller(b, n), b, "BYE"))
    record = here.record(f"{b}-3")
    assert record.probability == pytest.approx(verdicts[3]["masking_probability"], abs=1e-4)
    assert (record.versions["masking"], record.flags, record.disposition) == (1, "masking", "NO_ANSWER")
    assert here.record(f"{b}-1").versions["masking"] == 1
    shown = Shell(Serving(here.daemon, here.channel)).table("fraud", "case", f"{b}-3")
    assert "4 callers within the detection window" in shown
    [call] = here.http.get(f"/api/cases/{b}-3")["calls"]
    assert (call["masking_probability"], call["model_versions"]["masking"]) == (record.probability, 1)


def test_call_that_is_only_asked_about_is_explained_by_the_model(here: Town) -> None:
    b = "+4930222110"
    asked = {"call_id": "what-if", "a_number": "+494088", "b_number": b, "distinct_a_count": 4}
    told = here.http.post("/api/v1/analyze", asked)
    assert (told["method"], told["is_masking"], told["action"], told["risk_level"]) == (
        "xgboost", True, "ALLOW", "CRITICAL",
    )  # fmt: skip
    assert told["features_used"]["distinct_a_count"] == 4
    assert len(told["features_used"]) == 28
    assert "distinct_a_count" in features(told["explanations"])
    assert here.http.get("/api/incidents", b_number=b) == []
    assert "distinct_a" not in features(told["explanations"])
    hot = here.http.post("/api/v1/analyze", asked | {"distinct_a_count": 6})
    assert features(hot["explanations"])[0] == "distinct_a"
    assert texts(hot["explanations"])[0] == "6 callers within the window; 5 or more are a masking run"
    assert "distinct_a_count" in features(hot["explanations"])
    calm = here.http.post("/api/v1/analyze", asked | {"distinct_a_count": 2})
    assert (calm["method"], calm["is_masking"], calm["risk_level"]) == ("xgboost", False, "MINIMAL")


def test_emergency_numbers_are_never_scored_and_never_cut(strict: Town) -> None:
    scored = strict.daemon.models.scorers.figures["masking"].scored
    called = [strict.call(f"e-{n}", f"+49409110{n}", "112") for n in range(6)]
    calling = [strict.call(f"f-{n}", "112" if n % 2 else "110", "+4930222111") for n in range(6)]
    assert {(each["action"], each["model_version"], *each["reasons"]) for each in called + calling} == {("ALLOW", 0)}
    assert strict.daemon.models.scorers.figures["masking"].scored == scored
    explained = strict.http.get("/api/explain/e-5")
    assert explained["model"] == "rule_based"
    assert "masking_probability" not in features(explained["explanations"])


def test_number_on_the_whitelist_is_scored_and_spared(strict: Town) -> None:
    b = "+4930222112"
    strict.opened("1005", "MASKED")
    strict.http.post("/api/v1/lists/whitelist", {"kind": "number", "value": b, "reason": "televote"})
    verdicts = strict.attack(b, 6, account="1005")
    assert [each["model_version"] for each in verdicts] == [0, 1, 1, 1, 1, 1]
    assert verdicts[5]["masking_probability"] > 0.9
    assert {(each["action"], each["risk_score"], *each["reasons"]) for each in verdicts} == {("ALLOW", 0)}
    assert (strict.incidents(b), strict.alerts(b), strict.posted("trigger.fired", "1005")) == ([], [], [])
    strict.http.post("/event", strict.event(f"{b}-5", caller(b, 5), b, "BYE"))
    assert strict.record(f"{b}-5").probability > 0.9
    parts = strict.daemon.fraud.investigation.lookup.check(caller(b, 5)).standing.parts
    assert "masking" not in [part.name for part in parts]
