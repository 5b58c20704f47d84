"""Evidence of a case: a campaign that was really found, looked up, drawn, opened, and confirmed."""

from collections.abc import Iterator

import pytest

from ratingd.api.fraud_campaigns import campaign_message, graph_message
from ratingd.api.fraud_cases import case_message
from ratingd.fraud.runtime import FraudRuntime
from ratingd.http.campaign_paths import CampaignAnswer, GraphAnswer
from ratingd.http.case_paths import CaseAnswer, case_shown
from ratingd.models.explainer import Explainer
from ratingd.models.scorers import Scorer, Scorers
from ratingd.models.trained_model import TrainedModel
from ratingd.settings import Settings
from ratingd.store.store import Store, open_store
from tests.campaign_scene import NOW_MS, Scene, bring
from tests.e2e.scored_town import caller_folder
from tests.waiting import until
from triggers.scores.caller_features import CALLER


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    store = open_store(sqlite_url)
    store.migrate()
    yield store
    store.close()


def test_a_campaign_is_told_by_all_who_are_asked(store: Store) -> None:
    scene = Scene()
    ringing = scene.wangiri()
    settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
    fraud = FraudRuntime(settings, store, clock=lambda: NOW_MS * 1_000_000)
    fraud.start(lambda command, done: None)
    until(lambda: not fraud.desk.rebuilding)
    bring(fraud, scene.events())
    fraud.campaigns.run()
    found = fraud.investigation
    [campaign] = found.campaigns.campaigns()
    CampaignAnswer.model_validate(campaign)
    assert campaign_message(campaign).callers == len(ringing)
    graph = found.campaigns.graph(campaign["id"])
    assert graph is not None
    GraphAnswer.model_validate(graph)
    assert graph_message(graph).node_count >= len(ringing)

    checked = found.lookup.check(ringing[0])
    assert (checked.campaign_id, checked.standing.fraud_type) == (campaign["id"], "wangiri")
    assert checked.standing.risk >= int(0.9 * campaign["risk_score"])
    assert checked.standing.status != "SAFE"

    case = found.cases.case(campaign["id"], "ann")
    shown = CaseAnswer.model_validate(case_shown(case, "EUR", NOW_MS))
    assert (shown.kind, len(shown.numbers), shown.campaign is not None) == ("campaign", len(ringing), True)
    assert {call.a_number for call in shown.calls} == set(ringing)
    assert case_message(case, "EUR").campaign.id == campaign["id"]
    assert {rule.id for rule in case.rules} >= {"campaign", "wangiri"}

    told = found.cases.label(campaign["id"], "ann", "confirm")
    assert (told.labelled, told.fraud_type) == (len(ringing), "wangiri")
    assert told.alerts == tuple(alert.id for alert in case.alerts)
    assert sorted(label.subject for label in store.labels.current()) == sorted(ringing)
    fraud.stop()


def test_a_campaign_is_explained_by_the_model_that_scores_its_callers(store: Store) -> None:
    scorers, folder = Scorers(), caller_folder()
    model = Scorer("caller", 3, TrainedModel(folder), CALLER, threshold=0.7, algorithm="xgboost")
    scorers.put("caller", model, None)
    scene = Scene()
    ringing = scene.wangiri()
    settings = Settings(database_url="sqlite:///none.db", http_listen="", default_region="DE")
    fraud = FraudRuntime(settings, store, scorers, clock=lambda: NOW_MS * 1_000_000)
    fraud.explained_by(lambda name, row: Explainer(folder, CALLER).explain(row), lambda name: True)
    fraud.start(lambda command, done: None)
    until(lambda: not fraud.desk.rebuilding)
    bring(fraud, scene.events())
    fraud.campaigns.run()
    [campaign] = fraud.investigation.campaigns.campaigns()
    case = fraud.investigation.cases.case(campaign["id"], "ann")
    assert {checked.behaviour.method for checked in case.numbers if checked.number in ringing} == {"caller 3"}
    [told] = [each for each in case.explanations if each.feature == "attempts_1h"]
    assert (told.direction, "calls over the last hour" in told.text) == ("raises", True)
    fraud.stop()
