"""`ratingd`: one command for each noun, loaded when it is asked for.

Exit codes: 0 done, 1 refused (by the daemon, by a fault in a tariff folder, by books that do not agree), 2 misused (an
unknown option, a file that is not there, a setting that cannot hold). Nobody is shown a traceback for any of these.
"""

import importlib
import sys
from collections.abc import Mapping
from typing import Any, Final

import click

from ratingd.cli.plain import NotPlain
from ratingd.cli.refusal import OUTPUT_KEY, Refused
from ratingd.core import core
from ratingd.settings_reading import SettingsRefused

_COMMANDS: Final[Mapping[str, str]] = {
    "serve": "ratingd.cli.serve",
    "demo": "ratingd.cli.demo",
    "tariffs": "ratingd.cli.tariffs",
    "cost": "ratingd.cli.cost",
    "explain": "ratingd.cli.explain",
    "account": "ratingd.cli.account",
    "triggers": "ratingd.cli.triggers",
    "fraud": "ratingd.cli.fraud",
    "model": "ratingd.cli.model",
    "cdr": "ratingd.cli.cdr",
    "schedules": "ratingd.cli.schedules",
    "outbox": "ratingd.cli.outbox",
    "verify": "ratingd.cli.verify",
    "status": "ratingd.cli.status",
    "config": "ratingd.cli.config",
    "completion": "ratingd.cli.completion",
}


class Commands(click.Group):
    """Finds a command in the module of its name, and tells refusals instead of raising them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command: click.Command = getattr(importlib.import_module(module), f"{cmd_name}_command")
        return command

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as refused:
            from ratingd.cli.telling import tell_refusal  # a daemon's start need not wait for what lays out tables

            tell_refusal(refused.refusal, ctx.meta.get(OUTPUT_KEY))
            ctx.exit(1)
        except SettingsRefused as refused:
            for problem in refused.problems:
                click.echo(f"settings: {problem}", err=True)
            ctx.exit(2)
        except NotPlain as error:
            raise click.UsageError(str(error)) from None


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Shell completion: `ratingd completion --help`. Settings: `ratingd config show`.",
)
@click.version_option(package_name="ratingd", prog_name="ratingd", message=f"%(prog)s %(version)s, {core()}")
def main() -> None:
    """Real-time charging and fraud triggers for telephony."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
