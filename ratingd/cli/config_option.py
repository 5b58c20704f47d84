"""The option that all commands have, those that ask a daemon and the daemon itself: where the settings are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def configured(command: Command) -> Command:
    """`--config`, given to the command as `config: Path | None`."""
    return click.option(
        "--config",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Settings file (TOML). Default: the one RATINGD_CONFIG names, if any.",
    )(command)
