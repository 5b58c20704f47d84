"""SessionService: a switch is told which calls to cut, and says what became of each.

The first message of a stream only says who listens. From then on disconnects go out as they are decided, those that
waited while nobody listened first, and each answer names the disconnect it is about. An answer to one that is settled
already is of no consequence, for a switch may be told twice.
"""

from threading import Lock
from typing import Final

from ratingd.api.convert import name, set_instant
from ratingd.api.method import AnyMethod, Outlet, Stream, StreamMethod, parse
from ratingd.api.reasons import wire_reason
from ratingd.api.status import failure
from ratingd.delivery.disconnect_order import Disconnect, Outcome
from ratingd.delivery.disconnects import DisconnectDesk, Watcher
from ratingd.errors import InvalidRequest, Unavailable
from ratingd.v1 import sessions_pb2
from ratingd.v1.reason_pb2 import Reason as WireReason

SERVICE: Final = "/ratingd.v1.SessionService/"
REASON_NAMES: Final = frozenset(WireReason.keys())
OUTCOMES: Final = {
    sessions_pb2.DisconnectResult.CUT: Outcome.CUT,
    sessions_pb2.DisconnectResult.CALL_UNKNOWN: Outcome.CALL_UNKNOWN,
    sessions_pb2.DisconnectResult.FAILED: Outcome.FAILED,
}


class Sessions:
    def __init__(self, desk: DisconnectDesk) -> None:
        self._desk: Final = desk
        self._lock: Final = Lock()
        self._watches: Final[list[Watch]] = []

    def methods(self) -> list[AnyMethod]:
        return [StreamMethod(SERVICE + "WatchDisconnects", self._watch)]

    def watching(self) -> list[str]:
        """The switches that listen now."""
        with self._lock:
            return sorted({watch.switch_id for watch in self._watches if watch.switch_id})

    def _watch(self, outlet: Outlet) -> Stream:
        watch = Watch(self._desk, outlet, self)
        with self._lock:
            self._watches.append(watch)
        return watch

    def leave(self, watch: "Watch") -> None:
        with self._lock:
            if watch in self._watches:
                self._watches.remove(watch)


class Watch:
    """One stream of WatchDisconnects."""

    def __init__(self, desk: DisconnectDesk, outlet: Outlet, sessions: Sessions) -> None:
        self._desk: Final = desk
        self._outlet: Final = outlet
        self._sessions: Final = sessions
        self._lock: Final = Lock()
        self._watcher: Watcher | None = None
        self._over = False
        self.switch_id = ""

    def receive(self, message: bytes) -> None:
        result = parse(sessions_pb2.DisconnectResult(), message)
        watcher = self._watcher
        if watcher is None:
            watcher = self._open(result)
        if result.disconnect_id:
            outcome = OUTCOMES.get(result.outcome)
            if outcome is None:
                raise InvalidRequest("outcome", "is missing: CUT, CALL_UNKNOWN or FAILED")
            watcher.answer(result.disconnect_id, outcome, result.detail[:500])

    def half_close(self) -> None:
        """A switch that answers no more is told no more."""
        self.cancel()
        self._outlet.finish()

    def drain(self) -> None:
        self.cancel()
        self._outlet.finish(failure(Unavailable("the daemon is going down. Watch again, here or at another one.")))

    def cancel(self) -> None:
        with self._lock:
            self._over = True
            watcher, self._watcher = self._watcher, None
        if watcher is not None:
            watcher.close()
        self._sessions.leave(self)

    def _open(self, first: sessions_pb2.DisconnectResult) -> Watcher:
        switch_id = name(first.switch_id, "switch_id")
        if not switch_id:
            raise InvalidRequest("switch_id", 'is empty: the first message says whose calls are cut, or "*"')
        watcher = self._desk.watch(switch_id, self._send)
        with self._lock:
            if not self._over:
                self.switch_id, self._watcher = switch_id, watcher
                return watcher
        watcher.close()  # the stream ended meanwhile
        raise Unavailable("the stream is over.")

    def _send(self, told: Disconnect) -> None:
        message = sessions_pb2.Disconnect(
            disconnect_id=told.id,
            switch_id=told.switch_id,
            call_id=told.call_id,
            tenant=told.tenant,
            account=told.account,
            trigger_group=told.trigger_group,
            trigger_id=told.trigger_id,
            attempt=told.attempt,
        )
        message.reason = wire_reason(told.reason if told.reason in REASON_NAMES else "DISCONNECT")
        set_instant(message.time, told.created_ns)
        self._outlet.send(message.SerializeToString())
