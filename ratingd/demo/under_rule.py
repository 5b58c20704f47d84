"""Four callers to one number within five seconds: one too few for the rule. What the model makes of two such crowds.

Patients are let through. The others are masked, so the score of their calls reaches a monitor on the account that pays
for the trunk they came over, and that ends it: by the same actions as if it were money.
"""

import time
from collections.abc import Sequence
from typing import Any, Final

from ratingd.cli.client import Client
from ratingd.cli.fraud_plain import told
from ratingd.cli.fraud_tables import explanations_table
from ratingd.cli.plain import amount_of, message, plain
from ratingd.demo import attack, masking, scene
from ratingd.demo.model import status
from ratingd.demo.receiver import Alert, Receiver
from ratingd.demo.story import Story
from ratingd.demo.switch import Made, Switch
from ratingd.v1.account_pb2 import Account
from ratingd.v1.accounts_pb2 import GetAccountRequest, SetTriggerRequest
from ratingd.v1.fraud_pb2 import (
    Case,
    GetCaseRequest,
    LabelCaseRequest,
    ListAlertsRequest,
    ListIncidentsRequest,
    Verdict,
)
from triggers.scores.masking_features import MASKING

GROUP: Final = "CARRIER"
ID: Final = "MASKED"
AT: Final = "70"
FIRES: Final = "STOP_SPENDING"
SCORE: Final = "score.masking"
REASONS: Final = 4
STORED_SECONDS: Final = 10.0
ALERT_SECONDS: Final = 10.0


def patients(story: Story, client: Client) -> None:
    """Who is what he says is let through, however many call at once."""
    story.chapter("Four patients call their doctor within five seconds")
    threshold = status(client).threshold
    verdicts = [client.ask(client.fraud.SubmitCallEvent, event) for event in scene.patients(time.time_ns())]
    scored = [verdict.masking_probability for verdict in verdicts if verdict.model_version]
    story.say(
        f"The model is asked from the second one on, and says {_figures(scored)}: their own networks vouch for them."
    )
    allowed = all(verdict.action == Verdict.ALLOW and not verdict.incident_id for verdict in verdicts)
    story.step("the patients were scored, and let through", bool(scored) and max(scored) < threshold and allowed)


def attacked(story: Story, client: Client, switch: Switch, receiver: Receiver) -> None:
    """Each of the four is somebody else, and from abroad."""
    story.chapter("Somebody calls one number four times in four seconds, and never shows the same number twice")
    _watch(story, client)
    made = switch.make(scene.under_the_rule())
    story.say(masking.calls_table(made))
    found = _case(client)
    if found is None:
        story.step("the model saw what the rule did not", happened=False)
        return
    run, reasons = found.incident, _reasons(found)
    story.say(
        f"Severity {run.severity}:",
        f"{run.explanation}.",
        "`masking_ml_acts` is off, so detection only reports it. Why the first of them has its score:",
        explanations_table(reasons),
    )
    story.step("the model saw what the rule did not, and says why", _seen_by_model_alone(client) and bool(reasons))
    _fired(story, client, switch, receiver, made)
    _judged(story, client, found.id)


def _watch(story: Story, client: Client) -> None:
    """A monitor on the account that pays for the trunk."""
    trigger = {"group": GROUP, "unique_id": ID, "type": "*max_score", "balance_id": SCORE, "actions_id": FIRES}
    request = {
        "account": scene.CARRIER,
        "idempotency_key": "watch-scores",
        "trigger": trigger | {"threshold": amount_of("*generic", AT)},
    }
    client.ask(client.accounts.SetTrigger, message(SetTriggerRequest, request))
    story.say(
        f"That is one caller too few for the rule. But {scene.CARRIER}, who pays for the trunk, now watches the score:",
        f"  ratingd triggers set {scene.CARRIER} {GROUP}/{ID} --type '*max_score' --balance {SCORE} --at {AT}",
        f"    --run {FIRES}",
    )


