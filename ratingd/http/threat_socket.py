"""/ws/threat-stream: the threat stream for browsers, a thousand of them, none of which can hold up another.

Every second one text goes to each. A client that reads slower than it is told has up to thirty frames wait for it;
then the oldest is dropped for the newest. One that is thirty seconds behind is let go with 1013, "try again later":
what it would see is no longer so. How far behind a client is tells itself: a ping goes the same way as the frames, and
who has not answered it for so long has not come to it (the server sees to that).
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from starlette.websockets import WebSocket, WebSocketDisconnect

from ratingd import observe
from ratingd.fraud.threat_stream import ThreatStream

FRAMES_MAX: Final = 30
BEHIND_S: Final = 30.0
CLIENTS_MAX: Final = 5_000
CLOSE_S: Final = 1.0
TRY_AGAIN: Final = 1013


class ThreatSockets:
    """The clients of the stream. All but `_tell` is of the loop's thread."""

    def __init__(self, threats: ThreatStream, *, behind_s: float = BEHIND_S, clients_max: int = CLIENTS_MAX) -> None:
        self._threats: Final = threats
        self._behind_s: Final = behind_s
        self._clients_max: Final = clients_max
        self._clients: Final[set[_Client]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._end_watch: Callable[[], None] = _nothing

    def __len__(self) -> int:
        return len(self._clients)

    async def serve(self, socket: WebSocket) -> None:
        """See one client through."""
        if len(self._clients) >= self._clients_max:
            await socket.close(TRY_AGAIN, "too many watch already")
            return
        await socket.accept()
        client = _Client(self._behind_s)
        self._join(client)
        tasks = [asyncio.create_task(client.send_to(socket)), asyncio.create_task(_until_gone(socket))]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._leave(client)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _join(self, client: "_Client") -> None:
        if not self._clients:
            self._loop = asyncio.get_running_loop()
            self._end_watch = self._threats.watch(self._tell)
        self._clients.add(client)

    def _leave(self, client: "_Client") -> None:
        self._clients.discard(client)
        if not self._clients:
            self._end_watch()

    def _tell(self, text: str) -> None:
        """One text for all of them, from the stream's thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._spread, text)

    def _spread(self, text: str) -> None:
        for client in self._clients:
            client.offer(text)


class _Client:
    """What waits for one client: the newest frames, and since when."""

    def __init__(self, behind_s: float) -> None:
        self._behind_s: Final = behind_s
        self._frames: Final[deque[tuple[float, str]]] = deque(maxlen=FRAMES_MAX)
        self._filled: Final = asyncio.Event()

    def offer(self, text: str) -> None:
        if len(self._frames) == FRAMES_MAX:
            observe.count("http.frame_dropped")
        self._frames.append((time.monotonic(), text))
        self._filled.set()

    async def send_to(self, socket: WebSocket) -> None:
        """Send what waits, until the client is too far behind or gone."""
        try:
            while True:
                offered_s, text = await self._next()
                async with asyncio.timeout(max(0.0, offered_s + self._behind_s - time.monotonic())):
                    await socket.send_text(text)
        except TimeoutError:
            observe.count("http.watcher_behind")
            await _close(socket, TRY_AGAIN, "too far behind")
        except (RuntimeError, WebSocketDisconnect):  # it has gone meanwhile
            observe.count("http.watcher_gone")

    async def _next(self) -> tuple[float, str]:
        while not self._frames:
            self._filled.clear()
            await self._filled.wait()
        return self._frames.popleft()


async def _until_gone(socket: WebSocket) -> None:
    """Whatever a client says is not for us, until it says that it goes."""
    while True:
        message: dict[str, Any] = dict(await socket.receive())
        if message["type"] == "websocket.disconnect":
            return


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    """Tell it why, if it still hears anything; the system ends the connection of one that does not."""
    try:
        async with asyncio.timeout(CLOSE_S):
            await socket.close(code, reason)
    except (RuntimeError, TimeoutError, WebSocketDisconnect):
        observe.count("http.watcher_deaf")


def _nothing() -> None:
    pass
