"""What the README tells people to type does what it says."""

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from ratingd.cli import main
from tests.e2e.serving import serving

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
TYPED = [line for block in BLOCKS for line in block.splitlines() if re.match(r"ratingd |echo .*\| ratingd ", line)]


def test_the_first_call_by_hand(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    with serving(sqlite_url, default_tenant="example.org", log_format="none") as served:
        monkeypatch.setenv("RATINGD_LISTEN", served.daemon.address)
        monkeypatch.setenv("RATINGD_DEFAULT_TENANT", "example.org")
        for line in TYPED:
            said, _, command = line.rpartition("| ")
            given = shlex.split(said)[1] if said else None
            result = CliRunner().invoke(main, shlex.split(command)[1:], input=given)
            assert result.exit_code == 0, (line, result.output)
    assert len(TYPED) >= 7


def test_every_command_of_the_table_exists() -> None:
    named = re.findall(r"^\| (`ratingd .*?) \|", README, re.MULTILINE)
    for cell in named:
        for command in re.findall(r"`ratingd ([a-z ]+)", cell):
            result = CliRunner().invoke(main, [*command.split(), "--help"])
            assert result.exit_code == 0, command
    assert len(named) >= 14