def _fired(story: Story, client: Client, switch: Switch, receiver: Receiver, made: Sequence[Made]) -> None:
    """The monitor was told the score, cut what was up, disabled the account, and posted."""
    account: Account = client.ask(client.accounts.GetAccount, GetAccountRequest(account=scene.CARRIER))
    fired = next(trigger for trigger in account.triggers if trigger.unique_id == ID)
    answered = {call.planned.call_id for call in made if call.charges}
    cut = {told.call_id for told in switch.disconnects if told.trigger_id == ID}
    receiver.wait_for(lambda alerts: any(map(_of_monitor, alerts)), ALERT_SECONDS)
    alerts = [each for each in receiver.alerts if _of_monitor(each)]
    story.say(
        f"{SCORE} of {scene.CARRIER} came to {float(plain(account)['scores'].get(SCORE, 0)):.0f}: {GROUP}/{ID} fired"
        f" {FIRES}, which told the receiver:",
        *map(attack.alert_table, alerts),
    )
    story.step("its score fired a monitor of the account that pays for the trunk", fired.executed and account.disabled)
    story.step(
        "the calls that were up were cut, the others refused",
        bool(answered) and answered <= cut and all(call.ended in masking.OUTCOMES for call in made),
    )
    story.step("one signed alert tells of it", len(alerts) == 1 and alerts[0].genuine)


def _judged(story: Story, client: Client, case: str) -> None:
    """An analyst says what it was."""
    request = LabelCaseRequest(id=case, who="demo", verdict="confirm", comment="numbers that do not exist")
    said = client.ask(client.fraud.LabelCase, request)
    after = client.ask(client.fraud.GetCase, GetCaseRequest(id=case, who="demo"))
    story.say(
        f"`ratingd fraud case {case}` shows all of it on a page. `ratingd fraud confirm {case}` says it was fraud:",
        f"the alert is resolved, and there are {said.labelled} labels for `ratingd model train --stored`.",
    )
    resolved = [alert.status for alert in after.alerts] == ["resolved"]
    story.step(
        "an analyst's word closes the case, and is kept for the next training",
        said.labelled > 0 < len(after.labels) and resolved,
    )


def _case(client: Client) -> Case | None:
    """Of the alert about the number, as soon as its calls are all known; None where there is no alert."""
    deadline = time.monotonic() + STORED_SECONDS
    while True:
        found = _found(client)
        if time.monotonic() > deadline or (found is not None and found.incident.max_distinct == scene.FOUR):
            return found
        time.sleep(0.02)


def _found(client: Client) -> Case | None:
    for alert in client.ask(client.fraud.ListAlerts, ListAlertsRequest(status="new")).alerts:
        if alert.subject == f"+{scene.UNSEEN_VICTIM}":
            case: Case = client.ask(client.fraud.GetCase, GetCaseRequest(id=str(alert.id), who="demo"))
            return case
    return None


def _seen_by_model_alone(client: Client) -> bool:
    request = ListIncidentsRequest(b_number=f"+{scene.UNSEEN_VICTIM}")
    runs = client.ask(client.fraud.ListIncidents, request).incidents
    return len(runs) == 1 and runs[0].by_score and runs[0].model_version > 0


def _reasons(found: Case) -> list[dict[str, Any]]:
    """In words, what of the call speaks most for masking."""
    weighed = [each for each in told(found)["explanations"] if each["feature"] in MASKING.names]
    return [each for each in weighed if each["text"] and each["contribution"] > 0][:REASONS]


def _of_monitor(alert: Alert) -> bool:
    return bool(alert.body.get("trigger", {}).get("UniqueID") == ID)


def _figures(scores: Sequence[float]) -> str:
    """`0.00, 0.01 and 0.01`"""
    texts = [f"{score:.2f}" for score in scores]
    return " and ".join(filter(None, (", ".join(texts[:-1]), texts[-1] if texts else "nothing")))
