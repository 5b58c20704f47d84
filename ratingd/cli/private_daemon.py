"""A daemon for one command: to price or to try a tariff folder without one running.

`ratingd cost 4917012345 --tariffs ./plan` starts the very daemon that `serve` starts, on a free loopback port and with
a SQLite file that is thrown away, loads the folder and asks it. So what is tried here is what a switch will get.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ratingd.cli.client import Client, connected
from ratingd.cli.findings import findings_table, from_wire
from ratingd.cli.folder import read_files, uploads
from ratingd.cli.options import Where
from ratingd.cli.output import console
from ratingd.cli.refusal import Refused
from ratingd.cli.tariffs import LOAD_SECONDS, load
from ratingd.daemon import Daemon
from ratingd.settings import Settings
from ratingd.v1.tariffs_pb2 import TariffOptions


@contextmanager
def client_for(where: Where, tariffs: Path | None) -> Iterator[Client]:
    """The daemon that was named, or a private one with a tariff folder."""
    if tariffs is None:
        with where.client() as client:
            yield client
    else:
        with private_daemon(where.settings(), tariffs) as client:
            yield client


@contextmanager
def private_daemon(settings: Settings, tariffs: Path) -> Iterator[Client]:
    """Webhooks leave it for no host at all: what is only tried alerts nobody."""
    with TemporaryDirectory(prefix="ratingd-") as folder:
        apart = {
            "database_url": f"sqlite:///{folder}/ratingd.db",
            "listen": "127.0.0.1:0",
            "http_listen": "",
            "detection": False,  # calls that are only tried out are no attack
            "http_also_listen": (),
            "tls_certificate": None,
            "tls_key": None,
            "tls_client_ca": None,
            "webhook_hosts": (),
            "log_format": "none",
            "drain_seconds": 1.0,
        }
        daemon = Daemon(settings.model_copy(update=apart))
        daemon.start()
        try:
            with connected(daemon.address) as client:
                _load(client, tariffs)
                yield client
        finally:
            daemon.stop()


def _load(client: Client, tariffs: Path) -> None:
    files = read_files(tariffs)
    try:
        load(client, files, TariffOptions(), progress=False)
    except Refused as refused:
        if refused.refusal.reason == "TARIFF_REFUSED":
            report = client.ask(client.tariffs.CheckTariff, uploads(files, TariffOptions()), LOAD_SECONDS)
            console(stderr=True).print(findings_table(from_wire(report.findings)))
        raise
