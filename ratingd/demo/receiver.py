"""A receiver of alerts, as an operator would write one: it trusts nothing that is not signed with the shared secret."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final, Self

from ratingd.delivery.webhook import verify

BODY_BYTES_MAX: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Alert:
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    genuine: bool  # the signature is that of the body, and the timestamp is fresh


class Receiver:
    """Listens on loopback while it is entered. Answers 200 to what is genuine, else 401."""

    def __init__(self, secret: str, port: int) -> None:
        """On `port`, or on any free one where that is taken."""
        self.alerts: Final[list[Alert]] = []
        self._secret: Final = secret.encode()
        self._arrived: Final = threading.Condition()
        handler = type("Handler", (_Handler,), {"receiver": self})
        try:
            self._server = ThreadingHTTPServer(("127.0.0.1", port), handler)
        except OSError:
            self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.port: Final = int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts"

    def take(self, headers: Mapping[str, str], body: bytes) -> bool:
        genuine = verify(self._secret, headers, body, now_s=time.time())
        with self._arrived:
            self.alerts.append(Alert(headers, json.loads(body) if genuine else {}, genuine))
            self._arrived.notify_all()
        return genuine

    def wait(self, seconds: float, wanted: int = 1) -> list[Alert]:
        """What has arrived, as soon as there are so many."""
        with self._arrived:
            self._arrived.wait_for(lambda: len(self.alerts) >= wanted, seconds)
            return list(self.alerts)

    def wait_for(self, arrived: Callable[[list[Alert]], bool], seconds: float) -> bool:
        """Wait until what has arrived is what is waited for; False where it did not come to it."""
        with self._arrived:
            return self._arrived.wait_for(lambda: arrived(self.alerts), seconds)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver
    server_version = "receiver"

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(min(length, BODY_BYTES_MAX))
        genuine = self.receiver.take(dict(self.headers.items()), body)
        self.send_response(200 if genuine else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """The story is told elsewhere."""
