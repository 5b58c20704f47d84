"""`ratingd model`: the traffic that models of fraud learn from, their training, and which of them score."""

import click

from ratingd.cli.model_registry import COMMANDS as REGISTRY
from ratingd.cli.model_score import score_command
from ratingd.cli.model_traffic import generate_command, import_command
from ratingd.cli.model_train import COMMANDS as TRAINING


@click.group("model")
def model_command() -> None:
    """Models of fraud: labelled calls, training, versions."""


for command in (
    generate_command,
    import_command,
    *TRAINING,
    score_command,
    *REGISTRY,
):
    model_command.add_command(command)
