"""The Charge stream: one connection, many requests in flight, each answered as soon as its batch is on disk.

A switch sends debit "a" on account 1001 and debit "b" on 1002; "b" may be answered first. Only the order of requests on
one account is kept, for they share a lane. At most `in_flight_max` requests wait for answers: then the stream reads no
more until one is answered, and the client feels it as HTTP/2 flow control. A request that is wrong is answered with the
status that the single call would have failed with, and the stream goes on.
"""

from collections.abc import Callable
from threading import Condition, Lock
from typing import Final

from ratingd.api.charge_message import ChargeMessage, read_charge
from ratingd.api.charging import Charging
from ratingd.api.method import Outlet, Submit
from ratingd.api.status import failure
from ratingd.api.wire import delimited
from ratingd.engine.command import Command, Reply
from ratingd.errors import InvalidRequest, RatingdError, Unavailable

ERROR_FIELD: Final = 6


class ChargeStream:
    def __init__(self, charging: Charging, submit: Submit, outlet: Outlet, in_flight_max: int) -> None:
        self._charging: Final = charging
        self._submit: Final = submit
        self._outlet: Final = outlet
        self._in_flight_max: Final = in_flight_max
        self._lock: Final = Lock()
        self._changed: Final = Condition(self._lock)
        self._full = False  # somebody waits for room
        self._in_flight = 0
        self._closing = False  # the client has sent all it will, or the daemon is going down
        self._over = False  # finished or cancelled: nothing is sent any more
        self._last_word: Reply | None = None

    def receive(self, message: bytes) -> None:
        request = read_charge(message)
        head = delimited(1, request.correlation_id.encode()) if request.correlation_id else b""
        if not self._enter():
            return
        try:
            command = self._command(request)
        except RatingdError as error:
            self._leave(head, ERROR_FIELD, failure(error))
            return
        self._submit(command, _Answer(self._leave, head, request.field).done)

    def half_close(self) -> None:
        self._close(None)

    def drain(self) -> None:
        self._close(failure(Unavailable("the daemon is going down. Open the stream again, here or at another one.")))

    def cancel(self) -> None:
        """Requests in flight are carried out all the same; their answers go nowhere, and a retry gets them."""
        with self._lock:
            self._over = True
            self._changed.notify_all()

    def _command(self, request: ChargeMessage) -> Command:
        if request.debit is not None:
            return self._charging.debit(request.debit, None)
        others = request.others
        match others.WhichOneof("request"):
            case "max_debit":
                return self._charging.max_debit(others.max_debit, None)
            case "get_max_session_time":
                return self._charging.get_max_session_time(others.get_max_session_time, None)
            case "refund":
                return self._charging.refund(others.refund, None)
            case _:
                raise InvalidRequest("request", "is missing: a debit, max_debit, get_max_session_time or refund")

    def _enter(self) -> bool:
        """Wait for room; False when the stream takes no more."""
        with self._lock:
            while self._in_flight >= self._in_flight_max and not self._over and not self._closing:
                self._full = True
                self._changed.wait()
            if self._over or self._closing:
                return False
            self._in_flight += 1
            return True

    def _leave(self, head: bytes, field: int, reply: Reply) -> None:
        """Send an answer. The field of an answer has the number of its request's."""
        self._outlet.send(head + delimited(field if reply.code == 0 else ERROR_FIELD, reply.body))
        with self._lock:
            self._in_flight -= 1
            if self._full:
                self._full = False
                self._changed.notify_all()
            last = self._closing and self._in_flight == 0 and not self._over
            self._over = self._over or last
        if last:
            self._outlet.finish(self._last_word)

    def _close(self, last_word: Reply | None) -> None:
        with self._lock:
            if self._closing or self._over:
                return
            self._closing = True
            self._last_word = last_word
            self._changed.notify_all()
            last = self._over = self._in_flight == 0
        if last:
            self._outlet.finish(last_word)


class _Answer:
    __slots__ = ("_field", "_head", "_leave")

    def __init__(self, leave: Callable[[bytes, int, Reply], None], head: bytes, field: int) -> None:
        self._leave: Final = leave
        self._head: Final = head
        self._field: Final = field

    def done(self, reply: Reply) -> None:
        self._leave(self._head, self._field, reply)
