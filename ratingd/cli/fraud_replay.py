"""`ratingd fraud replay`: what fraud detection makes of the calls of a file, or of those that a daemon has stored.

    $ ratingd fraud replay calls.csv --flags flags.csv --incidents incidents.json --rules mine.csv

It needs no daemon, does nothing to anybody, and comes to the same each time.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from ratingd.cli.config_option import configured
from ratingd.cli.fraud_plain import instant_of, since_of
from ratingd.cli.options import Command, answers, bundled
from ratingd.cli.output import Output
from ratingd.cli.row_faults import RowFaults, mapped, rejecting
from ratingd.ingest.event_map import EventMap
from ratingd.settings import Settings
from ratingd.settings_reading import read_settings

FOR_EVER_MS: Final = 1 << 61
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that are written."""

    flags: Path
    incidents: Path | None
    hits: Path | None
    rejects: Path | None


@dataclass(frozen=True, slots=True)
class GoneBy:
    """What is other than the settings say."""

    lists: Path | None
    rules: Path | None
    window: float | None
    threshold: int | None
    shards: int | None
    config: Path | None

    def settings(self) -> Settings:
        own = {
            "detection_window_seconds": self.window,
            "detection_threshold": self.threshold,
            "detection_shards": self.shards,
        }
        return read_settings(self.config).settings.model_copy(
            update={name: value for name, value in own.items() if value is not None}
        )


def _outputs(command: Command) -> Command:
    return bundled(
        command,
        "outputs",
        Outputs,
        click.option(
            "--flags", type=NEW_FILE, required=True, help="Each call with its flag and incident: CSV or JSONL."
        ),
        click.option("--incidents", type=NEW_FILE, help="The masking runs, as JSON."),
        click.option("--hits", type=NEW_FILE, help="Each time that a rule held, and what it would have done."),
        rejecting,
    )


def _gone_by(command: Command) -> Command:
    return bundled(
        command,
        "by",
        GoneBy,
        click.option("--lists", type=FILE, help="White and black lists, as NumberLists.csv. Default: none."),
        click.option("--rules", type=FILE, help="Rules, as FraudRules.csv. Default: those a daemon begins with."),
        click.option("--window", type=click.FloatRange(1, 60), metavar="SECONDS", help="Default: the settings'."),
        click.option("--threshold", type=click.IntRange(2, 100), metavar="CALLERS", help="Default: the settings'."),
        click.option("--shards", type=click.IntRange(1, 64), help="B-shards. What is found does not depend on it."),
        configured,
    )


@click.command("replay")
@click.argument("file", type=FILE, required=False)
@mapped
@click.option("--sort", "by_time", is_flag=True, help="Sort the file's events by time before, in memory.")
@click.option("--stored", is_flag=True, help="Replay the events of the settings' database instead of a FILE.")
@click.option("--since", metavar="WHEN", help="With --stored: what came from then on, such as 24h or an instant.")
@click.option("--until", metavar="INSTANT", help="With --stored: what came before.")
@_outputs
@_gone_by
@answers
@click.pass_context
def replay_command(
    context: click.Context,
    file: Path | None,
    columns: EventMap,
    by_time: bool,
    stored: bool,
    since: str | None,
    until: str | None,
    outputs: Outputs,
    by: GoneBy,
    out: Output,
) -> None:
    """Say of each call of FILE (CSV or JSONL) whether it is part of a masking run, and which rules would have held.

    Needs no daemon and does nothing to anybody. The same file gives the same bytes each time. A call that is flagged
    because of later ones is flagged in what is written. With --stored and --rules it tells what a file of rules would
    have done about the calls that a daemon has stored.

    Events are taken in the order of the file. Incidents are exact as long as no call is further behind the newest one
    before it than allowed_lateness_seconds; a file that is sorted by number, or holds days in disorder, needs --sort.

    Exits 1 if a row could not be read; all others were.
    """
    _check_arguments(file, stored, by_time, since, until)
    settings = by.settings()
    from ratingd.cli.replaying import Asked, replayed, show_replay  # other commands need not wait for all of detection

    since_at = since_of(since)
    asked = Asked(
        settings,
        file,
        columns,
        by_time,
        0 if since_at is None else since_at.ToMilliseconds(),
        instant_of(until, "until").ToMilliseconds() if until else FOR_EVER_MS,
        by.lists,
        by.rules,
        outputs.flags,
        outputs.incidents,
        outputs.hits,
    )
    with RowFaults(outputs.rejects, str(file or "stored")) as faults:
        replay = replayed(asked, faults, out)
    show_replay(out, replay, faults)
    if faults.count:
        context.exit(1)


def _check_arguments(file: Path | None, stored: bool, by_time: bool, since: str | None, until: str | None) -> None:
    if (file is None) is not stored:
        raise click.UsageError("give a FILE, or --stored for the events of a database")
    if stored and by_time:
        raise click.UsageError("--sort is for a FILE: stored events are replayed in the order in which they came")
    if not stored and (since or until):
        raise click.UsageError("--since and --until are for --stored")
