"""A daemon in this process on a free loopback port, and a channel to it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final
from unittest.mock import patch

import grpc

from ratingd.daemon import Daemon
from ratingd.engine import tariff_loading
from ratingd.settings import Settings
from ratingd.v1.tariffs_pb2 import TariffFile, TariffOptions, TariffReport, TariffUpload
from ratingd.v1.tariffs_pb2_grpc import TariffServiceStub

NOTICE_NS: Final = 20_000_000  # of a tariff, to the other daemons on the database: here are none


class Serving:
    def __init__(self, daemon: Daemon, channel: grpc.Channel) -> None:
        self.daemon = daemon
        self.channel = channel

    def load(self, files: Mapping[str, bytes], options: TariffOptions | None = None) -> TariffReport:
        report: TariffReport = TariffServiceStub(self.channel).LoadTariff(uploads(files, options), timeout=60)
        return report


def uploads(files: Mapping[str, bytes], options: TariffOptions | None = None) -> Iterator[TariffUpload]:
    yield TariffUpload(options=options or TariffOptions())
    for path, content in files.items():
        yield TariffUpload(file=TariffFile(path=path, content=content))


@contextmanager
def serving(store_url: str, **settings: object) -> Iterator[Serving]:
    """Serve a store with settings, without HTTP unless they say so; stopped in order at the end."""
    apart = {"database_url": store_url, "listen": "127.0.0.1:0", "http_listen": "", "drain_seconds": 2}
    daemon = Daemon(Settings(**(apart | settings)))  # type: ignore[arg-type]
    daemon.start()
    try:
        with grpc.insecure_channel(daemon.address) as channel, patch.object(tariff_loading, "NOTICE_NS", NOTICE_NS):
            yield Serving(daemon, channel)
    finally:
        daemon.stop()
