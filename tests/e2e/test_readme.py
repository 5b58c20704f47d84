"""What the README tells people to type does what it says."""

import re
import shlex
import urllib.request
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from ratingd.cli import main
from tests.e2e.serving import serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
LOOP = re.compile(r"^for n in (?P<numbers>.*); do\n(?P<command>(?:  .*\n)+)done$", re.MULTILINE)
TYPED = [
    typed.group()
    for block in BLOCKS
    for typed in re.finditer(rf"^ratingd .*$|^echo .*\| ratingd .*$|{LOOP.pattern}", block, re.MULTILINE)
]


def posted(loop: re.Match[str], address: str) -> None:
    """What curl would post, to where the daemon of this test listens."""
    words = shlex.split(loop["command"].replace("\\\n", " "))
    [path] = [word.partition("127.0.0.1:8000")[2] for word in words if word.startswith("http://")]
    for n in loop["numbers"].split():
        body = words[words.index("-d") + 1].replace("$n", n)
        asked = urllib.request.Request(
            f"http://{address}{path}", data=body.encode(), headers={"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=10) as answer:
            assert answer.status == 200, body


def test_the_first_call_by_hand(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = {}
    with serving(sqlite_url, default_tenant="example.org", log_format="none", http_listen="127.0.0.1:0") as served:
        assert served.daemon.http is not None
        monkeypatch.setenv("RATINGD_LISTEN", served.daemon.address)
        monkeypatch.setenv("RATINGD_DEFAULT_TENANT", "example.org")
        for line in TYPED:
            if loop := LOOP.match(line):
                posted(loop, served.daemon.http.address)
                continue
            said, _, command = line.rpartition("| ")
            given = shlex.split(said)[1] if said else None
            result = CliRunner().invoke(main, shlex.split(command)[1:], input=given)
            assert result.exit_code == 0, (line, result.output)
            shown[line] = result.output
    assert len(TYPED) >= 10
    assert "+4930555000" in shown["ratingd fraud incidents"]
    assert "+4930555000" in shown["ratingd fraud show 1"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_commands_in_documents_have_the_options_they_are_shown_with(page: Path) -> None:
    """They are not run: files that they name need not be there."""
    for block in re.findall(r"^```\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
        for line in re.findall(r"^ratingd .*$", block.replace("\\\n", " "), re.MULTILINE):
            command: click.Command = main
            context = click.Context(main)
            words = shlex.split(line, comments=True)[1:]
            while isinstance(command, click.Group):
                found = command.get_command(context, words.pop(0))
                assert found is not None, line
                command = found
            command.make_parser(click.Context(command)).parse_args(words)  # raises what is wrong


def test_every_command_of_the_table_exists() -> None:
    named = re.findall(r"^\| (`ratingd .*?) \|", README, re.MULTILINE)
    for cell in named:
        for command in re.findall(r"`ratingd ([a-z ]+)", cell):
            result = CliRunner().invoke(main, [*command.split(), "--help"])
            assert result.exit_code == 0, command
    assert len(named) >= 14
