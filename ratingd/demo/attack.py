"""A telephone is hijacked: the monitor that fires, the calls that are cut, the alert that arrives."""

from typing import Final

from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.output import pairs, table
from ratingd.cli.plain import plain
from ratingd.demo import scene
from ratingd.demo.receiver import Alert, Receiver
from ratingd.demo.story import Story
from ratingd.demo.switch import Made, Switch, settled
from tariffs.money import decimal_text

ALERT_SECONDS: Final = 10.0


def hijack(story: Story, switch: Switch) -> Made:
    """The hijacked telephone: the monitor, and the cut."""
    story.chapter(f"Somebody calls a satellite number on account {scene.HIJACKED}, whose owner is on the phone")
    bystander, satellite = switch.make(scene.hijacked())
    settled(switch, 2, ALERT_SECONDS)
    by = satellite.stopped_by
    if by is not None:
        story.say(
            f"3.00 a minute, charged by the minute. After {satellite.used_s} s, at {decimal_text(satellite.cost)}, "
            f"monitor {by.trigger_group}/{by.trigger_id} fired {by.actions_id}: the account is disabled."
        )
    rows = table("disconnect of", "account", "because", "monitor", "the switch said")
    for told in switch.disconnects:
        said = "call is not open any more" if told.call_id == satellite.planned.call_id else "cut"
        message = plain(told)
        rows.add_row(
            told.call_id, told.account, message.get("reason", ""), f"{told.trigger_group}/{told.trigger_id}", said
        )
    story.say(rows)
    story.say(f"The other call was cut after {bystander.used_s} of {bystander.planned.talk_s} s.")
    story.step("a monitor ended the call that reached it", by is not None and by.trigger_id == "HIGH_RISK_SPEND")
    cut = any(
        told.call_id == bystander.planned.call_id and told.trigger_id == "HIGH_RISK_SPEND"
        for told in switch.disconnects
    )
    story.step("the account's other call was disconnected", cut and bystander.ended == "disconnected")
    return satellite


def alert(story: Story, receiver: Receiver, fatal: Made) -> None:
    story.chapter("A signed alert arrived at the receiver")
    alerts = receiver.wait(ALERT_SECONDS)
    for each in alerts:
        story.say(alert_table(each))
    genuine = [each for each in alerts if each.genuine and each.body.get("account") == fatal.planned.account]
    story.step("one alert arrived, and its signature is genuine", len(alerts) == 1 and len(genuine) == 1)


def alert_table(alert: Alert) -> RenderableType:
    body = alert.body
    trigger, call = body.get("trigger", {}), body.get("call", {})
    signature = alert.headers.get("X-Ratingd-Signature", "none")
    return pairs(
        [
            ("event", f"{body.get('event')} of account {body.get('tenant')}:{body.get('account')}"),
            ("trigger", f"{trigger.get('ID')}/{trigger.get('UniqueID')}: {trigger.get('ThresholdType')} "
                        f"{trigger.get('ThresholdValue')}, observed {trigger.get('Observed')}"),
            *([("call", f"to {call['Destination']}, {call['OriginID']}")] if call else []),
            ("account", "disabled" if body.get("account_state", {}).get("Disabled") else "enabled"),
            ("signature", signature),
            ("", Text("verified with the shared secret", "green") if alert.genuine else Text("not genuine", "red")),
        ]
    )  # fmt: skip
