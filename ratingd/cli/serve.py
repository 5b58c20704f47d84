"""`ratingd serve`: the daemon itself, until it is told to stop.

Python waits for every thread of a pool before a process ends: a `Verify` of an hour, begun a moment before SIGTERM,
would keep the daemon for that hour, and its supervisor with it. Here what is still at work after the grace is named and
left: it only reads, or its transaction never was.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Final

import click

from ratingd import observe
from ratingd.cli.config_option import configured
from ratingd.daemon import Daemon
from ratingd.settings_reading import read_settings
from ratingd.store.faults import StoreFault

POOL: Final = "concurrent.futures.thread"
ENDING_S: Final = 0.3  # in which threads that have done their work are gone
PARTS_S: Final = 20.0  # what the parts that are stopped after each other may take beyond two graces


@click.command("serve")
@configured
@click.option("--listen", metavar="HOST:PORT", help="Address and port; port 0 takes a free one.")
@click.option("--http-listen", metavar="HOST:PORT", help="Address and port of HTTP; port 0 takes a free one, '' none.")
@click.option("--database-url", metavar="URL", help="sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE.")
@click.option("--insecure-listen", is_flag=True, default=None, help="Allow an address that other machines reach.")
def serve_command(
    config: Path | None,
    listen: str | None,
    http_listen: str | None,
    database_url: str | None,
    insecure_listen: bool | None,
) -> None:
    """Start the daemon. SIGTERM or Ctrl-C lets requests in progress finish, then ends it.

    Everything else is set by a file or the environment: `ratingd config show`.
    """
    options = {
        "listen": listen,
        "http_listen": http_listen,
        "database_url": database_url,
        "insecure_listen": insecure_listen,
    }
    settings = read_settings(config, options).settings
    stop = threading.Event()

    def told_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told_to_stop)
    try:
        daemon = Daemon(settings, on_lost=stop.set)
        daemon.start()
    except (StoreFault, OSError) as error:
        raise click.ClickException(f"cannot serve: {error}") from None
    click.echo(f"ratingd listens on {daemon.address}")
    if daemon.http is not None:
        click.echo("".join(f"HTTP on http://{address}/docs\n" for address in daemon.http.addresses), nl=False)
    stop.wait()
    hanging = threading.Timer(2 * settings.drain_seconds + PARTS_S, leave, [1])
    hanging.daemon = True
    hanging.start()
    daemon.stop()
    leave(1 if daemon.lost else 0)


def leave(status: int) -> None:
    """End the process, whoever is still at work."""
    until = time.monotonic() + ENDING_S
    while (left := at_work()) and time.monotonic() < until:
        time.sleep(0.02)
    if left:
        observe.event("daemon.left_behind", at_work=", ".join(left))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def at_work() -> list[str]:
    """Threads that Python would wait for, pools' and the main one, and where in our code they are."""
    frames = sys._current_frames()
    others = [thread for thread in threading.enumerate() if thread is not threading.current_thread()]
    at_work = []
    for thread in others:
        functions = path(frames.get(thread.ident or 0))
        ours = [where for where in functions if where.startswith("ratingd.")]
        if ours and (thread is threading.main_thread() or POOL in {where.rpartition(".")[0] for where in functions}):
            at_work.append(f"{thread.name} in {ours[0]}")
    return at_work


def path(frame: FrameType | None) -> list[str]:
    """The functions that a thread is in, the innermost first."""
    found = []
    while frame is not None:
        found.append(f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}")
        frame = frame.f_back
    return found
