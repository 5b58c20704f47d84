"""The ground that stations stand on: stores on each file system, database servers, daemons, servers that do nothing.

The sample tariff is loaded once, by a daemon of the fastest build there is; the SQLite stores are copies of what it
left behind. A million accounts are written into such a copy directly, in seconds where a load would take minutes.
"""

import shutil
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.build import Build
from bench.daemon import Daemon, free_port
from bench.empty import empty_native, empty_python
from bench.figure import FEW
from bench.million_accounts import fill
from bench.plan import Offer, Station
from bench.post import Post
from bench.sample import Sample
from bench.wire import load_tariff, one_debit
from tests.postgres_server import PostgresServer

SUFFIXES: Final = ("", "-wal", "-shm")
LOG: Final = "daemon.log"


@dataclass(frozen=True, slots=True)
class Choice:
    """What is there to measure with."""

    folders: Mapping[str, Path]  # by kind of disk
    build: Build  # the fastest
    transports: tuple[str, ...]
    native: Path | None  # the empty server in Rust
    sample: Sample

    def offer(self) -> Offer:
        builds = {False, self.build.compiled}
        return Offer(frozenset(self.transports), frozenset(builds), frozenset(self.folders))


class Ground:
    """Everything on it is ended by `stack`."""

    def __init__(self, choice: Choice, stack: ExitStack) -> None:
        self.choice: Final = choice
        self._stack: Final = stack
        self._servers: Final[dict[str, PostgresServer]] = {}
        self._first: Final = next(iter(choice.folders.values()))
        self._base: Final = self._first / "base.db"
        self._reply: Final = self._load_base()

    def server(self, disk: str) -> PostgresServer:
        """The database server whose data lies on that disk, started when it is first needed."""
        if disk not in self._servers:
            server = PostgresServer(durable=True, parent=self.choice.folders[disk])
            self._servers[disk] = self._stack.enter_context(server)
        return self._servers[disk]

    def post(self, station: Station, step: str = "") -> Post:
        """A daemon that serves, with tariff and accounts. RuntimeError where it does not."""
        folder = self.choice.folders[station.disk] / (step or station.name)
        folder.mkdir()
        server = self.server(station.disk) if station.store == "postgresql" else None
        url = self._copy(folder, station.accounts) if server is None else server.new_database()
        settings = {"RATINGD_DATABASE_URL": url, "RATINGD_TRANSPORT": station.transport}
        daemon = self._stack.enter_context(Daemon(Build(station.compiled), settings, folder / LOG))
        if server is not None:
            load_tariff(daemon.address, self.choice.sample.folder())
        pid = server.process.pid if server is not None and server.process else None
        return Post(station, url, daemon, pid, step)

    def watching(self, station: Station, *, detection: bool, name: str = "", **more: str) -> Daemon:
        """A daemon on SQLite that takes call events, or has `detection` off; `more` are settings."""
        folder = self.choice.folders[station.disk] / (name or ("watching" if detection else "charging"))
        folder.mkdir()
        settings = {
            "RATINGD_DATABASE_URL": self._copy(folder, station.accounts),
            "RATINGD_TRANSPORT": station.transport,
            "RATINGD_DETECTION": str(detection).lower(),
            "RATINGD_HTTP_LISTEN": f"127.0.0.1:{free_port()}",
        } | {f"RATINGD_{setting.upper()}": value for setting, value in more.items()}
        return self._stack.enter_context(Daemon(Build(station.compiled), settings, folder / LOG))

    def empty_servers(self, say: Callable[[str], None]) -> dict[str, str]:
        """Addresses of the servers that do nothing, by name."""
        folder = self._first / "empty"
        folder.mkdir()
        ways = {name: (empty_python, (self.choice.build, name, folder, self._reply)) for name in self.choice.transports}
        addresses = {}
        if self.choice.native is not None:
            native = empty_native(self.choice.native, folder, self._reply)
            addresses["native"] = self._stack.enter_context(native)
        for name, (serve, arguments) in ways.items():
            try:
                addresses[name] = self._stack.enter_context(serve(*arguments))
            except RuntimeError as error:
                say(f"no empty {name} server to compare with: {error}")
        return addresses

    def _load_base(self) -> bytes:
        """A store with the tariff and a few accounts; the bytes of a debit's answer."""
        settings = {"RATINGD_DATABASE_URL": f"sqlite:///{self._base}", "RATINGD_TRANSPORT": "grpcio"}
        with Daemon(self.choice.build, settings, self._first / "base.log") as daemon:
            load_tariff(daemon.address, self.choice.sample.folder())
            return one_debit(daemon.address, self.choice.sample)

    def _copy(self, folder: Path, accounts: int) -> str:
        for suffix in SUFFIXES:
            left = self._base.with_name(self._base.name + suffix)
            if left.exists():
                shutil.copy(left, folder / f"ratingd.db{suffix}")
        url = f"sqlite:///{folder / 'ratingd.db'}"
        if accounts > FEW:
            fill(url, self.choice.sample, accounts)
        return url
