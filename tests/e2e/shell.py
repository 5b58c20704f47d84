"""What an operator types, on a daemon that serves the sample's tenant."""

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from ratingd.cli import main
from tests.e2e.serving import Serving

SAMPLE = Path(__file__).parents[2] / "examples" / "tariffs"


class Shell:
    """What an operator types, on a daemon of the sample's tenant."""

    def __init__(self, served: Serving) -> None:
        self.address = served.daemon.address

    def run(self, *arguments: str, exits: int = 0, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, [*arguments, "--address", self.address], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert result.exit_code == exits, result.output
        return result

    def table(self, *arguments: str, exits: int = 0) -> str:
        return self.run(*arguments, exits=exits).stdout

    def json(self, *arguments: str, exits: int = 0, given: str | None = None) -> Any:
        return json.loads(self.run(*arguments, "--output", "json", exits=exits, given=given).stdout)

    def lines(self, *arguments: str, exits: int = 0, given: str | None = None) -> list[Any]:
        out = self.run(*arguments, "--output", "jsonl", exits=exits, given=given).stdout
        return [json.loads(line) for line in out.splitlines()]
