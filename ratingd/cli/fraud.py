"""`ratingd fraud`: what was found, with its evidence, what is said of it, and what fraud detection goes by."""

import click

from ratingd.cli.fraud_alerts import (
    ack_command,
    alerts_command,
    incidents_command,
    resolve_command,
    show_command,
)
from ratingd.cli.fraud_campaigns import campaigns_command
from ratingd.cli.fraud_case import case_command, confirm_command, dismiss_command
from ratingd.cli.fraud_inquiries import analyze_command, detection_command, metrics_command, proposals_command
from ratingd.cli.fraud_lists import blacklist_command, whitelist_command
from ratingd.cli.fraud_lookup import explain_command, lookup_command, report_command
from ratingd.cli.fraud_replay import replay_command
from ratingd.cli.fraud_rules import rules_command


@click.group("fraud")
def fraud_command() -> None:
    """Masking runs and other fraud: alerts, evidence, lists and rules."""


for command in (
    alerts_command,
    incidents_command,
    show_command,
    ack_command,
    resolve_command,
    case_command,
    confirm_command,
    dismiss_command,
    lookup_command,
    report_command,
    explain_command,
    campaigns_command,
    analyze_command,
    metrics_command,
    whitelist_command,
    blacklist_command,
    proposals_command,
    rules_command,
    detection_command,
    replay_command,
):
    fraud_command.add_command(command)
