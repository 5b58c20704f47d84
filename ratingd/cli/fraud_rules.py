"""`ratingd fraud rules`: what besides masking runs is fraud, as a file that is checked before it holds."""

from pathlib import Path

import click
from rich.console import RenderableType
from rich.text import Text

from ratingd.cli.findings import findings_table, from_wire, plain_finding, refused
from ratingd.cli.fraud_plain import by_whom, told
from ratingd.cli.options import Where, answers, asks
from ratingd.cli.output import Output, moment, pairs
from ratingd.v1.fraud_pb2 import GetFraudRulesRequest, SetFraudRulesRequest
from tariffs.fault import Finding
from triggers.rules.rule_file import read_rules

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group("rules")
def rules_command() -> None:
    """The rules in force, and putting others there."""


@rules_command.command("show")
@click.option("--text", is_flag=True, help="The file itself, as `rules load` takes it.")
@asks
@answers
def show_command(text: bool, where: Where, out: Output) -> None:
    """The rules that a daemon has in force, and where they come from."""
    with where.client() as client:
        found = told(client.ask(client.fraud.GetFraudRules, GetFraudRulesRequest()))
    if text and out.for_people:
        click.echo(found["text"], nl=False)
        return
    book, _ = read_rules(found["text"])
    rows = [(rule.id, f"{rule.severity}: {rule.condition_text}") for rule in book.rules]
    source = {"stored": "set by " + found["who"], "file": "the daemon's file", "shipped": "as they come with ratingd"}
    head = [("rules", f"{found['rules']}, {source[found['source']]} {moment(found.get('set'))}".rstrip())]
    out.show(found, pairs(head), Text(), pairs(rows))


@rules_command.command("check")
@file_argument
@answers
@click.pass_context
def check_command(context: click.Context, file: Path, out: Output) -> None:
    """Report everything that is wrong in FILE, with line and column. Needs no daemon and changes nothing."""
    book, findings = read_rules(_text(file), file.name)
    _show(out, findings, len(book.rules), "can be loaded")
    if refused(findings):
        context.exit(1)


@rules_command.command("load")
@file_argument
@click.option("--dry-run", is_flag=True, help="Check it against the daemon's tariff too, and change nothing.")
@by_whom
@asks
@answers
@click.pass_context
def load_command(context: click.Context, file: Path, dry_run: bool, who: str, where: Where, out: Output) -> None:
    """Put the rules of FILE in force at once; they stay over starts. An empty file goes back to those before.

    A file with a fault changes nothing: every fault is shown, and the exit code is 1.
    """
    request = SetFraudRulesRequest(text=_text(file), who=who, dry_run=dry_run)
    with where.client() as client:
        answer = client.ask(client.fraud.SetFraudRules, request)
    findings = from_wire(answer.findings)
    _show(out, findings, answer.rules, "can be loaded" if dry_run else "are in force")
    if refused(findings):
        context.exit(1)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.UsageError(
            f"{file} is not written in UTF-8: byte {error.start} is {error.object[error.start]:#x}"
        ) from None


def _show(out: Output, findings: list[Finding], rules: int, outcome: str) -> None:
    told = "cannot be loaded: nothing has changed" if refused(findings) else outcome
    value = {"valid": not refused(findings), "rules": rules, "findings": [plain_finding(each) for each in findings]}
    tables: list[RenderableType] = [findings_table(findings), Text()] if findings else []
    out.show(value, *tables, Text(f"{rules} rules {told}.", "bold"))
