"""`ratingd serve`: the daemon itself, until it is told to stop."""

import signal
import threading
from pathlib import Path
from types import FrameType

import click

from ratingd.cli.config_option import configured
from ratingd.daemon import Daemon
from ratingd.settings_reading import read_settings
from ratingd.store.faults import StoreFault


@click.command("serve")
@configured
@click.option("--listen", metavar="HOST:PORT", help="Address and port; port 0 takes a free one.")
@click.option("--database-url", metavar="URL", help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.")
@click.option("--insecure-listen", is_flag=True, default=None, help="Allow an address that other machines reach.")
def serve_command(
    config: Path | None, listen: str | None, database_url: str | None, insecure_listen: bool | None
) -> None:
    """Start the daemon. SIGTERM or Ctrl-C lets requests in progress finish, then ends it.

    Everything else is set by a file or the environment: `ratingd config show`.
    """
    options = {"listen": listen, "database_url": database_url, "insecure_listen": insecure_listen}
    settings = read_settings(config, options).settings
    stop = threading.Event()

    def told_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_stop)
    try:
        daemon = Daemon(settings)
        daemon.start()
    except (StoreFault, OSError) as error:
        raise click.ClickException(f"cannot serve: {error}") from None
    click.echo(f"ratingd listens on {daemon.address}")
    stop.wait()
    daemon.stop()
