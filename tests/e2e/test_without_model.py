"""A daemon without a model: everything that needs none works, and it says that there is none."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api_desk import Refused
from tests.e2e.scored_town import Town, caller, town
from tests.e2e.serving import Serving
from tests.e2e.shell import Shell
from tests.waiting import until


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Also where models were allowed to act."""
    with town(f"sqlite:///{tmp_path_factory.mktemp('town')}/ratingd.db", masking_ml_acts=True) as made:
        yield made


@pytest.fixture(scope="module")
def shell(here: Town) -> Shell:
    return Shell(Serving(here.daemon, here.channel))


def texts(explanations: list[dict[str, Any]]) -> str:
    return "\n".join([each["text"] for each in explanations])


def test_it_says_that_there_is_no_model(here: Town, shell: Shell) -> None:
    assert here.http.get("/health")["checks"]["model"] == "off"
    assert here.http.get("/api/v1/model/status")["status"] == "off"
    assert {(each["method"], each["version"]) for each in shell.json("model", "status")} == {("rule_based", 0)}
    assert shell.json("model", "list") == []


def test_calls_under_the_threshold_are_let_through(here: Town) -> None:
    b = "+4930222401"
    verdicts = here.attack(b, 4)
    assert {(each["action"], each["masking_probability"], each["model_version"]) for each in verdicts} == {
        ("ALLOW", 0, 0)
    }
    assert (here.incidents(b), here.alerts(b)) == ([], [])


def test_rule_alone_is_critical_cut_told_and_explained(here: Town, shell: Shell) -> None:
    b = "+4930222402"
    here.opened("2001")
    verdicts = here.attack(b, 6)
    assert [verdict["action"] for verdict in verdicts] == ["ALLOW"] * 4 + ["DISCONNECT"] * 2
    assert (verdicts[5]["reasons"], verdicts[5]["model_version"]) == (["masking"], 0)
    until(lambda: {cut.call_id for cut in here.switch.cut} >= {f"{b}-{n}" for n in range(4)})
    with pytest.raises(Refused) as refused:
        here.debit("2001", f"{b}-0", caller(b, 0), b)
    assert refused.value.reason == "CALL_MASKED"
    alert, [run] = here.alert(b), here.incidents(b)
    assert (alert["severity"], alert["incident_id"], alert["value"]) == ("CRITICAL", run["id"], 6)
    assert [each["feature"] for each in alert["explanations"]] == ["distinct_a"]
    assert (run["by_score"], run["model_version"], run["calls"]) == (False, 0, 6)
    until(lambda: len(here.posted("alert.created", b)) == 1)
    explained = here.http.get(f"/api/explain/{b}-3")
    assert (explained["score"], explained["model"]) == (100, "rule_based")
    assert f"6 callers rang {b} within the window" in texts(explained["explanations"])
    assert f"callers within the window called {b}" in texts(here.http.get(f"/api/cases/{alert['id']}")["explanations"])
    assert shell.json("fraud", "case", f"{b}-3")["kind"] == "call"


def test_monitors_see_what_the_rules_say(here: Town) -> None:
    b, a = "+4930222403", "+4940777100"
    here.opened("2002", "LIKELY")
    here.attack(b, 5, account="2002")
    until(lambda: len(here.posted("trigger.fired", "2002")) == 1)
    [fired] = here.posted("trigger.fired", "2002")
    assert (fired["trigger"]["Score"], float(fired["trigger"]["Observed"]) >= 50) == ("score.masking", True)
    here.opened("2003", "DOUBTED")
    here.http.post("/event", [here.event(f"w-{n}", a, f"+49302230{n:03}", account="2003") for n in range(101)])
    until(lambda: len(here.posted("trigger.fired", "2003")) == 1)
    [fired] = here.posted("trigger.fired", "2003")
    assert (fired["trigger"]["Score"], float(fired["trigger"]["Observed"]) >= 55) == ("score.risk", True)
    explained = here.http.get(f"/api/explain/{a}")
    assert (explained["kind"], explained["model"]) == ("number", "rule_based")
    assert "high outbound frequency" in texts(explained["explanations"])
    assert here.http.post("/api/check-number", {"number": a})["risk_score"] >= 55


def test_call_that_is_only_asked_about_is_scored_by_rules(here: Town, shell: Shell) -> None:
    b = "+4930222404"
    asked = {"call_id": "what-if", "a_number": "+494088", "b_number": b, "distinct_a_count": 6}
    told = here.http.post("/api/v1/analyze", asked)
    assert (told["method"], told["is_masking"], told["action"]) == ("rule_based", True, "DISCONNECT")
    assert "6 callers within the window" in texts(told["explanations"])
    assert len(told["features_used"]) == 8


def test_call_that_is_over_is_on_record_and_nothing_scored_it(here: Town) -> None:
    here.opened("2004", "SCAM")
    a, b = "+4940777101", "+4930222405"
    begun = here.now_ms() / 1000
    here.call("o-0", a, b, account="2004", timestamp=begun)
    here.http.post("/event", here.event("o-0", a, b, "ANSWER", timestamp=begun))
    here.http.post("/event", here.event("o-0", a, b, "BYE", timestamp=begun + 11))
    record = here.record("o-0")
    assert (record.disposition, record.knn, record.models, record.probability) == ("ANSWERED", -1, "", 0)
    assert here.posted("trigger.fired", "2004") == []
    told = here.http.post("/api/v1/calls/score", {"call_duration": 11, "caller": a})
    assert (told["predicted_label"], told["predicted_proba"]) == (None, None)
