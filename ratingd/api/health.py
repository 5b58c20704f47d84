"""Health: whether the daemon takes requests, for load balancers and for those who start it.

A stream that watches ends when the daemon goes down, with the last word NOT_SERVING, so that it holds nobody up. The
transport says when it serves; whoever asks before hears NOT_SERVING. Each service is as healthy as the whole ("").
"""

from collections.abc import Iterable
from threading import Lock
from typing import Final

from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from ratingd.api.method import AnyMethod, Kind, Method, Outlet, Stream, StreamMethod, guarded, parse
from ratingd.api.status import failure
from ratingd.engine.command import Reply
from ratingd.errors import NotFound, Unavailable

SERVICE: Final = "/grpc.health.v1.Health/"
SERVING: Final = HealthCheckResponse(status=HealthCheckResponse.SERVING).SerializeToString()
NOT_SERVING: Final = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING).SerializeToString()
UNKNOWN: Final = HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN).SerializeToString()


class Health:
    """The health of what serves these methods."""

    def __init__(self, methods: Iterable[AnyMethod]) -> None:
        self._services: Final = {"", *(method.name.split("/")[1] for method in methods)}
        self._lock: Final = Lock()
        self._watches: Final[list[Watch]] = []
        self._status = NOT_SERVING

    def methods(self) -> list[AnyMethod]:
        return [
            Method(SERVICE + "Check", Kind.QUICK, guarded(self._check)),
            StreamMethod(SERVICE + "Watch", self._watch),
        ]

    def serves(self) -> None:
        self._set(SERVING)

    def drains(self) -> None:
        self._set(NOT_SERVING)

    def status(self, service: str) -> bytes | None:
        """As a message; None of a service that there is not."""
        return self._status if service in self._services else None

    def enter(self, watch: "Watch") -> None:
        """Let it watch, unless its client is gone; who asks again watches once."""
        with self._lock:
            if watch.over:
                return
            if watch not in self._watches:
                self._watches.append(watch)
            watch.tell(self.status(watch.service) or UNKNOWN)

    def leave(self, watch: "Watch") -> None:
        with self._lock:
            watch.over = True
            if watch in self._watches:
                self._watches.remove(watch)

    def _set(self, status: bytes) -> None:
        with self._lock:
            self._status = status
            for watch in self._watches:
                watch.tell(self.status(watch.service) or UNKNOWN)

    def _check(self, body: bytes, _: int | None) -> Reply:
        asked = parse(HealthCheckRequest(), body).service
        status = self.status(asked)
        if status is None:
            raise NotFound(f"no service {asked!r} is served here. Reflection lists those that are.")
        return Reply(0, status)

    def _watch(self, outlet: Outlet) -> Stream:
        return Watch(self, outlet)


class Watch:
    """One stream of Watch: told at once, and again whenever it changes."""

    def __init__(self, health: Health, outlet: Outlet) -> None:
        self._health: Final = health
        self._outlet: Final = outlet
        self._told = b""
        self.service = ""
        self.over = False

    def tell(self, status: bytes) -> None:
        if status != self._told:
            self._told = status
            self._outlet.send(status)

    def receive(self, message: bytes) -> None:
        self.service = parse(HealthCheckRequest(), message).service
        self._health.enter(self)

    def half_close(self) -> None:
        """It has asked, and goes on listening."""

    def drain(self) -> None:
        self._outlet.finish(failure(Unavailable("the daemon is going down. Watch again, here or at another one.")))

    def cancel(self) -> None:
        self._health.leave(self)
