"""The HTTP server: uvicorn on a thread of the daemon, on one address or several.

    server = HttpServer(app, ["127.0.0.1:8000", "127.0.0.1:8080"])
    server.start()      # returns when it serves; a port that is taken is told with what to set
    server.address      # 127.0.0.1:8000, the real port where 0 was asked for
    server.stop()       # requests in progress are answered, streams are told to go

Ports are opened before anything is served, all or none of them.
"""

import resource
import socket
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final

import uvicorn

from ratingd import observe
from ratingd.api.transport import CannotListen
from ratingd.settings import host_and_port

BACKLOG: Final = 2_048
SEND_BUFFER: Final = 131_072  # bytes that wait in the system for a client; a slow one is to be seen as slow
MESSAGE_MAX: Final = 4_096  # bytes of a WebSocket message to us: nothing is asked there
FILES: Final = 16_384
START_S: Final = 30.0


class HttpServer:
    """`behind_s`: a client that has read nothing of what was sent for so long is let go. `stopped` is called last."""

    def __init__(
        self,
        app: Any,
        addresses: Sequence[str],
        *,
        drain_s: float = 10.0,
        behind_s: float = 30.0,
        stopped: Callable[[], None] = lambda: None,
    ) -> None:
        self._addresses: Final = tuple(addresses)
        self._drain_s: Final = drain_s
        self._behind_s: Final = behind_s
        self._stopped: Final = stopped
        self._sockets: list[socket.socket] = []
        config = uvicorn.Config(
            app,
            http="h11",
            ws="websockets-sansio",
            ws_max_size=MESSAGE_MAX,
            ws_ping_interval=behind_s / 6,
            ws_ping_timeout=behind_s,
            ws_per_message_deflate=False,  # a thousand clients get the same text, and each would have it packed anew
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=max(1, round(drain_s)),
        )
        self._up: Final = threading.Event()
        self._server: Final = _Server(config, self._up)
        self._thread: Final = threading.Thread(target=self._serve, name="http-server", daemon=True)

    @property
    def address(self) -> str:
        """Where it serves first."""
        return self.addresses[0]

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it serves; real ports once it is started."""
        return tuple(_name(each) for each in self._sockets) or self._addresses

    @property
    def serving(self) -> bool:
        return self._thread.is_alive() and self._server.started and not self._server.should_exit

    def start(self) -> None:
        _allow_many_files()
        try:
            for address in self._addresses:
                self._sockets.append(_listening(address, self._behind_s))
        except OSError:
            self._close()
            raise
        self._thread.start()
        if not self._up.wait(START_S) or not self._server.started:
            raise CannotListen(f"HTTP on {self.address} did not begin within {START_S:.0f} s; the log says why")
        observe.event("http.serving", addresses=", ".join(self.addresses))

    def stop(self) -> None:
        """Let no request in any more and finish those in progress, for as long as the daemon drains."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(self._drain_s + 5)
        self._stopped()
        self._close()

    def _serve(self) -> None:
        try:
            self._server.run(self._sockets)
        except Exception as fault:  # noqa: BLE001 - the daemon goes on charging without HTTP
            observe.fault("http.lost", fault)
        finally:
            self._up.set()

    def _close(self) -> None:
        for each in self._sockets:
            each.close()
        self._sockets = []


class _Server(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, up: threading.Event) -> None:
        super().__init__(config)
        self._up: Final = up

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._up.set()


def _listening(address: str, behind_s: float) -> socket.socket:
    """An open port, or the reason why not with what to do."""
    host, port = host_and_port(address)
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
    except OSError as error:
        raise CannotListen(f"HTTP cannot listen on {address}: {error}. Set http_listen to another address.") from None
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(1000 * behind_s))
        opened.bind(place)
        opened.listen(BACKLOG)
    except OSError as error:
        opened.close()
        raise CannotListen(
            f"HTTP cannot listen on {address}: {error.strerror}. Set http_listen (RATINGD_HTTP_LISTEN) to an address "
            "that is free, such as 127.0.0.1:0, or to nothing where HTTP is not wanted."
        ) from None
    return opened


def _allow_many_files() -> None:
    """A thousand watchers are as many open files; most systems let a process have 1,024 unless it asks for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _name(opened: socket.socket) -> str:
    host, port = opened.getsockname()[:2]
    return f"{f'[{host}]' if ':' in host else host}:{port}"
