"""Somebody calls one number under a new caller's number each time: what detection sees, cuts, tells and spares."""

import time
from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.client import Client
from ratingd.cli.fraud_plain import told
from ratingd.cli.fraud_tables import incident_tables
from ratingd.cli.output import pairs, table
from ratingd.demo import scene
from ratingd.demo.receiver import Alert, Receiver
from ratingd.demo.story import Story
from ratingd.demo.switch import Made, Switch
from ratingd.v1.fraud_pb2 import (
    AddEntriesRequest,
    CallEvent,
    CallEventsRequest,
    GetIncidentRequest,
    GetNumberMetricsRequest,
    Incident,
    ListAlertsRequest,
    ListEntry,
    ListIncidentsRequest,
    Verdict,
)
from tariffs.money import decimal_text

ALERT_SECONDS: Final = 10.0
CUT_SECONDS: Final = 10.0
STORED_SECONDS: Final = 5.0
CREATED: Final = "alert.created"
OUTCOMES: Final = {"CALL_MASKED": "refused", "ACCOUNT_DISABLED": "refused", "disconnected": "cut"}


def call_centre(story: Story, client: Client) -> None:
    """Thirty customers call a number within five seconds, and it is on the whitelist."""
    story.chapter(f"{scene.CUSTOMERS} people call a call centre within five seconds")
    entry = ListEntry(list="b_whitelist", kind="number", value=scene.CALL_CENTRE, reason="customer care", who="demo")
    client.ask(client.fraud.AddEntries, AddEntriesRequest(entries=[entry]))
    seen, verdicts = _told(client, scene.customers(time.time_ns()))
    request = GetNumberMetricsRequest(key=scene.CALL_CENTRE, window_seconds=300)
    traffic = client.ask(client.fraud.GetNumberMetrics, request).values
    story.say(
        f"The switch tells of {seen} events over one stream: {traffic['attempts']:.0f} calls of"
        f" {traffic['distinct_a']:.0f} callers within five minutes,",
        f"{traffic['asr']:.0f} % answered. The number is on the whitelist ({entry.reason}): nobody is cut.",
    )
    runs = client.ask(client.fraud.ListIncidents, ListIncidentsRequest(b_number=scene.CALL_CENTRE)).incidents
    story.step("the call centre is spared", seen > 0 and not verdicts and not runs)


def attack(story: Story, client: Client, switch: Switch, receiver: Receiver) -> None:
    """Eight calls to one number, each under a caller of its own: four get through, until the fifth gives them away."""
    story.chapter("Somebody calls one number eight times in four seconds, and never shows the same number twice")
    made = switch.make(scene.masked())
    story.say(calls_table(made))
    run = _incident(client)
    if run is not None:
        story.say(*incident_tables(told(run)))
    evidence = run is not None and len(run.calls) == len(run.a_numbers) == scene.MASKED
    cut = [call for call in made if OUTCOMES.get(call.ended)]
    orders = {told.call_id for told in switch.disconnects}
    story.step("all eight masked calls were cut or refused, and no other call", len(cut) == len(made) == scene.MASKED)
    story.step("the incident has them all as evidence", evidence)
    answered = {call.planned.call_id for call in made if call.charges}
    story.step("the switch was told to cut the calls that were up", bool(answered) and answered <= orders)
    _alert(story, client, receiver)


def _told(client: Client, events: Sequence[CallEvent]) -> tuple[int, list[Verdict]]:
    """Send events over a stream until all are stored: how many were seen, and the verdicts that were not ALLOW."""
    seen, verdicts = 0, []

    def messages() -> Iterator[CallEventsRequest]:
        for first in range(0, len(events), scene.TOGETHER):
            yield CallEventsRequest(events=events[first : first + scene.TOGETHER])

    for answer in client.fraud.CallEvents(messages(), timeout=CUT_SECONDS):
        seen = max(seen, answer.seen)
        verdicts += answer.verdicts
        if answer.stored == len(events):
            break
    return seen, verdicts


def calls_table(made: Sequence[Made]) -> RenderableType:
    rows = table("caller shown", "to", "charged", "cost", "what became of it", numbers=("charged", "cost"))
    for call in made:
        word = OUTCOMES.get(call.ended, "went through")
        how = Text(f"{word}: {call.ended}", "red" if call.ended in OUTCOMES else "green")
        rows.add_row(
            f"+{call.planned.a_number}",
            f"+{call.planned.destination}",
            f"{call.used_s} s",
            decimal_text(call.cost),
            how,
        )
    return rows


def _incident(client: Client) -> Incident | None:
    """The one run against the victim, as soon as it is known what became of all its calls; None where it is not one."""
    deadline = time.monotonic() + STORED_SECONDS
    request = ListIncidentsRequest(b_number=f"+{scene.VICTIM}")
    while True:
        runs = client.ask(client.fraud.ListIncidents, request).incidents
        if len(runs) == 1:
            found: Incident = client.ask(client.fraud.GetIncident, GetIncidentRequest(id=runs[0].id))
            known = len(found.calls) == scene.MASKED and all(call.result for call in found.calls)
            if known or time.monotonic() > deadline:
                return found
        elif time.monotonic() > deadline:
            return None
        time.sleep(0.02)


def _alert(story: Story, client: Client, receiver: Receiver) -> None:
    receiver.wait_for(lambda alerts: any(each.body.get("event") == CREATED for each in alerts), ALERT_SECONDS)
    arrived = [each for each in receiver.alerts if each.body.get("event") == CREATED]
    for each in arrived:
        story.say(alert_table(each))
    stand = client.ask(client.fraud.ListAlerts, ListAlertsRequest(status="new")).alerts
    genuine = [
        each for each in arrived if each.genuine and each.body["alert"]["subject"]["value"] == f"+{scene.VICTIM}"
    ]
    story.step("one alert tells of it, and its signature is genuine", len(stand) == len(arrived) == len(genuine) == 1)


def _subject(alert: Alert) -> str:
    return str(alert.body["alert"]["subject"]["value"])


def alert_table(alert: Alert) -> RenderableType:
    content = alert.body.get("alert", {})
    return pairs(
        [
            ("event", f"{alert.body.get('event')}, {content.get('severity')}"),
            ("what", str(content.get("title"))),
            ("incident", str(content.get("incident_id"))),
            ("calls", f"{len(content.get('call_ids', []))} so far"),
            ("signature", alert.headers.get("X-Ratingd-Signature", "none")),
            ("", Text("verified with the shared secret", "green") if alert.genuine else Text("not genuine", "red")),
        ]
    )
