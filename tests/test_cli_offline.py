"""Commands that need no daemon: what they print, and how they exit."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ratingd.cli import main
from ratingd.cli.main import Commands
from tests.golden_file import GOLDEN, agrees

FAULTY = str(GOLDEN / "faulty")
SAMPLE = str(Path(__file__).parents[1] / "examples" / "tariffs")


def run(*arguments: str, environment: dict[str, str] | None = None, given: str | None = None) -> Result:
    """A command as it would run in a pipe; nothing but its own errors may come out of it."""
    result = CliRunner().invoke(main, arguments, env=environment, input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def test_check_shows_every_fault_with_its_place() -> None:
    result = run("tariffs", "check", FAULTY)
    agrees("tariffs_check.txt", result.stdout)
    assert result.exit_code == 1


def test_check_tells_programs_the_same() -> None:
    result = run("tariffs", "check", FAULTY, "--output", "json")
    told = json.loads(result.stdout)
    lines = run("tariffs", "check", FAULTY, "-o", "jsonl").stdout.splitlines()
    assert not told["valid"]
    assert told["faults"] == sum(finding["severity"] == "fault" for finding in told["findings"]) > 3
    assert [json.loads(line) for line in lines] == told["findings"]
    first = told["findings"][0]
    assert (first["file"], first["line"], first["severity"]) == ("DestinationRates.csv", 2, "fault")


def test_check_accepts_the_sample() -> None:
    result = run("tariffs", "check", SAMPLE)
    assert (result.exit_code, "The folder can be loaded" in result.stdout) == (0, True)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tariffs", "check", "/nowhere"], "does not exist"),
        (["tariffs", "check", str(Path(__file__).parent / "e2e")], "holds no CSV file"),
        (["cost"], "give a DESTINATION, or a file with --from"),
        (["cost", "49", "--from", "-"], "give a DESTINATION, or a file with --from"),
        (["cost", "49", "--usage", "soon"], "usage: 'soon' is not a duration"),
        (["cost", "49", "--at", "someday"], "--at: 'someday' is not an instant"),
        (["explain", "49", "--time-zone", "Nowhere/Land", "--at", "2026-11-21 10:00:00"], "unknown time zone"),
        (["account", "balance", "add", "1001", "five"], "amount.money: a decimal number is wanted"),
        (["account", "balance", "add", "1001", "5", "--kind", "voice"], "amount.duration: a duration with its unit"),
        (["outbox", "replay"], "name the entries"),
        (["account", "show"], "Missing argument 'ACCOUNT'"),
        (["account", "sow", "1001"], "No such command 'sow'"),
        (["config", "show", "--config", "/nowhere"], "cannot be read"),
        (["cost", "49", "--config", "/nowhere"], "cannot be read"),
        (["account", "list", "--output", "xml"], "'xml' is not one of"),
    ],
)
def test_misuse_is_explained_and_exits_2(arguments: list[str], said: str) -> None:
    result = run(*arguments)
    assert said in result.stderr
    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("form", ["table", "json"])
def test_a_daemon_that_is_not_there_is_no_traceback(form: str) -> None:
    result = run("account", "show", "1001", "--address", "127.0.0.1:1", "--output", form)
    assert "no daemon answers at 127.0.0.1:1. Start one with `ratingd serve`" in result.stderr
    assert ('"reason": "UNREACHABLE"' in result.stderr) == (form == "json")
    assert (result.exit_code, result.stdout) == (1, "")


def test_config_show_tells_where_a_value_came_from() -> None:
    told = json.loads(run("config", "show", "-o", "json", environment={"RATINGD_LANES": "3"}).stdout)
    lanes = next(setting for setting in told if setting["name"] == "lanes")
    assert (lanes["value"], lanes["from"], lanes["default"], lanes["variable"]) == (
        3,
        "RATINGD_LANES",
        2,
        "RATINGD_LANES",
    )


def test_config_check_explains_and_exits_1(tmp_path: Path) -> None:
    config = tmp_path / "ratingd.toml"
    config.write_text("lane = 2\n")
    result = run("config", "check", "--config", str(config))
    assert f"{config}:1" in result.stdout
    assert "the nearest is lanes" in result.stdout
    assert result.exit_code == 1


def test_config_check_is_content_with_defaults() -> None:
    result = run("config", "check", environment={"RATINGD_LANE": "1"})
    assert "all hold" in result.stdout
    assert "RATINGD_LANE is no setting" in result.stdout
    assert result.exit_code == 0


def test_config_check_warns_of_exports_that_would_not_arrive_as_meant(tmp_path: Path) -> None:
    exporters = f"CRM=https://h.example/x, OLD={(tmp_path / 'gone' / 'x.jsonl').as_uri()}"
    result = run("config", "check", "-o", "json", environment={"RATINGD_EXPORTERS": exporters})
    assert json.loads(result.stdout)["warnings"] == [
        "webhook_secret is empty: webhooks and exports are sent unsigned",
        f"exporter OLD: there is no folder {tmp_path / 'gone'}, so nothing can be written to it",
    ]
    environment = {"RATINGD_EXPORTERS": f"NEW={(tmp_path / 'x.jsonl').as_uri()}"}
    assert json.loads(run("config", "check", "-o", "json", environment=environment).stdout)["warnings"] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(shell: str) -> None:
    assert "_RATINGD_COMPLETE" in run("completion", shell).stdout


def test_every_command_has_help() -> None:
    def visit(command: click.Command, path: tuple[str, ...]) -> None:
        result = run(*path, "--help")
        assert result.exit_code == 0, path
        assert command.help, path
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None
                visit(found, (*path, name))

    assert isinstance(main, Commands)
    visit(main, ())
