"""A receiver that is never silent and never done: it sends its beginning, and then a byte at a time for ever."""

import socket
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Final


class DrippingServer:
    def __init__(self, beginning: bytes, drip: bytes = b"x", every_s: float = 0.05) -> None:
        self._beginning: Final = beginning
        self._drip: Final = drip
        self._every_s: Final = every_s
        self._ended: Final = threading.Event()
        self._listener: Final = socket.create_server(("127.0.0.1", 0))
        self.port: Final[int] = self._listener.getsockname()[1]
        self.lines_cut = 0  # connections that the other side has ended

    def cut(self, lines: int, within_s: float = 10.0) -> bool:
        """Whether so many connections are ended in time."""
        deadline = time.monotonic() + within_s
        while self.lines_cut < lines and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.lines_cut == lines

    def __enter__(self) -> "DrippingServer":
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            try:
                line.sendall(self._beginning)
                while not self._ended.is_set():
                    time.sleep(self._every_s)
                    line.sendall(self._drip)
            except OSError:
                self.lines_cut += 1
