"""`ratingd config`: what is set, from where, and what is wrong with it."""

from pathlib import Path

import click
from rich.text import Text

from ratingd.api.open_transport import why_not_native
from ratingd.api.tls_files import read_pems
from ratingd.cli.config_option import configured
from ratingd.cli.options import answers, refused_file, trust
from ratingd.cli.output import Output, json_text, table
from ratingd.daemon import tls_files
from ratingd.delivery.export_place import AppendedTo, PostedTo, place
from ratingd.pem import PemRefused
from ratingd.settings import Settings
from ratingd.settings_reading import Problem, Reading, SettingShown, SettingsRefused, read_settings, shown


@click.group("config")
def config_command() -> None:
    """Settings: by file, by environment, by default."""


@config_command.command("show")
@configured
@answers
def show_command(config: Path | None, out: Output) -> None:
    """Every setting with its value, where it came from, and what it is for."""
    settings = shown(read_settings(config))
    rows = table("setting", "value", "meaning")
    for setting in settings:
        style = "" if setting.origin == "default" else "bold"
        changed = "" if setting.value == setting.default else f", default {_text(setting.default) or 'empty'}"
        rows.add_row(
            Text.assemble((setting.name, style), "\n", (setting.variable, "dim")),
            Text.assemble((_text(setting.value), style), "\n", (f"from {setting.origin}{changed}", "dim")),
            setting.description,
        )
    out.show_list([_plain(setting) for setting in settings], rows)


@config_command.command("check")
@configured
@answers
@click.pass_context
def check_command(context: click.Context, config: Path | None, out: Output) -> None:
    """Read the settings as `serve` would, and explain what is wrong. Exits 1 if anything is."""
    try:
        reading = read_settings(config)
        _check_what_is_named(reading)
    except SettingsRefused as refused:
        rows = table("where", "setting", "what is wrong")
        for problem in refused.problems:
            rows.add_row(problem.where, Text(problem.key, "bold"), Text(problem.message, "red"))
        out.show({"valid": False, "problems": [_plain_problem(problem) for problem in refused.problems]}, rows)
        context.exit(1)
    given = sum(origin != "default" for origin in reading.origins.values())
    warnings = [f"{name} is no setting" for name in reading.strays] + _warnings(reading.settings)
    lines = [f"{given} of {len(reading.origins)} settings are given, and all hold."]
    out.show(
        {"valid": True, "given": given, "warnings": warnings},
        *[Text(line) for line in lines],
        *[Text(f"warning: {warning}", "yellow") for warning in warnings],
    )


def _check_what_is_named(reading: Reading) -> None:
    """Files of TLS, the native transport: what has to be there for a daemon to start and for commands to reach it."""
    problems = []
    settings = reading.settings
    try:
        if (files := tls_files(settings)) is not None:
            read_pems(files)
    except PemRefused as refused:
        problems.append(refused_file(reading, refused))
    try:
        trust(reading)
    except SettingsRefused as refused:
        problems += [problem for problem in refused.problems if problem not in problems]
    if settings.transport == "edge" and (missing := why_not_native()) is not None:
        problems.append(
            Problem(reading.origins["transport"], "transport", f"the native server is not there: {missing}")
        )
    if problems:
        raise SettingsRefused(tuple(problems))


def _warnings(settings: Settings) -> list[str]:
    """What holds, and may yet not be what is meant."""
    places = {id: place(url) for id, url in settings.exporters.items()}
    posts = [id for id, to in places.items() if isinstance(to, PostedTo)]
    warnings = []
    if not settings.webhook_secret.get_secret_value() and (settings.webhook_hosts or posts):
        warnings.append("webhook_secret is empty: webhooks and exports are sent unsigned")
    for id, to in places.items():
        if isinstance(to, AppendedTo) and not to.file.parent.is_dir():
            warnings.append(f"exporter {id}: there is no folder {to.file.parent}, so nothing can be written to it")
    return warnings


@config_command.command("reference")
def reference_command() -> None:
    """Every setting as a page of Markdown: docs/settings.md."""
    click.echo(reference_page(), nl=False)


def reference_page() -> str:
    rows = [
        f"| `{setting.name}` | {_cell(setting.default)} | {setting.description} |"
        for setting in shown(read_settings(environ={}))
    ]
    return _PAGE.format(rows="\n".join(rows))


def _cell(value: object) -> str:
    text = _text(value).replace("\n", ", ").replace("*", "\\*")
    return text if text else "empty"


_PAGE = """# Settings

A value is looked for in four places, the later ones winning: the default below, a TOML file (`--config FILE`, else the
one that `RATINGD_CONFIG` names), the environment (`RATINGD_` and the name in capitals), an option of `ratingd serve`.

    # /etc/ratingd.toml                           # the same from the environment
    database_url = "postgresql:///ratingd"        RATINGD_DATABASE_URL=postgresql:///ratingd
    webhook_hosts = ["alerts.example.org"]        RATINGD_WEBHOOK_HOSTS=alerts.example.org
    outbox_max_age = "72h"                        RATINGD_OUTBOX_MAX_AGE=72h

    [max_usage]                                   RATINGD_MAX_USAGE="*voice=12h, *sms=100"
    "*voice" = "12h"
    "*sms" = 100

A duration has its unit: `90s`, `15m`, `72h`. A list in the environment is separated by commas. A name in the file that
is no setting is an error that tells the nearest one. `ratingd config show` prints what is in force and where it came
from, `ratingd config check` explains what is wrong.

| Setting | Default | Meaning |
|---|---|---|
{rows}
"""


def _plain(setting: SettingShown) -> dict[str, object]:
    return {
        "name": setting.name,
        "value": setting.value,
        "from": setting.origin,
        "default": setting.default,
        "variable": setting.variable,
        "description": setting.description,
    }


def _plain_problem(problem: Problem) -> dict[str, object]:
    return {"where": problem.where, "setting": problem.key, "message": problem.message}


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{key}={_text(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return value if isinstance(value, str) else json_text(value)
