"""A page of a case tells what models said of its calls, and nothing where none scored."""

import json
from io import StringIO
from typing import Any

from rich.console import Console

from ratingd.api.fraud_cases import case_message
from ratingd.cli.fraud_case import case_tables
from ratingd.cli.fraud_plain import told
from ratingd.fraud.case import CALL, Case, case_call
from ratingd.http.case_paths import CaseAnswer, case_shown
from tests.fraud_store_rows import flagged, incident, record


def case(**given: Any) -> Case:
    call = case_call("c1", None, record(start_ms=1_700_000_000_000, **given))
    assert call is not None
    return Case("c1", CALL, "A call", calls=[call], calls_total=1)


def test_scored_call_is_shown_with_the_versions_that_scored_it() -> None:
    scored = case(knn=0.8, models="knn:2 masking:13")
    versions = {"knn": 2, "masking": 13}
    [call] = CaseAnswer.model_validate(case_shown(scored, "EUR", 0)).calls
    assert (call.knn_proba, call.knn_label, call.model_versions) == (0.8, 1, versions)
    [plain] = told(case_message(scored, "EUR"))["calls"]
    assert (plain["knn_proba"], plain["knn_label"], plain["model_versions"]) == (0.8, 1, versions)
    assert " 0.8 " in printed(scored)


def test_call_is_a_scam_from_a_half_on() -> None:
    assert [case(knn=knn).calls[0].knn_label for knn in (0.0, 0.4, 0.5, 1.0)] == [0, 0, 1, 1]


def test_call_that_nothing_scored_has_no_label() -> None:
    [call] = CaseAnswer.model_validate(case_shown(case(), "EUR", 0)).calls
    assert (call.knn_proba, call.knn_label, call.model_versions) == (None, None, {})
    [plain] = told(case_message(case(), "EUR"))["calls"]
    assert "knn_proba" not in plain
    assert "knn_label" not in plain
    assert "scam" in printed(case())


def test_call_that_goes_on_was_scored_by_the_model_that_flagged_its_run() -> None:
    document = {"probability_max": 0.97, "by_score": True, "model_version": 13}
    call = case_call("c1", flagged("c1"), None, incident(document=json.dumps(document)))
    assert call is not None
    assert (call.probability, call.versions) == (0.97, {"masking": 13})
    by_rule = case_call("c1", flagged("c1"), None, incident(document=json.dumps(document | {"by_score": False})))
    assert by_rule is not None
    assert by_rule.versions == {}


def printed(shown: Case) -> str:
    page = StringIO()
    Console(width=200, file=page).print(*case_tables(told(case_message(shown, "EUR"))))
    return page.getvalue()
