"""WatchThreats: the frames of the threat stream, as `/ws/threat-stream` has them, over gRPC.

Whoever watches says so with a first message, and is told once a second what goes on, and every alert at once. A frame
is made once for all who watch, here or there.
"""

from collections.abc import Callable
from typing import Final

from ratingd.api.fraud_parts import SERVICE
from ratingd.api.method import AnyMethod, Outlet, Stream, StreamMethod, parse
from ratingd.api.status import failure
from ratingd.errors import Unavailable
from ratingd.fraud.threat_stream import ThreatStream
from ratingd.v1 import fraud_pb2


class ThreatWatches:
    def __init__(self, threats: ThreatStream) -> None:
        self._threats: Final = threats

    def methods(self) -> list[AnyMethod]:
        return [StreamMethod(SERVICE + "WatchThreats", self._open)]

    def _open(self, outlet: Outlet) -> Stream:
        return ThreatWatch(self._threats, outlet)


class ThreatWatch:
    """One stream."""

    def __init__(self, threats: ThreatStream, outlet: Outlet) -> None:
        self._threats: Final = threats
        self._outlet: Final = outlet
        self._end: Callable[[], None] = lambda: None
        self._over = False

    def receive(self, message: bytes) -> None:
        parse(fraud_pb2.WatchThreatsRequest(), message)
        self._end = self._threats.watch(self._send)
        if self._over:  # since
            self._end()

    def half_close(self) -> None:
        """The request is all that a watcher has to say."""

    def drain(self) -> None:
        self.cancel()
        self._outlet.finish(failure(Unavailable("the daemon is going down. Watch again, here or at another one.")))

    def cancel(self) -> None:
        self._over = True
        self._end()

    def _send(self, frame: str) -> None:
        self._outlet.send(fraud_pb2.Threats(frame=frame).SerializeToString())
