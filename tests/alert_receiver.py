"""A receiver of alert webhooks: a real HTTP server on loopback that verifies signatures and keeps what arrives."""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Final

from ratingd.delivery.webhook import verify

POLL_S: Final = 0.01  # how often a server looks whether it should end


@dataclass(frozen=True, slots=True)
class Alert:
    headers: Mapping[str, str]
    body: Any
    verified: bool


class AlertReceiver:
    """Answers 200 to everything, or what `answer` says for the n-th request (from 0)."""

    def __init__(self, secret: bytes, answer: Callable[[int], int] = lambda _: 200) -> None:
        self.alerts: Final[list[Alert]] = []
        self.attempts = 0
        self._changed: Final = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                with receiver._changed:
                    status = answer(receiver.attempts)
                    receiver.attempts += 1
                    if status == 200:
                        headers = dict(self.headers.items())
                        genuine = verify(secret, headers, raw, now_s=time.time())
                        receiver.alerts.append(Alert(headers, json.loads(raw), genuine))
                    receiver._changed.notify_all()
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server: Final = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url: Final = f"http://127.0.0.1:{self._server.server_address[1]}/alerts"

    def wait_for(self, enough: Callable[[Sequence[Alert]], bool], within_s: float) -> list[Alert]:
        """Wait until what arrived is enough, or for `within_s`; what has arrived by then."""
        deadline = time.monotonic() + within_s
        with self._changed:
            while not enough(self.alerts) and time.monotonic() < deadline:
                self._changed.wait(0.1)
            return list(self.alerts)

    def __enter__(self) -> "AlertReceiver":
        threading.Thread(target=self._server.serve_forever, args=(POLL_S,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
