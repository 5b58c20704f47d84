"""`ratingd model generate|import`: labelled calls in a file, simulated ones or an operator's own.

    $ ratingd model generate telephony --calls 200000 --seed 1 --out train.csv
    $ ratingd model generate telephony --preset low_and_slow --seed 2 --out hard.csv
    $ ratingd model import cdrs.csv --map own.toml --region DE --out labelled.csv

Neither needs a daemon. The files have the columns of `ratingd cdr import`, and label and kind besides.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ratingd.cli.config_option import configured
from ratingd.cli.options import answers
from ratingd.cli.output import Output, pairs, table
from ratingd.cli.refusal import Refusal, Refused
from ratingd.cli.row_faults import RowFaults, mapped, rejecting
from ratingd.ingest.event_map import EventMap
from ratingd.ingest.event_rows import FileRefused
from ratingd.settings_reading import read_settings

if TYPE_CHECKING:  # a command line without models need not wait for numpy
    from ratingd.models.traffic.simulated_call import SimulatedCall

SATARK: Final = "satark"
SCAM5000: Final = "scam5000"
TELEPHONY: Final = "telephony"
PRESETS: Final = ("train", "shifted", "low_and_slow", "mimicry")
CALLS: Final = 200_000
CALLS_LEAST: Final = 1_000
NEW_FILE: Final = click.Path(dir_okay=False, path_type=Path)


@click.command("generate")
@click.argument("name", type=click.Choice([SATARK, SCAM5000, TELEPHONY]))
@click.option("--out", "file", type=NEW_FILE, required=True, help="CSV, or JSON lines where it ends in .jsonl.")
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), default=42, show_default=True)
@click.option(
    "--calls", type=click.IntRange(min=CALLS_LEAST), metavar="N", help=f"telephony: about so many. Default: {CALLS}."
)
@click.option("--preset", type=click.Choice(PRESETS), help="telephony: which town. Default: train.")
@answers
def generate_command(name: str, file: Path, seed: int, calls: int | None, preset: str | None, out: Output) -> None:
    """Write labelled calls to a file: the same seed writes the same bytes.

    telephony is a town with people, call centres, televotes, conferences, notifiers and couriers, and fraud of many
    kinds. satark is a month of 800 callers, on which caller risk is measured; scam5000 the rows that the board of scam
    calls learns from.

    `--preset shifted` is a town in which nothing is as in train, low_and_slow one whose masking runs have three or four
    callers at once, mimicry one whose fraudsters do as people do: what a model is tested on, not what it learns from.
    """
    if name != TELEPHONY and (calls is not None or preset is not None):
        raise click.UsageError(f"--calls and --preset are for {TELEPHONY}: {name} is of one size and kind")
    try:
        if name == SCAM5000:
            _show_rows(out, file, seed)
        elif name == SATARK:
            _show_calls(out, file, {"name": name, "seed": seed}, _satark(file, seed))
        else:
            chosen, count = preset or PRESETS[0], calls or CALLS
            told = {"name": name, "preset": chosen, "seed": seed}
            _show_calls(out, file, told, _telephony(file, chosen, seed, count))
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{file} cannot be written: {error.strerror}")) from None


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@mapped
@click.option("--region", metavar="CC", help="Country of numbers without one, such as IN. Default: the settings'.")
@click.option("--out", "into", type=NEW_FILE, required=True, help="CSV, or JSON lines where it ends in .jsonl.")
@rejecting
@configured
@answers
@click.pass_context
def import_command(
    context: click.Context,
    file: Path,
    columns: EventMap,
    region: str | None,
    into: Path,
    rejects: Path | None,
    config: Path | None,
    out: Output,
) -> None:
    """Take an operator's labelled CDRs (CSV, or JSON lines) into the form that models are trained on.

    Each row needs a label: 1, true, yes, fraud or scam; 0, false, no, normal or legitimate. A column `kind` may say
    what it was. Numbers are written as E.164.

    All or nothing: if one row cannot be read, each that cannot is told, nothing is written, and it exits 1.
    """
    from ratingd.models.traffic.call_file import write_calls

    with RowFaults(rejects, str(file)) as faults:
        calls = _labelled(file, columns, _region(region, config), faults)
    if faults.count:
        faults.show(out)
        count = f"{faults.count} row{'' if faults.count == 1 else 's'}"
        raise Refused(Refusal("FILE_REFUSED", f"{file}: {count} cannot be read; nothing is taken"))
    try:
        write_calls(into, calls)
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{into} cannot be written: {error.strerror}")) from None
    _show_calls(out, into, {"name": str(file)}, calls)


def _region(region: str | None, config: Path | None) -> str:
    return read_settings(config).settings.default_region if region is None else region


def _labelled(file: Path, columns: EventMap, region: str, faults: RowFaults) -> "list[SimulatedCall]":
    """None where there are faults."""
    from ratingd.models.traffic.call_file import CallsRefused, read_calls
    from triggers.numbers.number_reading import NumberReader

    try:
        numbers = NumberReader(region)
    except ValueError as error:
        raise click.UsageError(f"--region: {error}") from None
    try:
        return read_calls(file, columns, numbers)
    except CallsRefused as refused:
        for fault in refused.faults:
            faults.add(fault)
        return []
    except FileRefused as refused:
        raise Refused(Refusal("FILE_REFUSED", f"{file} {refused}")) from None
    except OSError as error:
        raise Refused(Refusal("FILE_REFUSED", f"{file} cannot be read: {error.strerror}")) from None


def _satark(file: Path, seed: int) -> "list[SimulatedCall]":
    from ratingd.models.traffic.call_file import write_satark
    from ratingd.models.traffic.satark import COUNTRY, satark_calls

    calls = satark_calls(seed)
    write_satark(file, calls, COUNTRY)
    return calls


def _telephony(file: Path, preset: str, seed: int, count: int) -> "list[SimulatedCall]":
    from ratingd.models.traffic.call_file import write_calls
    from ratingd.models.traffic.presets import PRESETS as SCENARIOS
    from ratingd.models.traffic.telephony import telephony_calls

    calls = telephony_calls(SCENARIOS[preset], seed=seed, calls=count)
    write_calls(file, calls)
    return calls


def _show_rows(out: Output, file: Path, seed: int) -> None:
    from ratingd.models.traffic.scam5000 import scam5000, write_rows

    made = scam5000(seed)
    write_rows(file, made)
    rows, scams = len(made.labels), int(made.labels.sum())
    told = {"name": SCAM5000, "seed": seed, "rows": rows, "fraud": scams, "file": str(file)}
    out.show(told, pairs([("rows", f"{rows:,}"), ("scams", f"{scams:,}"), ("file", str(file))]))


def _show_calls(out: Output, file: Path, told: dict[str, object], calls: "Sequence[SimulatedCall]") -> None:
    kinds = Counter((call.kind, call.label) for call in calls)
    fraud = sum(call.label for call in calls)
    rows = table("kind", "calls", "fraud", numbers=("calls",))
    for (kind, label), count in kinds.most_common():
        rows.add_row(kind, f"{count:,}", "yes" if label else "")
    value = told | {
        "calls": len(calls),
        "fraud": fraud,
        "callers": len({call.a for call in calls}),
        "kinds": {kind: count for (kind, _), count in kinds.most_common()},
        "file": str(file),
    }
    share = f"{fraud:,} of {len(calls):,} calls ({fraud / len(calls):.1%})"
    out.show(value, rows, pairs([("fraud", share), ("file", str(file))]))
